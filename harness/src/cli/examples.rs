//! What `--help` shows of each command besides its arguments: how it is called.

pub(super) const EXAMPLES: &str = "\
Examples:
  ngnlab run                                     every scenario, the built-in router, virtual time
  ngnlab run --device my-router.toml --out out   a real router, with traces and captures
  ngnlab list                                    what can happen on a line
  ngnlab explain ons.dns.per-domain              why a check is there, and what to do
  ngnlab judge out/…/trace.jsonl                 the same run, judged again
  ngnlab doctor                                  what this machine lacks for real routers
  ngnlab device check my-router.toml             how far a device comes, stage by stage

Exit codes: 0 conformant, 1 not conformant, 2 wrong usage or file, 3 could not tell";

pub(super) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  ngnlab explain P11019                what a code on the screen means, and what to do
  ngnlab explain m6                    a screen: m1 to m10, consent, login, not-authenticated
  ngnlab explain 回線認証に失敗しました   the same, by the words it begins with
  ngnlab explain Q17                   a question of the guide's FAQ
  ngnlab explain p.30                  a page of the guide
  ngnlab explain ons.dns.per-domain    a check: why it is there, and which defects fail it
  ngnlab explain wrong-dns             a diagnosis
  ngnlab explain no-failover           a defect of the reference router
  ngnlab explain suppresses-aaaa       a quirk of the network
  ngnlab explain reconfigure           a step of a scenario
  ngnlab explain dns/large-answers     a scenario";

pub(super) const JUDGE_EXAMPLES: &str = "\
Examples:
  ngnlab judge out                                         a run of ours, judged again
  ngnlab judge out/…/trace.jsonl                           one case of it
  ngnlab judge both.pcapng --line next-pd --area east      a capture of both sides
  ngnlab judge both.pcapng --line next-pd --area east --wan eth0 --lan eth1
  ngnlab judge --wan wan.pcap.gz --lan lan.pcap --line next-ra --area west
  ngnlab judge both.pcapng --line next-pd --area east --redact --pcapng for-others.pcapng

A capture holds frames alone, so it is judged by the checks that need no more. Exit codes of a
capture: 0 no MUST failed that it shows, which proves no conformance; 1 a MUST certainly failed;
2 no capture, no frame of a router, or no such interface; 3 nothing could be judged";

pub(super) const DOCTOR_EXAMPLES: &str = "\
Examples:
  ngnlab doctor                    for every device example
  ngnlab doctor my-router.toml     for one device

Exit codes: 0 all that is needed is there, 2 wrong usage or file, 3 something is missing";

pub(super) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  ngnlab completions bash > ~/.local/share/bash-completion/completions/ngnlab
  ngnlab completions zsh > ~/.zfunc/_ngnlab        with ~/.zfunc in $fpath
  ngnlab completions fish > ~/.config/fish/completions/ngnlab.fish";

pub(super) const CHECK_EXAMPLES: &str = "\
Examples:
  ngnlab device check my-router.toml
  ngnlab device check my-router.toml --area west --out out --json check.json

Stages: started, sends on the WAN, got a prefix, serves the LAN, answers DNS, has a session (if it offers PPPoE)

Exit codes: 0 it came all the way, 1 it stopped on the way, 2 wrong usage or file, 3 could not tell";

pub(super) const RUN_EXAMPLES: &str = "\
Examples:
  ngnlab run --scenario 'dns/*' --area west
  ngnlab run --scenario line-auth/succeeds-on-a-pd-line --out out --json out/report.json
  ngnlab run --device my-router.toml --jobs 8 --long
  ngnlab run --device my-router.toml --out out --resume   the rest of a run that was broken off
  ngnlab run --device old.toml --device new.toml   scenarios and checks, old beside new
  ngnlab run --scenario 'dns/*' --delivery ra    on RA lines wherever the scenario allows it
  ngnlab run --defect one-dns-for-all            see a check fail
  ngnlab run --device my-router.toml --baseline last.json   fail only for what became worse

Exit codes: 0 conformant, 1 not conformant, or the device file is stale, 2 wrong usage or file,
3 could not tell: also where a MUST is not judged although a scenario exercises it
(`ngnlab render REPORT --format excuses` writes what a device file may say to that)
With --baseline: 0 no worse than the baseline, whatever failed there, 1 worse, 3 could not tell
(as of `ngnlab diff`)";

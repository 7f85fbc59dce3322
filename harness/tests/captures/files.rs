//! Files of every kind, good and bad.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use ngnlab_harness::capture::{self, Capture, Source};
use ngnlab_harness::checks;
use ngnlab_harness::dut::reference::Reference;
use ngnlab_harness::play;
use ngnlab_harness::scenario::Scenario;
use ngnlab_reports::Verdict;
use ngnlab_reports::words::Lang;
use ngnlab_sim::Pace;
use ngnlab_sim::line::Area;
use ngnlab_sim::trace::{Role, Trace};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::tap::{self, PCAP, Pcap};

#[test]
fn whatever_the_file_and_the_wrapping_the_verdicts_are_the_same() {
    let folder = TempDir::new().unwrap();
    let trace = run("line-auth/succeeds-on-a-pd-line");
    let tap = tap::tapped(&trace);
    let path = |name: &str| folder.path().join(name);
    tap::pcapng(&tap, &path("plain.pcapng"));
    let right = verdicts(&read(&trace, &[tap::source(&path("plain.pcapng"))], None));
    let failed = right
        .values()
        .filter(|verdict| matches!(verdict, Verdict::Fail(_)));
    assert_eq!(failed.count(), 0);
    let passed = right
        .values()
        .filter(|verdict| matches!(verdict, Verdict::Pass(_)));
    assert!(passed.count() > 60);

    let plain = |_: Role, frame: &[u8]| frame.to_vec();
    let tagged = |role: Role, frame: &[u8]| {
        let vlan = if role == Role::Wan { 101_u16 } else { 102 };
        let tag = [&[0x81, 0][..], &vlan.to_be_bytes()].concat();
        [&frame[..12], &tag, &frame[12..]].concat()
    };
    let in_session = |role: Role, frame: &[u8]| {
        if role != Role::Wan || frame[12..14] != [0x86, 0xdd] {
            return tagged(role, frame);
        }
        let length = u16::try_from(frame.len() - 12).unwrap().to_be_bytes();
        let session = [&[0x88, 0x64, 0x11, 0, 0, 7][..], &length, &[0, 0x57]].concat();
        let bare = [&frame[..12], &session, &frame[14..]].concat();
        tagged(role, &bare)
    };
    let any = |_: Role| true;
    let (big, micro) = (
        Pcap {
            big_endian: true,
            ..PCAP
        },
        Pcap {
            nanoseconds: false,
            ..PCAP
        },
    );
    let trunk: [(&str, Vec<u8>); 3] = [
        ("tagged.pcap", tap::pcap(&tap, any, PCAP, tagged)),
        ("big.pcap", tap::pcap(&tap, any, big, tagged)),
        ("session.pcap", tap::pcap(&tap, any, PCAP, in_session)),
    ];
    for (name, bytes) in trunk {
        fs::write(path(name), bytes).unwrap();
        let sides = Some(("0.101", "0.102"));
        let seen = verdicts(&read(&trace, &[tap::source(&path(name))], sides));
        assert_eq!(seen, right, "{name}");
    }
    // Without a word, a WAN and a LAN are found by what they carry.
    let guessed = verdicts(&read(&trace, &[tap::source(&path("tagged.pcap"))], None));
    assert_eq!(guessed, right);

    // A file for each side, one of them packed, in microseconds.
    for (role, name) in [(Role::Wan, "wan.pcap"), (Role::Lan, "lan.pcap.gz")] {
        let bytes = tap::pcap(&tap, |on| on == role, micro, plain);
        match name.ends_with("gz") {
            true => fs::write(path(name), packed(&bytes)).unwrap(),
            false => fs::write(path(name), bytes).unwrap(),
        }
    }
    let sides = [(Role::Wan, "wan.pcap"), (Role::Lan, "lan.pcap.gz")];
    let sides = sides.map(|(role, name)| Source {
        path: path(name),
        role: Some(role),
    });
    let kinds = |found: &Capture| kinds(&verdicts(found));
    let both = read(&trace, &sides, None);
    assert_eq!(kinds(&both), self::kinds(&right));
}

#[test]
fn what_wiresharks_tools_make_of_a_capture_is_read_as_well() {
    if Command::new("editcap").arg("--version").output().is_err() {
        assert!(
            std::env::var("CI").map_or(true, |value| value != "true"),
            "editcap is missing; it is in Debian's package `wireshark-common`"
        );
        return;
    }
    let folder = TempDir::new().unwrap();
    let trace = run("line-auth/succeeds-on-an-ra-line");
    let path = |name: &str| folder.path().join(name);
    let tap = tap::tapped(&trace);
    tap::pcapng(&tap, &path("one.pcapng"));
    let right = verdicts(&read(&trace, &[tap::source(&path("one.pcapng"))], None));
    let tool = |program: &str, args: &[&str]| {
        let ran = Command::new(program)
            .current_dir(folder.path())
            .args(args)
            .output();
        let ran = ran.unwrap();
        assert!(ran.status.success(), "{program} {args:?}: {ran:?}");
    };
    for (role, side) in [(Role::Wan, "wan"), (Role::Lan, "lan")] {
        let bytes = tap::pcap(&tap, |on| on == role, PCAP, |_, frame| frame.to_vec());
        fs::write(path(&format!("{side}.pcap")), bytes).unwrap();
        tool(
            "editcap",
            &[
                "-F",
                "pcapng",
                &format!("{side}.pcap"),
                &format!("{side}.pcapng"),
            ],
        );
    }
    tool(
        "mergecap",
        &[
            "-I",
            "none",
            "-w",
            "merged.pcapng",
            "wan.pcapng",
            "lan.pcapng",
        ],
    );
    let merged = read(
        &trace,
        &[tap::source(&path("merged.pcapng"))],
        Some(("0", "1")),
    );
    assert_eq!(verdicts(&merged), right);

    // Cut frames are left out and told, and nothing fails that they may have shown.
    tool("editcap", &["-s", "90", "one.pcapng", "cut.pcapng"]);
    let mut request = tap::request(&trace);
    let macs = &trace.header.setup;
    // What would show who the router is, is cut.
    request.macs = vec![macs.wan_mac, macs.lan_mac];
    let cut = capture::read(&[tap::source(&path("cut.pcapng"))], &request).unwrap();
    let warnings = cut.told.warnings.join("\n");
    assert!(warnings.contains("frames were cut"), "{warnings}");
    assert!(cut.trace.header.captured.unwrap().gaps);
    let failed: Vec<&str> = verdicts(&cut)
        .into_iter()
        .filter(|(_, verdict)| matches!(verdict, Verdict::Fail(_)))
        .map(|(id, _)| id)
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn what_is_no_capture_or_has_no_router_is_told_in_a_sentence() {
    let folder = TempDir::new().unwrap();
    let trace = run("line-auth/succeeds-on-a-pd-line");
    let tap = tap::tapped(&trace);
    let path = |name: &str| folder.path().join(name);
    let write = |name: &str, bytes: &[u8]| fs::write(path(name), bytes).unwrap();
    let whole = tap::pcap(&tap, |_| true, PCAP, |_, frame| frame.to_vec());
    tap::pcapng(&tap, &path("good.pcapng"));
    write("text.pcap", b"not a capture at all");
    write("empty.pcap", b"");
    write("packed.gz", &packed(b"not a capture either"));
    write("hollow.gz", &packed(b""));
    write(
        "wifi.pcap",
        &tap::pcap(
            &tap,
            |_| true,
            Pcap { link: 105, ..PCAP },
            |_, f| f.to_vec(),
        ),
    );
    write("nothing.pcap", &whole[..24]);
    let lldp = |_: Role, frame: &[u8]| [&frame[..12], &[0x88, 0xcc], &frame[14..]].concat();
    write("lldp.pcap", &tap::pcap(&tap, |_| true, PCAP, lldp));
    let silent = |_: Role, frame: &[u8]| [&frame[..6], &[2, 9, 9, 9, 9, 9], &frame[12..]].concat();
    write(
        "strangers.pcap",
        &tap::pcap(&tap, |role| role == Role::Lan, PCAP, silent),
    );

    let line = ["--line", "next-pd", "--area", "east"];
    let good = path("good.pcapng");
    for (name, args, said) in [
        ("text.pcap", &line[..], "is neither a trace nor a capture"),
        ("empty.pcap", &line[..], "empty.pcap is empty"),
        ("packed.gz", &line[..], "it is no capture"),
        ("hollow.gz", &line[..], "what is packed in it is empty"),
        ("wifi.pcap", &line[..], "its link type is 105"),
        (
            "nothing.pcap",
            &line[..],
            "it holds no whole frame with IPv6, IPv4 or PPPoE",
        ),
        (
            "lldp.pcap",
            &line[..],
            "it holds no whole frame with IPv6, IPv4 or PPPoE",
        ),
        ("good.pcapng", &[][..], "which line it was taken on"),
        (
            "good.pcapng",
            &[&line[..], &["--wan", "eth7"]].concat()[..],
            "it has: wan (",
        ),
        (
            "good.pcapng",
            &[&line[..], &["--device-mac", "02:00:00:00:00:99"]].concat()[..],
            "no frame on the wan has a --device-mac as source",
        ),
    ] {
        let (code, text) = judge(&[&[good.with_file_name(name).to_str().unwrap()], args].concat());
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(code, Some(2), "{name}: {text}");
        let plain = text.replace("│ ", "");
        assert!(plain.contains(said), "{name}: {plain} does not say {said}");
    }
}

#[test]
fn one_file_is_not_taken_for_both_sides() {
    let folder = TempDir::new().unwrap();
    let good = folder.path().join("good.pcapng");
    tap::pcapng(&tap::tapped(&run("line-auth/succeeds-on-a-pd-line")), &good);
    let line = ["--line", "next-pd", "--area", "east"];
    let good = good.to_str().unwrap();
    let (code, text) = judge(&[&["--wan", good, "--lan", good][..], &line].concat());
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("--wan and --lan are the same file"), "{text}");
}

#[test]
fn sides_that_are_swapped_or_of_different_times_are_told() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (scenario, line) in [
        ("line-auth/succeeds-on-a-pd-line", "next-pd"),
        ("line-auth/succeeds-on-an-ra-line", "next-ra"),
    ] {
        let trace = run(scenario);
        let mut tap = tap::tapped(&trace);
        let side = |tap: &Trace, role: Role| {
            tap::pcap(tap, |on| on == role, PCAP, |_, frame| frame.to_vec())
        };
        fs::write(path("wan.pcap"), side(&tap, Role::Wan)).unwrap();
        fs::write(path("lan.pcap"), side(&tap, Role::Lan)).unwrap();
        for record in &mut tap.records {
            record.at += std::time::Duration::from_secs(3600);
        }
        fs::write(path("later.pcap"), side(&tap, Role::Lan)).unwrap();
        let [wan, lan, later] = ["wan.pcap", "lan.pcap", "later.pcap"].map(path);
        let [wan, lan, later] = [&wan, &lan, &later].map(|path| path.to_str().unwrap());
        let line = ["--line", line, "--area", "east"];
        let told = |args: &[&str]| {
            let (code, text) = judge(&[args, &line].concat());
            assert_eq!(code, Some(0), "{text}");
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let right = told(&["--wan", wan, "--lan", lan]);
        assert!(!right.contains("WARNING"), "{right}");
        let swapped = told(&["--wan", lan, "--lan", wan]);
        assert!(swapped.contains("looks like a LAN"), "{swapped}");
        let alone = told(&["--wan", lan]);
        assert!(alone.contains("looks like a LAN"), "{alone}");
        let apart = told(&["--wan", wan, "--lan", later]);
        assert!(apart.contains("captured one after the other"), "{apart}");
    }
    let alone = path("wan.pcap");
    let trace = run("line-auth/succeeds-on-a-pd-line");
    let bytes = tap::pcap(
        &tap::tapped(&trace),
        |on| on == Role::Wan,
        PCAP,
        |_, frame| frame.to_vec(),
    );
    fs::write(&alone, bytes).unwrap();
    let alone = ["--lan", alone.to_str().unwrap()];
    let (_, text) = judge(&[&alone[..], &["--line", "next-pd", "--area", "east"]].concat());
    assert!(text.contains("looks like a WAN"), "{text}");
}

#[test]
fn a_report_on_a_capture_says_what_was_found_and_never_that_the_router_is_conformant() {
    let folder = TempDir::new().unwrap();
    let good = folder.path().join("good.pcapng");
    tap::pcapng(&tap::tapped(&run("line-auth/succeeds-on-a-pd-line")), &good);
    let good = good.to_str().unwrap();
    let (code, text) = judge(&[good, "--line", "next-pd", "--area", "east"]);
    assert_eq!(code, Some(0), "{text}");
    let (_, result) = text.rsplit_once("\nresult ").unwrap();
    assert!(
        result.contains("no MUST failed that this capture shows"),
        "{result}"
    );
    let (_, details) = text.split_once("\n\n").unwrap();
    assert!(details.starts_with("capture "), "{text}");
    for said in [
        "WAN is wan, LAN is lan",
        "terminals  1 heard",
        "/56 delegated",
    ] {
        assert!(text.contains(said), "{text} does not say {said}");
    }
    assert!(!text.contains(": conformant"), "{text}");
    assert!(!text.contains("WARNING"), "{text}");

    // Told the wrong line, it warns; with one side, it says what the other would answer.
    let (_, text) = judge(&[good, "--line", "next-ra", "--area", "west", "--wan", "wan"]);
    assert!(text.contains("it looks like next-pd"), "{text}");
    assert!(text.contains("only DNS servers of east are seen"), "{text}");
    assert!(
        text.contains("A capture of the LAN at the same time"),
        "{text}"
    );
    assert!(!text.contains("\nFAIL"), "{text}");
}

#[test]
fn a_router_with_a_fault_fails_by_its_capture() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bad.pcapng");
    let mut device = Reference::new(BTreeSet::from([
        ngnlab_sim::node::router::defect::Defect::from_name("duid-llt").unwrap(),
    ]));
    let scenario = scenario("line-auth/succeeds-on-a-pd-line");
    let run = play::run(&scenario, Area::East, 1, &mut device, Pace::Virtual).unwrap();
    tap::pcapng(&tap::tapped(&run.trace), &path);
    let path = path.to_str().unwrap();
    let (code, text) = judge(&[path, "--line", "next-pd", "--area", "east", "--wan", "wan"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("FAIL  ngn.dhcp6.duid-ll"), "{text}");
    assert!(!text.contains("again "), "{text}");
}

#[test]
fn what_was_entered_beside_the_guides_domains_is_no_fault_once_it_is_told() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("good.pcapng");
    tap::pcapng(&tap::tapped(&run("dns/one-domain-lies-in-another")), &path);
    let path = path.to_str().unwrap();
    let line = [path, "--line", "next-pd", "--area", "east"];
    let told = |domain| judge(&[&line[..], &["--extra-domain", domain]].concat());
    let (_, text) = judge(&line);
    assert!(text.contains("FAIL  ons.dns.ngn-domain"), "{text}");
    for domain in ["ons.flets-east.jp", "ONS.Flets-East.jp"] {
        let (code, text) = told(domain);
        assert_eq!(code, Some(0), "{text}");
    }
    let (code, text) = told("ons..jp");
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("`ons..jp` is not a domain"), "{text}");
    assert!(text.contains("letters, digits and hyphens"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_spoilt_capture_is_read_as_far_as_it_goes(
        spots in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
        cut in any::<prop::sample::Index>(),
        kind in 0..3,
    ) {
        let (trace, files) = spoilt();
        let mut bytes = files[usize::try_from(kind).unwrap()].clone();
        for (index, byte) in spots {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len()).max(bytes.len() / 2));
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("spoilt");
        fs::write(&path, &bytes).unwrap();
        if let Ok(found) = capture::read(&[tap::source(&path)], &tap::request(trace)) {
            checks::judge(&found.trace).unwrap();
        }
    }
}

/// A short capture as pcapng, as pcap and packed, made once.
fn spoilt() -> &'static (Trace, [Vec<u8>; 3]) {
    static FILES: std::sync::OnceLock<(Trace, [Vec<u8>; 3])> = std::sync::OnceLock::new();
    FILES.get_or_init(|| {
        let trace = run("line-auth/succeeds-on-a-pd-line");
        let mut tap = tap::tapped(&trace);
        tap.records.truncate(120);
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("short.pcapng");
        tap::pcapng(&tap, &path);
        let pcapng = fs::read(&path).unwrap();
        let pcap = tap::pcap(&tap, |_| true, PCAP, |_, frame| frame.to_vec());
        let gz = packed(&pcapng);
        (trace, [pcapng, pcap, gz])
    })
}

fn scenario(name: &str) -> Scenario {
    let path = format!("../scenarios/{name}.toml");
    Scenario::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn run(name: &str) -> Trace {
    let mut device = Reference::new(BTreeSet::new());
    let run = play::run(&scenario(name), Area::East, 1, &mut device, Pace::Virtual);
    run.unwrap().trace
}

fn read(trace: &Trace, sources: &[Source], sides: Option<(&str, &str)>) -> Capture {
    let mut request = tap::request(trace);
    if let Some((wan, lan)) = sides {
        (request.wan, request.lan) = (Some(wan.to_owned()), Some(lan.to_owned()));
    }
    capture::read(sources, &request).unwrap_or_else(|error| panic!("{}", error.pretty(Lang::En)))
}

fn verdicts(found: &Capture) -> std::collections::BTreeMap<&'static str, Verdict> {
    checks::judge(&found.trace).unwrap()
}

/// Returns the verdicts without what microseconds change in their words.
fn kinds(
    verdicts: &std::collections::BTreeMap<&'static str, Verdict>,
) -> Vec<(&'static str, std::mem::Discriminant<Verdict>)> {
    let verdicts = verdicts.iter();
    verdicts
        .map(|(id, verdict)| (*id, std::mem::discriminant(verdict)))
        .collect()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn judge(args: &[&str]) -> (Option<i32>, String) {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_ngnlab"));
    let ran = Command::new(program)
        .arg("judge")
        .args(args)
        .output()
        .unwrap();
    let text = [ran.stdout, ran.stderr].concat();
    (
        ran.status.code(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

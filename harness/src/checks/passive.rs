//! Passive checks: those whose verdict follows from frames alone, as a capture from a real line has
//! them.
//!
//! A check is passive if it says of the frames that a tap on the router's sockets sees what it says
//! of the whole trace, over all scenarios, the clean reference and its defects; the test `captures`
//! holds every row to that. A check that has no row is not passive: it reads facts that nodes tell,
//! steps of a scenario, what is injected or lost, or how the router was configured.

use ngnlab_reports::Verdict;
use ngnlab_sim::message::packet::is_link_local;
use ngnlab_sim::trace::{CapturedAt, Role};

use crate::dissection::Dissection;

/// Where frames have to be captured so that a check can judge them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// On the WAN; the LAN adds nothing.
    Wan,
    /// On the LAN; the WAN adds nothing.
    Lan,
    /// On both at the same time, by one clock.
    Both,
    /// Frames show half of it: a terminal has to say what its user sees.
    Terminal,
    /// Frames do not show it: `ngnlab run` makes it happen, and knows what it did.
    Run,
}

impl Point {
    /// Returns whether a capture of these sides has what is needed.
    pub fn is_in(self, at: CapturedAt) -> bool {
        match self {
            Self::Wan => at.wan,
            Self::Lan => at.lan,
            Self::Both => at.wan && at.lan,
            Self::Terminal | Self::Run => false,
        }
    }
}

/// Returns where frames have to be captured for a check.
pub fn point(id: &str) -> Point {
    let lists = [
        (WAN, Point::Wan),
        (LAN, Point::Lan),
        (BOTH, Point::Both),
        (TERMINAL, Point::Terminal),
    ];
    let mut found = lists.iter().filter(|(list, _)| list.contains(&id));
    found.next().map_or(Point::Run, |(_, point)| *point)
}

/// Judges a capture, as far as frames go.
pub(super) fn verdict(
    id: &str,
    judge: fn(&Dissection<'_>) -> Verdict,
    trace: &Dissection<'_>,
    at: CapturedAt,
) -> Verdict {
    let point = point(id);
    if !point.is_in(at) {
        let why = match point {
            Point::Wan => "the WAN was not captured",
            Point::Lan => "the LAN was not captured",
            Point::Both => "it takes a capture of WAN and LAN at the same time",
            Point::Terminal => "frames alone do not show it; what the terminal shows would",
            Point::Run => "frames alone do not show it; `ngnlab run` would",
        };
        return Verdict::Inconclusive(why.to_owned());
    }
    let verdict = judge(trace);
    let Verdict::Fail(finding) = &verdict else {
        return verdict;
    };
    let doubt = if at.doubtful {
        "the capture does not look like the line that was told"
    } else if at.gaps {
        "frames are missing in the capture"
    } else if at.forgets_groups && WHOM_IT_WAS_FOR.contains(&id) {
        "the capture does not say whom frames were for"
    } else if FROM_THE_START.contains(&id) && !shows_the_start(trace, at) {
        "the capture began when the router was up"
    } else {
        return verdict;
    };
    let (expected, actual) = (&finding.expected, &finding.actual);
    Verdict::Inconclusive(format!(
        "{doubt}, so that it may have been otherwise: expected was {expected}, seen was {actual}"
    ))
}

/// Returns whether a capture shows the router begin: on every side that was captured it speaks first
/// as somebody without any address, who does not try out but a link-local one (RFC 4862 §5.3, §5.4).
fn shows_the_start(trace: &Dissection<'_>, at: CapturedAt) -> bool {
    let begins = |on: Role| {
        let mut packets = trace.packets.iter();
        let Some(first) = packets.find(|found| found.by_device(on)) else {
            return false;
        };
        let mut probes = trace.neighbor_solicits();
        let probe = probes.find(|probe| probe.record == first.record);
        first.source.is_unspecified() && probe.is_none_or(|probe| is_link_local(probe.is.target))
    };
    (!at.wan || begins(Role::Wan)) && (!at.lan || begins(Role::Lan))
}

/// What the WAN shows.
const WAN: &[&str] = &[
    "dhcp6c.adv.empty-keeps-timer",
    "dhcp6c.adv.ignore-empty",
    "dhcp6c.adv.sol-max-rt-in-error",
    "dhcp6c.inf.irt-default",
    "dhcp6c.inf.no-ia",
    "dhcp6c.msg.client-id",
    "dhcp6c.msg.elapsed-time",
    "dhcp6c.msg.multicast",
    "dhcp6c.msg.no-foreign-options",
    "dhcp6c.msg.unknown-option",
    "dhcp6c.msg.xid-fresh",
    "dhcp6c.msg.xid-random",
    "dhcp6c.oro.dns",
    "dhcp6c.oro.inf-max-rt",
    "dhcp6c.oro.irt-only-in-inf",
    "dhcp6c.oro.no-duplicates",
    "dhcp6c.oro.sol-max-rt",
    "dhcp6c.rate.limit",
    "dhcp6c.rcf.accept",
    "dhcp6c.rcf.one-at-a-time",
    "dhcp6c.rep.nobinding",
    "dhcp6c.rep.unspecfail-rate",
    "dhcp6c.rep.usemulticast",
    "dhcp6c.req.retry",
    "dhcp6c.req.server-id",
    "dhcp6c.sol-max-rt.range",
    "dhcp6c.sol.backoff",
    "dhcp6c.sol.preference-order",
    "dhcp6c.sol.wait-first-rt",
    "dhcp6s.not-on-wan",
    "dns.sec.not-open-on-wan",
    "dns.sec.silent-on-wan",
    "lint.dhcp6c.once",
    "lint.dhcp6c.options-in-place",
    "lint.dhcp6c.whole",
    "ngn.dhcp6.duid-ll",
    "ngn.dhcp6.renew-nonzero",
    "ngn.dhcp6.reply-from-any-port",
    "ngn.wan.no-lost-mark",
    "pd.fields.zero-lifetimes",
    "pd.hint.no-zero-length",
    "pd.hint.size",
    "wan.nd.default-route-from-ra",
    "wan.nd.no-ra-sent",
    "wan.nd.no-rs-response",
    "wan.nd.ns-validation",
    "wan.nd.ra-validation",
    "wan.nd.rs-after-dad",
    "wan.nd.rs-source-linklocal",
    "wan.route.no-dynamic-routing",
    "wan.slaac.a-flag-clear",
    "wan.slaac.dad-fail",
    "wan.slaac.deprecate-now",
    "wan.slaac.pref-gt-valid",
    "wan.slaac.prefixlen-mismatch",
    "wan.slaac.two-hour-rule",
];

/// What the LAN shows.
const LAN: &[&str] = &[
    "dhcp6s.dns",
    "dhcp6s.echo-client-id",
    "dhcp6s.echo-xid",
    "dhcp6s.foreign-serverid",
    "dhcp6s.inf-with-ia",
    "dhcp6s.server-id",
    "dhcp6s.solicit-with-serverid",
    "dhcp6s.unicast-answer",
    "dhcp6s.unicast-solicit",
    "dns.cache.opt-not-cached",
    "dns.proxy.answers-from-asked-address",
    "dns.proxy.case-kept",
    "dns.proxy.edns-size-kept",
    "dns.proxy.edns-version",
    "dns.proxy.id-restored",
    "dns.proxy.no-edns-stays-without",
    "dns.proxy.one-answer",
    "dns.proxy.question-echoed",
    "dns.proxy.tcp-same-connection",
    "dns.proxy.tsig",
    "dns.proxy.unknown-opcode",
    "fwd.hoplimit.time-exceeded",
    "icmp6.echo.reply",
    "icmp6.err.not-for-bad-source",
    "icmp6.err.not-for-error",
    "icmp6.unknown-info",
    "icmp6.unknown-next-header",
    "lan.cap.pio",
    "lan.cap.rio-rdnss",
    "lan.cap.router-lifetime",
    "lan.nd.answers",
    "lan.nd.ns-validation",
    "lan.nd.router-flag",
    "lan.nd.target-link-layer",
    "lan.ra.a-l-flags",
    "lan.ra.dnssl",
    "lan.ra.linklocal-source",
    "lan.ra.m0-o1",
    "lan.ra.mtu-consistent",
    "lan.ra.one-64-per-lan",
    "lan.ra.options-well-formed",
    "lan.ra.preferred-le-valid",
    "lan.ra.rdnss",
    "lan.ra.reserved-zero",
    "lan.ra.rio-no-duplicate",
    "lan.ra.rs-validation",
    "lan.ra.slla",
    "lan.ra.solicited-delay",
    "lint.dhcp6s.lists",
    "lint.dhcp6s.options-in-place",
    "lint.dhcp6s.whole",
    "lint.ra.destination",
    "lint.ra.dns-server-address",
    "lint.ra.flags",
    "lint.ra.preference",
    "lint.ra.preference-without-lifetime",
    "lint.ra.prefix-host-bits",
    "lint.ra.prefix-link-local",
    "lint.ra.prefix-once",
    "lint.ra.reachable-time",
    "lint.ra.route-host-bits",
    "lint.ra.route-preference",
    "lint.ra.route-reserved",
];

/// What both show together.
const BOTH: &[&str] = &[
    "ce.gen.no-default-without-wan-router",
    "ce.gen.no-forward-before-pd",
    "ce.gen.ula-not-on-wan",
    "ce.gen.withdraw-on-wan-loss",
    "dhcp6c.inf.irt-minimum",
    "dhcp6c.rep.option-withdrawn",
    "dhcp6c.sol.no-give-up",
    "dhcp6c.t.t1-gt-t2",
    "dhcp6c.t.zero",
    "dhcp6s.pass-options",
    "dns.cache.negative",
    "dns.cache.tc-not-cached",
    "dns.proxy.ad-cd-z",
    "dns.proxy.both-dead",
    "dns.proxy.bypass",
    "dns.proxy.cname-chain",
    "dns.proxy.compression-any",
    "dns.proxy.edns-do",
    "dns.proxy.edns-multi-option",
    "dns.proxy.edns-pass",
    "dns.proxy.edns-unknown-flag",
    "dns.proxy.edns-unknown-option",
    "dns.proxy.edns-untouched",
    "dns.proxy.empty-answer",
    "dns.proxy.failure-edns",
    "dns.proxy.failure-form",
    "dns.proxy.failure-no-authority",
    "dns.proxy.formerr-passed",
    "dns.proxy.https-type",
    "dns.proxy.long-names",
    "dns.proxy.malformed-survive",
    "dns.proxy.name-error-kept",
    "dns.proxy.no-truncate-512",
    "dns.proxy.nodata",
    "dns.proxy.nxdomain-soa",
    "dns.proxy.odd-names",
    "dns.proxy.qclass-any",
    "dns.proxy.qtype-any",
    "dns.proxy.rd-kept",
    "dns.proxy.refused-passed",
    "dns.proxy.rr-order",
    "dns.proxy.rr-unknown",
    "dns.proxy.servfail-on-malformed",
    "dns.proxy.servfail-passed",
    "dns.proxy.slow-server",
    "dns.proxy.tc-kept",
    "dns.proxy.tc-set-on-truncate",
    "dns.proxy.tcp",
    "dns.proxy.tcp-closed-upstream",
    "dns.proxy.tcp-idle",
    "dns.proxy.tcp-many-clients",
    "dns.proxy.tcp-partial-read",
    "dns.proxy.tcp-pipelining",
    "dns.proxy.tcp-to-tcp",
    "dns.proxy.tkey",
    "dns.proxy.upstream-failover",
    "dns.proxy.verbatim",
    "dns.sec.match-address",
    "dns.sec.match-id",
    "dns.sec.match-port",
    "dns.sec.match-question",
    "dns.sec.random-id",
    "dns.sec.random-port",
    "fw6.egress-source",
    "fw6.ike",
    "fw6.ingress-spoof",
    "fw6.ipsec-ah",
    "fw6.ipsec-esp",
    "fw6.martian",
    "fw6.mcast-scope",
    "fw6.mcast-source",
    "fw6.related-time-exceeded",
    "fw6.related-unreachable",
    "fw6.rh0",
    "fw6.ula-border",
    "fwd.exthdr.pass",
    "fwd.flowlabel.kept",
    "fwd.hoplimit.decrement",
    "fwd.mtu.full-size",
    "fwd.no-link-local",
    "fwd.no-loopback",
    "fwd.no-unspecified",
    "fwd.payload.intact",
    "fwd.ptb.relay",
    "fwd.traffic-class.kept",
    "icmp6.err.quotes",
    "icmp6.err.size",
    "lan.dad",
    "lan.ra.rio",
    "lan.renum.deprecate-hold",
    "lan.renum.zero-lifetimes",
    "lan.stale.icmp-code5",
    "lint.dns.answer-whole",
    "lint.dns.one-question",
    "lint.dns.question-header",
    "lint.icmp6.code",
    "lint.icmp6.destination",
    "lint.icmp6.pointer",
    "lint.icmp6.source-scope",
    "lint.icmp6.unused",
    "lint.ip.checksum",
    "lint.ip.multicast-mac",
    "lint.ip.source",
    "lint.na.solicited",
    "lint.nd.header",
    "lint.nd.nameless-from-nowhere",
    "lint.nd.options",
    "lint.nd.reserved",
    "lint.nd.source-link-layer",
    "lint.ns.destination",
    "lint.ns.source-link-layer-present",
    "ngn.dhcp6.information-request",
    "ngn.hgw.takes-60",
    "ngn.ipv6.not-dependent-on-echo",
    "ngn.nd.dad-relayed",
    "ngn.nd.no-override",
    "ngn.nd.own-link-layer",
    "ngn.pd.lan-apart-from-wan",
    "ngn.ra.first-prefix",
    "ngn.renumber.own-source",
    "ngn.renumber.passes-new-prefix",
    "ngn.wan.rst-passed",
    "ons.crl.downloads",
    "ons.delivery.reachable",
    "ons.dns.aaaa-kept",
    "ons.dns.any-case",
    "ons.dns.any-depth",
    "ons.dns.area",
    "ons.dns.each-domain",
    "ons.dns.large-answer",
    "ons.dns.lookalikes",
    "ons.dns.ngn-domain",
    "ons.dns.no-leak",
    "ons.dns.per-domain",
    "ons.dns.preferred-first",
    "ons.large-download",
    "ons.parallel-connections",
    "ons.test-portal.reachable",
    "pd.accept.other-size",
    "pd.accept.pref-gt-valid",
    "pd.start.m-or-o",
    "pd.use.null-route",
    "pd.use.null-route-icmp",
    "pd.use.zero-valid",
    "wan.nd.ra-unknown-option",
    "wan.nd.router-lifetime-zero",
    "wan.slaac.dad",
    "wan.slaac.l-flag",
    "wan.slaac.support",
];

/// What a terminal has to say.
const TERMINAL: &[&str] = &[
    "ngn.hgw.recovers-after-reboot",
    "ngn.tcp.survives-silence",
    "ons.line-auth.after-power-cut",
    "ons.line-auth.completes",
    "ons.line-auth.one-source",
    "ons.line-auth.reaches-site",
    "ons.ntp.answers",
    "ons.portal.reachable",
    "ons.portal.stays-reachable",
    "ons.second-terminal.works",
    "ons.terminal.dns-from-router",
    "ons.terminal.three-addresses",
    "rob.flap.recover",
    "rob.loss.recover",
];

/// What cannot fail for certain unless the router was seen from its start on: what is missing may
/// have come before.
const FROM_THE_START: &[&str] = &[
    "ce.gen.no-default-without-wan-router",
    "ce.gen.no-forward-before-pd",
    "dhcp6c.msg.elapsed-time",
    "dhcp6c.msg.multicast",
    "dhcp6c.req.server-id",
    "dns.proxy.upstream-failover",
    "fw6.egress-source",
    "lan.dad",
    "ngn.dhcp6.information-request",
    "ngn.ra.first-prefix",
    "ons.dns.area",
    "ons.dns.each-domain",
    "ons.dns.no-leak",
    "ons.dns.per-domain",
    "ons.dns.preferred-first",
    "pd.start.m-or-o",
    "wan.nd.default-route-from-ra",
    "wan.nd.rs-after-dad",
    "wan.slaac.dad",
];

/// Checks of what is due to the sender of a frame for the router, and to nobody whose frame was for a
/// group (RFC 4443 §2.4 e).
const WHOM_IT_WAS_FOR: &[&str] = &["fwd.hoplimit.time-exceeded", "icmp6.unknown-next-header"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::checks::find;

    #[test]
    fn every_row_is_a_check_and_is_there_once() {
        let mut seen = BTreeSet::new();
        for id in [WAN, LAN, BOTH, TERMINAL].concat() {
            assert!(find(id).is_some(), "{id} is no check");
            assert!(seen.insert(id), "{id} is there twice");
        }
        for id in FROM_THE_START.iter().chain(WHOM_IT_WAS_FOR) {
            assert!(point(id) < Point::Terminal, "{id} is not passive");
        }
    }

    #[test]
    fn a_side_that_was_not_captured_judges_nothing() {
        let wan = CapturedAt {
            wan: true,
            ..CapturedAt::default()
        };
        assert!(Point::Wan.is_in(wan));
        assert!(!Point::Lan.is_in(wan) && !Point::Both.is_in(wan));
        assert_eq!(point("ons.line-auth.completes"), Point::Terminal);
        assert_eq!(point("dhcp6c.id.duid-persistent"), Point::Run);
    }
}

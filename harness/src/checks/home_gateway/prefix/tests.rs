use dhcproto::v6::OptionCode;
use ngnlab_sim::trace::{End, Fact, FetchError, Role};

use super::*;
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::{TraceBuilder, grant};

/// A /60 was delegated.
fn delegated() -> TraceBuilder {
    let mut trace = TraceBuilder::new("hgw-pd");
    let slot = "2408:3ff:e00:ca10::/60".parse().unwrap();
    let reply = grant(1, slot, [7200, 12_600, 14_400, 14_400]);
    trace.at(2_000).dhcpv6(Role::Wan, End::Network, &reply);
    trace
}

/// A /60 was delegated for each of two IA_PDs.
fn two_delegated() -> TraceBuilder {
    delegated_to_two(["2408:3ff:e00:ca10::/60", "2408:3ff:e00:ca20::/60"])
}

fn delegated_to_two(slots: [&str; 2]) -> TraceBuilder {
    let mut trace = TraceBuilder::new("hgw-pd");
    let [mut reply, other] =
        slots.map(|slot| grant(1, slot.parse().unwrap(), [7200, 12_600, 14_400, 14_400]));
    let more = other.opts().get(OptionCode::IAPD).cloned();
    reply.opts_mut().insert(more.unwrap());
    trace.at(2_000).dhcpv6(Role::Wan, End::Network, &reply);
    trace
}

fn advertise(trace: &mut TraceBuilder, prefix: &str) {
    let prefix = prefix.parse().unwrap();
    trace.at(5_000).lan_ra(|advert| {
        for option in &mut advert.options {
            if let ngnlab_sim::message::ndp::NdpOption::Prefix(info) = option {
                info.prefix = prefix;
            }
        }
    });
}

#[test]
fn the_lan_lies_inside_the_60() {
    let id = "ngn.hgw.takes-60";
    let mut inside = delegated();
    advertise(&mut inside, "2408:3ff:e00:ca1f::");
    assert!(matches!(verdict(id, &inside), Verdict::Pass(_)));
    let mut outside = delegated();
    advertise(&mut outside, "2408:3ff:e00:ca01::");
    assert!(matches!(verdict(id, &outside), Verdict::Fail(_)));
    // Two came, and the second is used.
    let mut second = two_delegated();
    advertise(&mut second, "2408:3ff:e00:ca2f::");
    assert!(matches!(verdict(id, &second), Verdict::Pass(_)));
    // Both got the same one (ngn-facts §3.1).
    for (prefix, passes) in [
        ("2408:3ff:e00:ca1f::", true),
        ("2408:3ff:e00:ca2f::", false),
    ] {
        let mut same = delegated_to_two(["2408:3ff:e00:ca10::/60"; 2]);
        advertise(&mut same, prefix);
        let verdict = verdict(id, &same);
        assert_eq!(matches!(verdict, Verdict::Pass(_)), passes, "{verdict:?}");
        assert_eq!(matches!(verdict, Verdict::Fail(_)), !passes, "{verdict:?}");
    }
    let mut neither = two_delegated();
    advertise(&mut neither, "2408:3ff:e00:ca3f::");
    assert!(matches!(verdict(id, &neither), Verdict::Fail(_)));
    assert!(matches!(
        verdict(id, &TraceBuilder::new("hgw-pd")),
        Verdict::Inconclusive(_)
    ));
    let onu = TraceBuilder::new("next-pd");
    assert!(matches!(verdict(id, &onu), Verdict::NotApplicable(_)));
    let ra_only = TraceBuilder::new("hgw-ra");
    assert!(matches!(verdict(id, &ra_only), Verdict::NotApplicable(_)));
}

#[test]
fn a_restart_is_survived() {
    let id = "ngn.hgw.recovers-after-reboot";
    let page = |trace: &mut TraceBuilder, at: u64, comes: bool| {
        let url = "https://hweb.oqs.onshikaku.org/web/".to_owned();
        let reason = FetchError::Timeout;
        let fact = if comes {
            Fact::PageSeen {
                url,
                status: 200,
                screen: None,
            }
        } else {
            Fact::PageFailed { url, reason }
        };
        trace.at(at).fact("pc", fact);
    };
    let restarted = || {
        let mut trace = TraceBuilder::new("hgw-pd");
        page(&mut trace, 20_000, true);
        trace.at(150_000).done("reboot-home-gateway = {}");
        trace
    };
    let mut well = restarted();
    page(&mut well, 1_200_000, true);
    assert!(matches!(verdict(id, &well), Verdict::Pass(_)));
    let mut dead = restarted();
    page(&mut dead, 1_200_000, false);
    assert!(matches!(verdict(id, &dead), Verdict::Fail(_)));
    // DHCPv6 takes minutes: what fails before is nobody's fault.
    let mut early = restarted();
    page(&mut early, 300_000, false);
    assert!(matches!(verdict(id, &early), Verdict::Inconclusive(_)));
}

#[test]
fn a_restart_behind_a_switch_is_known_by_reconfigure_alone() {
    use dhcproto::v6::MessageType;
    let id = "ngn.hgw.recovers-after-reboot";
    let page = |trace: &mut TraceBuilder, at: u64, fact: Fact| {
        trace.at(at).fact("pc", fact);
    };
    let url = || "https://hweb.oqs.onshikaku.org/web/".to_owned();
    for told in [false, true] {
        let mut trace = TraceBuilder::new("hgw-pd");
        let seen = Fact::PageSeen {
            url: url(),
            status: 200,
            screen: None,
        };
        page(&mut trace, 20_000, seen);
        trace
            .at(60_000)
            .done("reboot-home-gateway = { behind-switch = true }");
        if told {
            let message =
                ngnlab_sim::message::dhcpv6::message(MessageType::Reconfigure, [0; 3], []);
            trace.at(400_000).dhcpv6(Role::Wan, End::Network, &message);
        }
        let reason = FetchError::Timeout;
        page(
            &mut trace,
            1_200_000,
            Fact::PageFailed { url: url(), reason },
        );
        let verdict = verdict(id, &trace);
        assert_eq!(matches!(verdict, Verdict::Fail(_)), told, "{verdict:?}");
    }
}

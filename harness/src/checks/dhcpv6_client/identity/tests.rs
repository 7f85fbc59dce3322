use dhcproto::v6::{DhcpOption, MessageType, OptionCode};
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::trace::{End, Role};

use super::*;
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::{ROUTER_WAN, TraceBuilder, client_message};

fn power_cut(trace: &mut TraceBuilder) {
    trace.done("power-cycle = {}");
}

/// A Solicit, a power cut, and another Solicit that is changed a little.
fn restarted(change: impl Fn(&mut dhcproto::v6::Message)) -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    let before = client_message(MessageType::Solicit, 7, 0);
    let mut after = client_message(MessageType::Solicit, 0x00ab_cdef, 0);
    change(&mut after);
    trace.at(1000).dhcpv6(Role::Wan, End::Device, &before);
    power_cut(trace.at(20_000));
    trace.at(30_000).dhcpv6(Role::Wan, End::Device, &after);
    trace
}

const KEPT: [&str; 3] = [
    "dhcp6c.id.duid-persistent",
    "dhcp6c.id.iaid-stable",
    "pd.restart.no-release",
];

#[test]
fn a_restart_changes_nothing() {
    let trace = restarted(|_| {});
    for id in KEPT {
        let verdict = verdict(id, &trace);
        assert!(matches!(verdict, Verdict::Pass(_)), "{id}: {verdict:?}");
    }
    let other_duid = restarted(|message| {
        message.opts_mut().remove(OptionCode::ClientId);
        let duid = Mac([2, 0, 0, 0, 0, 9]).duid_ll();
        message.opts_mut().insert(DhcpOption::ClientId(duid));
    });
    assert!(matches!(verdict(KEPT[0], &other_duid), Verdict::Fail(_)));
    let other_iaid = restarted(|message| {
        if let Some(DhcpOption::IAPD(ia)) = message.opts_mut().get_mut(OptionCode::IAPD) {
            ia.id = 77;
        }
    });
    assert!(matches!(verdict(KEPT[1], &other_iaid), Verdict::Fail(_)));
}

#[test]
fn a_release_counts_only_after_a_restart() {
    let release = client_message(MessageType::Release, 9, 0);
    let mut trace = restarted(|_| {});
    trace.at(31_000).dhcpv6(Role::Wan, End::Device, &release);
    assert!(matches!(verdict(KEPT[2], &trace), Verdict::Fail(_)));
    let mut early = TraceBuilder::new("next-pd");
    early.at(1000).dhcpv6(Role::Wan, End::Device, &release);
    assert!(matches!(verdict(KEPT[2], &early), Verdict::Inconclusive(_)));
}

#[test]
fn ids_that_count_are_found_and_two_prove_nothing() {
    let with_ids = |ids: &[u32]| {
        let mut trace = TraceBuilder::new("next-pd");
        for (index, id) in ids.iter().enumerate() {
            let kinds = [
                MessageType::Solicit,
                MessageType::Request,
                MessageType::Renew,
            ];
            let message = client_message(kinds[index % 3], *id, 0);
            let at = 1000 * (u64::try_from(index).unwrap() + 1);
            trace.at(at).dhcpv6(Role::Wan, End::Device, &message);
        }
        verdict("dhcp6c.msg.xid-random", &trace)
    };
    assert!(matches!(with_ids(&[1, 2, 3]), Verdict::Fail(_)));
    assert!(matches!(with_ids(&[0xff_ffff, 0, 1]), Verdict::Fail(_)));
    assert!(matches!(with_ids(&[1, 2, 90_000]), Verdict::Pass(_)));
    assert!(matches!(with_ids(&[1, 2]), Verdict::Inconclusive(_)));
}

#[test]
fn unicast_needs_an_invitation() {
    use dhcproto::Encodable;
    let renew = client_message(MessageType::Renew, 9, 0);
    let mut trace = TraceBuilder::new("next-pd");
    let server = trace.edge().link_local();
    let ends = ((ROUTER_WAN.link_local(), 546), (server, 547));
    let bytes = renew.to_vec().unwrap();
    trace.at(9000).udp(Role::Wan, End::Device, ends, &bytes);
    let id = "dhcp6c.msg.multicast";
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    let mut invited = TraceBuilder::new("next-pd");
    let mut reply = dhcproto::v6::Message::new(MessageType::Reply);
    reply.opts_mut().insert(DhcpOption::ServerUnicast(server));
    invited.at(1000).dhcpv6(Role::Wan, End::Network, &reply);
    invited.at(9000).udp(Role::Wan, End::Device, ends, &bytes);
    assert!(matches!(verdict(id, &invited), Verdict::Inconclusive(_)));
}

#[test]
fn a_renew_repeats_what_was_granted() {
    let renew = |valid| {
        let mut trace = TraceBuilder::new("hgw-pd");
        let prefix = trace.trace.header.line.assignment(0);
        let mut message = client_message(MessageType::Renew, 9, 0);
        message.opts_mut().remove(OptionCode::IAPD);
        let granted = crate::dissection::builder::grant(9, prefix, [0, 0, valid, valid]);
        let ia = granted.opts().get(OptionCode::IAPD).unwrap().clone();
        message.opts_mut().insert(ia);
        trace.at(9000).dhcpv6(Role::Wan, End::Device, &message);
        verdict("ngn.dhcp6.renew-nonzero", &trace)
    };
    assert!(matches!(renew(14_400), Verdict::Pass(_)));
    assert!(matches!(renew(0), Verdict::Fail(_)));
}

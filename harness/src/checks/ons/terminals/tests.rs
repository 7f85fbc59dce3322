use hickory_proto::rr::RecordType;
use ngnlab_sim::Time;
use ngnlab_sim::message::ndp::{Ndp, NeighborSolicit};
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::TraceBuilder;

fn advertised() -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-ra");
    trace.at(1000).lan_ra(|_| {});
    trace.ask("www.lineauth.mnw", RecordType::AAAA);
    trace
}

#[test]
fn a_terminal_needs_a_global_and_a_temporary_address() {
    let mut trace = advertised();
    assert!(matches!(
        verdict("ons.terminal.three-addresses", &trace),
        Verdict::Fail(_)
    ));
    for temporary in [false, true] {
        let address = trace.pc();
        trace.fact("pc", Fact::AddressReady { address, temporary });
    }
    assert!(matches!(
        verdict("ons.terminal.three-addresses", &trace),
        Verdict::Pass(_)
    ));
}

#[test]
fn the_dns_server_that_terminals_are_told_of_is_somebody() {
    let id = "ons.terminal.dns-from-router";
    let mut trace = TraceBuilder::new("next-ra");
    let prefix = trace.trace.header.line.assignment(0);
    trace.fact("edge", Fact::Assigned { prefix });
    let mut absent = trace.router().octets();
    absent[15] ^= 0x55;
    let absent = Ipv6Addr::from(absent);
    trace.at(1000).lan_ra(|advert| {
        advert.options.push(NdpOption::Rdnss {
            lifetime: 600,
            servers: vec![absent],
        });
    });
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    let seeks = Ndp::NeighborSolicit(NeighborSolicit {
        target: absent,
        source_link_layer: None,
    });
    for millis in [2000, 3000, 4000] {
        let pc = trace.pc();
        trace
            .at(millis)
            .ndp(Role::Lan, End::Network, pc, absent, &seeks);
    }
    let text = format!("{:?}", verdict(id, &trace));
    assert!(text.contains("which nobody has"), "{text}");
}

#[test]
fn a_terminal_that_got_its_prefix_at_the_very_end_is_still_forming_addresses() {
    let mut trace = advertised();
    let address = trace.pc();
    let temporary = true;
    trace.fact("pc", Fact::AddressReady { address, temporary });
    let id = "ons.terminal.three-addresses";
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    trace.trace.header.until = Time::ZERO + Duration::from_secs(3);
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
}

#[test]
fn terminals_are_told_of_the_router_or_of_the_ons_servers() {
    let id = "ons.terminal.dns-from-router";
    let mut trace = TraceBuilder::new("next-ra");
    let prefix = trace.trace.header.line.assignment(0);
    trace.fact("edge", Fact::Assigned { prefix });
    trace.lan_ra(|_| {});
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    let names = |trace: &mut TraceBuilder, server: Ipv6Addr| {
        trace.lan_ra(|advert| {
            advert.options.push(NdpOption::Rdnss {
                lifetime: 600,
                servers: vec![server],
            });
        });
    };
    let ons = trace.ons_dns();
    names(&mut trace, ons);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    let ngn = trace.trace.header.line.area.values().ngn_dns[0];
    names(&mut trace, ngn);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
}

use dhcproto::v6::MessageType;
use hickory_proto::rr::RecordType;
use ngnlab_sim::message::ndp::NdpOption;
use ngnlab_sim::trace::{End as Side, FetchError, StepOutcome};

use super::*;
use crate::diagnosis::tests::{failed, id};
use crate::dissection::builder::{TraceBuilder, client_message, grant};

#[test]
fn a_terminal_without_an_address_points_to_the_delivery() {
    let mut trace = TraceBuilder::new("next-ra");
    let never_began = |trace: &mut TraceBuilder| {
        trace.step("authenticate = { from = \"pc\" }", StepOutcome::TimedOut);
    };
    never_began(&mut trace);
    assert_eq!(id(&trace).as_deref(), Some("no-ipv6-address"));
    let mut trace = TraceBuilder::new("next-ra");
    trace.wan_ra(|advert| {
        advert.options.clear();
        advert.managed = true;
    });
    never_began(&mut trace);
    assert_eq!(id(&trace).as_deref(), Some("wrong-delivery"));
    let mut trace = TraceBuilder::new("next-ra");
    trace.wan_ra(|advert| advert.options.clear());
    never_began(&mut trace);
    assert_eq!(id(&trace).as_deref(), Some("no-prefix-from-line"));
    let mut trace = TraceBuilder::new("next-ra");
    trace.wan_ra(|_| {});
    never_began(&mut trace);
    assert_eq!(id(&trace).as_deref(), Some("not-redistributed"));
}

#[test]
fn a_line_that_has_taken_its_prefix_back_gives_none() {
    let mut trace = TraceBuilder::new("next-ra");
    trace.wan_ra(|_| {});
    has_address(&mut trace);
    trace.at(35_000).wan_ra(|advert| {
        for option in &mut advert.options {
            if let NdpOption::Prefix(prefix) = option {
                (prefix.preferred, prefix.valid) = (0, 0);
            }
        }
    });
    fails(trace.at(60_000));
    assert_eq!(id(&trace).as_deref(), Some("no-prefix-from-line"));
    let mut trace = TraceBuilder::new("next-pd");
    let prefix = trace.trace.header.line.assignment(0);
    for lifetimes in [[7200, 10_800, 12_600, 14_400], [0; 4]] {
        let reply = grant(1, prefix, lifetimes);
        trace.dhcpv6(Role::Wan, Side::Network, &reply);
        has_address(&mut trace);
    }
    fails(trace.at(60_000));
    assert_eq!(id(&trace).as_deref(), Some("no-prefix-delegated"));
}

#[test]
fn what_a_router_had_before_its_power_was_cut_it_has_no_more() {
    let mut trace = TraceBuilder::new("next-pd");
    let prefix = trace.trace.header.line.assignment(0);
    let reply = grant(1, prefix, [7200, 10_800, 12_600, 14_400]);
    trace.dhcpv6(Role::Wan, Side::Network, &reply);
    has_address(&mut trace);
    trace.at(30_000).done("power-cycle = {}");
    fails(trace.at(60_000));
    assert_eq!(id(&trace).as_deref(), Some("no-prefix-request"));
    let solicit = client_message(MessageType::Solicit, 7, 0);
    trace.trace.records.truncate(trace.trace.records.len() - 2);
    trace.dhcpv6(Role::Wan, Side::Device, &solicit);
    fails(trace.at(60_000));
    assert_eq!(id(&trace).as_deref(), Some("no-prefix-delegated"));
    trace.trace.records.truncate(trace.trace.records.len() - 2);
    let reply = grant(7, prefix, [7200, 10_800, 12_600, 14_400]);
    trace.dhcpv6(Role::Wan, Side::Network, &reply);
    fails(trace.at(60_000));
    assert_ne!(id(&trace).as_deref(), Some("no-prefix-delegated"));
}

fn has_address(trace: &mut TraceBuilder) {
    let address = trace.pc();
    let temporary = false;
    trace.lan_ra(|_| {});
    trace.fact("pc", Fact::AddressReady { address, temporary });
}

fn fails(trace: &mut TraceBuilder) {
    trace.ask("www.lineauth.mnw", RecordType::AAAA);
    trace.fact("pc", failed(FetchError::Name));
}

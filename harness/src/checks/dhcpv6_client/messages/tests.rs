use dhcproto::v6::{DhcpOption, MessageType, OptionCode};
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::dhcpv6_client::test_talk::{EACH, solicits};
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::{ROUTER_WAN, TraceBuilder, client_message, grant};

#[test]
fn what_a_solicit_lacks_is_found() {
    let without = |code| {
        solicits(&[1000, 2050], move |_, message| {
            message.opts_mut().remove(code);
        })
    };
    for (code, ids) in [
        (OptionCode::ClientId, &EACH[1..2]),
        (OptionCode::ElapsedTime, &EACH[2..3]),
        (OptionCode::ORO, &EACH[4..6]),
    ] {
        for id in ids {
            assert!(
                matches!(verdict(id, &without(code)), Verdict::Fail(_)),
                "{id}"
            );
        }
    }
    let llt = solicits(&[1000], |_, message| {
        message.opts_mut().remove(OptionCode::ClientId);
        let duid = vec![0, 1, 0, 1, 1, 2, 3, 4, 2, 0, 0x5e, 0, 0, 1];
        message.opts_mut().insert(DhcpOption::ClientId(duid));
    });
    assert!(matches!(
        verdict("ngn.dhcp6.duid-ll", &llt),
        Verdict::Fail(_)
    ));
}

#[test]
fn a_request_names_a_server_that_answered() {
    let mut trace = TraceBuilder::new("next-pd");
    let prefix = trace.trace.header.line.assignment(0);
    let reply = grant(7, prefix, [7200, 10800, 12600, 14400]);
    let mut request = client_message(MessageType::Request, 8, 0);
    trace.dhcpv6(Role::Wan, End::Network, &reply);
    trace.at(500).dhcpv6(Role::Wan, End::Device, &request);
    assert!(matches!(
        verdict("dhcp6c.req.server-id", &trace),
        Verdict::Fail(_)
    ));
    trace.trace.records.pop();
    let id = reply.opts().get(OptionCode::ServerId).unwrap().clone();
    request.opts_mut().insert(id);
    trace.dhcpv6(Role::Wan, End::Device, &request);
    assert!(matches!(
        verdict("dhcp6c.req.server-id", &trace),
        Verdict::Pass(_)
    ));
}

#[test]
fn an_answer_from_an_odd_port_counts() {
    use dhcproto::Encodable;
    let mut trace = solicits(&[1000], |_, _| {});
    let prefix = trace.trace.header.line.assignment(0);
    let mut advertise = grant(7, prefix, [1, 2, 3, 4]);
    advertise.set_msg_type(MessageType::Advertise);
    let server = advertise.opts().get(OptionCode::ServerId).unwrap().clone();
    let advertise = advertise.to_vec().unwrap();
    let ends = (
        (trace.edge().link_local(), 49153),
        (ROUTER_WAN.link_local(), 546),
    );
    let id = "ngn.dhcp6.reply-from-any-port";
    trace
        .at(1100)
        .udp(Role::Wan, End::Network, ends, &advertise);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    let before = trace.trace.records.len();
    let again = client_message(MessageType::Solicit, 7, 110);
    trace.at(2100).dhcpv6(Role::Wan, End::Device, &again);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    // After a Request to that server it is a search of its own; so it is with an elapsed time of 0.
    trace.trace.records.truncate(before);
    let mut request = client_message(MessageType::Request, 7, 0);
    request.opts_mut().insert(server);
    trace.at(2000).dhcpv6(Role::Wan, End::Device, &request);
    trace.at(9000).dhcpv6(Role::Wan, End::Device, &again);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    trace.trace.records.truncate(before);
    let anew = client_message(MessageType::Solicit, 7, 0);
    trace.at(9000).dhcpv6(Role::Wan, End::Device, &anew);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
}

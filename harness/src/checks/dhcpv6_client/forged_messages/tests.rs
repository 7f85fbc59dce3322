use dhcproto::v6::{DhcpOption, MessageType, OptionCode};
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::test_verdicts::sign;
use crate::dissection::builder::{PC, ROUTER_WAN, TraceBuilder, client_message, grant};

/// The device asks, and a stranger answers with another transaction id.
fn forged(asks: MessageType, answers: MessageType) -> TraceBuilder {
    use dhcproto::Encodable;
    let mut trace = TraceBuilder::new("next-pd");
    let question = client_message(asks, 7, 0);
    trace.at(1000).dhcpv6(Role::Wan, End::Device, &question);
    let mut answer = grant(8, trace.trace.header.line.assignment(1), [1, 2, 300, 400]);
    answer.set_msg_type(answers);
    let envelope = trace.envelope(
        Role::Wan,
        End::Network,
        PC.link_local(),
        ROUTER_WAN.link_local(),
    );
    let frame = envelope.udp(547, 546, &answer.to_vec().unwrap());
    trace.at(1500).injected(Role::Wan, frame);
    trace
}

#[test]
fn who_asks_a_forger_is_found() {
    for (id, asks, answers) in [
        (
            "dhcp6c.adv.validate",
            MessageType::Solicit,
            MessageType::Advertise,
        ),
        (
            "dhcp6c.rep.validate",
            MessageType::Renew,
            MessageType::Reply,
        ),
        (
            "dhcp6c.msg.unknown-type",
            MessageType::Renew,
            MessageType::Unknown(99),
        ),
    ] {
        let mut trace = forged(asks, answers);
        assert_eq!(sign(id, &trace), '+', "{id}");
        let mut request = client_message(MessageType::Request, 9, 0);
        let server = DhcpOption::ServerId(PC.duid_ll());
        request.opts_mut().insert(server);
        trace.at(2000).dhcpv6(Role::Wan, End::Device, &request);
        assert_eq!(sign(id, &trace), '-', "{id}");
        let mut other = forged(asks, answers);
        request.opts_mut().remove(OptionCode::ServerId);
        other.at(2000).dhcpv6(Role::Wan, End::Device, &request);
        assert_eq!(sign(id, &other), '+', "{id}");
    }
}

#[test]
fn who_hands_a_forged_prefix_on_is_found() {
    let mut trace = forged(MessageType::Renew, MessageType::Reply);
    let foreign = trace.trace.header.line.assignment(1).addr();
    trace.at(3000).lan_ra(|advert| {
        use ngnlab_sim::message::ndp::NdpOption;
        if let Some(NdpOption::Prefix(prefix)) = advert.options.first_mut() {
            prefix.prefix = foreign;
        }
    });
    assert_eq!(sign("dhcp6c.rep.validate", &trace), '-');
}

#[test]
fn an_answer_that_nobody_waits_for_proves_nothing() {
    let trace = forged(MessageType::Solicit, MessageType::Reply);
    assert_eq!(sign("dhcp6c.rep.validate", &trace), '?');
}

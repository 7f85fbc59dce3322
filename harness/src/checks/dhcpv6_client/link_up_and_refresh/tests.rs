use dhcproto::v6::{DhcpOption, MessageType};
use ngnlab_sim::message::ndp::NdpOption;
use ngnlab_sim::trace::{End, Role};

use crate::checks::dhcpv6_client::test_talk::{lasting, lease, link_up, send};
use crate::checks::test_verdicts::sign;
use crate::dissection::builder::PC;

#[test]
fn the_links_return_is_answered() {
    let id = "dhcp6c.link.rebind-with-pd";
    let mut trace = lasting("next-pd", 100);
    link_up(&mut trace, 500);
    assert_eq!(sign(id, &trace), '?');
    lease(&mut trace, 1000, [7200, 10_800, 12_600, 14_400]);
    link_up(&mut trace, 30_000);
    assert_eq!(sign(id, &trace), '-');
    send(&mut trace, 31_000, MessageType::Rebind, 9);
    assert_eq!(sign(id, &trace), '+');

    let id = "dhcp6c.link.inf-refresh";
    let mut trace = lasting("next-ra", 100);
    send(&mut trace, 900, MessageType::InformationRequest, 5);
    lease(&mut trace, 1000, [0; 4]);
    link_up(&mut trace, 30_000);
    assert_eq!(sign(id, &trace), '-');
    send(&mut trace, 31_000, MessageType::InformationRequest, 9);
    assert_eq!(sign(id, &trace), '+');
}

#[test]
fn information_is_refreshed_in_its_time() {
    let informed = |refresh: Option<u32>, until: i64, next: Option<u64>| {
        let mut trace = lasting("next-ra", until);
        send(&mut trace, 900, MessageType::InformationRequest, 5);
        let mut reply = dhcproto::v6::Message::new(MessageType::Reply);
        reply.set_xid_num(5);
        reply.opts_mut().insert(DhcpOption::ServerId(PC.duid_ll()));
        let option = refresh.map(DhcpOption::InformationRefreshTime);
        if let Some(option) = option {
            reply.opts_mut().insert(option);
        }
        trace.at(1000).dhcpv6(Role::Wan, End::Network, &reply);
        if let Some(next) = next {
            send(&mut trace, next, MessageType::InformationRequest, 6);
        }
        trace
    };
    let id = "dhcp6c.inf.irt-default";
    assert_eq!(sign(id, &informed(None, 100_000, Some(86_402_000))), '+');
    assert_eq!(sign(id, &informed(None, 100_000, None)), '-');
    assert_eq!(sign(id, &informed(None, 60, None)), '?');
    let id = "dhcp6c.inf.irt-minimum";
    assert_eq!(sign(id, &informed(Some(10), 60, None)), '+');
    assert_eq!(sign(id, &informed(Some(10), 60, Some(11_500))), '-');
    assert_eq!(sign(id, &informed(Some(10), 25, None)), '?');
    // Another prefix is another reason to ask; one that was there before is none.
    let advertised = |prefix: &str| {
        let mut trace = informed(Some(10), 60, None);
        trace.at(0).wan_ra(|_| {});
        trace.trace.records.rotate_right(1);
        let prefix = prefix.parse().unwrap();
        trace.at(11_000).wan_ra(|advert| {
            for option in &mut advert.options {
                if let NdpOption::Prefix(info) = option {
                    info.prefix = prefix;
                }
            }
        });
        send(&mut trace, 11_500, MessageType::InformationRequest, 6);
        trace
    };
    let own = lasting("next-ra", 60).prefix().to_string();
    assert_eq!(sign(id, &advertised(&own)), '-');
    assert_eq!(sign(id, &advertised("2001:db8:1:2::")), '?');
}

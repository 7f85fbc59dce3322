//! The home gateway between the edge router and crafted frames, in virtual time.

#![expect(clippy::unwrap_used, reason = "a test stops at what it cannot build")]

use std::net::Ipv6Addr;
use std::time::Duration;

use dhcproto::v6::DhcpOption;
use ngnlab_sim::line::{Area, Dhcpv6Quirk, HomeGatewayQuirk, Line};
use ngnlab_sim::message::dhcpv6::{self, Delegated, MessageType, Status, reconfigure};
use ngnlab_sim::message::packet::{ALL_NODES, Envelope, Packet, solicited_node};
use ngnlab_sim::node::edge::Edge;
use ngnlab_sim::node::home_gateway::HomeGateway;
use ngnlab_sim::{Frame, Time};

mod bench;
#[path = "../subscriber/mod.rs"]
mod subscriber;

use bench::Bench;
use subscriber::{WAN, client_id, ia, neighbor_advert, ns, router_advert, rs};

#[test]
fn the_lan_is_advertised_as_soon_as_the_network_has_delegated() {
    for area in Area::ALL {
        let mut bench = Bench::new(area, &[]);
        bench.run_for(1);
        let frames = bench.lan.received();
        let advert = router_advert(&frames[0]).unwrap();
        assert_eq!(Packet::parse(&frames[0]).unwrap().destination, ALL_NODES);
        assert!(!advert.managed && advert.other);
        assert_eq!(advert.lifetime, Duration::from_secs(5400));
        assert_eq!(advert.reachable, Duration::from_secs(30));
        assert_eq!(advert.retrans, Duration::from_secs(1));
        // ngn-facts §3.2: one /64, which is subnet 00.
        let prefix = advert.prefixes().next().unwrap();
        assert_eq!(prefix.prefix, bench.whole().addr());
        assert_eq!(
            (prefix.length, prefix.on_link, prefix.autonomous),
            (64, true, true)
        );
        assert_eq!((prefix.valid, prefix.preferred), (14_400, 12_600));
    }
}

#[test]
fn a_router_solicitation_is_answered_within_half_a_second() {
    let mut bench = Bench::started(&[]);
    bench.lan.send(rs());
    bench.run_ms(501);
    let frames = bench.lan.received();
    assert!(router_advert(&frames[0]).is_some());
}

#[test]
fn nothing_is_advertised_while_the_network_delegates_nothing() {
    let mut bench = Bench::new(Area::East, &[]);
    let edge = bench.edge;
    bench
        .world
        .with(edge, |edge, _| edge.silence_dhcpv6(Time::from_secs(100)));
    bench.lan.send(rs());
    bench.run_for(90);
    assert!(bench.lan.received().is_empty());
    // The next Solicit is no more than two minutes away.
    bench.run_for(180);
    assert!(router_advert(&bench.lan.received()[0]).is_some());
}

#[test]
fn routers_get_sixty_fours_by_the_sixteen_in_order_of_arrival() {
    let mut bench = Bench::started(&[]);
    for slot in 1..=15 {
        let (_, granted) = bench.lan.delegate(&mut bench.world, slot);
        let mut expected = bench.whole().addr().octets();
        expected[7] |= u8::try_from(slot << 4).unwrap();
        assert_eq!(granted.prefix.addr(), Ipv6Addr::from(expected));
        assert_eq!(granted.prefix.prefix_len(), 60);
        assert_eq!((granted.preferred, granted.valid), (14_400, 14_400));
    }
    let late = bench.ask(MessageType::Solicit, [client_id(), ia(16, &[])]);
    assert!(late.is_none(), "the sixteenth gets nothing");
}

#[test]
fn a_slot_is_renewed_and_comes_back_when_released() {
    let mut bench = Bench::started(&[]);
    let (server, granted) = bench.lan.delegate(&mut bench.world, 1);
    let server = DhcpOption::ServerId(server);
    bench.run_for(7200);
    let held = [client_id(), server.clone(), ia(1, &[granted])];
    let reply = bench.ask(MessageType::Renew, held.clone()).unwrap();
    let delegation = dhcpv6::delegations(&reply).next().unwrap();
    assert_eq!((delegation.t1, delegation.t2), (7200, 12_600));
    assert_eq!(dhcpv6::prefixes(delegation), [granted]);
    assert!(bench.ask(MessageType::Release, held.clone()).is_some());
    let reply = bench.ask(MessageType::Renew, held).unwrap();
    let delegation = dhcpv6::delegations(&reply).next().unwrap();
    assert_eq!(dhcpv6::status(&delegation.opts), Status::NoBinding);
}

#[test]
fn by_quirk_two_associations_get_one_slot_which_the_offer_lists_once() {
    let mut bench = Bench::started(&[HomeGatewayQuirk::OneSlotPerClient]);
    let both = || [client_id(), ia(1, &[]), ia(2, &[])];
    let offer = bench.ask(MessageType::Solicit, both()).unwrap();
    assert_eq!(dhcpv6::delegations(&offer).count(), 1);
    let server = DhcpOption::ServerId(dhcpv6::server_id(&offer).unwrap().to_vec());
    let slots = |reply: &dhcpv6::Message| -> Vec<_> {
        let each = dhcpv6::delegations(reply).flat_map(dhcpv6::prefixes);
        each.map(|granted| granted.prefix).collect()
    };
    let request = both().into_iter().chain([server.clone()]);
    let granted = slots(&bench.ask(MessageType::Request, request).unwrap());
    assert_eq!(granted.len(), 2);
    assert_eq!(granted[0], granted[1]);
    // Both are renewed, and neither drives the other out.
    bench.run_for(7200);
    let renew = both().into_iter().chain([server.clone()]);
    let renewed = bench.ask(MessageType::Renew, renew).unwrap();
    assert_eq!(slots(&renewed), granted);
    let inside = WAN.in_prefix(granted[0].addr());
    assert!(bench.reaches_core(inside));
    // Without the quirk each has its own.
    let mut bench = Bench::started(&[]);
    let request = both().into_iter().chain([server]);
    let granted = slots(&bench.ask(MessageType::Request, request).unwrap());
    assert_ne!(granted[0], granted[1]);
}

#[test]
fn its_own_address_is_the_dns_server_it_names() {
    let mut bench = Bench::started(&[]);
    let reply = bench.ask(MessageType::InformationRequest, []).unwrap();
    assert_eq!(dhcpv6::dns_servers(&reply), [bench.own_address()]);
    assert_eq!(dhcpv6::search_list(&reply), ["flets-east.jp", "iptvf.jp"]);
    assert_eq!(dhcpv6::raw_option(&reply, 31).unwrap().len(), 32);
}

#[test]
fn it_answers_for_its_lan_addresses() {
    let mut bench = Bench::started(&[]);
    for target in [bench.own_address(), bench.lan.router.link_local()] {
        bench.lan.send(ns(WAN.link_local(), target, Some(WAN)));
        bench.run_ms(1);
        let advert = neighbor_advert(&bench.lan.received()[0]).unwrap();
        assert!(advert.router && advert.solicited && advert.target == target);
    }
    let to = bench.own_address();
    let ping = bench.lan.through(WAN.link_local(), to);
    bench.lan.send(ping.icmpv6(128, 0, &[0, 1, 0, 1]));
    bench.run_ms(1);
    let frames = bench.lan.received();
    let reply = Packet::parse(&frames[0]).unwrap().icmpv6().unwrap();
    assert_eq!(reply.kind, 129);
}

#[test]
fn packets_pass_in_both_directions_with_two_hops_less() {
    let mut bench = Bench::started(&[]);
    let host = WAN.in_prefix(bench.whole().addr());
    assert!(bench.reaches_core(host));
    bench.lan.introduce(host);
    bench.run_ms(1);
    bench.lan.received();
    bench.server_sends(host);
    bench.run_for(1);
    let frames = bench.lan.received();
    let packet = Packet::parse(&frames[0]).unwrap();
    assert_eq!((packet.destination, packet.hop_limit), (host, 62));
}

#[test]
fn a_host_that_answers_no_solicitation_is_lost_after_minutes() {
    // FAQ 1: the entry that the host's own solicitation made is used at first, and then checked.
    let mut bench = Bench::started(&[]);
    let host = WAN.in_prefix(bench.whole().addr());
    bench.lan.introduce(host);
    bench.run_ms(1);
    bench.lan.received();
    bench.server_sends(host);
    bench.run_for(20);
    let frames = bench.lan.received();
    let to_host =
        |frame: &Frame| Packet::parse(frame).is_some_and(|packet| packet.destination == host);
    assert_eq!(
        frames.iter().filter(|frame| to_host(frame)).count(),
        4,
        "a packet, three probes"
    );
    bench.server_sends(host);
    bench.run_for(20);
    let frames = bench.lan.received();
    assert!(!frames.iter().any(to_host));
    let ask = Packet::parse(&frames[0]).unwrap();
    assert_eq!(ask.destination, solicited_node(host));
    let errors: Vec<_> = bench.core_received();
    let message = Packet::parse(errors.last().unwrap())
        .unwrap()
        .icmpv6()
        .unwrap();
    assert_eq!((message.kind, message.code), (1, 3));

    // With an answer, all is well again.
    bench.server_sends(host);
    bench.run_ms(1);
    bench.lan.answer(host);
    bench.run_ms(1);
    assert!(bench.lan.received().iter().any(to_host));
}

#[test]
fn a_delegated_prefix_is_routed_and_the_rest_is_not() {
    let mut bench = Bench::started(&[]);
    let (_, granted) = bench.lan.delegate(&mut bench.world, 1);
    let inside = WAN.in_prefix(granted.prefix.addr());
    bench.server_sends(inside);
    bench.run_for(1);
    let frames = bench.lan.received();
    let packet = Packet::parse(&frames[0]).unwrap();
    assert_eq!((packet.destination, packet.eth_destination), (inside, WAN));
    let mut other = inside.octets();
    other[7] = 0xf0;
    bench.server_sends(other.into());
    bench.run_for(1);
    assert!(bench.lan.received().is_empty());
    let errors = bench.core_received();
    let message = Packet::parse(&errors[0]).unwrap().icmpv6().unwrap();
    assert_eq!((message.kind, message.code), (1, 0));
}

#[test]
fn dns_is_relayed_to_the_network_under_another_id() {
    let mut bench = Bench::started(&[]);
    let host = WAN.in_prefix(bench.whole().addr());
    bench.lan.introduce(host);
    let question = [&[0xab, 0xcd, 1, 0][..], &[0; 8], b"question"].concat();
    let to = bench.own_address();
    bench
        .lan
        .send(bench.lan.through(host, to).udp(5353, 53, &question));
    bench.run_ms(1);
    let relayed = bench.core_received().pop().unwrap();
    let packet = Packet::parse(&relayed).unwrap();
    let udp = packet.udp().unwrap();
    // The alternate server stands first in option 23 (ngn-facts §2.3).
    assert_eq!(packet.destination, Area::East.values().ngn_dns_on_wire[0]);
    assert_eq!(udp.payload[2..], question[2..]);
    assert_eq!(
        packet.source.octets()[7],
        bench.whole().addr().octets()[7] | 1
    );

    let answer = [&udp.payload[..2], &[0x81, 0x83], &[0; 8], b"answer"].concat();
    let back = Envelope::new(
        packet.eth_destination,
        packet.eth_source,
        packet.destination,
        packet.source,
    );
    bench.lan.received();
    bench.core.push(back.udp(53, udp.source_port, &answer));
    bench.run_ms(1);
    let frames = bench.lan.received();
    let packet = Packet::parse(&frames[0]).unwrap();
    let udp = packet.udp().unwrap();
    assert_eq!((packet.source, packet.destination), (to, host));
    assert_eq!((udp.source_port, udp.destination_port), (53, 5353));
    assert_eq!(udp.payload[..4], [0xab, 0xcd, 0x81, 0x83]);
}

#[test]
fn a_repeated_question_goes_to_the_other_server() {
    let mut bench = Bench::started(&[]);
    let host = WAN.in_prefix(bench.whole().addr());
    let question = [&[0xab, 0xcd, 1, 0][..], &[0; 8], b"question"].concat();
    let to = bench.own_address();
    for server in Area::East.values().ngn_dns_on_wire {
        let asked = bench.lan.through(host, to).udp(5353, 53, &question);
        bench.lan.send(asked);
        bench.run_ms(1);
        let relayed = bench.core_received().pop().unwrap();
        assert_eq!(Packet::parse(&relayed).unwrap().destination, server);
    }
}

#[test]
fn the_uplink_lease_is_renewed_for_a_day() {
    let mut bench = Bench::started(&[]);
    let host = WAN.in_prefix(bench.whole().addr());
    for _ in 0..24 {
        bench.run_for(3600);
        assert!(bench.reaches_core(host));
    }
}

#[test]
fn renumbering_reaches_the_lan_and_the_delegated_prefixes() {
    let mut bench = Bench::started(&[]);
    let old = bench.whole();
    let (server, granted) = bench.lan.delegate(&mut bench.world, 1);
    let edge = bench.edge;
    bench.world.with(edge, Edge::renumber);
    bench.run_for(7210);
    let new = bench.line.assignment(1);
    let frames = bench.lan.received();
    let advert = frames.iter().rev().find_map(router_advert).unwrap();
    let told: Vec<_> = advert
        .prefixes()
        .map(|prefix| (prefix.prefix, prefix.valid))
        .collect();
    assert_eq!(told, [(old.addr(), 0), (new.addr(), 14_400)]);
    let renew = [client_id(), DhcpOption::ServerId(server), ia(1, &[granted])];
    let reply = bench.ask(MessageType::Renew, renew).unwrap();
    let prefixes = dhcpv6::prefixes(dhcpv6::delegations(&reply).next().unwrap());
    let gone = Delegated {
        preferred: 0,
        valid: 0,
        ..granted
    };
    assert_eq!(prefixes[0], gone);
    assert!(new.contains(&prefixes[1].prefix) && prefixes[1].valid == 14_400);
}

#[test]
fn a_reboot_is_an_outage_with_another_slot_afterwards() {
    let mut bench = Bench::started(&[HomeGatewayQuirk::HungDhcpv6]);
    assert!(
        bench
            .ask(MessageType::Solicit, [client_id(), ia(1, &[])])
            .is_none()
    );
    let gateway = bench.gateway;
    bench.world.with(gateway, HomeGateway::reboot);
    bench.lan.send(rs());
    bench.run_for(80);
    assert!(bench.lan.received().is_empty());
    bench.run_for(20);
    assert!(router_advert(&bench.lan.received()[0]).is_some());
    assert!(
        bench
            .ask(MessageType::Solicit, [client_id(), ia(1, &[])])
            .is_none()
    );
    bench.run_for(200);
    let (_, first) = bench.lan.delegate(&mut bench.world, 1);
    bench.world.with(gateway, HomeGateway::reboot);
    bench.run_for(300);
    let (_, second) = bench.lan.delegate(&mut bench.world, 1);
    assert_ne!(first.prefix, second.prefix);
}

#[test]
fn after_a_reboot_who_has_a_key_is_told_to_renew_and_finds_no_binding() {
    let mut line = Line::preset("hgw-pd", Area::East).unwrap();
    line.quirks.dhcpv6 = vec![Dhcpv6Quirk::Reconfigures];
    let mut bench = Bench::of(line);
    bench.run_for(10);
    let accepts = [client_id(), ia(1, &[]), DhcpOption::ReconfAccept];
    let offer = bench.ask(MessageType::Solicit, accepts.clone()).unwrap();
    let server = DhcpOption::ServerId(dhcpv6::server_id(&offer).unwrap().to_vec());
    let request = accepts.into_iter().chain([server.clone()]);
    let reply = bench.ask(MessageType::Request, request).unwrap();
    let key = reconfigure::key_in(&reply).unwrap();
    let granted = dhcpv6::prefixes(dhcpv6::delegations(&reply).next().unwrap())[0];

    let gateway = bench.gateway;
    bench.world.with(gateway, HomeGateway::reboot);
    bench.run_for(260);
    bench.lan.received();
    bench.run_for(20);
    // Nobody answers for the client yet.
    bench.lan.introduce(WAN.link_local());
    bench.run_for(20);
    let frames = bench.lan.received();
    let told = frames.iter().find_map(|frame| {
        let udp = Packet::parse(frame)?.udp()?.payload.to_vec();
        let message = dhcpv6::decode(&udp)?;
        (message.msg_type() == MessageType::Reconfigure).then_some(udp)
    });
    assert!(reconfigure::verify(&told.unwrap(), key).is_some());
    let renew = [client_id(), server, ia(1, &[granted])];
    let reply = bench.ask(MessageType::Renew, renew).unwrap();
    let delegation = dhcpv6::delegations(&reply).next().unwrap();
    assert_eq!(dhcpv6::status(&delegation.opts), Status::NoBinding);
}

#[test]
fn a_hung_gateway_still_advertises() {
    let mut bench = Bench::new(Area::West, &[HomeGatewayQuirk::HungDhcpv6]);
    bench.run_for(1);
    assert!(router_advert(&bench.lan.received()[0]).is_some());
    assert!(bench.ask(MessageType::InformationRequest, []).is_none());
}

#[test]
fn without_a_free_slot_a_solicit_is_in_vain() {
    let mut bench = Bench::started(&[HomeGatewayQuirk::NoFreeSlot]);
    assert!(
        bench
            .ask(MessageType::Solicit, [client_id(), ia(1, &[])])
            .is_none()
    );
    assert!(bench.ask(MessageType::InformationRequest, []).is_some());
}

#[test]
fn a_reply_may_come_from_any_port() {
    for (quirks, known) in [
        (vec![], true),
        (vec![HomeGatewayQuirk::RandomSourcePort], false),
    ] {
        let mut bench = Bench::started(&quirks);
        let solicit = bench
            .lan
            .message(MessageType::Solicit, [client_id(), ia(1, &[])]);
        let frame = bench.lan.ask_for_frame(&mut bench.world, &solicit).unwrap();
        let udp = Packet::parse(&frame).unwrap().udp().unwrap();
        assert_eq!((udp.source_port == 547, udp.destination_port), (known, 546));
    }
}

#[test]
fn a_foreign_duid_is_dropped_by_quirk_only() {
    let uuid = || DhcpOption::ClientId([&[0, 4][..], &[7; 16]].concat());
    for (quirks, answered) in [
        (vec![], true),
        (vec![HomeGatewayQuirk::DropsForeignDuid], false),
    ] {
        let mut bench = Bench::started(&quirks);
        let information = bench.ask(MessageType::InformationRequest, [uuid()]);
        assert_eq!(information.is_some(), answered);
        let solicit = bench.ask(MessageType::Solicit, [uuid(), ia(1, &[])]);
        assert_eq!(solicit.is_some(), answered);
    }
}

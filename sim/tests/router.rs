//! The reference router between a scripted line and a scripted LAN, in virtual time.

#[path = "router/lab.rs"]
mod lab;

use std::net::Ipv6Addr;
use std::time::Duration;

use etherparse::TcpHeader;

use ngnlab_sim::message::dhcpv6::{self, MessageType};
use ngnlab_sim::message::ndp::{Ndp, NdpOption, NeighborAdvert, NeighborSolicit, RouterSolicit};
use ngnlab_sim::message::packet::{
    ALL_DHCP, ALL_NODES, ALL_ROUTERS, Envelope, Packet, solicited_node,
};
use ngnlab_sim::node::router::Router;
use ngnlab_sim::setup::Mode;
use ngnlab_sim::{Frame, Time};
use proptest::prelude::*;

use lab::*;

#[test]
fn solicitations_follow_duplicate_address_detection_and_stop_after_three() {
    let mut lab = Lab::new(Mode::Pd, []);
    lab.run_until(60);
    let sent = lab.ndp(WAN_SIDE);
    let detection = sent
        .iter()
        .find(|(_, source, ndp)| source.is_unspecified() && matches!(ndp, Ndp::NeighborSolicit(_)))
        .unwrap();
    let solicits: Vec<_> = sent
        .iter()
        .filter(|(_, _, ndp)| matches!(ndp, Ndp::RouterSolicit(_)))
        .collect();
    assert_eq!(solicits.len(), 3);
    assert!(solicits[0].0 >= detection.0 + Duration::from_secs(1));
    assert!(
        solicits
            .iter()
            .all(|(_, source, _)| *source == WAN_MAC.link_local())
    );
    assert_eq!(solicits[1].0.since(solicits[0].0), Duration::from_secs(4));
}

#[test]
fn a_lan_that_is_back_hears_of_the_router_as_at_its_start() {
    let mut lab = Lab::online(Mode::Pd, []);
    lab.run_for(60);
    lab.world.set_carrier(lab.lan_cable, false).unwrap();
    lab.run_for(60);
    lab.world.set_carrier(lab.lan_cable, true).unwrap();
    let back = lab.world.now();
    lab.run_for(40);
    let heard = lab.ndp(LAN_SIDE).into_iter();
    let adverts = heard.filter(|(at, _, ndp)| *at >= back && matches!(ndp, Ndp::RouterAdvert(_)));
    let after: Vec<_> = adverts.map(|(at, ..)| at.since(back).as_secs()).collect();
    assert_eq!(after, [0, 16, 32]);
}

#[test]
fn a_delegated_prefix_reaches_the_lan_as_subnet_1() {
    let mut lab = Lab::online(Mode::Pd, []);
    let advert = lab.last_advert();
    let prefix = advert.prefixes().next().unwrap();
    assert_eq!(prefix.prefix.to_string(), "2408:3ff:e00:ca01::");
    assert!(prefix.on_link && prefix.autonomous && advert.other && !advert.managed);
    assert!(prefix.valid <= 5400 && prefix.preferred <= 2700);
    assert_eq!(advert.lifetime, Duration::from_secs(2700));
    let router: Ipv6Addr = "2408:3ff:e00:ca01::1".parse().unwrap();
    let servers = advert.options.iter().find_map(|option| match option {
        NdpOption::Rdnss { servers, .. } => Some(servers.clone()),
        _ => None,
    });
    assert_eq!(servers, Some(vec![router]));
    assert_eq!(lab.ask_for_dns(), vec![router]);
}

#[test]
fn the_prefix_exchange_is_four_messages_from_a_duid_ll() {
    let mut lab = Lab::online(Mode::Pd, []);
    let messages = lab.dhcpv6(WAN_SIDE);
    let kinds: Vec<_> = messages
        .iter()
        .map(|(_, message)| message.msg_type())
        .collect();
    assert_eq!(kinds, [MessageType::Solicit, MessageType::Request]);
    for (_, message) in &messages {
        assert_eq!(dhcpv6::client_id(message), Some(&WAN_MAC.duid_ll()[..]));
        assert_eq!(dhcpv6::elapsed(message), Some(0));
        assert_eq!(dhcpv6::requested(message), [23, 24, 31, 82]);
        assert_eq!(dhcpv6::delegations(message).count(), 1);
        // RFC 7084 §4.2 WAA-6: the M flag makes a router ask, though the line grants none.
        assert!(dhcpv6::asks_for_addresses(message));
    }
    assert_eq!(dhcpv6::server_id(&messages[1].1), Some(&SERVER[..]));
}

#[test]
fn an_unanswered_solicit_backs_off_and_keeps_its_transaction_id() {
    let mut lab = Lab::new(Mode::Pd, []);
    lab.line.answers_dhcpv6 = false;
    lab.run_until(3);
    lab.advertise_line(None);
    lab.run_until(300);
    let messages = lab.dhcpv6(WAN_SIDE);
    assert!(
        (7..=9).contains(&messages.len()),
        "{} Solicits",
        messages.len()
    );
    assert!(
        messages
            .iter()
            .all(|(_, message)| message.xid() == messages[0].1.xid())
    );
    let elapsed: Vec<_> = messages
        .iter()
        .map(|(_, message)| dhcpv6::elapsed(message))
        .collect();
    assert!(elapsed.is_sorted() && elapsed[0] == Some(0) && elapsed[3] > Some(600));
}

#[test]
fn a_lease_is_renewed_at_t1_and_rebound_at_t2_and_given_up_at_its_end() {
    let mut lab = Lab::online(Mode::Pd, []);
    lab.line.answers_dhcpv6 = false;
    lab.run_until(14_500);
    let messages = lab.dhcpv6(WAN_SIDE);
    let first = |kind| {
        let found = messages
            .iter()
            .find(|(_, message)| message.msg_type() == kind);
        found.unwrap().0.as_secs_f64()
    };
    let bound = messages[1].0.as_secs_f64();
    assert!((first(MessageType::Renew) - bound - 7200.0).abs() < 1.0);
    assert!((first(MessageType::Rebind) - bound - 10800.0).abs() < 1.0);
    let last = messages.last().unwrap();
    assert_eq!(last.1.msg_type(), MessageType::Solicit);
    let advert = lab.last_advert();
    assert_eq!(advert.lifetime, Duration::ZERO);
    assert!(advert.prefixes().all(|prefix| prefix.valid == 0));
}

#[test]
fn what_the_client_asks_by_itself_gives_way_to_a_server_that_is_back() {
    let mut lab = Lab::new(Mode::Pd, []);
    lab.line.key = Some([1; 16]);
    lab.run_until(3);
    lab.advertise_line(None);
    lab.line.answers_dhcpv6 = true;
    lab.run_until(30);
    // A Rebind is repeated every ten minutes by then (RFC 8415 §7.6, REB_MAX_RT).
    lab.line.answers_dhcpv6 = false;
    lab.run_until(13_000);
    let (_, rebind) = lab.dhcpv6(WAN_SIDE).pop().unwrap();
    assert_eq!(rebind.msg_type(), MessageType::Rebind);
    lab.reconfigure(2);
    lab.run_for(1);
    // After T2 any server will do.
    let (_, anew) = lab.dhcpv6(WAN_SIDE).pop().unwrap();
    assert_eq!(anew.msg_type(), MessageType::Rebind);
    assert_ne!(anew.xid(), rebind.xid());
    // RFC 8415 §18.2.11: what that began goes on, whatever else is told.
    lab.reconfigure(3);
    lab.run_for(1);
    let (_, last) = lab.dhcpv6(WAN_SIDE).pop().unwrap();
    assert_eq!(last.xid(), anew.xid());
}

#[test]
fn a_replaced_delegation_is_withdrawn_on_the_lan() {
    let mut lab = Lab::online(Mode::Pd, []);
    lab.line.prefix = "2408:3ff:e00:2000::/56".parse().unwrap();
    lab.run_until(7300);
    let advert = lab.last_advert();
    let prefixes: Vec<_> = advert
        .prefixes()
        .map(|prefix| (prefix.prefix.to_string(), prefix.valid > 0))
        .collect();
    assert_eq!(
        prefixes,
        [
            ("2408:3ff:e00:2001::".to_owned(), true),
            ("2408:3ff:e00:ca01::".to_owned(), false)
        ]
    );
}

#[test]
fn a_power_cut_forgets_all_but_the_advertised_prefix() {
    let mut lab = Lab::online(Mode::Pd, []);
    lab.line.prefix = "2408:3ff:e00:2000::/56".parse().unwrap();
    lab.world.with(lab.router, Router::power_cycle);
    let restart = lab.world.now();
    lab.run_until(33);
    lab.advertise_line(None);
    lab.run_until(40);
    let kinds = lab
        .dhcpv6(WAN_SIDE)
        .into_iter()
        .filter(|(at, _)| *at > restart);
    let kinds: Vec<_> = kinds.map(|(_, message)| message.msg_type()).collect();
    assert_eq!(kinds, [MessageType::Solicit, MessageType::Request]);
    let advert = lab.last_advert();
    let withdrawn = advert.prefixes().find(|prefix| prefix.valid == 0).unwrap();
    assert_eq!(withdrawn.prefix.to_string(), "2408:3ff:e00:ca01::");
}

#[test]
fn a_power_cut_withdraws_nothing_that_the_line_grants_again() {
    let mut lab = Lab::online(Mode::Pd, []);
    lab.world.with(lab.router, Router::power_cycle);
    lab.run_until(33);
    lab.advertise_line(None);
    lab.run_until(60);
    let adverts = lab.ndp(LAN_SIDE).into_iter();
    let prefixes = adverts.flat_map(|(_, _, ndp)| match ndp {
        Ndp::RouterAdvert(advert) => advert.prefixes().copied().collect(),
        _ => Vec::new(),
    });
    assert!(prefixes.into_iter().all(|prefix| prefix.valid > 0));
}

#[test]
fn in_ra_mode_the_line_s_prefix_is_handed_on_and_its_options_are_asked_for() {
    let mut lab = Lab::online(Mode::Ra, []);
    let advert = lab.last_advert();
    let prefix = advert.prefixes().next().unwrap();
    assert_eq!(prefix.prefix.to_string(), "2408:3ff:e00:ca00::");
    let messages = lab.dhcpv6(WAN_SIDE);
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].1.msg_type(), MessageType::InformationRequest);
    assert_eq!(lab.ask_for_dns(), vec![LAN_MAC.in_prefix(RA_PREFIX)]);
}

#[test]
fn the_proxy_answers_for_a_host_that_is_there_and_not_for_one_that_is_not() {
    let mut lab = Lab::online(Mode::Ra, []);
    let host = HOST_MAC.in_prefix(RA_PREFIX);
    let absent: Ipv6Addr = "2408:3ff:e00:ca00::dead".parse().unwrap();
    lab.lan.neighbors = vec![host];
    for target in [host, absent] {
        let envelope = Envelope::new(
            EDGE_MAC,
            WAN_MAC,
            EDGE_MAC.link_local(),
            solicited_node(target),
        );
        let solicit = NeighborSolicit {
            target,
            source_link_layer: Some(EDGE_MAC),
        };
        lab.send(WAN_SIDE, Ndp::NeighborSolicit(solicit).build(envelope));
    }
    let asked = lab.world.now();
    lab.run_for(10);
    let adverts: Vec<_> = lab
        .ndp(WAN_SIDE)
        .into_iter()
        .filter_map(|(at, _, ndp)| match ndp {
            Ndp::NeighborAdvert(advert) if at >= asked => Some(advert),
            _ => None,
        })
        .collect();
    assert_eq!(
        adverts,
        [NeighborAdvert {
            target: host,
            router: true,
            solicited: true,
            replace: false,
            target_link_layer: Some(WAN_MAC),
        }]
    );
}

#[test]
fn duplicate_address_detection_crosses_the_router() {
    let mut lab = Lab::online(Mode::Ra, []);
    let target = HOST_MAC.in_prefix(RA_PREFIX);
    let nowhere = Ipv6Addr::UNSPECIFIED;
    let envelope = Envelope::new(HOST_MAC, HOST_MAC, nowhere, solicited_node(target));
    let solicit = NeighborSolicit {
        target,
        source_link_layer: None,
    };
    lab.send(LAN_SIDE, Ndp::NeighborSolicit(solicit).build(envelope));
    lab.run_for(1);
    let relayed = lab.ndp(WAN_SIDE).into_iter().any(|(_, source, ndp)| {
        source.is_unspecified()
            && ndp
                == Ndp::NeighborSolicit(NeighborSolicit {
                    target,
                    source_link_layer: None,
                })
    });
    assert!(relayed);
}

#[test]
fn a_packet_goes_out_with_its_hop_limit_lowered_and_its_answer_comes_back() {
    for mode in [Mode::Pd, Mode::Ra] {
        let mut lab = Lab::online(mode, []);
        let host = lab.lan_host();
        lab.send(
            LAN_SIDE,
            Envelope::new(HOST_MAC, LAN_MAC, host, WEB).udp(4000, 53, b"question"),
        );
        lab.send(
            WAN_SIDE,
            Envelope::new(EDGE_MAC, WAN_MAC, WEB, host).udp(53, 4000, b"answer"),
        );
        lab.send(
            WAN_SIDE,
            Envelope::new(EDGE_MAC, WAN_MAC, WEB, host).udp(53, 4001, b"stranger"),
        );
        lab.run_for(5);
        assert_eq!(lab.udp(WAN_SIDE), [(63, b"question".to_vec())]);
        assert_eq!(lab.udp(LAN_SIDE), [(63, b"answer".to_vec())]);
    }
}

#[test]
fn a_packet_that_cannot_go_on_is_answered_with_the_reason() {
    let mut lab = Lab::online(Mode::Pd, []);
    let host = lab.lan_host();
    let stale: Ipv6Addr = "2408:3ff:e00:2001::2".parse().unwrap();
    let unused: Ipv6Addr = "2408:3ff:e00:ca77::2".parse().unwrap();
    let envelope = |from, to| Envelope::new(HOST_MAC, LAN_MAC, from, to);
    lab.send(
        LAN_SIDE,
        envelope(host, WEB).with_hop_limit(1).udp(1, 2, b""),
    );
    lab.send(LAN_SIDE, envelope(stale, WEB).udp(1, 2, b""));
    lab.send(LAN_SIDE, envelope(host, unused).udp(1, 2, b""));
    lab.run_for(1);
    let errors: Vec<_> = lab
        .frames(LAN_SIDE)
        .iter()
        .filter_map(|frame| {
            let message = Packet::parse(frame)?.icmpv6()?;
            (message.kind < 128).then_some((message.kind, message.code))
        })
        .collect();
    assert_eq!(errors, [(3, 0), (1, 5), (1, 0)]);
}

#[test]
fn a_solicited_advert_comes_within_half_a_second_and_multicasts_are_rare() {
    let mut lab = Lab::online(Mode::Pd, []);
    let solicit = RouterSolicit {
        source_link_layer: Some(HOST_MAC),
    };
    for second in 60..70 {
        lab.run_until(second);
        let envelope = Envelope::new(HOST_MAC, HOST_MAC, HOST_MAC.link_local(), ALL_ROUTERS);
        lab.send(
            LAN_SIDE,
            Ndp::RouterSolicit(solicit.clone()).build(envelope),
        );
        let asked = lab.world.now();
        lab.world
            .run_until(asked + Duration::from_millis(500))
            .unwrap();
        let last = lab.ndp(LAN_SIDE).pop().unwrap();
        assert!(matches!(last.2, Ndp::RouterAdvert(_)) && last.0 >= asked);
    }
    let multicasts: Vec<Time> = lab
        .sent(LAN_SIDE)
        .iter()
        .filter(|(_, frame)| {
            Packet::parse(frame).is_some_and(|packet| packet.destination == ALL_NODES)
        })
        .map(|(at, _)| *at)
        .collect();
    let gaps = multicasts.windows(2).map(|pair| pair[1].since(pair[0]));
    assert!(gaps.into_iter().all(|gap| gap >= Duration::from_secs(3)));
}

#[test]
fn echo_is_answered_on_every_address_of_ours() {
    let mut lab = Lab::online(Mode::Pd, []);
    let global: Ipv6Addr = "2408:3ff:e00:ca01::1".parse().unwrap();
    for to in [global, LAN_MAC.link_local()] {
        let envelope = Envelope::new(HOST_MAC, LAN_MAC, HOST_MAC.link_local(), to);
        lab.send(LAN_SIDE, envelope.icmpv6(128, 0, b"\x00\x01\x00\x02data"));
        lab.run_for(1);
        let reply = lab.frames(LAN_SIDE).pop().unwrap();
        let reply = Packet::parse(&reply).unwrap();
        assert_eq!(
            (reply.source, reply.destination),
            (to, HOST_MAC.link_local())
        );
        assert_eq!(reply.icmpv6().unwrap().body, b"\x00\x01\x00\x02data");
    }
}

#[test]
fn after_three_months_the_line_is_still_up() {
    let mut lab = Lab::online(Mode::Pd, []);
    lab.run_until(90 * 86_400);
    assert_eq!(lab.last_advert().lifetime, Duration::from_secs(2700));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_frames_leave_the_router_alive(
        mode in prop_oneof![Just(Mode::Ra), Just(Mode::Pd), Just(Mode::Bridge)],
        frames in proptest::collection::vec((0u8..2, hostile_frame()), 1..60),
    ) {
        let mut lab = Lab::online(mode, []);
        for (side, frame) in frames {
            lab.send(side, frame);
            lab.run_for(1);
        }
        lab.run_for(600);
        prop_assert!(lab.world.records().is_empty(), "no livelock");
    }
}

/// Frames that look enough like the real ones to get past the first checks.
fn hostile_frame() -> impl Strategy<Value = Frame> {
    let address = prop_oneof![
        Just(Ipv6Addr::UNSPECIFIED),
        Just(ALL_NODES),
        Just(ALL_DHCP),
        Just(WAN_MAC.link_local()),
        Just(LAN_MAC.link_local()),
        Just(EDGE_MAC.link_local()),
        Just(Ipv6Addr::new(0x2408, 0x3ff, 0xe00, 0xca01, 0, 0, 0, 1)),
        Just(Ipv6Addr::new(0x2408, 0x3ff, 0xe00, 0xca77, 0, 0, 0, 1)),
        Just(HOST_MAC.in_prefix(RA_PREFIX)),
        any::<u128>().prop_map(Ipv6Addr::from),
    ];
    let mac = prop_oneof![Just(WAN_MAC), Just(LAN_MAC)];
    let body = proptest::collection::vec(any::<u8>(), 4..120);
    let kinds = prop_oneof![0u8..128, 128u8..138, any::<u8>()];
    let ports = prop_oneof![Just(53u16), Just(546), Just(547), any::<u16>()];
    let raw = proptest::collection::vec(any::<u8>(), 0..200).prop_map(Frame::from);
    let framed = (
        address.clone(),
        address,
        mac,
        any::<u8>(),
        any::<bool>(),
        kinds,
        ports,
        body,
    );
    prop_oneof![
        1 => raw,
        9 => framed.prop_map(|(from, to, mac, hops, ndp, kind, port, body)| {
            let hops = if ndp { 255 } else { hops };
            let envelope = Envelope::new(EDGE_MAC, mac, from, to).with_hop_limit(hops);
            match kind {
                0..=31 => envelope.tcp(TcpHeader::new(port ^ 1, port, 7, 1000), &body),
                32..=79 => envelope.udp(port ^ 1, port, &body),
                80..=127 => envelope.udp(port, port ^ 1, &body),
                128..=239 => envelope.icmpv6(kind, 0, &body),
                240.. => envelope.icmpv6(kind - 240, 0, &body),
            }
        }),
    ]
}

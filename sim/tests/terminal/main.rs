//! The terminal against a scripted router, in virtual time.

use std::time::Duration;

use ngnlab_sim::Time;
use ngnlab_sim::message::ndp::{Ndp, NdpOption, NeighborAdvert, NeighborSolicit};
use ngnlab_sim::message::packet::{ALL_NODES, Envelope, Packet, solicited_node};
use ngnlab_sim::node::terminal::{Ask, Transport};
use ngnlab_sim::trace::{DnsSource, End, Fact, Resolution, Seen};
use proptest::prelude::*;

mod lab;
mod pages;
mod peer;

use lab::{MAC, ask, lab};
use peer::{DNS, Peer, SECOND_DNS, advert, prefix};

#[test]
fn it_ends_up_with_three_addresses() {
    let mut lab = lab(vec![]);
    lab.run(20);
    let addresses = lab
        .world
        .with(lab.terminal, |terminal, _| terminal.addresses());
    let [(temporary, true), (stable, false), (link_local, false)] = addresses[..] else {
        panic!("{addresses:?}");
    };
    assert!(temporary.to_string().starts_with("2408:3ff:e00:ca00:"));
    assert!(stable.to_string().starts_with("2408:3ff:e00:ca00:"));
    assert!(link_local.to_string().starts_with("fe80::"));
    let ready = lab.facts(|fact| matches!(fact, Fact::AddressReady { .. }));
    assert_eq!(ready.len(), 3);
}

#[test]
fn every_address_is_asked_for_and_waits_for_the_retrans_timer() {
    let mut lab = lab(vec![]);
    lab.run(20);
    let asked: Vec<_> = lab
        .sent()
        .into_iter()
        .filter_map(|(at, frame)| {
            let packet = Packet::parse(&frame)?;
            let Some(Ndp::NeighborSolicit(solicit)) = Ndp::parse(&packet) else {
                return None;
            };
            let asks = packet.source.is_unspecified();
            assert!(!asks || packet.destination == solicited_node(solicit.target));
            asks.then_some((at, solicit.target))
        })
        .collect();
    assert_eq!(asked.len(), 3);
    for (at, target) in &asked[1..] {
        let ready =
            lab.at(|fact| matches!(fact, Fact::AddressReady { address, .. } if address == target));
        // The scripted router advertises a Retrans Timer of 3 s.
        assert_eq!(ready.since(*at), Duration::from_secs(3));
    }
}

#[test]
fn it_is_online_once_with_address_router_and_dns() {
    let mut lab = lab(vec![]);
    lab.run(60);
    let online = lab.facts(|fact| *fact == Fact::Online);
    assert_eq!(online.len(), 1);
    let learnt = lab.facts(|fact| {
        matches!(
            fact,
            Fact::DnsLearnt {
                by: DnsSource::Dhcpv6,
                ..
            }
        )
    });
    let expected = Fact::DnsLearnt {
        servers: vec![DNS, SECOND_DNS],
        search: vec!["flets-east.jp".to_owned()],
        by: DnsSource::Dhcpv6,
    };
    assert_eq!(learnt, [expected]);
    assert!(
        lab.world
            .with(lab.terminal, |terminal, _| terminal.is_online())
    );
}

#[test]
fn without_a_router_it_solicits_three_times_four_seconds_apart() {
    let mut lab = lab(vec![]);
    lab.peer(|peer| peer.advert = None);
    lab.run(60);
    let solicits: Vec<_> = lab
        .sent()
        .into_iter()
        .filter(|(_, frame)| {
            let packet = Packet::parse(frame).unwrap();
            matches!(Ndp::parse(&packet), Some(Ndp::RouterSolicit(_)))
        })
        .map(|(at, _)| at)
        .collect();
    assert_eq!(solicits.len(), 3);
    assert_eq!(solicits[1].since(solicits[0]), Duration::from_secs(4));
    assert_eq!(solicits[2].since(solicits[1]), Duration::from_secs(4));
    assert!(lab.facts(|fact| *fact == Fact::Online).is_empty());
}

#[test]
fn a_withdrawn_prefix_is_avoided_at_once_and_goes_after_two_hours() {
    let mut lab = lab(vec![]);
    lab.run(20);
    let mut second = advert();
    second.options = vec![
        NdpOption::Prefix(prefix("2408:3ff:e00:ca00::", 0, 0)),
        NdpOption::Prefix(prefix("2408:3ff:e00:2000::", 604_800, 2_592_000)),
    ];
    lab.advertise(second);
    lab.run(40);
    let addresses = lab
        .world
        .with(lab.terminal, |terminal, _| terminal.addresses());
    assert_eq!(
        addresses.len(),
        5,
        "both prefixes and the link-local address"
    );
    lab.ping(DNS);
    lab.run(43);
    let source = lab.last_source_towards(DNS);
    assert!(
        source.to_string().starts_with("2408:3ff:e00:2000:"),
        "{source}"
    );
    assert!(
        lab.facts(|fact| matches!(fact, Fact::AddressGone { .. }))
            .is_empty()
    );
    lab.run(20 + 7200 + 1);
    let gone = lab.facts(|fact| matches!(fact, Fact::AddressGone { .. }));
    assert_eq!(gone.len(), 2);
}

#[test]
fn a_temporary_address_is_replaced_before_its_day_is_over() {
    let mut lab = lab(vec![]);
    lab.run(3 * 86_400);
    let ready = lab.facts(|fact| {
        matches!(
            fact,
            Fact::AddressReady {
                temporary: true,
                ..
            }
        )
    });
    assert!((3..=8).contains(&ready.len()), "{}", ready.len());
    let addresses = lab
        .world
        .with(lab.terminal, |terminal, _| terminal.addresses());
    assert!(addresses.len() <= 8);
}

#[test]
fn an_address_somebody_else_has_is_not_used() {
    let mut lab = lab(vec![]);
    lab.peer(|peer| peer.takes_addresses = 1);
    lab.run(40);
    let addresses = lab
        .world
        .with(lab.terminal, |terminal, _| terminal.addresses());
    assert_eq!(addresses.len(), 3);
    let taken = lab.world.with(lab.peer, |peer, _| peer.taken.clone());
    assert_eq!(taken.len(), 1);
    assert!(addresses.iter().all(|(address, _)| *address != taken[0]));
}

#[test]
fn it_answers_solicitations_and_echo_requests() {
    let mut lab = lab(vec![]);
    lab.run(20);
    let (own, _) = lab
        .world
        .with(lab.terminal, |terminal, _| terminal.addresses())[0];
    let solicit = Ndp::NeighborSolicit(NeighborSolicit {
        target: own,
        source_link_layer: Some(Peer::MAC),
    });
    let group = Envelope::new(Peer::MAC, Peer::MAC, Peer::LINK_LOCAL, solicited_node(own));
    lab.inject(&solicit.build(group));
    let echo = Envelope::new(Peer::MAC, MAC, DNS, own).icmpv6(128, 0, &[0, 7, 0, 1, 42]);
    lab.inject(&echo);
    lab.run(21);
    let answers: Vec<_> = lab.sent();
    let advert = answers.iter().any(|(_, frame)| {
        Ndp::parse(&Packet::parse(frame).unwrap())
            == Some(Ndp::NeighborAdvert(NeighborAdvert {
                target: own,
                router: false,
                solicited: true,
                replace: true,
                target_link_layer: Some(MAC),
            }))
    });
    assert!(advert);
    let reply = answers.iter().any(|(_, frame)| {
        let packet = Packet::parse(frame).unwrap();
        packet.destination == DNS
            && packet.source == own
            && packet
                .icmpv6()
                .is_some_and(|icmpv6| icmpv6.kind == 129 && icmpv6.body == [0, 7, 0, 1, 42])
    });
    assert!(reply);
}

#[test]
fn a_name_is_resolved_with_its_case_kept() {
    let mut lab = lab(vec![]);
    lab.run(20);
    lab.ask(ask("wWw.LineAuth.mnw"));
    lab.run(21);
    assert_eq!(lab.resolved(), [(Resolution::Answered, vec![peer::ANSWER])]);
    let asked = lab.world.with(lab.peer, |peer, _| peer.queries.clone());
    assert_eq!(asked, [(DNS, "wWw.LineAuth.mnw.".to_owned())]);
}

#[test]
fn a_silent_server_is_followed_by_the_next_one_after_two_seconds() {
    let mut lab = lab(vec![]);
    lab.peer(|peer| peer.deaf = vec![DNS]);
    lab.run(20);
    lab.ask(ask("www.lineauth.mnw"));
    lab.run(30);
    assert_eq!(lab.resolved()[0].0, Resolution::Answered);
    let at = lab.at(|fact| matches!(fact, Fact::Resolved { .. }));
    assert_eq!(at, Time::from_secs(22));
}

#[test]
fn a_look_up_ends_even_when_nobody_answers() {
    let mut lab = lab(vec![]);
    lab.peer(|peer| peer.deaf = vec![DNS, SECOND_DNS]);
    lab.run(20);
    lab.ask(ask("www.lineauth.mnw"));
    assert!(
        lab.world
            .with(lab.terminal, |terminal, _| terminal.is_busy())
    );
    lab.run(40);
    assert_eq!(lab.resolved(), [(Resolution::Timeout, vec![])]);
    assert!(
        !lab.world
            .with(lab.terminal, |terminal, _| terminal.is_busy())
    );
}

#[test]
fn a_look_up_over_tcp_ends_even_when_nobody_answers() {
    let mut lab = lab(vec![]);
    lab.run(20);
    lab.ask(Ask {
        transport: Transport::Tcp,
        ..ask("www.lineauth.mnw")
    });
    lab.run(60);
    assert_eq!(lab.resolved(), [(Resolution::Timeout, vec![])]);
}

#[test]
fn servers_set_by_hand_replace_those_learnt() {
    let mut lab = lab(vec![SECOND_DNS]);
    lab.run(20);
    lab.ask(ask("www.lineauth.mnw"));
    lab.run(21);
    let asked = lab.world.with(lab.peer, |peer, _| peer.queries.clone());
    assert_eq!(asked[0].0, SECOND_DNS);
}

#[test]
fn without_a_server_a_look_up_ends_at_once() {
    let mut lab = lab(vec![]);
    lab.peer(|peer| peer.advert = None);
    lab.ask(ask("www.lineauth.mnw"));
    assert_eq!(lab.resolved(), [(Resolution::NoServer, vec![])]);
}

#[test]
fn a_ping_is_answered_or_given_up() {
    let mut lab = lab(vec![]);
    lab.run(20);
    lab.ping(DNS);
    lab.run(21);
    lab.peer(|peer| peer.deaf = vec![DNS]);
    lab.ping(DNS);
    lab.run(25);
    let pinged = lab.facts(|fact| matches!(fact, Fact::Pinged { .. }));
    let expected = [true, false].map(|answered| Fact::Pinged { to: DNS, answered });
    assert_eq!(pinged, expected);
}

#[test]
fn rdnss_servers_come_and_go() {
    let mut lab = lab(vec![]);
    let mut first = advert();
    first.other = false;
    first.options.push(NdpOption::Rdnss {
        lifetime: 60,
        servers: vec![SECOND_DNS],
    });
    lab.peer(|peer| peer.advert = Some(first));
    lab.run(200);
    let learnt = lab.facts(|fact| matches!(fact, Fact::DnsLearnt { .. }));
    let expected = [vec![SECOND_DNS], vec![]].map(|servers| Fact::DnsLearnt {
        servers,
        search: vec![],
        by: DnsSource::Rdnss,
    });
    assert_eq!(learnt, expected);
}

#[test]
fn pulling_the_cable_takes_the_addresses_away_and_plugging_it_brings_them_back() {
    let mut lab = lab(vec![]);
    lab.run(20);
    lab.world.set_carrier(lab.cable, false).unwrap();
    lab.run(21);
    assert!(
        lab.world
            .with(lab.terminal, |terminal, _| terminal.addresses())
            .is_empty()
    );
    lab.world.set_carrier(lab.cable, true).unwrap();
    lab.run(41);
    let addresses = lab
        .world
        .with(lab.terminal, |terminal, _| terminal.addresses());
    assert_eq!(addresses.len(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_frames_leave_it_alive(
        frames in prop::collection::vec(hostile_frame(), 1..40),
    ) {
        let mut lab = lab(vec![]);
        lab.run(5);
        lab.ask(ask("www.lineauth.mnw"));
        for frame in frames {
            lab.world.inject(lab.cable, End::Device, frame).unwrap();
        }
        lab.run(120);
        prop_assert!(!lab.world.with(lab.terminal, |terminal, _| terminal.is_busy()));
        let livelock = lab
            .world
            .records()
            .iter()
            .any(|record| matches!(record.seen, Seen::Suppressed { .. }));
        prop_assert!(!livelock);
    }
}

fn hostile_frame() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::collection::vec(any::<u8>(), 0..200);
    let icmpv6 = (any::<bool>(), 127u8..140, any::<u8>(), bytes.clone()).prop_map(
        |(group, kind, code, body)| {
            let body = [&[0; 4][..], &body].concat();
            let to = if group { ALL_NODES } else { MAC.link_local() };
            let code = if code < 250 { 0 } else { code };
            Envelope::new(Peer::MAC, MAC, Peer::LINK_LOCAL, to)
                .with_hop_limit(255)
                .icmpv6(kind, code, &body)
                .to_vec()
        },
    );
    let udp = (any::<u16>(), bytes.clone()).prop_map(|(port, payload)| {
        Envelope::new(Peer::MAC, MAC, DNS, ALL_NODES)
            .udp(53, port, &payload)
            .to_vec()
    });
    let dhcpv6 = bytes.clone().prop_map(|payload| {
        Envelope::new(Peer::MAC, MAC, Peer::LINK_LOCAL, ALL_NODES)
            .udp(547, 546, &payload)
            .to_vec()
    });
    let advert = (
        any::<u32>(),
        any::<u32>(),
        any::<u32>(),
        any::<u16>(),
        0u8..=128,
    )
        .prop_map(|(valid, preferred, reachable, lifetime, length)| {
            let mut advert = advert();
            advert.lifetime = Duration::from_secs(lifetime.into());
            advert.reachable = Duration::from_millis(reachable.into());
            let mut info = prefix("2408:3ff:e00:2000::", preferred, valid);
            info.length = length;
            advert.options.push(NdpOption::Prefix(info));
            Ndp::RouterAdvert(advert)
                .build(Envelope::new(
                    Peer::MAC,
                    Peer::MAC,
                    Peer::LINK_LOCAL,
                    ALL_NODES,
                ))
                .to_vec()
        });
    prop_oneof![bytes, icmpv6, udp, dhcpv6, advert]
}

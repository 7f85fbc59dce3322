//! The edge router against crafted frames, in virtual time.

#![expect(clippy::unwrap_used, reason = "a test stops at what it cannot build")]

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_sim::Time;
use ngnlab_sim::line::{Area, EdgeQuirk};
use ngnlab_sim::message::ndp::{Ndp, NdpOption, RouterSolicit};
use ngnlab_sim::message::packet::{ALL_NODES, ALL_ROUTERS, Envelope, Packet};
use ngnlab_sim::node::edge::Renumbering;

mod bench;
mod delegation;
mod routing;
#[path = "../subscriber/mod.rs"]
mod subscriber;

use bench::Bench;
use subscriber::{WAN, neighbor_advert, ns, router_advert, rs};

#[test]
fn an_advert_answers_a_solicitation_after_a_fifth_of_a_second() {
    for area in Area::ALL {
        let mut bench = Bench::new("next-ra", area);
        bench.send(rs());
        bench.run_to(Time::from_nanos(200_000_000));
        assert!(bench.received().is_empty());
        bench.run_to(Time::from_nanos(240_000_000));
        let frames = bench.received();
        assert_eq!(frames.len(), 1);
        let packet = Packet::parse(&frames[0]).unwrap();
        assert_eq!(packet.destination, ALL_NODES);
        assert_eq!(packet.source, bench.edge_address());
        assert_eq!((packet.hop_limit, packet.traffic_class), (255, 0xb8));
        // ngn-facts §1.1: neither an MTU option nor RDNSS fits into 56 bytes.
        assert_eq!(packet.ip.len() - 40, 56);
        let advert = router_advert(&frames[0]).unwrap();
        assert!(!advert.managed && advert.other);
        assert_eq!((advert.hop_limit, advert.preference), (64, 0));
        assert_eq!(advert.lifetime, Duration::from_secs(1800));
        assert_eq!(advert.reachable, Duration::from_millis(300_000));
        assert_eq!(advert.retrans, Duration::from_millis(10_000));
        let prefix = advert.prefixes().next().unwrap();
        assert_eq!(
            (prefix.length, prefix.on_link, prefix.autonomous),
            (64, true, true)
        );
        assert_eq!((prefix.valid, prefix.preferred), (2_592_000, 604_800));
        assert_eq!(prefix.prefix, bench.line.assignment(0).addr());
    }
}

#[test]
fn a_pd_line_advertises_the_mtu_and_no_prefix() {
    for preset in ["next-pd", "cross"] {
        let mut bench = Bench::new(preset, Area::West);
        bench.send(rs());
        bench.run_to(Time::from_secs(1));
        let frames = bench.received();
        let packet = Packet::parse(&frames[0]).unwrap();
        // ngn-facts §1.2: 16 base + 8 source link-layer + 8 MTU.
        assert_eq!(packet.ip.len() - 40, 32);
        let advert = router_advert(&frames[0]).unwrap();
        assert!(advert.managed && advert.other);
        assert_eq!(advert.options[1], NdpOption::Mtu(1500));
        assert_eq!(advert.options.len(), 2);
    }
}

#[test]
fn a_prefix_that_comes_back_is_withdrawn_no_longer() {
    let mut bench = Bench::new("next-ra", Area::East);
    let edge = bench.edge;
    for how in [Renumbering::NoneInstead, Renumbering::OldWithdrawn] {
        bench
            .world
            .with(edge, |edge, cx| edge.change_prefix(how, cx));
        bench.run_for(10);
    }
    let frames = bench.received();
    let last = frames.iter().rev().find_map(router_advert).unwrap();
    let told: Vec<_> = last
        .prefixes()
        .map(|one| (one.prefix, one.valid > 0))
        .collect();
    assert_eq!(told, [(bench.line.assignment(0).addr(), true)]);
}

#[test]
fn unsolicited_adverts_come_every_200_to_600_seconds() {
    let mut bench = Bench::new("next-ra", Area::East);
    let mut times = vec![0.0];
    for second in 1..=3600 {
        bench.run_to(Time::from_secs(second));
        times.extend(bench.received().iter().map(|_| second as f64));
    }
    let gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.len() >= 6);
    assert!(
        gaps.iter().all(|gap| (199.0..=601.0).contains(gap)),
        "{gaps:?}"
    );
}

#[test]
fn a_solicitation_with_an_impossible_source_is_not_answered() {
    let mut bench = Bench::new("next-ra", Area::East);
    let solicit = Ndp::RouterSolicit(RouterSolicit {
        source_link_layer: Some(WAN),
    });
    bench.send(solicit.build(Envelope::new(WAN, WAN, Ipv6Addr::UNSPECIFIED, ALL_ROUTERS)));
    bench.run_to(Time::from_secs(10));
    assert!(bench.received().is_empty());
}

#[test]
fn solicitations_for_its_address_are_answered_and_probes_are_defended_against() {
    let mut bench = Bench::new("next-ra", Area::East);
    let target = bench.edge_address();
    bench.send(ns(WAN.link_local(), target, Some(WAN)));
    bench.run_to(Time::from_nanos(1));
    let advert = neighbor_advert(&bench.received()[0]).unwrap();
    assert!(advert.router && advert.solicited && advert.replace);
    assert!(advert.target_link_layer.is_some());

    bench.send(ns(Ipv6Addr::UNSPECIFIED, target, None));
    bench.run_to(Time::from_nanos(2));
    let frames = bench.received();
    let advert = neighbor_advert(&frames[0]).unwrap();
    assert!(advert.router && !advert.solicited && advert.replace);
    assert_eq!(Packet::parse(&frames[0]).unwrap().destination, ALL_NODES);

    // Somebody else's probe is none of its business.
    bench.send(ns(Ipv6Addr::UNSPECIFIED, bench.host(), None));
    bench.run_to(Time::from_secs(5));
    assert!(bench.received().is_empty());
}

#[test]
fn echo_to_the_link_local_address_is_answered_by_quirk_only() {
    for (quirks, answers) in [(vec![], 0), (vec![EdgeQuirk::AnswersEcho], 1)] {
        let mut bench = Bench::with_quirks("next-ra", Area::East, &quirks);
        let to = bench.edge_address();
        bench.send(
            bench
                .to_edge(WAN.link_local(), to)
                .icmpv6(128, 0, &[0, 1, 0, 1]),
        );
        bench.run_to(Time::from_secs(1));
        assert_eq!(bench.received().len(), answers);
    }
}

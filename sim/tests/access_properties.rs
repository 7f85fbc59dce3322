//! Whatever a subscriber sends, the edge and the home gateway stay up and time goes on.

#![expect(clippy::unwrap_used, reason = "a test stops at what it cannot build")]

use std::net::Ipv6Addr;
use std::time::Duration;

use dhcproto::v6::DhcpOption;
use ngnlab_sim::line::{Area, Line};
use ngnlab_sim::link::memory::MemoryLink;
use ngnlab_sim::message::dhcpv6::{self, MessageType};
use ngnlab_sim::message::ndp::{Ndp, RouterSolicit};
use ngnlab_sim::message::packet::{ALL_DHCP, ALL_NODES, ALL_ROUTERS, Envelope, Mac, Packet};
use ngnlab_sim::node::edge::{Edge, EdgeConfig};
use ngnlab_sim::node::home_gateway::{HomeGateway, HomeGatewayConfig};
use ngnlab_sim::registry::Registry;
use ngnlab_sim::trace::Seen;
use ngnlab_sim::{Frame, Pace, World};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_frames_leave_the_routers_advertising(
        preset in prop::sample::select(vec!["next-ra", "next-pd", "hgw-pd"]),
        frames in prop::collection::vec((any_frame(), 0u64..20_000), 1..40),
    ) {
        let line = Line::preset(preset, Area::East).unwrap();
        let mut world = World::new(1, Pace::Virtual);
        let edge = world.add("edge", Edge::new(EdgeConfig {
            line: line.clone(),
            registry: Registry::default(),
            routes: vec![(line.area.values().ngn_ranges[0], Edge::CORE)],
        }));
        let (wan, core) = (MemoryLink::default(), MemoryLink::default());
        world.attach(edge.port(Edge::CORE), core.clone());
        if preset == "hgw-pd" {
            let gateway = world.add("gateway", HomeGateway::new(HomeGatewayConfig { line }));
            world.connect(gateway.port(HomeGateway::UPLINK), edge.port(Edge::ACCESS));
            world.attach(gateway.port(HomeGateway::LAN), wan.clone());
        } else {
            world.attach(edge.port(Edge::ACCESS), wan.clone());
        }
        for (frame, pause) in frames {
            // What came from a subscriber may come from a server, too.
            core.push(frame.clone());
            wan.push(frame);
            world.run_until(world.now() + Duration::from_millis(pause)).unwrap();
        }
        world.run_until(world.now() + Duration::from_secs(60)).unwrap();
        while wan.pop().is_some() {}
        wan.push(solicit());
        world.run_until(world.now() + Duration::from_secs(5)).unwrap();
        let answers = std::iter::from_fn(|| wan.pop());
        let adverts = answers.filter(|frame| {
            let packet = Packet::parse(frame).unwrap();
            matches!(Ndp::parse(&packet), Some(Ndp::RouterAdvert(_)))
        });
        prop_assert_eq!(adverts.count(), 1);
        let stuck = |seen: &Seen| matches!(seen, Seen::Suppressed { .. });
        prop_assert!(!world.records().iter().any(|record| stuck(&record.seen)));
    }
}

/// Returns frames from plainly random to right but for a few bytes.
fn any_frame() -> impl Strategy<Value = Frame> {
    let bytes = || prop::collection::vec(any::<u8>(), 4..120);
    let noise = bytes().prop_map(Frame::from);
    let icmpv6 = (addresses(), 128u8..140, bytes(), 1u8..=255).prop_map(
        |((source, to), kind, body, hop_limit)| {
            envelope(source, to)
                .with_hop_limit(hop_limit)
                .icmpv6(kind, 0, &body)
        },
    );
    let ndp = (addresses(), 133u8..=137, bytes()).prop_map(|((source, to), kind, body)| {
        envelope(source, to)
            .with_hop_limit(255)
            .icmpv6(kind, 0, &body)
    });
    let udp = (
        addresses(),
        prop::sample::select(vec![53u16, 546, 547]),
        bytes(),
    )
        .prop_map(|((source, to), port, payload)| envelope(source, to).udp(port, port, &payload));
    let spoilt = (
        1u8..=13,
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    )
        .prop_map(|(kind, changes)| {
            let mut bytes = dhcpv6_message(kind);
            for (index, byte) in changes {
                let at = index.index(bytes.len());
                bytes[at] = byte;
            }
            envelope(WAN.link_local(), ALL_DHCP).udp(546, 547, &bytes)
        });
    prop_oneof![noise, icmpv6, ndp, udp, spoilt]
}

fn addresses() -> impl Strategy<Value = (Ipv6Addr, Ipv6Addr)> {
    let values = Area::East.values();
    let sources = vec![
        Ipv6Addr::UNSPECIFIED,
        WAN.link_local(),
        WAN.in_prefix(values.assignments[0].addr()),
        values.line_auth,
        ALL_NODES,
        values.edge_mac.link_local(),
    ];
    let mut targets = sources.clone();
    targets.extend([ALL_ROUTERS, ALL_DHCP, "2606:4700::1".parse().unwrap()]);
    (prop::sample::select(sources), prop::sample::select(targets))
}

/// Returns an envelope to either router: their frames are told apart by the group bit alone.
fn envelope(source: Ipv6Addr, to: Ipv6Addr) -> Envelope {
    let router = if source == WAN.link_local() {
        Area::East.values().edge_mac
    } else {
        Mac([0x02, 0x00, 0x5e, 0x00, 0x67, 0x01])
    };
    Envelope::new(WAN, router, source, to)
}

fn dhcpv6_message(kind: u8) -> Vec<u8> {
    let hint = dhcpv6::Delegated {
        prefix: "2408:3ff:e00:ca00::/56".parse().unwrap(),
        preferred: 0,
        valid: 0,
    };
    let mut options = vec![
        DhcpOption::ClientId(WAN.duid_ll()),
        DhcpOption::ElapsedTime(0),
        dhcpv6::delegation(1, 0, 0, &[hint]),
        dhcpv6::status_option(dhcpv6::Status::Success, "ok"),
    ];
    if matches!(kind, 3 | 5 | 8 | 9) {
        let server = Area::East.values().server_duid_mac;
        options.push(DhcpOption::ServerId(server.duid_ll()));
    }
    dhcpv6::encode(&dhcpv6::message(
        MessageType::from(kind),
        [1, 2, 3],
        options,
    ))
}

fn solicit() -> Frame {
    let solicit = Ndp::RouterSolicit(RouterSolicit {
        source_link_layer: Some(WAN),
    });
    solicit.build(Envelope::new(WAN, WAN, WAN.link_local(), ALL_ROUTERS))
}

const WAN: Mac = Mac([0x02, 0x00, 0x5e, 0x00, 0x00, 0x01]);

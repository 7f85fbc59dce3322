//! The edge router against crafted frames, in virtual time.

#![expect(clippy::unwrap_used, reason = "a test stops at what it cannot build")]

use std::net::Ipv6Addr;
use std::time::Duration;

use dhcproto::v6::{DhcpOption, IANA};
use etherparse::TcpHeader;
use ipnet::Ipv6Net;
use ngnlab_sim::line::{Area, EdgeQuirk, Line};
use ngnlab_sim::link::memory::MemoryLink;
use ngnlab_sim::message::dhcpv6::{
    self, Delegated, DhcpOptions, Message, MessageType, Status, prefixes,
};
use ngnlab_sim::message::ndp::{
    Ndp, NdpOption, NeighborAdvert, NeighborSolicit, RouterAdvert, RouterSolicit,
};
use ngnlab_sim::message::packet::{
    ALL_DHCP, ALL_NODES, ALL_ROUTERS, Envelope, Mac, Packet, solicited_node,
};
use ngnlab_sim::node::edge::{Edge, EdgeConfig};
use ngnlab_sim::registry::Registry;
use ngnlab_sim::trace::{Fact, LineState, Seen};
use ngnlab_sim::{Frame, Handle, Pace, Time, World};

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
    bench.send(solicit.build(envelope(Ipv6Addr::UNSPECIFIED, ALL_ROUTERS)));
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
    bench.send(ns(Ipv6Addr::UNSPECIFIED, host(&bench), None));
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

#[test]
fn an_information_request_is_answered_for_any_duid() {
    for preset in ["next-ra", "next-pd"] {
        let mut bench = Bench::new(preset, Area::East);
        let uuid = [&[0, 4][..], &[7; 16]].concat();
        let reply = bench
            .ask(
                MessageType::InformationRequest,
                [DhcpOption::ClientId(uuid)],
            )
            .unwrap();
        assert_eq!(reply.msg_type(), MessageType::Reply);
        let values = Area::East.values();
        assert_eq!(dhcpv6::dns_servers(&reply), values.ngn_dns_on_wire);
        assert_eq!(dhcpv6::search_list(&reply), values.search);
        assert_eq!(dhcpv6::raw_option(&reply, 31).unwrap().len(), 32);
        // ngn-facts §2.1: the server's DUID-LL seen in the East.
        let duid = [0, 3, 0, 1, 0x00, 0x19, 0xe7, 0x13, 0x6c, 0x1b];
        assert_eq!(dhcpv6::server_id(&reply).unwrap(), duid);
    }
}

#[test]
fn dhcpv6_answers_carry_the_network_class_and_go_to_port_546() {
    let mut bench = Bench::new("next-pd", Area::East);
    let solicit = bench.message(MessageType::Solicit, [client_id(), ia(1, &[])]);
    bench.send_dhcpv6(&solicit);
    bench.run_to(Time::from_secs(1));
    let frames = bench.received();
    let packet = frames
        .iter()
        .find_map(|frame| Packet::parse(frame).filter(|packet| packet.udp().is_some()))
        .unwrap();
    let udp = packet.udp().unwrap();
    assert_eq!((udp.source_port, udp.destination_port), (547, 546));
    assert_eq!(packet.traffic_class, 0xb8);
    assert_eq!(packet.source, bench.edge_address());
}

#[test]
fn a_prefix_is_delegated_in_four_messages_whatever_the_hint() {
    for preset in ["next-pd", "cross"] {
        let mut bench = Bench::new(preset, Area::West);
        let hint = Delegated {
            prefix: "::/60".parse().unwrap(),
            preferred: 0,
            valid: 0,
        };
        let wanted = [client_id(), ia(1, &[hint]), DhcpOption::RapidCommit];
        let advertise = bench.ask(MessageType::Solicit, wanted.clone()).unwrap();
        assert_eq!(advertise.msg_type(), MessageType::Advertise);
        let server = dhcpv6::server_id(&advertise).unwrap().to_vec();
        let reply = bench
            .ask(
                MessageType::Request,
                wanted.into_iter().chain([DhcpOption::ServerId(server)]),
            )
            .unwrap();
        for message in [&advertise, &reply] {
            let delegation = dhcpv6::delegations(message).next().unwrap();
            assert_eq!((delegation.t1, delegation.t2), (7200, 10_800));
            let expected = Delegated {
                prefix: bench.line.assignment(0),
                preferred: 12_600,
                valid: 14_400,
            };
            assert_eq!(prefixes(delegation), [expected]);
        }
        assert!(
            reply
                .opts()
                .iter()
                .all(|option| *option != DhcpOption::RapidCommit)
        );
    }
}

#[test]
fn a_solicit_with_another_duid_is_dropped_but_for_the_quirk() {
    let llt = || DhcpOption::ClientId([&[0, 1, 0, 1, 1, 2, 3, 4], &WAN.0[..]].concat());
    let mut bench = Bench::new("next-pd", Area::East);
    assert!(
        bench
            .ask(MessageType::Solicit, [llt(), ia(1, &[])])
            .is_none()
    );
    let mut bench = Bench::with_quirks("next-pd", Area::East, &[EdgeQuirk::AcceptsAnyDuid]);
    assert!(
        bench
            .ask(MessageType::Solicit, [llt(), ia(1, &[])])
            .is_some()
    );
}

#[test]
fn an_ra_line_is_silent_on_delegation_but_for_the_quirk() {
    let mut bench = Bench::new("next-ra", Area::East);
    assert!(
        bench
            .ask(MessageType::Solicit, [client_id(), ia(1, &[])])
            .is_none()
    );
    assert!(
        bench
            .ask(MessageType::Rebind, [client_id(), ia(1, &[])])
            .is_none()
    );
    let mut bench = Bench::with_quirks("next-ra", Area::East, &[EdgeQuirk::RefusesWithStatus]);
    let advertise = bench
        .ask(MessageType::Solicit, [client_id(), ia(1, &[])])
        .unwrap();
    let delegation = dhcpv6::delegations(&advertise).next().unwrap();
    assert_eq!(dhcpv6::status(&delegation.opts), Status::NoPrefixAvail);
}

#[test]
fn addresses_are_never_granted() {
    let mut bench = Bench::new("next-pd", Area::East);
    let addresses = || {
        DhcpOption::IANA(IANA {
            id: 1,
            t1: 0,
            t2: 0,
            opts: DhcpOptions::new(),
        })
    };
    let asked = [client_id(), addresses(), ia(1, &[])];
    let advertise = bench.ask(MessageType::Solicit, asked).unwrap();
    let refused = advertise.opts().iter().find_map(|option| match option {
        DhcpOption::IANA(wanted) => Some(dhcpv6::status(&wanted.opts)),
        _ => None,
    });
    assert_eq!(refused, Some(Status::NoAddrsAvail));
    assert!(
        bench
            .ask(MessageType::Solicit, [client_id(), addresses()])
            .is_none()
    );
}

#[test]
fn asking_anew_during_a_lease_gives_what_remains_of_it() {
    let mut bench = Bench::new("cross", Area::East);
    bench.delegate();
    bench.run_to(Time::from_secs(14_400 - 1844));
    let advertise = bench
        .ask(MessageType::Solicit, [client_id(), ia(1, &[])])
        .unwrap();
    let delegation = dhcpv6::delegations(&advertise).next().unwrap();
    // ngn-facts §2.2 gives these for 1844 s; asking takes part of a second here.
    assert!((921..=922).contains(&delegation.t1), "{}", delegation.t1);
    assert!((1843..=1844).contains(&prefixes(delegation)[0].valid));
}

#[test]
fn a_lease_is_renewed_rebound_released_and_runs_out() {
    let mut bench = Bench::new("next-pd", Area::East);
    let server = bench.delegate();
    let source = bench.in_assignment(1);
    bench.run_to(Time::from_secs(7200));
    let renewed = bench
        .ask(
            MessageType::Renew,
            [
                client_id(),
                DhcpOption::ServerId(server.clone()),
                ia(1, &[]),
            ],
        )
        .unwrap();
    assert_eq!(dhcpv6::delegations(&renewed).next().unwrap().t1, 7200);
    bench.run_to(Time::from_secs(7200 + 14_000));
    assert!(bench.passes(source), "the lease was extended");
    let rebound = bench
        .ask(MessageType::Rebind, [client_id(), ia(1, &[])])
        .unwrap();
    assert_eq!(
        prefixes(dhcpv6::delegations(&rebound).next().unwrap())[0].valid,
        14_400
    );

    let release = [
        client_id(),
        DhcpOption::ServerId(server.clone()),
        ia(1, &[]),
    ];
    let released = bench.ask(MessageType::Release, release).unwrap();
    assert_eq!(dhcpv6::status(released.opts()), Status::Success);
    assert!(!bench.passes(source), "the route went with the lease");
    let late = [client_id(), DhcpOption::ServerId(server), ia(1, &[])];
    let refused = bench.ask(MessageType::Renew, late).unwrap();
    let delegation = dhcpv6::delegations(&refused).next().unwrap();
    assert_eq!(dhcpv6::status(&delegation.opts), Status::NoBinding);

    bench.delegate();
    let end = bench.world.now() + Duration::from_secs(14_401);
    bench.run_to(end);
    assert!(!bench.passes(source), "the route ends with the lease");
}

#[test]
fn unicast_is_sent_back_to_the_group() {
    let mut bench = Bench::new("next-pd", Area::East);
    let server = bench.delegate();
    let options = [client_id(), DhcpOption::ServerId(server), ia(1, &[])];
    let renew = bench.message(MessageType::Renew, options);
    let to = bench.edge_address();
    let frame = bench
        .to_edge(WAN.link_local(), to)
        .udp(546, 547, &dhcpv6::encode(&renew));
    bench.send(frame);
    bench.run_for(1);
    let reply = bench.dhcpv6_answer().unwrap();
    assert_eq!(dhcpv6::status(reply.opts()), Status::UseMulticast);
}

#[test]
fn messages_for_another_server_are_ignored() {
    let mut bench = Bench::new("next-pd", Area::East);
    let other = DhcpOption::ServerId(WAN.duid_ll());
    assert!(
        bench
            .ask(
                MessageType::Request,
                [client_id(), other.clone(), ia(1, &[])]
            )
            .is_none()
    );
    assert!(
        bench
            .ask(MessageType::Solicit, [client_id(), other, ia(1, &[])])
            .is_none()
    );
    assert!(bench.ask(MessageType::Solicit, [ia(1, &[])]).is_none());
}

#[test]
fn the_server_is_silent_while_told_to_be() {
    let mut bench = Bench::new("next-ra", Area::East);
    let edge = bench.edge;
    bench
        .world
        .with(edge, |edge, _| edge.silence_dhcpv6(Time::from_secs(10)));
    assert!(bench.ask(MessageType::InformationRequest, []).is_none());
    bench.run_to(Time::from_secs(10));
    assert!(bench.ask(MessageType::InformationRequest, []).is_some());
}

#[test]
fn hosts_of_an_ra_line_are_resolved_one_by_one() {
    let mut bench = Bench::new("next-ra", Area::East);
    let host = host(&bench);
    bench.server_sends(host);
    bench.run_for(1);
    let asks = bench.received();
    let packet = Packet::parse(&asks[0]).unwrap();
    assert_eq!(packet.destination, solicited_node(host));
    assert_eq!(
        (packet.source, packet.traffic_class),
        (bench.edge_address(), 0xb8)
    );
    let target = Ndp::parse(&packet);
    assert!(matches!(target, Some(Ndp::NeighborSolicit(ask)) if ask.target == host));

    bench.send(na(&bench, host));
    bench.run_for(1);
    let frames = bench.received();
    let packet = Packet::parse(&frames[0]).unwrap();
    assert_eq!((packet.destination, packet.eth_destination), (host, WAN));
    assert_eq!(packet.hop_limit, 63);
}

#[test]
fn a_silent_host_is_reported_to_the_server_after_three_asks() {
    let mut bench = Bench::new("next-ra", Area::East);
    let host = host(&bench);
    bench.server_sends(host);
    bench.run_for(60);
    // 10 s apart, as the advertised timer says.
    assert_eq!(bench.received().len(), 3);
    let error = bench.core.pop().unwrap();
    let message = Packet::parse(&error).unwrap().icmpv6().unwrap();
    assert_eq!((message.kind, message.code), (1, 3));
}

#[test]
fn a_delegated_prefix_goes_to_the_client() {
    let mut bench = Bench::new("next-pd", Area::West);
    let inside = bench.in_assignment(7);
    bench.server_sends(inside);
    bench.run_for(1);
    assert!(
        bench.received().is_empty(),
        "no route before the delegation"
    );
    bench.delegate();
    bench.server_sends(inside);
    bench.run_for(1);
    let frames = bench.received();
    assert_eq!(Packet::parse(&frames[0]).unwrap().destination, inside);
    assert_eq!(Packet::parse(&frames[0]).unwrap().eth_destination, WAN);
}

#[test]
fn only_sources_inside_the_assignment_pass() {
    let mut bench = Bench::new("next-ra", Area::East);
    assert!(bench.passes(host(&bench)));
    assert!(!bench.passes(WAN.link_local()));
    assert!(!bench.passes("2408:3ff:e00:ca01::1".parse().unwrap()));
    assert!(!bench.passes(Ipv6Addr::UNSPECIFIED));
    let mut bench = Bench::new("next-pd", Area::East);
    let inside = bench.in_assignment(1);
    assert!(!bench.passes(inside), "nothing was delegated yet");
    bench.delegate();
    assert!(bench.passes(inside));
}

#[test]
fn the_wireguard_mark_is_dropped() {
    let mut bench = Bench::new("next-ra", Area::East);
    let to = bench.line.area.values().line_auth;
    let envelope = bench.to_edge(host(&bench), to);
    bench.send(envelope.with_traffic_class(0x88).udp(9, 9, b"x"));
    bench.run_for(1);
    assert!(bench.core.pop().is_none());
}

#[test]
fn an_exhausted_hop_limit_is_reported() {
    let mut bench = Bench::new("next-ra", Area::East);
    let source = host(&bench);
    bench.introduce(source);
    let to = bench.line.area.values().line_auth;
    bench.send(bench.to_edge(source, to).with_hop_limit(1).udp(9, 9, b"x"));
    bench.run_for(1);
    let frames = bench.received();
    let packet = Packet::parse(&frames[0]).unwrap();
    let message = packet.icmpv6().unwrap();
    assert_eq!(
        (message.kind, message.code, packet.destination),
        (3, 0, source)
    );
    assert_eq!(packet.traffic_class, 0xb8);
}

#[test]
fn connections_to_the_internet_are_reset() {
    let mut bench = Bench::new("next-ra", Area::East);
    let source = host(&bench);
    bench.introduce(source);
    let outside: Ipv6Addr = "2606:4700:4700::1111".parse().unwrap();
    let mut syn = TcpHeader::new(40_000, 443, 1000, 65_535);
    syn.syn = true;
    bench.send(bench.to_edge(source, outside).tcp(syn, &[]));
    bench.run_for(1);
    let frames = bench.received();
    let packet = Packet::parse(&frames[0]).unwrap();
    let segment = packet.tcp().unwrap();
    assert_eq!((packet.source, packet.destination), (outside, source));
    assert!(segment.rst() && segment.ack());
    assert_eq!(segment.acknowledgment_number(), 1001);

    bench.send(bench.to_edge(source, outside).udp(9, 9, b"x"));
    bench.run_for(1);
    let frames = bench.received();
    let message = Packet::parse(&frames[0]).unwrap().icmpv6().unwrap();
    assert_eq!((message.kind, message.code), (1, 0));
}

#[test]
fn delivery_hosts_need_the_v6_option() {
    let mut bench = Bench::new("next-ra", Area::East);
    let delivery = bench.line.area.values().delivery;
    assert!(bench.passes_to(host(&bench), delivery));
    let mut line = Line::preset("next-ra", Area::East).unwrap();
    line.v6_option = false;
    let mut bench = Bench::of(line);
    bench.introduce(host(&bench));
    assert!(!bench.passes_to(host(&bench), delivery));
    let frames = bench.received();
    let message = Packet::parse(&frames[0]).unwrap().icmpv6().unwrap();
    assert_eq!(message.kind, 1);
}

#[test]
fn renumbering_an_ra_line_withdraws_the_old_prefix_at_once() {
    let mut bench = Bench::new("next-ra", Area::East);
    let (old, new) = (bench.line.assignment(0), bench.line.assignment(1));
    bench.run_to(Time::from_secs(20));
    let edge = bench.edge;
    bench
        .registry
        .write()
        .set_state(old.addr(), LineState::Authenticated);
    bench.world.with(edge, Edge::renumber);
    bench.run_for(1);
    let advert = router_advert(&bench.received()[0]).unwrap();
    let told: Vec<_> = advert
        .prefixes()
        .map(|prefix| (prefix.prefix, prefix.valid, prefix.preferred))
        .collect();
    assert_eq!(told, [(old.addr(), 0, 0), (new.addr(), 2_592_000, 604_800)]);
    assert!(bench.registry.read().entry_of(old.addr()).is_none());
    let state = bench.registry.read().entry_of(new.addr()).unwrap().state;
    assert_eq!(state, bench.line.first_state());
    assert_eq!(bench.assigned(), [old, new]);
    assert!(!bench.passes(WAN.in_prefix(old.addr())));
    assert!(bench.passes(WAN.in_prefix(new.addr())));
}

#[test]
fn a_renumbered_pd_line_tells_at_the_next_renew() {
    let mut bench = Bench::new("next-pd", Area::East);
    let (old, new) = (bench.line.assignment(0), bench.line.assignment(1));
    let server = bench.delegate();
    let edge = bench.edge;
    bench.world.with(edge, Edge::renumber);
    assert!(
        bench.passes(WAN.in_prefix(old.addr())),
        "the lease still holds"
    );
    bench.run_to(Time::from_secs(7200));
    let held = Delegated {
        prefix: old,
        preferred: 12_600,
        valid: 14_400,
    };
    let renew = [client_id(), DhcpOption::ServerId(server), ia(1, &[held])];
    let reply = bench.ask(MessageType::Renew, renew).unwrap();
    let told: Vec<_> = prefixes(dhcpv6::delegations(&reply).next().unwrap())
        .into_iter()
        .map(|delegated| (delegated.prefix, delegated.preferred, delegated.valid))
        .collect();
    assert_eq!(told, [(old, 0, 0), (new, 12_600, 14_400)]);
    assert_eq!(bench.assigned(), [old, new]);
    assert!(!bench.passes(WAN.in_prefix(old.addr())));
    assert!(bench.passes(WAN.in_prefix(new.addr())));
}

#[test]
fn renumbering_a_pd_line_without_a_lease_takes_effect_at_once() {
    let mut bench = Bench::new("next-pd", Area::West);
    bench.run_to(Time::from_secs(1));
    let edge = bench.edge;
    bench.world.with(edge, Edge::renumber);
    assert_eq!(
        bench.assigned(),
        [bench.line.assignment(0), bench.line.assignment(1)]
    );
}

const WAN: Mac = Mac([0x02, 0x00, 0x5e, 0x00, 0x00, 0x01]);

struct Bench {
    world: World,
    edge: Handle<Edge>,
    line: Line,
    registry: Registry,
    access: MemoryLink,
    core: MemoryLink,
    xid: u8,
}

impl Bench {
    fn new(preset: &str, area: Area) -> Self {
        Self::with_quirks(preset, area, &[])
    }

    fn with_quirks(preset: &str, area: Area, quirks: &[EdgeQuirk]) -> Self {
        let mut line = Line::preset(preset, area).unwrap();
        line.quirks.edge = quirks.to_vec();
        Self::of(line)
    }

    fn of(line: Line) -> Self {
        let values = line.area.values();
        let mut world = World::new(1, Pace::Virtual);
        let registry = Registry::default();
        let edge = world.add(
            "edge",
            Edge::new(EdgeConfig {
                line: line.clone(),
                registry: registry.clone(),
                routes: vec![
                    (values.ngn_ranges[0], 1),
                    (Ipv6Net::new(values.delivery, 48).unwrap(), 1),
                ],
            }),
        );
        let (access, core) = (MemoryLink::default(), MemoryLink::default());
        world.attach(edge.port(Edge::ACCESS), access.clone());
        world.attach(edge.port(Edge::CORE), core.clone());
        Self {
            world,
            edge,
            line,
            registry,
            access,
            core,
            xid: 0,
        }
    }

    fn run_to(&mut self, time: Time) {
        self.world.run_until(time).unwrap();
    }

    fn run_for(&mut self, secs: u64) {
        self.run_to(self.world.now() + Duration::from_secs(secs));
    }

    fn send(&self, frame: Frame) {
        self.access.push(frame);
    }

    /// Takes what the edge sent to the subscriber.
    fn received(&self) -> Vec<Frame> {
        std::iter::from_fn(|| self.access.pop()).collect()
    }

    fn edge_address(&self) -> Ipv6Addr {
        self.line.area.values().edge_mac.link_local()
    }

    fn to_edge(&self, source: Ipv6Addr, to: Ipv6Addr) -> Envelope {
        Envelope::new(WAN, self.line.area.values().edge_mac, source, to)
    }

    /// Returns an address in the given /64 of the assignment.
    fn in_assignment(&self, subnet: u8) -> Ipv6Addr {
        let mut octets = self.line.assignment(0).addr().octets();
        octets[7] = subnet;
        octets[15] = 1;
        octets.into()
    }

    fn server_sends(&self, to: Ipv6Addr) {
        let server = self.line.area.values().line_auth;
        let mac = Mac([2, 0, 0x5e, 0, 0, 9]);
        self.core
            .push(Envelope::new(mac, mac, server, to).udp(9, 9, b"x"));
    }

    /// Lets the edge know where an address is, as a host does when it asks for its router.
    fn introduce(&mut self, address: Ipv6Addr) {
        self.send(ns(address, self.edge_address(), Some(WAN)));
        self.run_for(1);
        self.received();
    }

    fn passes(&mut self, source: Ipv6Addr) -> bool {
        self.passes_to(source, self.line.area.values().line_auth)
    }

    fn passes_to(&mut self, source: Ipv6Addr, to: Ipv6Addr) -> bool {
        self.send(self.to_edge(source, to).udp(9, 9, b"x"));
        self.run_for(1);
        let passed = std::iter::from_fn(|| self.core.pop()).collect::<Vec<_>>();
        passed
            .iter()
            .filter_map(|frame| Packet::parse(frame))
            .any(|packet| packet.destination == to && packet.hop_limit == 63)
    }

    fn message(
        &mut self,
        kind: MessageType,
        options: impl IntoIterator<Item = DhcpOption>,
    ) -> Message {
        self.xid += 1;
        dhcpv6::message(kind, [1, 2, self.xid], options)
    }

    fn send_dhcpv6(&self, message: &Message) {
        // The edge resolves the client before it answers.
        self.send(ns(WAN.link_local(), self.edge_address(), Some(WAN)));
        let envelope = envelope(WAN.link_local(), ALL_DHCP);
        self.send(envelope.udp(546, 547, &dhcpv6::encode(message)));
    }

    fn ask(
        &mut self,
        kind: MessageType,
        options: impl IntoIterator<Item = DhcpOption>,
    ) -> Option<Message> {
        self.received();
        let message = self.message(kind, options);
        self.send_dhcpv6(&message);
        self.run_to(self.world.now() + Duration::from_millis(1));
        let answer = self.dhcpv6_answer();
        assert!(
            answer
                .as_ref()
                .is_none_or(|answer| answer.xid() == message.xid())
        );
        answer
    }

    fn dhcpv6_answer(&self) -> Option<Message> {
        self.received()
            .iter()
            .find_map(|frame| dhcpv6::in_datagram(&Packet::parse(frame)?.udp()?))
    }

    /// Goes through the four messages, and returns the server's DUID.
    fn delegate(&mut self) -> Vec<u8> {
        let advertise = self
            .ask(MessageType::Solicit, [client_id(), ia(1, &[])])
            .unwrap();
        let server = dhcpv6::server_id(&advertise).unwrap().to_vec();
        let options = [
            client_id(),
            DhcpOption::ServerId(server.clone()),
            ia(1, &[]),
        ];
        self.ask(MessageType::Request, options).unwrap();
        server
    }

    fn assigned(&self) -> Vec<Ipv6Net> {
        self.world
            .records()
            .iter()
            .filter_map(|record| match &record.seen {
                Seen::Fact {
                    fact: Fact::Assigned { prefix },
                    ..
                } => Some(*prefix),
                _ => None,
            })
            .collect()
    }
}

fn host(bench: &Bench) -> Ipv6Addr {
    WAN.in_prefix(bench.line.assignment(0).addr())
}

fn client_id() -> DhcpOption {
    DhcpOption::ClientId(WAN.duid_ll())
}

fn ia(id: u32, hints: &[Delegated]) -> DhcpOption {
    dhcpv6::delegation(id, 0, 0, hints)
}

fn envelope(source: Ipv6Addr, to: Ipv6Addr) -> Envelope {
    Envelope::new(WAN, WAN, source, to)
}

fn rs() -> Frame {
    let solicit = Ndp::RouterSolicit(RouterSolicit {
        source_link_layer: Some(WAN),
    });
    solicit.build(envelope(WAN.link_local(), ALL_ROUTERS))
}

fn ns(source: Ipv6Addr, target: Ipv6Addr, source_link_layer: Option<Mac>) -> Frame {
    let solicit = Ndp::NeighborSolicit(NeighborSolicit {
        target,
        source_link_layer,
    });
    solicit.build(envelope(source, solicited_node(target)))
}

fn na(bench: &Bench, target: Ipv6Addr) -> Frame {
    let advert = Ndp::NeighborAdvert(NeighborAdvert {
        target,
        router: true,
        solicited: true,
        replace: false,
        target_link_layer: Some(WAN),
    });
    advert.build(bench.to_edge(target, bench.edge_address()))
}

fn router_advert(frame: &Frame) -> Option<RouterAdvert> {
    match Ndp::parse(&Packet::parse(frame)?)? {
        Ndp::RouterAdvert(advert) => Some(advert),
        _ => None,
    }
}

fn neighbor_advert(frame: &Frame) -> Option<NeighborAdvert> {
    match Ndp::parse(&Packet::parse(frame)?)? {
        Ndp::NeighborAdvert(advert) => Some(advert),
        _ => None,
    }
}

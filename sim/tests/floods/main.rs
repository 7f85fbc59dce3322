//! A hundred thousand of everything that nodes keep tables of, and a client that is served all the
//! same.

#![expect(clippy::unwrap_used, reason = "a test stops at what it cannot build")]

use std::net::Ipv6Addr;
use std::time::Duration;

use dhcproto::v6::DhcpOption;
use etherparse::TcpHeader;
use ngnlab_sim::Frame;
use ngnlab_sim::line::{Area, Dhcpv6Quirk};
use ngnlab_sim::message::dhcpv6::{self, MessageType};
use ngnlab_sim::message::fragment::fragments;
use ngnlab_sim::message::ndp::{
    Ndp, NdpOption, NeighborSolicit, PrefixInfo, RouterAdvert, RouterSolicit,
};
use ngnlab_sim::message::packet::{
    ALL_DHCP, ALL_NODES, ALL_ROUTERS, ETHERNET_HEADER, Envelope, frame_ip, solicited_node,
};
use ngnlab_sim::node::dns::Mood;
use ngnlab_sim::trace::{Screen, Seen};

use lab::{DEVICE, FLOOD, Lab, STRANGER};

mod lab;

#[test]
fn half_open_connections_from_everywhere_keep_nobody_from_line_authentication() {
    let mut lab = Lab::new("next-ra");
    let site = Area::East.values().line_auth;
    lab.flood(FLOOD, |lab, number| {
        let mut syn = TcpHeader::new(port(number), 443, number, 1_000);
        syn.syn = true;
        lab.to_line(lab.guest(number >> 12), site).tcp(syn, &[])
    });
    assert_eq!(lab.page(), Some(Screen::Consent));
}

#[test]
fn connections_that_stay_open_and_silent_keep_nobody_from_any_server() {
    let mut lab = Lab::new("next-ra");
    let values = Area::East.values();
    let servers = [
        (values.line_auth, 443),
        (values.ons_dns[0], 53),
        (values.ons_dns[1], 53),
        (values.crl[0], 80),
    ];
    // Each takes three segments and an answer.
    lab.occupy(FLOOD / 4, &servers);
    assert_eq!(lab.page(), Some(Screen::Consent));
    assert!(lab.resolves_over_tcp());
    assert!(lab.downloads());
}

#[test]
fn endless_requests_on_connections_without_an_end_are_cut_off() {
    let mut lab = Lab::new("next-ra");
    let crl = Area::East.values().crl[0];
    let endless = b"GET / HTTP/1.1\r\nX: y\r\nX: y\r\nX: y\r\nX: y\r\nX: y\r\n";
    lab.talk(2_000, (crl, 80), &[b'a'; 1_400]);
    lab.talk(2_000, (crl, 80), endless);
    let site = Area::East.values().line_auth;
    lab.talk(2_000, (site, 443), &[0x16, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc]);
    lab.talk(2_000, (site, 443), &[0xff; 1_400]);
    assert!(lab.downloads());
    assert_eq!(lab.page(), Some(Screen::Consent));
}

#[test]
fn endless_questions_leave_a_slow_server_with_a_bounded_queue() {
    let mut lab = Lab::new("next-ra");
    let (_, server) = lab.access.dns[2];
    let until = lab.world.now() + Duration::from_secs(3_600);
    lab.world
        .with(server, |server, _| server.set_mood(Mood::Slow, until));
    let dns = Area::East.values().ons_dns[0];
    let question = lab::question("www.lineauth.mnw");
    lab.flood(FLOOD, |lab, number| {
        let message = [&number.to_be_bytes()[..2], &question[2..]].concat();
        lab.to_line(lab.own(), dns).udp(port(number), 53, &message)
    });
    lab.run_for(Duration::from_secs(4));
    let answers = lab.answers();
    assert!(answers > 0, "no question was kept");
    assert!(answers <= 256, "{answers} answers were kept");
    lab.world
        .with(server, |server, cx| server.set_mood(Mood::Slow, cx.now()));
    assert!(lab.resolves());
}

#[test]
fn endless_neighbours_do_not_push_out_who_is_there() {
    let mut lab = Lab::new("next-ra");
    assert_eq!(lab.page(), Some(Screen::Consent));
    let edge = lab.router;
    lab.flood(FLOOD, |lab, number| {
        let claim = Ndp::NeighborSolicit(NeighborSolicit {
            target: edge.link_local(),
            source_link_layer: Some(STRANGER),
        });
        let group = solicited_node(edge.link_local());
        claim.build(Envelope::new(STRANGER, STRANGER, lab.guest(number), group))
    });
    let asked = lab.asked_by_edge();
    assert_eq!(lab.page(), Some(Screen::Consent));
    // The edge knew all the time where the client is.
    assert_eq!(lab.asked_by_edge(), asked);
}

#[test]
fn packets_to_endless_absent_hosts_do_not_push_out_who_is_there() {
    for preset in ["next-ra", "hgw-pd"] {
        let mut lab = Lab::new(preset);
        assert_eq!(lab.page(), Some(Screen::Consent));
        lab.flood(FLOOD / 2, |lab, number| {
            let absent = lab.guest(number);
            lab.to_line(lab.own(), absent).udp(9, 9, b"anybody there?")
        });
        let asked = lab.asked_by_edge();
        assert_eq!(lab.page(), Some(Screen::Consent), "{preset}");
        assert_eq!(lab.asked_by_edge(), asked, "{preset}");
    }
}

#[test]
fn endless_clients_of_the_home_gateway_leave_it_serving() {
    let mut lab = Lab::with("hgw-pd", |line| {
        line.quirks.dhcpv6 = vec![Dhcpv6Quirk::Reconfigures];
    });
    let first = lab.delegated(&DEVICE.duid_ll());
    assert!(first.is_some());
    lab.flood(FLOOD / 2, |lab, number| {
        let duid = [&[0, 2], &number.to_be_bytes()[..]].concat();
        lab.dhcpv6(MessageType::Solicit, &duid, number)
    });
    lab.flood(FLOOD / 2, |lab, number| {
        let duid = [&[0, 2], &number.to_be_bytes()[..]].concat();
        lab.dhcpv6(MessageType::Request, &duid, number)
    });
    assert_eq!(
        lab.delegated(&DEVICE.duid_ll()),
        first,
        "who has a prefix keeps it"
    );
    assert!(lab.resolves());
}

#[test]
fn endless_questions_to_the_home_gateways_proxy_make_room_for_the_next() {
    let mut lab = Lab::new("hgw-pd");
    let proxy = lab.proxy();
    // Nothing is answered meanwhile, so that every question waits.
    let until = lab.world.now() + Duration::from_millis(100);
    for (_, server) in lab.access.dns.clone() {
        lab.world.with(server, |server, _| server.silence(until));
    }
    let question = lab::question("assv.asc.flets-east.jp");
    lab.flood(FLOOD, |lab, number| {
        let message = [&number.to_be_bytes()[..2], &question[2..]].concat();
        lab.to_line(lab.own(), proxy)
            .udp(port(number), 53, &message)
    });
    lab.run_for(Duration::from_millis(100));
    assert!(lab.resolves_service(Some(proxy)));
}

#[test]
fn endless_groups_pieces_and_nonsense_change_nothing() {
    let mut lab = Lab::new("next-ra");
    let site = Area::East.values().line_auth;
    let long = lab.to_line(lab.own(), site).udp(9, 9, &[7; 1_600]);
    let pieces = fragments(&long[ETHERNET_HEADER..], 1_280);
    lab.flood(FLOOD, |lab, number| match number % 4 {
        0 => {
            // A report (RFC 3810 §5.2) of one group, behind a router alert.
            let group = Ipv6Addr::from_bits(0xff1e << 112 | u128::from(number));
            let record = [&[4, 0, 0, 0][..], &group.octets()].concat();
            let body = [&[0, 0, 0, 1][..], &record].concat();
            let to = "ff02::16".parse().unwrap();
            lab.to_line(DEVICE.link_local(), to).icmpv6(143, 0, &body)
        }
        1 => {
            let mut piece = pieces[0].clone();
            piece[44..48].copy_from_slice(&number.to_be_bytes());
            frame_ip(STRANGER, lab.router, &piece)
        }
        2 => {
            let whole = lab
                .to_line(lab.own(), site)
                .udp(9, 9, &number.to_be_bytes());
            let mut ip = whole[ETHERNET_HEADER..].to_vec();
            // Hop-by-hop options that name one another and never end.
            ip[6] = 0;
            ip[40] = 0;
            frame_ip(STRANGER, lab.router, &ip)
        }
        _ => {
            let solicit = Ndp::RouterSolicit(RouterSolicit {
                source_link_layer: Some(STRANGER),
            });
            let source = STRANGER.in_prefix(Ipv6Addr::from_bits(0xfe80 << 112));
            solicit.build(Envelope::new(STRANGER, STRANGER, source, ALL_ROUTERS))
        }
    });
    assert_eq!(lab.page(), Some(Screen::Consent));
}

#[test]
fn endless_advertisements_leave_a_terminal_with_what_it_had() {
    let mut lab = Lab::automatic("next-ra");
    let before = lab.router_and_servers();
    lab.flood_terminal(FLOOD, |number| {
        let network = u128::from(number) << 64;
        let prefix = Ipv6Addr::from_bits(0x2001_0db8 << 96 | network);
        let liar = Ipv6Addr::from_bits((0xfe80 << 112) + u128::from(number) + 2);
        let info = PrefixInfo {
            prefix,
            length: 64,
            on_link: true,
            autonomous: true,
            valid: u32::MAX,
            preferred: u32::MAX,
        };
        let advert = RouterAdvert {
            hop_limit: 64,
            managed: false,
            other: false,
            preference: 0,
            lifetime: Duration::from_secs(9_000),
            reachable: Duration::ZERO,
            retrans: Duration::ZERO,
            options: vec![
                NdpOption::SourceLinkLayer(STRANGER),
                NdpOption::Prefix(info),
                NdpOption::Rdnss {
                    lifetime: u32::MAX,
                    servers: vec![prefix],
                },
                NdpOption::Dnssl {
                    lifetime: u32::MAX,
                    domains: vec![format!("n{number}.example")],
                },
            ],
        };
        let envelope = Envelope::new(STRANGER, STRANGER, liar, ALL_NODES);
        Ndp::RouterAdvert(advert).build(envelope)
    });
    let (router, servers) = lab.router_and_servers();
    assert_eq!(router, before.0);
    assert!(servers.starts_with(&before.1));
    assert!(servers.len() <= before.1.len() + 8, "{}", servers.len());
    assert!(lab.addresses() <= 11, "{}", lab.addresses());
    assert!(lab.resolves_service(None));
}

#[test]
fn what_nodes_tell_of_a_flood_leaves_room_in_the_trace() {
    let mut lab = Lab::new("next-ra");
    let site = Area::East.values().line_auth;
    // Each attempt to speak TLS is something to tell.
    lab.talk(20_000, (site, 443), &[0xff; 8]);
    assert_eq!(lab.page(), Some(Screen::Consent));
    let told =
        lab.world.records().iter().filter(
            |record| matches!(&record.seen, Seen::Fact { node, .. } if node == "line-auth"),
        );
    assert!(told.count() <= 10_000);
}

fn port(number: u32) -> u16 {
    u16::try_from(1_024 + number % 64_000).unwrap()
}

/// Options of a message of one client.
fn options(duid: &[u8], iaid: u32) -> Vec<DhcpOption> {
    vec![
        DhcpOption::ClientId(duid.to_vec()),
        DhcpOption::ReconfAccept,
        dhcpv6::delegation(iaid, 0, 0, &[]),
    ]
}

fn multicast(message: &dhcpv6::Message) -> Frame {
    Envelope::new(DEVICE, DEVICE, DEVICE.link_local(), ALL_DHCP).udp(
        546,
        547,
        &dhcpv6::encode(message),
    )
}

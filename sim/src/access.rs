//! A whole access line laid out in a world: edge, home gateway, DNS, line authentication, portals.
//!
//! Behind the edge every server hangs on a socket of its own; nobody does neighbour discovery
//! there, since those wires are inside the network and no device ever sees them.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;

use ipnet::Ipv6Net;

use crate::cable::{Cable, Port, Role};
use crate::line::internet::{CLAIMS, WEB, service_host};
use crate::line::{Area, DnsQuirk, HomeGatewayQuirk, Line, Upstream};
use crate::message::packet::Mac;
use crate::node::Handle;
use crate::node::concentrator::Concentrator;
use crate::node::depot::{Depot, DepotConfig};
use crate::node::dns::{DnsServer, DnsServerConfig, Zones, zones};
use crate::node::edge::{Edge, EdgeConfig};
use crate::node::home_gateway::{HomeGateway, HomeGatewayConfig};
use crate::node::ipv4_box::Ipv4Box;
use crate::node::line_auth::{LineAuth, LineAuthConfig};
use crate::node::members_club::{MembersClub, MembersClubConfig};
use crate::node::part::tcp::TcpStack;
use crate::node::portal::{Portal, PortalConfig};
use crate::node::router::{Router, RouterConfig};
use crate::node::segment::Segment;
use crate::registry::Registry;
use crate::setup::{Mode, Setup};
use crate::time::Time;
use crate::world::World;

mod behind_sessions;

pub use behind_sessions::BehindSessions;

/// The nodes of an access line, and the free end where the device goes.
pub struct Access {
    /// Where the device's WAN is plugged in.
    pub wan: Port,
    /// The edge router.
    pub edge: Handle<Edge>,
    /// The home gateway, if the line has one.
    pub home_gateway: Option<Handle<HomeGateway>>,
    /// The cable between the edge and what stands before the device, if anything does.
    pub uplink: Option<Cable>,
    /// The DNS servers by name: `ngn-dns-1`, `ngn-dns-2`, `ons-dns-1`, `ons-dns-2`.
    pub dns: Vec<(&'static str, Handle<DnsServer>)>,
    /// The line-authentication site.
    pub line_auth: Handle<LineAuth>,
    /// The PPPoE concentrator.
    pub concentrator: Handle<Concentrator>,
    /// What is behind its sessions.
    pub behind_sessions: BehindSessions,
    /// The ONS portals.
    pub portal: Handle<Portal>,
    /// The members club, which is in the east alone.
    pub members_club: Option<Handle<MembersClub>>,
    /// The cables of the sites by name: `line-auth`, `portal`, `members-club`.
    pub sites: Vec<(&'static str, Cable)>,
    /// The network's book of assignments.
    pub registry: Registry,
}

/// Lays a line out in a world, all but the device and what is behind it.
pub fn lay(world: &mut World, line: &Line) -> Access {
    let values = line.area.values();
    let registry = Registry::default();
    let host = |address: Ipv6Addr| Ipv6Net::from(address);
    let dns_hosts = [
        ("ngn-dns-1", values.ngn_dns[0]),
        ("ngn-dns-2", values.ngn_dns[1]),
        ("ons-dns-1", values.ons_dns[0]),
        ("ons-dns-2", values.ons_dns[1]),
    ];
    let mut routes: Vec<(Ipv6Net, u8)> = Vec::new();
    for (socket, (_, address)) in (DNS_SOCKET..).zip(dns_hosts) {
        routes.push((host(address), socket));
    }
    routes.push((host(values.line_auth), LINE_AUTH_SOCKET));
    routes.push((host(values.portal), PORTAL_SOCKET));
    routes.push((host(values.portal_test), PORTAL_SOCKET));
    if line.area == Area::East {
        routes.push((host(values.service_site), CLUB_SOCKET));
    }
    let delivery = zones::delivery_hosts(values);
    let (first, second) = delivery.split_at(TcpStack::MAX_ADDRESSES);
    let depots = [
        ("crl", &values.crl[..], Depot::CRL_SIZE),
        ("delivery-1", first, Depot::DELIVERY_SIZE),
        ("delivery-2", second, Depot::DELIVERY_SIZE),
    ];
    for (socket, (_, addresses, _)) in (DEPOT_SOCKET..).zip(&depots) {
        routes.extend(addresses.iter().map(|address| (host(*address), socket)));
    }

    let config = EdgeConfig {
        line: line.clone(),
        registry: registry.clone(),
        routes,
    };
    let edge = world.add("edge", Edge::new(config));
    let mut dns = Vec::new();
    for (socket, (name, address)) in (DNS_SOCKET..).zip(dns_hosts) {
        let zones = if name.starts_with("ons") {
            Zones::ons(line)
        } else {
            Zones::ngn(line)
        };
        let quirks = line.quirks.dns.clone();
        let server = world.add(
            name,
            DnsServer::new(DnsServerConfig {
                address,
                zones,
                quirks,
            }),
        );
        if line.quirks.dns.contains(&DnsQuirk::PreferredDead) && name.ends_with("-1") {
            world.with(server, |server, _| server.silence(Time::NEVER));
        }
        world.connect(server.port(DnsServer::PORT), edge.port(socket));
        dns.push((name, server));
    }
    let config = LineAuthConfig {
        line: line.clone(),
        registry: registry.clone(),
    };
    let line_auth = world.add("line-auth", LineAuth::new(config));
    let to_line_auth = world.connect(line_auth.port(LineAuth::PORT), edge.port(LINE_AUTH_SOCKET));
    let config = PortalConfig {
        line: line.clone(),
        registry: registry.clone(),
    };
    let portal = world.add("portal", Portal::new(config));
    let to_portal = world.connect(portal.port(Portal::PORT), edge.port(PORTAL_SOCKET));

    let mut sites = vec![("line-auth", to_line_auth), ("portal", to_portal)];
    let members_club = (line.area == Area::East).then(|| {
        let config = MembersClubConfig {
            line: line.clone(),
            registry: registry.clone(),
        };
        let club = world.add("members-club", MembersClub::new(config));
        let cable = world.connect(club.port(MembersClub::PORT), edge.port(CLUB_SOCKET));
        sites.push(("members-club", cable));
        club
    });

    for (socket, (name, addresses, size)) in (DEPOT_SOCKET..).zip(depots) {
        let addresses = addresses.to_vec();
        let depot = world.add(name, Depot::new(DepotConfig { addresses, size }));
        world.connect(depot.port(Depot::PORT), edge.port(socket));
    }

    let behind_sessions = behind_sessions::lay(world, line, members_club);
    let concentrator = behind_sessions.concentrator;
    world.connect(
        concentrator.port(Concentrator::ACCESS),
        edge.port(Edge::PPPOE),
    );

    let (wan, home_gateway, uplink) = match line.upstream {
        Upstream::Onu => (edge.port(Edge::ACCESS), None, None),
        Upstream::HomeGateway | Upstream::RentalRouter => {
            let config = HomeGatewayConfig { line: line.clone() };
            let gateway = world.add("home-gateway", HomeGateway::new(config));
            let uplink = world.connect(gateway.port(HomeGateway::UPLINK), edge.port(Edge::ACCESS));
            world.record_as(uplink, Role::Uplink);
            let wan = gateway.port(HomeGateway::LAN);
            let quirks = &line.quirks.home_gateway;
            let wan = if quirks.contains(&HomeGatewayQuirk::AnotherRouter) {
                share(world, wan)
            } else {
                wan
            };
            (wan, Some(gateway), Some(uplink))
        }
        Upstream::Ipv6Incapable => {
            let unit = world.add("key-phone-unit", Ipv4Box);
            let uplink = world.connect(unit.port(Ipv4Box::LINE), edge.port(Edge::ACCESS));
            world.record_as(uplink, Role::Uplink);
            (unit.port(Ipv4Box::LAN), None, Some(uplink))
        }
    };
    Access {
        wan,
        edge,
        home_gateway,
        uplink,
        dns,
        line_auth,
        concentrator,
        behind_sessions,
        portal,
        members_club,
        sites,
        registry,
    }
}

/// Returns the names of the hosts that have pages or files on a line.
pub fn web_hosts(line: &Line) -> Vec<String> {
    let values = line.area.values();
    let mut addresses = vec![values.line_auth, values.portal, values.portal_test];
    if line.area == Area::East {
        addresses.push(values.service_site);
    }
    addresses.extend(values.crl);
    addresses.extend(zones::delivery_hosts(values));
    Zones::ons(line).names_at(&addresses).collect()
}

/// Returns the names of the hosts that have pages or files behind PPPoE sessions.
pub fn session_hosts(area: Area) -> [&'static str; 3] {
    [WEB.0, CLAIMS.0, service_host(area)]
}

/// Returns every name that some DNS server of the line has something to say about.
pub fn known_names(line: &Line) -> Vec<String> {
    Zones::ngn(line)
        .names()
        .chain(Zones::ons(line).names())
        .chain(Zones::internet().names())
        .chain(Zones::service_site(line.area).names())
        .collect()
}

/// Plugs another router in beside the device, and returns the socket that is left.
fn share(world: &mut World, wan: Port) -> Port {
    let hub = world.add("wan-hub", Segment::new(3));
    world.connect(hub.port(0), wan);
    let setup = Setup {
        mode: Mode::Pd,
        wan_mac: Mac([0x02, 0x00, 0x5e, 0x00, 0x68, 0x00]),
        lan_mac: Mac([0x02, 0x00, 0x5e, 0x00, 0x68, 0x01]),
        default_dns: Vec::new(),
        domains: Vec::new(),
        pppoe: Vec::new(),
        pppoe_pass_through: false,
        wrong_on_purpose: Vec::new(),
    };
    let config = RouterConfig {
        setup,
        defects: BTreeSet::new(),
    };
    let other = world.add("another-router", Router::new(config));
    world.connect(other.port(Router::WAN), hub.port(1));
    hub.port(2)
}

const DNS_SOCKET: u8 = 1;
const LINE_AUTH_SOCKET: u8 = 5;
const PORTAL_SOCKET: u8 = 6;
const CLUB_SOCKET: u8 = 7;
/// The first of three.
const DEPOT_SOCKET: u8 = 8;

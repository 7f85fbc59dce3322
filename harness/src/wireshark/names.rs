//! Who has which address: what the line says of its own nodes, and what frames show of the rest.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use ngnlab_sim::line::Area;
use ngnlab_sim::line::internet::{CLAIMS, ECHO, SERVICE_SITE, WEB, service_host};
use ngnlab_sim::line::pppoe::Realm;
use ngnlab_sim::message::dhcpv4;
use ngnlab_sim::message::packet::is_link_local;
use ngnlab_sim::node::dns::Zones;
use ngnlab_sim::node::home_gateway::HomeGateway;
use ngnlab_sim::trace::{End, Fact, PppEvent, Role};

use crate::dissection::Dissection;

/// Returns the names of addresses, as a capture can hold them.
pub(super) fn names(trace: &Dissection<'_>) -> BTreeMap<Ipv6Addr, String> {
    let mut names = BTreeMap::new();
    // What the line says outdoes what somebody on it pretends, and a terminal itself knows which of
    // its addresses are temporary.
    for (address, name) in of_line(trace).into_iter().chain(told(trace)) {
        names.entry(address).or_insert(name);
    }
    add_senders(trace, &mut names);
    names
}

fn of_line(trace: &Dissection<'_>) -> Vec<(Ipv6Addr, String)> {
    let line = &trace.header().line;
    let values = line.area.values();
    let pairs = [
        ("ngn-dns", &values.ngn_dns[..]),
        ("ons-dns", &values.ons_dns),
        ("ngn-ntp", &values.sntp),
    ];
    let mut names: Vec<(Ipv6Addr, String)> = Vec::new();
    for (name, addresses) in pairs {
        let numbered = addresses.iter().zip(1..);
        names.extend(numbered.map(|(address, number)| (*address, format!("{name}-{number}"))));
    }
    let zones = Zones::ons(line);
    let sites = [values.line_auth, values.portal, values.portal_test];
    for site in sites.into_iter().chain(values.crl) {
        names.extend(zones.names_at(&[site]).map(|name| (site, name)));
    }
    if !trace.ipv4.is_empty() {
        names.extend(over_ipv4(line.area));
    }
    let gateways = trace.assignments().map(|(_, net)| net);
    let gateways = gateways.map(HomeGateway::lan_address);
    let gateways = gateways.chain([HomeGateway::lan_link_local()]);
    names.extend(gateways.map(|address| (address, "home-gateway".to_owned())));
    names.push((values.edge_mac.link_local(), "edge".to_owned()));
    names.extend(GROUPS.map(|(address, name)| (address, name.to_owned())));
    names
}

/// Returns who has which address behind PPPoE sessions, mapped (RFC 3493 §3.7).
fn over_ipv4(area: Area) -> Vec<(Ipv6Addr, String)> {
    let site = (service_host(area), SERVICE_SITE);
    let hosts = [WEB, ECHO, CLAIMS, site];
    let hosts = hosts.map(|(name, address)| (address, name.to_owned()));
    let realms = [(Realm::Isp, "isp"), (Realm::ServiceSite, "service-site")];
    let realms = realms.into_iter().flat_map(|(realm, name)| {
        let servers = realm.dns().into_iter().zip(1..);
        let servers =
            servers.map(move |(address, number)| (address, format!("{name}-dns-{number}")));
        servers.chain([(realm.gateway(), format!("{name}-gateway"))])
    });
    let named = hosts.into_iter().chain(realms);
    named
        .map(|(address, name)| (address.to_ipv6_mapped(), name))
        .collect()
}

fn told(trace: &Dissection<'_>) -> impl Iterator<Item = (Ipv6Addr, String)> {
    trace.facts.iter().filter_map(|told| match told.fact {
        Fact::AddressReady { address, temporary } => {
            let kind = if *temporary { "-temporary" } else { "" };
            Some((*address, format!("{}{kind}", told.node)))
        }
        Fact::Ipv4Ready { address, .. } => Some((address.to_ipv6_mapped(), told.node.to_owned())),
        Fact::Ppp {
            event: PppEvent::Up { address },
            ..
        } => Some((address.to_ipv6_mapped(), "router-pppoe".to_owned())),
        _ => None,
    })
}

fn add_senders(trace: &Dissection<'_>, names: &mut BTreeMap<Ipv6Addr, String>) {
    // A server names itself, and a router by that address is the device's own.
    let answers = trace.dhcpv4.iter();
    let answers = answers.filter(|found| found.by_device(Role::Lan) && !found.injected);
    for server in answers.filter_map(|found| dhcpv4::server(&found.is)) {
        let name = || "router-lan".to_owned();
        names.entry(server.to_ipv6_mapped()).or_insert_with(name);
    }
    let terminals = &trace.header().terminals;
    let macs = trace.device_macs();
    for found in &trace.packets {
        let source = found.source;
        let is_nobody = source.is_unspecified() || source.is_multicast();
        if found.injected || is_nobody || names.contains_key(&source) {
            continue;
        }
        let is_device = macs.contains(&found.eth_source) && trace.is_device_address(source);
        let terminal = terminals.iter().find(|one| one.mac == found.eth_source);
        let name = match (found.on, found.from) {
            (Role::Lan, End::Network) => terminal.map(|terminal| &terminal.name[..]),
            (Role::Wan, End::Device) if is_device => Some("router-wan"),
            (Role::Lan, End::Device) if is_device => Some("router-lan"),
            (Role::Uplink, End::Device) if is_link_local(source) => Some("home-gateway"),
            _ => None,
        };
        names.extend(name.map(|name| (source, name.to_owned())));
    }
}

/// RFC 4291 §2.7.1 and RFC 8415 §7.1.
const GROUPS: [(Ipv6Addr, &str); 3] = [
    (Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1), "all-nodes"),
    (Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2), "all-routers"),
    (
        Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2),
        "all-dhcpv6-servers",
    ),
];

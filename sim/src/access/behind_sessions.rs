//! What is behind the PPPoE concentrator: the hosts of the internet, and the service information site.

use std::net::Ipv4Addr;

use crate::line::Line;
use crate::line::internet::{CLAIMS, ECHO, PUBLIC_DNS, SERVICE_SITE, WEB};
use crate::line::pppoe::Realm;
use crate::node::Handle;
use crate::node::concentrator::{Concentrator, Routes};
use crate::node::depot::{Depot, DepotConfig};
use crate::node::dns::Zones;
use crate::node::internet_host::InternetHost;
use crate::node::ipv4_resolver::Ipv4Resolver;
use crate::node::members_club::MembersClub;
use crate::node::service_site::ServiceSite;
use crate::world::World;

/// The nodes behind the concentrator.
pub struct BehindSessions {
    /// The concentrator itself.
    pub concentrator: Handle<Concentrator>,
    /// The resolvers by name: `isp-dns`, `service-dns`, `public-dns`.
    pub dns: Vec<(&'static str, Handle<Ipv4Resolver>)>,
    /// The host that answers echo requests.
    pub echo: Handle<InternetHost>,
}

/// Lays out the concentrator of a line and all that is behind it.
pub(super) fn lay(
    world: &mut World,
    line: &Line,
    club: Option<Handle<MembersClub>>,
) -> BehindSessions {
    let [isp, service] = [Realm::Isp, Realm::ServiceSite];
    let service_zones = Zones::service_site(line.area);
    let resolvers = [
        ("isp-dns", isp, isp.dns(), Zones::internet()),
        ("service-dns", service, service.dns(), service_zones),
        ("public-dns", isp, PUBLIC_DNS, Zones::internet()),
    ];
    let depots = [("web", isp, WEB.1), ("claims", isp, CLAIMS.1)];
    let mut routes = Routes::new();
    let mut plugs = Vec::new();
    let mut sockets = Concentrator::CORE..;
    let mut socket = || sockets.next().expect("there are few hosts");
    let mut dns = Vec::new();
    for (name, realm, addresses, zones) in resolvers {
        let port = socket();
        routes.extend(addresses.map(|address| (realm, address, port)));
        let node = world.add(name, Ipv4Resolver::new(addresses.to_vec(), zones));
        plugs.push((node.port(Ipv4Resolver::PORT), port));
        dns.push((name, node));
    }
    for (name, realm, address) in depots {
        let port = socket();
        routes.push((realm, address, port));
        let node = add_depot(world, name, address);
        plugs.push((node.port(Depot::PORT), port));
    }
    let port = socket();
    routes.push((isp, ECHO.1, port));
    let echo = world.add("echo", InternetHost::new(ECHO.1));
    plugs.push((echo.port(InternetHost::PORT), port));
    let port = socket();
    routes.push((service, SERVICE_SITE, port));
    let site = match club {
        Some(club) => club.port(MembersClub::SESSIONS),
        None => {
            let site = world.add("service-site", ServiceSite::new(line.area));
            site.port(ServiceSite::PORT)
        }
    };
    plugs.push((site, port));
    let concentrator = world.add("concentrator", Concentrator::new(line).with_routes(routes));
    for (plug, port) in plugs {
        world.connect(plug, concentrator.port(port));
    }
    BehindSessions {
        concentrator,
        dns,
        echo,
    }
}

fn add_depot(world: &mut World, name: &str, address: Ipv4Addr) -> Handle<Depot> {
    let config = DepotConfig {
        addresses: vec![address.to_ipv6_mapped()],
        size: Depot::DELIVERY_SIZE,
    };
    world.add(name, Depot::new(config))
}

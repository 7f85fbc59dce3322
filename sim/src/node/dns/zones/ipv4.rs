//! What the DNS servers behind PPPoE sessions know.

use std::net::Ipv4Addr;
use std::sync::LazyLock;

use super::{Host, Tables, Zones, name};
use crate::line::Area;
use crate::line::internet::{
    CLAIMS, ECHO, INTERNET_DOMAIN, SERVICE_SITE, WEB, service_domain, service_host,
};

impl Zones {
    /// Returns what the internet knows: of the closed domains nothing (members-club article).
    pub fn internet() -> Self {
        static INTERNET: LazyLock<Zones> = LazyLock::new(|| {
            let mut tables = Tables::empty();
            tables.add_zone(INTERNET_DOMAIN, false);
            for (host, address) in [WEB, ECHO, CLAIMS] {
                tables.add_ipv4(host, address);
            }
            tables.into()
        });
        INTERNET.clone()
    }

    /// Returns what the servers in a session to the service information site know.
    pub fn service_site(area: Area) -> Self {
        static SITES: [LazyLock<Zones>; 2] = [
            LazyLock::new(|| Tables::service_site(Area::East).into()),
            LazyLock::new(|| Tables::service_site(Area::West).into()),
        ];
        match area {
            Area::East => SITES[0].clone(),
            Area::West => SITES[1].clone(),
        }
    }
}

impl Tables {
    fn service_site(area: Area) -> Self {
        let mut tables = Self::empty();
        tables.add_zone(service_domain(area), true);
        tables.add_ipv4(service_host(area), SERVICE_SITE);
        tables
    }

    fn add_ipv4(&mut self, host: &str, address: Ipv4Addr) {
        self.hosts.push(Host {
            name: name(host),
            aaaa: Vec::new(),
            a: vec![address],
        });
    }
}

//! What the DNS servers of the network know: the names and addresses of the guide, one row each.
//!
//! IPv6 addresses that other nodes have as well stand in [`Values`]. What the guide does not give
//! is `inferred`; a correction is a change of one line here.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, LazyLock};

use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::laboratory::{self, Entry, LABORATORY, SHORT_TTL};
use crate::line::{Area, Isp, Line, ONS_DOMAINS, Values};

mod ipv4;

/// The lifetime of every record in seconds (ngn-facts §9 row 9).
pub const TTL: u32 = 300;

/// Everything one DNS server answers from.
///
/// Cheap to clone: a world of many lines has the same ones thousands of times.
#[derive(Clone, Debug)]
pub struct Zones(Arc<Tables>);

#[derive(Debug)]
struct Tables {
    zones: Vec<Zone>,
    hosts: Vec<Host>,
    entries: Vec<Entry>,
}

/// A domain with an SOA record of its own.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    /// The domain.
    pub(super) apex: Name,
    /// Whether answers from it have the AA bit.
    pub(super) authoritative: bool,
    /// Its name servers, sent along with every positive answer; their addresses are hosts.
    pub(super) name_servers: Vec<Name>,
    /// How long its negative answers may be kept, in seconds (RFC 2308 §5).
    pub(super) negative_ttl: u32,
}

/// A name with addresses.
#[derive(Clone, Debug)]
pub(super) struct Host {
    /// The name.
    pub(super) name: Name,
    /// Its AAAA records.
    pub(super) aaaa: Vec<Ipv6Addr>,
    /// Its A records.
    pub(super) a: Vec<Ipv4Addr>,
}

/// What there is to say about a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'z> {
    /// The closest zone around the name.
    pub(super) zone: &'z Zone,
    /// The name's addresses, if it has some.
    pub(super) host: Option<&'z Host>,
    /// Whether the name exists.
    pub(super) exists: bool,
}

/// A row of a host table.
struct Row {
    name: &'static str,
    aaaa: fn(&Values) -> Vec<Ipv6Addr>,
    a: &'static [[u8; 4]],
}

/// The hosts of the ONS domains. All answer with AA=0 but `lineauth.mnw` (guide p.15).
const ONS_HOSTS: &[Row] = &[
    Row {
        // Guide p.15: AAAA alone, AA=1.
        name: "www.lineauth.mnw",
        aaaa: |values| vec![values.line_auth],
        a: &[],
    },
    Row {
        // Guide p.15: connection test.
        name: "hweb.oqs-st.onshikaku.org",
        aaaa: |values| vec![values.portal_test],
        a: &[[10, 108, 48, 210], [10, 108, 49, 78], [10, 108, 49, 13]],
    },
    Row {
        // Guide p.18: production; its addresses are inferred, beside the connection test.
        name: "hweb.oqs.onshikaku.org",
        aaaa: |values| vec![values.portal],
        a: &[[10, 108, 48, 211], [10, 108, 49, 79], [10, 108, 49, 14]],
    },
    Row {
        // Guide p.15.
        name: "crldownload.obn.managedpki.ne.jp",
        aaaa: |values| values.crl.to_vec(),
        a: &[[10, 110, 10, 164], [10, 110, 10, 180]],
    },
    Row {
        // Guide p.15: delivery.
        name: "pweb.base.oqs-pdl.org",
        aaaa: delivery_hosts,
        a: &DELIVERY_HOSTS_A,
    },
    Row {
        // Guide p.15: the same hosts.
        name: "ntp.base.oqs-pdl.org",
        aaaa: delivery_hosts,
        a: &DELIVERY_HOSTS_A,
    },
    // The name servers are inferred: the real answer is longer than 512 bytes, and fifteen AAAA
    // records alone are not (ngn-facts §4.4).
    name_server(
        "ns1.base.oqs-pdl.org",
        |values| ons_neighbour(values, 0x11),
        &[[10, 255, 180, 241]],
    ),
    name_server(
        "ns2.base.oqs-pdl.org",
        |values| ons_neighbour(values, 0x12),
        &[[10, 255, 180, 242]],
    ),
    name_server(
        "ns3.base.oqs-pdl.org",
        |values| ons_neighbour(values, 0x13),
        &[[10, 255, 180, 243]],
    ),
    name_server(
        "ns4.base.oqs-pdl.org",
        |values| ons_neighbour(values, 0x14),
        &[[10, 255, 180, 244]],
    ),
];

/// A host in each ONS domain that later versions of the guide add (ngn-facts §5.3 has domains, but
/// no hosts of theirs; inferred).
const EXTRA_HOSTS: &[Row] = &[Row {
    name: "www",
    aaaa: |values| ons_neighbour(values, 0x20),
    a: &[],
}];

/// The hosts of the area's service domain, without that domain.
const SERVICE_HOSTS: &[Row] = &[
    Row {
        // Guide p.15: the host to check resolution with, AA=1.
        name: "assv.asc",
        aaaa: |values| vec![values.service_check],
        a: &[],
    },
    Row {
        // The service information site (ngn-facts §4.3).
        name: "",
        aaaa: |values| vec![values.service_site],
        a: &[],
    },
    Row {
        // Area and route information (ngn-facts §4.3, reported); its address is inferred.
        name: "route-info",
        aaaa: |values| service_neighbour(values, 0x11),
        a: &[],
    },
    Row {
        // Firmware information (ngn-facts §2.3, reported); its address is inferred.
        name: "www.verinfo.hgw",
        aaaa: |values| service_neighbour(values, 0x12),
        a: &[],
    },
];

/// The hosts of a line with an ISP: one, since the internet is not modelled (inferred; addresses
/// of RFC 3849 and RFC 5737).
const PUBLIC_HOSTS: &[Row] = &[Row {
    name: "www.example.jp",
    aaaa: |_| vec![Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x80)],
    a: &[[192, 0, 2, 80]],
}];

/// The zone whose answers carry name servers and glue (ngn-facts §4.4).
const DELIVERY_ZONE: &str = "base.oqs-pdl.org";
const DELIVERY_NAME_SERVERS: [&str; 4] = [
    "ns1.base.oqs-pdl.org",
    "ns2.base.oqs-pdl.org",
    "ns3.base.oqs-pdl.org",
    "ns4.base.oqs-pdl.org",
];
/// The ONS zone whose answers have AA=1 (guide p.15).
const AUTHORITATIVE_ZONE: &str = "lineauth.mnw";

/// Guide p.15: 10.255.180.1 to .15.
const DELIVERY_HOSTS_A: [[u8; 4]; 15] = {
    let mut hosts = [[10, 255, 180, 0]; 15];
    let mut index = 0;
    while index < 15 {
        hosts[index][3] = index as u8 + 1;
        index += 1;
    }
    hosts
};

/// Guide p.15: ::1 to ::9, then ::10 to ::15 as text, which is hexadecimal.
pub(crate) fn delivery_hosts(values: &Values) -> Vec<Ipv6Addr> {
    (0x1..=0x9)
        .chain(0x10..=0x15)
        .map(|host| beside(values.delivery, host))
        .collect()
}

const fn name_server(
    name: &'static str,
    aaaa: fn(&Values) -> Vec<Ipv6Addr>,
    a: &'static [[u8; 4]],
) -> Row {
    Row { name, aaaa, a }
}

/// An address beside the ONS DNS servers.
fn ons_neighbour(values: &Values, host: u16) -> Vec<Ipv6Addr> {
    vec![beside(values.ons_dns[0], host)]
}

/// An address beside the service check host.
fn service_neighbour(values: &Values, host: u16) -> Vec<Ipv6Addr> {
    vec![beside(values.service_check, host)]
}

fn beside(address: Ipv6Addr, host: u16) -> Ipv6Addr {
    let mut segments = address.segments();
    segments[7] = host;
    segments.into()
}

impl Zones {
    /// Returns what the NGN DNS knows on a line: the area's service domain, and public names if
    /// the line has an ISP (ngn-facts §4.4). Of the ONS names it knows none (guide p.7).
    pub fn ngn(line: &Line) -> Self {
        static CLOSED: [LazyLock<Zones>; 2] = [
            LazyLock::new(|| Tables::ngn(Area::East, Isp::None).into()),
            LazyLock::new(|| Tables::ngn(Area::West, Isp::None).into()),
        ];
        match (line.isp, line.area) {
            (Isp::None, Area::East) => CLOSED[0].clone(),
            (Isp::None, Area::West) => CLOSED[1].clone(),
            (isp @ Isp::Ipoe, area) => Tables::ngn(area, isp).into(),
        }
    }

    /// Returns what the ONS DNS knows: the six domains (guide p.7), and the area's service domain
    /// as well, since terminals may use the ONS servers alone (guide p.12; inferred).
    pub fn ons(line: &Line) -> Self {
        static USUAL: [LazyLock<Zones>; 2] = [
            LazyLock::new(|| Tables::ons(Area::East, &[]).into()),
            LazyLock::new(|| Tables::ons(Area::West, &[]).into()),
        ];
        match (&line.extra_domains[..], line.area) {
            ([], Area::East) => USUAL[0].clone(),
            ([], Area::West) => USUAL[1].clone(),
            (extra, area) => Tables::ons(area, extra).into(),
        }
    }

    /// Returns every name with something to say about, without its final dot.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let hosts = self.0.hosts.iter().map(|host| &host.name);
        let entries = self.0.entries.iter().map(|entry| &entry.name);
        let apexes = self.0.zones.iter().map(|zone| &zone.apex);
        hosts.chain(entries).chain(apexes).map(written)
    }

    /// Returns the names of the hosts that have one of these addresses.
    pub fn names_at(&self, addresses: &[Ipv6Addr]) -> impl Iterator<Item = String> {
        let has = |host: &&Host| host.aaaa.iter().any(|own| addresses.contains(own));
        self.0
            .hosts
            .iter()
            .filter(has)
            .map(|host| written(&host.name))
    }

    /// Looks a name up, whatever its case.
    pub(super) fn find(&self, name: &Name) -> Found<'_> {
        let zone = self
            .0
            .zones
            .iter()
            .filter(|zone| zone.apex.zone_of(name))
            .max_by_key(|zone| zone.apex.iter().count())
            .expect("the root is a zone");
        let host = self.0.hosts.iter().find(|host| host.name == *name);
        // RFC 8020 §2: a name above one that exists does exist.
        let exists = self.0.zones.iter().any(|zone| name.zone_of(&zone.apex))
            || self.0.hosts.iter().any(|host| name.zone_of(&host.name))
            || self.0.entries.iter().any(|entry| name.zone_of(&entry.name));
        Found { zone, host, exists }
    }

    /// Returns the zone above the one that begins at `name`, if one begins there and that one is
    /// here, too. The root does not count: it stands for what nobody here has.
    pub(super) fn parent_of(&self, name: &Name) -> Option<&Zone> {
        if !self.0.zones.iter().any(|zone| zone.apex == *name) {
            return None;
        }
        let above =
            |zone: &&Zone| !zone.apex.is_root() && zone.apex != *name && zone.apex.zone_of(name);
        let parents = self.0.zones.iter().filter(above);
        parents.max_by_key(|zone| zone.apex.iter().count())
    }

    /// Returns the laboratory's records for a question, along its aliases (RFC 1034 §4.3.2).
    pub(super) fn laboratory(&self, asked: &Name, kind: RecordType) -> Vec<Record> {
        let mut owner = asked.clone();
        let mut answers = Vec::new();
        for _ in 0..LONGEST_CHAIN {
            let here = || self.0.entries.iter().filter(|entry| entry.name == owner);
            let record =
                |entry: &Entry| Record::from_rdata(owner.clone(), entry.ttl, entry.data.clone());
            let wanted =
                |entry: &&Entry| [RecordType::ANY, entry.data.record_type()].contains(&kind);
            let found: Vec<Record> = here().filter(wanted).map(record).collect();
            let alias = here().find_map(|entry| match &entry.data {
                RData::CNAME(to) => Some((record(entry), to.0.clone())),
                _ => None,
            });
            match alias {
                Some((record, to)) if found.is_empty() => {
                    answers.push(record);
                    owner = to;
                }
                _ => {
                    answers.extend(found);
                    break;
                }
            }
        }
        answers
    }
}

impl From<Tables> for Zones {
    fn from(tables: Tables) -> Self {
        Self(Arc::new(tables))
    }
}

impl Tables {
    fn ngn(area: Area, isp: Isp) -> Self {
        let values = area.values();
        let mut tables = Self::empty();
        tables.add_service(values);
        match isp {
            Isp::None => {}
            Isp::Ipoe => {
                tables.add_zone("example.jp", false);
                tables.add_hosts(PUBLIC_HOSTS, None, values);
            }
        }
        tables
    }

    fn ons(area: Area, extra: &[String]) -> Self {
        let values = area.values();
        let mut tables = Self::empty();
        tables.add_service(values);
        for domain in ONS_DOMAINS
            .into_iter()
            .chain(extra.iter().map(String::as_str))
        {
            tables.add_zone(domain, domain == AUTHORITATIVE_ZONE);
        }
        let delivery = name(DELIVERY_ZONE);
        for zone in &mut tables.zones {
            if zone.apex == delivery {
                zone.name_servers = DELIVERY_NAME_SERVERS.map(name).to_vec();
            }
        }
        tables.add_hosts(ONS_HOSTS, None, values);
        tables.add_zone(LABORATORY, false);
        tables.entries = laboratory::entries(TTL);
        for domain in extra {
            tables.add_hosts(EXTRA_HOSTS, Some(domain), values);
        }
        tables
    }

    /// Only the root, which answers for names that nothing else holds.
    fn empty() -> Self {
        let mut zones = Self {
            zones: Vec::new(),
            hosts: Vec::new(),
            entries: Vec::new(),
        };
        zones.add_zone(".", false);
        zones
    }

    fn add_service(&mut self, values: &Values) {
        self.add_zone(values.ngn_domain, true);
        self.add_hosts(SERVICE_HOSTS, Some(values.ngn_domain), values);
        // The second search domain exists, but nothing is known of what is in it
        // (ngn-facts §2.3; inferred).
        self.add_zone(values.search[1], false);
    }

    fn add_zone(&mut self, domain: &str, authoritative: bool) {
        self.zones.push(Zone {
            apex: name(domain),
            authoritative,
            name_servers: Vec::new(),
            negative_ttl: if domain == LABORATORY { SHORT_TTL } else { TTL },
        });
    }

    fn add_hosts(&mut self, rows: &[Row], domain: Option<&str>, values: &Values) {
        self.hosts.extend(rows.iter().map(|row| Host {
            name: match (domain, row.name) {
                (None, full) => name(full),
                (Some(domain), "") => name(domain),
                (Some(domain), relative) => name(&format!("{relative}.{domain}")),
            },
            aaaa: (row.aaaa)(values),
            a: row.a.iter().copied().map(Ipv4Addr::from).collect(),
        }));
    }
}

/// More aliases than any chain of ours has.
const LONGEST_CHAIN: usize = 8;

fn written(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_owned()
}

fn name(text: &str) -> Name {
    let mut name = Name::from_ascii(text).expect("the tables hold valid names");
    name.set_fqdn(true);
    name
}

#[cfg(test)]
mod tests;

//! What the DNS servers of the network know: the names and addresses of the guide, one row each.
//!
//! IPv6 addresses that other nodes have as well stand in [`Values`]. What the guide does not give
//! is `inferred`; a correction is a change of one line here.

use std::net::{Ipv4Addr, Ipv6Addr};

use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::laboratory::{self, Entry, LABORATORY, SHORT_TTL};
use crate::line::{Isp, Line, Values};

/// The lifetime of every record in seconds (ngn-facts §9 row 9).
pub const TTL: u32 = 300;

/// Everything one DNS server answers from.
#[derive(Clone, Debug)]
pub struct Zones {
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
        // The service information site (ngn-facts §4.3); its address is inferred.
        name: "",
        aaaa: |values| service_neighbour(values, 0x10),
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
        let values = line.area.values();
        let mut zones = Self::empty();
        zones.add_service(values);
        match line.isp {
            Isp::None => {}
            Isp::Ipoe => {
                zones.add_zone("example.jp", false);
                zones.add_hosts(PUBLIC_HOSTS, None, values);
            }
        }
        zones
    }

    /// Returns what the ONS DNS knows: the six domains (guide p.7), and the area's service domain
    /// as well, since terminals may use the ONS servers alone (guide p.12; inferred).
    pub fn ons(line: &Line) -> Self {
        let values = line.area.values();
        let mut zones = Self::empty();
        zones.add_service(values);
        for domain in line.ons_domains() {
            zones.add_zone(domain, domain == AUTHORITATIVE_ZONE);
        }
        let delivery = name(DELIVERY_ZONE);
        for zone in &mut zones.zones {
            if zone.apex == delivery {
                zone.name_servers = DELIVERY_NAME_SERVERS.map(name).to_vec();
            }
        }
        zones.add_hosts(ONS_HOSTS, None, values);
        zones.add_zone(LABORATORY, false);
        zones.entries = laboratory::entries(TTL);
        for domain in &line.extra_domains {
            zones.add_hosts(EXTRA_HOSTS, Some(domain), values);
        }
        zones
    }

    /// Returns every name with something to say about, without its final dot.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let hosts = self.hosts.iter().map(|host| &host.name);
        let entries = self.entries.iter().map(|entry| &entry.name);
        let apexes = self.zones.iter().map(|zone| &zone.apex);
        hosts.chain(entries).chain(apexes).map(written)
    }

    /// Returns the names of the hosts that have one of these addresses.
    pub fn names_at(&self, addresses: &[Ipv6Addr]) -> impl Iterator<Item = String> {
        let has = |host: &&Host| host.aaaa.iter().any(|own| addresses.contains(own));
        self.hosts
            .iter()
            .filter(has)
            .map(|host| written(&host.name))
    }

    /// Looks a name up, whatever its case.
    pub(super) fn find(&self, name: &Name) -> Found<'_> {
        let zone = self
            .zones
            .iter()
            .filter(|zone| zone.apex.zone_of(name))
            .max_by_key(|zone| zone.apex.iter().count())
            .expect("the root is a zone");
        let host = self.hosts.iter().find(|host| host.name == *name);
        // RFC 8020 §2: a name above one that exists does exist.
        let exists = self.zones.iter().any(|zone| name.zone_of(&zone.apex))
            || self.hosts.iter().any(|host| name.zone_of(&host.name))
            || self.entries.iter().any(|entry| name.zone_of(&entry.name));
        Found { zone, host, exists }
    }

    /// Returns the zone above the one that begins at `name`, if one begins there and that one is
    /// here, too. The root does not count: it stands for what nobody here has.
    pub(super) fn parent_of(&self, name: &Name) -> Option<&Zone> {
        if !self.zones.iter().any(|zone| zone.apex == *name) {
            return None;
        }
        let above =
            |zone: &&Zone| !zone.apex.is_root() && zone.apex != *name && zone.apex.zone_of(name);
        let parents = self.zones.iter().filter(above);
        parents.max_by_key(|zone| zone.apex.iter().count())
    }

    /// Returns the laboratory's records for a question, along its aliases (RFC 1034 §4.3.2).
    pub(super) fn laboratory(&self, asked: &Name, kind: RecordType) -> Vec<Record> {
        let mut owner = asked.clone();
        let mut answers = Vec::new();
        for _ in 0..LONGEST_CHAIN {
            let here = || self.entries.iter().filter(|entry| entry.name == owner);
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
mod tests {
    use super::*;
    use crate::line::Area;

    #[test]
    fn the_delivery_hosts_are_those_of_the_guide() {
        let values = Area::East.values();
        let hosts = delivery_hosts(values);
        assert_eq!(hosts.len(), 15);
        assert_eq!(hosts[8].to_string(), "2408:210:9c0::9");
        assert_eq!(hosts[9].to_string(), "2408:210:9c0::10");
        assert_eq!(hosts[14].to_string(), "2408:210:9c0::15");
        assert_eq!(DELIVERY_HOSTS_A[14], [10, 255, 180, 15]);
    }

    #[test]
    fn the_east_answers_are_those_printed_in_the_guide() {
        // Guide p.15.
        let zones = Zones::ons(&Line::preset("next-pd", Area::East).unwrap());
        for (asked, aaaa, a) in [
            ("www.lineauth.mnw", "2404:1a8:f583:af0::1", ""),
            ("assv.asc.flets-east.jp", "2404:1a8:ff43:1612::f", ""),
            (
                "hweb.oqs-st.onshikaku.org",
                "2404:1a8:f583:1b00:ad7d:7594:6198:6ce0",
                "10.108.48.210 10.108.49.78 10.108.49.13",
            ),
            (
                "crldownload.obn.managedpki.ne.jp",
                "2404:1a8:f583:4a06:a0c6:842b:cc00:fa1f \
                 2404:1a8:f583:4a07:6905:9f85:2d17:d650",
                "10.110.10.164 10.110.10.180",
            ),
        ] {
            let host = zones.find(&name(asked)).host.unwrap();
            let texts: Vec<String> = host.aaaa.iter().map(ToString::to_string).collect();
            assert_eq!(texts.join(" "), aaaa);
            let texts: Vec<String> = host.a.iter().map(ToString::to_string).collect();
            assert_eq!(texts.join(" "), a);
        }
    }

    #[test]
    fn the_ngn_servers_do_not_know_the_names_of_the_ons_domains() {
        for area in Area::ALL {
            let line = Line::preset("next-pd", area).unwrap();
            for row in ONS_HOSTS {
                assert!(
                    !Zones::ngn(&line).find(&name(row.name)).exists,
                    "{}",
                    row.name
                );
                assert!(Zones::ons(&line).find(&name(row.name)).host.is_some());
            }
        }
    }

    #[test]
    fn public_names_need_an_isp() {
        let mut line = Line::preset("next-pd", Area::East).unwrap();
        let public = name("www.example.jp");
        assert!(!Zones::ngn(&line).find(&public).exists);
        line.isp = Isp::Ipoe;
        assert!(Zones::ngn(&line).find(&public).host.is_some());
        assert!(!Zones::ons(&line).find(&public).exists);
    }

    #[test]
    fn the_check_host_is_known_to_both_kinds_of_server() {
        for area in Area::ALL {
            let line = Line::preset("next-ra", area).unwrap();
            let check = name(&format!("ASSV.asc.{}", area.values().ngn_domain));
            for zones in [Zones::ngn(&line), Zones::ons(&line)] {
                let found = zones.find(&check);
                assert_eq!(found.host.unwrap().aaaa, [area.values().service_check]);
                assert!(found.zone.authoritative);
            }
        }
    }

    #[test]
    fn a_name_above_a_host_exists_and_has_no_addresses() {
        let line = Line::preset("next-ra", Area::East).unwrap();
        let zones = Zones::ons(&line);
        let found = zones.find(&name("obn.managedpki.ne.jp"));
        assert!(found.exists && found.host.is_none());
        assert!(!zones.find(&name("nothing.managedpki.ne.jp")).exists);
    }
}

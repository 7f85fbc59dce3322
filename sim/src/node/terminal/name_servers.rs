//! The DNS servers a terminal knows, from whom, and for how long (RFC 8106, RFC 3646).

use std::net::Ipv6Addr;
use std::time::Duration;

use super::earliest;
use super::information::Learnt;
use crate::message::ndp::{NdpOption, RouterAdvert};
use crate::node::Context;
use crate::time::Time;
use crate::trace::{DnsSource, Fact};

/// The servers and the search list by where they came from.
pub(super) struct NameServers {
    fixed: Vec<Ipv6Addr>,
    dhcpv6: Vec<Ipv6Addr>,
    dhcpv6_search: Vec<String>,
    rdnss: Vec<Aging<Ipv6Addr>>,
    dnssl: Vec<Aging<String>>,
}

struct Aging<T> {
    value: T,
    until: Time,
}

impl NameServers {
    pub(super) fn new(fixed: Vec<Ipv6Addr>) -> Self {
        Self {
            fixed,
            dhcpv6: Vec::new(),
            dhcpv6_search: Vec::new(),
            rdnss: Vec::new(),
            dnssl: Vec::new(),
        }
    }

    /// Records the servers that were set by hand.
    pub(super) fn start(&self, cx: &mut Context<'_>) {
        if !self.fixed.is_empty() {
            self.tell(self.fixed.clone(), DnsSource::Fixed, cx);
        }
    }

    /// Forgets what was learnt on the link.
    pub(super) fn clear(&mut self) {
        *self = Self::new(std::mem::take(&mut self.fixed));
    }

    /// Returns the servers in the order they are asked.
    ///
    /// Those set by hand replace all others (guide p.12); DHCPv6 goes before RDNSS
    /// (RFC 8106 §5.3.1).
    pub(super) fn servers(&self) -> Vec<Ipv6Addr> {
        if !self.fixed.is_empty() {
            return self.fixed.clone();
        }
        let mut servers = self.dhcpv6.clone();
        for own in &self.rdnss {
            if !servers.contains(&own.value) {
                servers.push(own.value);
            }
        }
        servers
    }

    /// Returns whether they were set by hand.
    pub(super) fn are_fixed(&self) -> bool {
        !self.fixed.is_empty()
    }

    /// Returns the search list.
    pub(super) fn search(&self) -> Vec<String> {
        let mut search = self.dhcpv6_search.clone();
        for own in &self.dnssl {
            if !search.contains(&own.value) {
                search.push(own.value.clone());
            }
        }
        search
    }

    /// Takes in the DNS options of an advertisement.
    pub(super) fn advertised(&mut self, advert: &RouterAdvert, cx: &mut Context<'_>) {
        let before = self.advertised_values();
        for option in &advert.options {
            match option {
                NdpOption::Rdnss { lifetime, servers } => {
                    for server in servers.iter().filter(|server| is_server(**server)) {
                        refresh(&mut self.rdnss, *server, *lifetime, cx.now());
                    }
                }
                NdpOption::Dnssl { lifetime, domains } => {
                    for domain in domains {
                        refresh(&mut self.dnssl, domain.clone(), *lifetime, cx.now());
                    }
                }
                NdpOption::SourceLinkLayer(_)
                | NdpOption::TargetLinkLayer(_)
                | NdpOption::Prefix(_)
                | NdpOption::Mtu(_)
                | NdpOption::Other(..) => {}
            }
        }
        self.tell_if_changed(before, cx);
    }

    /// Takes in a DHCPv6 Reply.
    pub(super) fn replied(&mut self, learnt: Learnt, cx: &mut Context<'_>) {
        let mut servers = learnt.servers;
        servers.retain(|server| is_server(*server));
        servers.truncate(KEPT_MAX);
        let mut search = learnt.search;
        search.truncate(KEPT_MAX);
        if (&servers, &search) != (&self.dhcpv6, &self.dhcpv6_search) {
            self.dhcpv6.clone_from(&servers);
            self.dhcpv6_search = search;
            self.tell(servers, DnsSource::Dhcpv6, cx);
        }
    }

    /// Forgets what has expired.
    pub(super) fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        let before = self.advertised_values();
        self.rdnss.retain(|own| own.until > cx.now());
        self.dnssl.retain(|own| own.until > cx.now());
        self.tell_if_changed(before, cx);
    }

    /// Returns when [`NameServers::handle_timeout`] is next needed.
    pub(super) fn poll_timeout(&self) -> Option<Time> {
        let servers = self.rdnss.iter().map(|own| own.until);
        let domains = self.dnssl.iter().map(|own| own.until);
        earliest(servers.chain(domains))
    }

    fn advertised_values(&self) -> (Vec<Ipv6Addr>, Vec<String>) {
        let servers = self.rdnss.iter().map(|own| own.value).collect();
        let domains = self.dnssl.iter().map(|own| own.value.clone()).collect();
        (servers, domains)
    }

    fn tell_if_changed(&self, before: (Vec<Ipv6Addr>, Vec<String>), cx: &mut Context<'_>) {
        let after = self.advertised_values();
        if after != before {
            self.tell(after.0, DnsSource::Rdnss, cx);
        }
    }

    fn tell(&self, servers: Vec<Ipv6Addr>, by: DnsSource, cx: &mut Context<'_>) {
        let search = match by {
            DnsSource::Dhcpv6 => self.dhcpv6_search.clone(),
            DnsSource::Rdnss => self.advertised_values().1,
            DnsSource::Fixed => Vec::new(),
        };
        cx.record(Fact::DnsLearnt {
            servers,
            search,
            by,
        });
    }
}

/// Sets a lifetime: zero removes, all ones mean for ever (RFC 8106 §5.1).
fn refresh<T: PartialEq>(list: &mut Vec<Aging<T>>, value: T, lifetime: u32, now: Time) {
    let until = match lifetime {
        u32::MAX => Time::NEVER,
        seconds => now + Duration::from_secs(seconds.into()),
    };
    if let Some(own) = list.iter_mut().find(|own| own.value == value) {
        own.until = until;
    } else if list.len() < KEPT_MAX {
        list.push(Aging { value, until });
    }
    list.retain(|own| own.until > now);
}

fn is_server(address: Ipv6Addr) -> bool {
    !address.is_multicast() && !address.is_unspecified() && !address.is_loopback()
}

/// RFC 8106 §5.3.1 asks for three; more would only be a hostile router's wish.
const KEPT_MAX: usize = 8;

//! What an engineer would enter into the device for a scenario (guide p.6 and p.7).

use std::net::Ipv6Addr;

use ngnlab_sim::line::{Area, Line, Upstream};
use ngnlab_sim::node::home_gateway::HomeGateway;
use ngnlab_sim::setup::{Aspect, DomainServers, Macs, Mode, Setup};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Dialled, Scenario, TerminalDns};

/// The DNS servers that are entered into the device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DnsChoice {
    /// The per-domain table of guide p.7.
    #[default]
    Guide,
    /// The ひかり電話ルータ for everything, which guide p.5 forbids.
    HomeGateway,
    /// The table of the other area.
    OtherArea,
    /// The NGN servers for everything.
    NgnOnly,
    /// A public resolver for everything.
    Public,
}

impl Scenario {
    /// Returns how a device with these addresses is to be configured in an area.
    pub fn setup(&self, area: Area, macs: Macs) -> Setup {
        let line = self.line(area);
        let right = right_mode(&line);
        let mode = self.device.mode.unwrap_or(right);
        let (mut default_dns, domains) = servers(self.device.dns, &line);
        let dialled = self.device.pppoe.get_ref();
        if self.device.dns == DnsChoice::Guide && dialled.contains(&Dialled::Isp) {
            // What nobody names is asked of whom the ISP names.
            default_dns.clear();
        }
        let mut wrong = Vec::new();
        let fits = match mode {
            // Terminals ask for no delegation: they need an advertised prefix.
            Mode::Bridge => right == Mode::Ra,
            Mode::Ra | Mode::Pd => mode == right,
        };
        // A ひかり電話ルータ advertises and delegates, so that below it neither is wrong.
        if !fits && line.upstream != Upstream::HomeGateway {
            wrong.push(Aspect::Delivery);
        }
        let dns_is_right = match mode {
            // A bridge has no table: the ONS servers are entered at each terminal (guide p.12).
            Mode::Bridge => self.terminals().all(|name| self.asks_ons_servers(name)),
            Mode::Ra | Mode::Pd => self.device.dns == DnsChoice::Guide,
        };
        if !dns_is_right {
            wrong.push(Aspect::Dns);
        }
        Setup {
            mode,
            wan_mac: macs.wan,
            lan_mac: macs.lan,
            default_dns,
            domains,
            pppoe: self
                .device
                .pppoe
                .get_ref()
                .iter()
                .zip(1..)
                .map(|(dialled, number)| dialled.account(area, number, &self.device))
                .collect(),
            pppoe_pass_through: self.device.pppoe_pass_through,
            wrong_on_purpose: self.device.wrong_on_purpose.clone().unwrap_or(wrong),
        }
    }
}

impl Scenario {
    /// Returns whether the ONS servers were entered at a terminal.
    fn asks_ons_servers(&self, terminal: &str) -> bool {
        let spec = self.terminal_spec(terminal);
        spec.is_some_and(|spec| spec.dns == TerminalDns::Ons)
    }
}

pub(super) fn right_mode(line: &Line) -> Mode {
    if line.delegates_to_device() {
        Mode::Pd
    } else {
        Mode::Ra
    }
}

fn servers(choice: DnsChoice, line: &Line) -> (Vec<Ipv6Addr>, Vec<DomainServers>) {
    match choice {
        DnsChoice::Guide => table(line, line.area),
        DnsChoice::OtherArea => table(line, line.area.other()),
        DnsChoice::NgnOnly => (line.area.values().ngn_dns.to_vec(), Vec::new()),
        DnsChoice::Public => (PUBLIC.to_vec(), Vec::new()),
        DnsChoice::HomeGateway => (vec![home_gateway(line)], Vec::new()),
    }
}

/// Returns the table of guide p.7; what it does not name goes to the NGN servers, which the line
/// announces.
pub(crate) fn table(line: &Line, area: Area) -> (Vec<Ipv6Addr>, Vec<DomainServers>) {
    let values = area.values();
    let row = |name: &str, servers: [Ipv6Addr; 2]| DomainServers {
        name: name.to_owned(),
        servers: servers.to_vec(),
    };
    let ons = line.ons_domains().map(|name| row(name, values.ons_dns));
    let domains = std::iter::once(row(values.ngn_domain, values.ngn_dns)).chain(ons);
    (values.ngn_dns.to_vec(), domains.collect())
}

/// Returns the address at which the ひかり電話ルータ answers on its LAN (ngn-facts §9 row 10).
fn home_gateway(line: &Line) -> Ipv6Addr {
    HomeGateway::lan_address(line.assignment(0))
}

/// 1.1.1.1 and 1.0.0.1 by IPv6, which the members-club article warns of (ngn-facts §4.5, 5).
const PUBLIC: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111),
    Ipv6Addr::new(0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1001),
];

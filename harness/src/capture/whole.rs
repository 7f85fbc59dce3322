//! What was read of a capture, as one trace of both sides, with a header like that of a run.

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_sim::line::{Line, Upstream};
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::message::packet::ethernet::Ethernet;
use ngnlab_sim::setup::{DomainServers, Mode, Setup};
use ngnlab_sim::trace::{
    CapturedAt, End, FORMAT, Header, Record, Role, Seen, TerminalTruth, Trace,
};
use ngnlab_sim::{Fate, Pace, Time};

use super::encapsulation::UNKNOWN;
use super::points::Points;
use super::{Heap, Request};

impl Heap {
    /// Makes a trace of the frames of the router's sides.
    pub(super) fn trace(
        &self,
        points: &Points,
        macs: [Option<Mac>; 2],
        request: &Request,
    ) -> Trace {
        let [wan, lan] = macs;
        let zero = self.span.map_or(0, |(first, _)| first);
        let zero = zero.saturating_add(nanos(request.start.unwrap_or_default()));
        let at = |at: i128| Time::from_nanos(i64::try_from(at - zero).unwrap_or(i64::MAX));
        let mut terminals: Vec<TerminalTruth> = Vec::new();
        let records = self.kept.iter().filter_map(|kept| {
            let on = points.role(&kept.place)?;
            let router = match on {
                Role::Wan => wan,
                Role::Lan | Role::Uplink => lan,
            }?;
            let ethernet = Ethernet::parse(&kept.frame)?;
            let from = match ethernet.source == router {
                true => End::Device,
                false => End::Network,
            };
            if on == Role::Lan && from == End::Network && terminals.len() < MOST_TERMINALS {
                let mac = ethernet.source;
                if terminals.iter().all(|terminal| terminal.mac != mac) {
                    let name = format!("terminal {}", terminals.len() + 1);
                    terminals.push(TerminalTruth {
                        name,
                        mac,
                        dials: false,
                    });
                }
            }
            // A cooked header does not say whom a frame was for; what a router hears is for it.
            let frame = match ethernet.destination == UNKNOWN && from == End::Network {
                true => Ethernet {
                    destination: router,
                    ..ethernet
                }
                .frame(),
                false => kept.frame.clone(),
            };
            let seen = Seen::Frame {
                on,
                from,
                frame,
                fate: Fate::Pass,
                injected: false,
            };
            Some(Record {
                at: at(kept.at),
                seen,
            })
        });
        let records: Vec<Record> = records.collect();
        let until = self.span.map_or(Time::ZERO, |(_, last)| at(last));
        // Whoever was captured on one side alone has one address that is known.
        let (wan_mac, lan_mac) = (
            wan.or(lan).unwrap_or(UNKNOWN),
            lan.or(wan).unwrap_or(UNKNOWN),
        );
        let header = Header {
            format: FORMAT,
            scenario: SCENARIO.to_owned(),
            device: format!("the router {wan_mac}"),
            seed: 0,
            pace: Pace::Realtime,
            setup: setup(
                &request.line,
                self.mode(points, wan, &request.line),
                [wan_mac, lan_mac],
            ),
            line: request.line.clone(),
            terminals,
            until: until.max(records.last().map_or(Time::ZERO, |last| last.at)),
            tls_secrets: Vec::new(),
            captured: Some(CapturedAt {
                wan: wan.is_some(),
                lan: lan.is_some(),
                gaps: self.gaps() > 0,
                forgets_groups: self.forgets_groups(),
                doubtful: false,
            }),
        };
        Trace { header, records }
    }

    /// Returns how the router has its prefix: as the line delivers it, but below a home gateway, which
    /// does both (ngn-facts §3.1), as the router asks.
    fn mode(&self, points: &Points, wan: Option<Mac>, line: &Line) -> Mode {
        let places = points.of(Role::Wan).iter();
        let mut signs = places.filter_map(|place| self.places.signs.get(place));
        let asks = wan.is_none_or(|mac| signs.any(|signs| signs.asks_for_delegation(mac)));
        let by_choice = line.upstream == Upstream::HomeGateway;
        match line.delegates_to_device() && (asks || !by_choice) {
            true => Mode::Pd,
            false => Mode::Ra,
        }
    }
}

/// What the guide wants to be entered into a router on this line. What was entered is not known, so
/// no check that asks for it judges a capture.
fn setup(line: &Line, mode: Mode, [wan_mac, lan_mac]: [Mac; 2]) -> Setup {
    let values = line.area.values();
    let row = |name: &str, servers: [Ipv6Addr; 2]| DomainServers {
        name: name.to_owned(),
        servers: servers.to_vec(),
    };
    let ons = line.ons_domains().map(|name| row(name, line.ons_dns()));
    let domains = std::iter::once(row(values.ngn_domain, values.ngn_dns)).chain(ons);
    Setup {
        mode,
        wan_mac,
        lan_mac,
        default_dns: values.ngn_dns.to_vec(),
        domains: domains.collect(),
        pppoe: Vec::new(),
        pppoe_pass_through: false,
        wrong_on_purpose: Vec::new(),
    }
}

fn nanos(span: Duration) -> i128 {
    i128::try_from(span.as_nanos()).unwrap_or(i128::MAX)
}

/// What stands where a scenario's name stands.
const SCENARIO: &str = "capture";
/// An institution has some tens.
const MOST_TERMINALS: usize = 256;

//! A trace as a scene: who took part, and what went from whom to whom, for reports that draw it.

use std::net::Ipv6Addr;
use std::path::Path;

use ngnlab_reports::Case;
use ngnlab_reports::scene::{Event, Lane, Scene, Scenes, Sent, Side, What};
use ngnlab_sim::line::Upstream;
use ngnlab_sim::message::packet::{Mac, Packet, is_link_local};
use ngnlab_sim::message::pppoe::is_pppoe;
use ngnlab_sim::trace::{End, Fact, Role, Seen, StepOutcome};
use ngnlab_sim::{Fate, Trace};

use crate::dissection::{Dissection, UnknownStep, words};
use crate::input;

mod sealed;

/// The scenes of cases whose traces lie where their reports say.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// Whether they stay there.
    pub for_good: bool,
}

impl Scenes for Kept {
    fn scene(&self, case: &Case) -> Result<Scene, String> {
        let Some(file) = &case.trace else {
            return Err("no trace of it was kept; `ngnlab run --out DIR` keeps them".to_owned());
        };
        let opened = input::open(Path::new(file)).map_err(|error| error.with_causes())?;
        let told = |error: &dyn std::error::Error| format!("cannot read {file}: {error}");
        let trace = Trace::load(opened).map_err(|error| told(&error))?;
        lay(&trace).map_err(|error| told(&error))
    }

    fn trace<'a>(&self, case: &'a Case) -> Option<&'a str> {
        case.trace.as_deref().filter(|_| self.for_good)
    }
}

/// Lays the scene of a trace.
pub fn lay(trace: &Trace) -> Result<Scene, UnknownStep> {
    let dissection = Dissection::new(trace)?;
    let mut stage = Stage {
        trace: &dissection,
        lanes: Vec::new(),
    };
    let events = trace.records.iter().enumerate();
    let mut events: Vec<Event> = events
        .map(|(record, entry)| Event {
            record,
            at: entry.at.as_nanos() / 1000,
            what: stage.what(record, &entry.seen),
        })
        .collect();
    let order = in_order(&stage.lanes);
    for event in &mut events {
        match &mut event.what {
            What::Frame(sent) => {
                sent.from = order[sent.from];
                sent.to = order[sent.to];
            }
            What::Told { lane, .. } => *lane = order[*lane],
            What::Logged { .. } | What::Step { .. } | What::Host(_) => {}
        }
    }
    let mut lanes = stage.lanes;
    lanes.sort_by_key(Place::order);
    let lanes = lanes.into_iter().map(|place| Lane {
        name: place.name,
        side: place.side,
    });
    Ok(Scene {
        lanes: lanes.collect(),
        events,
    })
}

/// The lanes, in the order in which they were first met.
struct Stage<'t> {
    trace: &'t Dissection<'t>,
    lanes: Vec<Place>,
}

/// Where somebody stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    name: String,
    side: Side,
    /// How near to the device, as the cables go.
    near: u8,
}

impl Place {
    fn order(&self) -> (Side, u8, String) {
        (self.side, self.near, self.name.clone())
    }
}

/// Returns the new number of each lane.
fn in_order(lanes: &[Place]) -> Vec<usize> {
    let order: Vec<_> = lanes.iter().map(Place::order).collect();
    let before = |one| order.iter().filter(|other| *other < one).count();
    order.iter().map(before).collect()
}

impl Stage<'_> {
    fn what(&mut self, record: usize, seen: &Seen) -> What {
        match seen {
            Seen::Frame {
                on,
                from,
                frame,
                fate,
                injected,
            } => {
                let (sender, receiver) = self.ends(record, *on, *from, frame);
                let mut decoded = self.trace.decoder.frame(record).unwrap_or_default();
                let mut bytes = frame.to_vec();
                let left_out = sealed::leave_out(&mut decoded, &mut bytes);
                What::Frame(Box::new(Sent {
                    from: sender,
                    to: receiver,
                    cable: on.name().to_owned(),
                    fate: fate_in_words(*fate),
                    lost: *fate == Fate::Drop,
                    injected: *injected,
                    bytes,
                    left_out,
                    decoded,
                }))
            }
            Seen::Fact {
                fact: Fact::Logged { log, line },
                ..
            } => What::Logged {
                log: log.clone(),
                line: line.clone(),
            },
            Seen::Fact { node, fact } => What::Told {
                lane: self.teller(node, fact),
                text: words::fact_in_words(fact),
            },
            Seen::Step { outcome, .. } => What::Step {
                text: self.words(record),
                done: matches!(outcome, StepOutcome::Done),
            },
            Seen::Late(_) | Seen::Suppressed { .. } => What::Host(self.words(record)),
        }
    }

    fn words(&self, record: usize) -> String {
        let evidence = self.trace.evidence(record);
        evidence.map(|one| one.summary).unwrap_or_default()
    }

    /// Returns the lanes that a frame leaves and is for.
    fn ends(&mut self, record: usize, on: Role, from: End, frame: &[u8]) -> (usize, usize) {
        let packet = Packet::parse(frame);
        let macs = macs(frame);
        let near = match on {
            Role::Uplink => self.place("home gateway", Side::Network, NEXT_TO_IT),
            Role::Wan | Role::Lan => self.place(ROUTER, Side::Device, 0),
        };
        if on == Role::Wan && is_pppoe(frame) {
            let far = self.behind_session(record, from);
            return match from {
                End::Device => (near, far),
                End::Network => (far, near),
            };
        }
        let addresses = packet.map(|packet| (packet.source, packet.destination));
        let (sender, receiver) = (
            addresses.map(|(source, _)| source),
            addresses.map(|(_, destination)| destination),
        );
        match from {
            End::Device => (near, self.far(on, macs.map(|(_, to)| to), receiver)),
            End::Network => (self.far(on, macs.map(|(source, _)| source), sender), near),
        }
    }

    /// Returns the lane of whom PPPoE reaches: the concentrator, or a host beyond it.
    fn behind_session(&mut self, record: usize, from: End) -> usize {
        let packet = self.trace.ipv4_at(record);
        let far = packet.map(|packet| match from {
            End::Device => packet.destination,
            End::Network => packet.source,
        });
        match far.map(|far| words::ipv4_host(self.trace, far)) {
            None => self.place("concentrator", Side::Network, BEHIND_IT),
            Some(Some(name)) => self.place(&name, Side::Network, FAR_AWAY),
            Some(None) => self.place("others", Side::Network, FURTHEST),
        }
    }

    /// Returns the lane at the far end of a cable of the device.
    fn far(&mut self, on: Role, mac: Option<Mac>, address: Option<Ipv6Addr>) -> usize {
        if on == Role::Lan {
            let terminals = &self.trace.header().terminals;
            let known = terminals.iter().find(|one| Some(one.mac) == mac);
            // What is for everybody goes as far as the cable does.
            let name = known.or(terminals.last()).map(|one| one.name.clone());
            return self.place(name.as_deref().unwrap_or("terminals"), Side::Terminals, 0);
        }
        let upstream = self.trace.header().line.upstream;
        let (next, how_near) = match (on, upstream) {
            (Role::Wan, Upstream::HomeGateway) => ("home gateway", NEXT_TO_IT),
            (Role::Wan, Upstream::RentalRouter) => ("rental router", NEXT_TO_IT),
            _ => ("edge", BEHIND_IT),
        };
        match address {
            Some(address) if !address.is_multicast() && !is_link_local(address) => {
                match words::host(self.trace, address) {
                    Some(name) => self.place(&name, Side::Network, FAR_AWAY),
                    // Whoever speaks from the line's own prefix is next to the device.
                    None if address.is_unspecified() || self.is_of_the_line(address) => {
                        self.place(next, Side::Network, how_near)
                    }
                    None => self.place("others", Side::Network, FURTHEST),
                }
            }
            _ => self.place(next, Side::Network, how_near),
        }
    }

    fn is_of_the_line(&self, address: Ipv6Addr) -> bool {
        let mut assigned = self.trace.assignments();
        assigned.any(|(_, prefix)| prefix.contains(&address))
    }

    /// Returns the lane of a node that tells something.
    fn teller(&mut self, node: &str, _fact: &Fact) -> usize {
        let terminals = &self.trace.header().terminals;
        if terminals.iter().any(|one| one.name == node) {
            return self.place(node, Side::Terminals, 0);
        }
        match node {
            "edge" => self.place(node, Side::Network, BEHIND_IT),
            "home-gateway" => self.place("home gateway", Side::Network, NEXT_TO_IT),
            "line-auth" => self.place("www.lineauth.mnw", Side::Network, FAR_AWAY),
            "portal" => self.place("ONS portal", Side::Network, FAR_AWAY),
            other => self.place(other, Side::Network, FAR_AWAY),
        }
    }

    fn place(&mut self, name: &str, side: Side, near: u8) -> usize {
        let known = self
            .lanes
            .iter()
            .position(|one| one.name == name && one.side == side);
        known.unwrap_or_else(|| {
            self.lanes.push(Place {
                name: name.to_owned(),
                side,
                near,
            });
            self.lanes.len() - 1
        })
    }
}

fn macs(frame: &[u8]) -> Option<(Mac, Mac)> {
    let (to, rest) = frame.split_first_chunk()?;
    let source = rest.first_chunk()?;
    Some((Mac(*source), Mac(*to)))
}

fn fate_in_words(fate: Fate) -> Option<String> {
    match fate {
        Fate::Pass => None,
        Fate::Delay(by) => Some(format!("delayed by {by:.1?}")),
        Fate::Drop => Some("lost on the cable".to_owned()),
        Fate::Duplicate => Some("delivered twice".to_owned()),
    }
}

const ROUTER: &str = "router";

/// The nearer, the further to the right.
const FURTHEST: u8 = 0;
const FAR_AWAY: u8 = 1;
const BEHIND_IT: u8 = 2;
const NEXT_TO_IT: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_stand_from_the_far_end_of_the_line_to_the_terminals() {
        let place = |name: &str, side, near| Place {
            name: name.to_owned(),
            side,
            near,
        };
        let met = [
            place("pc", Side::Terminals, 0),
            place("router", Side::Device, 0),
            place("edge", Side::Network, BEHIND_IT),
            place("ONS DNS 1", Side::Network, FAR_AWAY),
        ];
        assert_eq!(in_order(&met), [3, 2, 1, 0]);
    }
}

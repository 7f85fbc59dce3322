//! IPv4 packets on both sides of the device: what became of a terminal's in a session, and of an answer
//! on the LAN.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::Duration;

use ngnlab_sim::Time;
use ngnlab_sim::line::Area;
use ngnlab_sim::line::internet::service_domain;
use ngnlab_sim::line::pppoe::{Realm, accounts};
use ngnlab_sim::trace::{End, Fact, PppEvent, Role};

use crate::checks::delay::Delay;
use crate::checks::pppoe::{Flow, flows};
use crate::dissection::{Dissection, Found, Ipv4Packet, Stepped};
use crate::scenario::step::Action;
use crate::scenario::step::cable::Wire;
use crate::scenario::step::pppoe::Deed;

/// An IPv4 packet in a trace.
pub(super) type Seen = Found<Ipv4Packet>;

/// A session by which IPv4 may flow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Up {
    pub(super) session: u16,
    pub(super) realm: Realm,
    pub(super) from: Time,
    pub(super) until: Time,
}

/// A terminal's packet, and the same behind the device.
#[derive(Clone, Copy)]
pub(super) struct Outgoing<'d> {
    pub(super) inside: &'d Seen,
    pub(super) outside: Option<&'d Seen>,
}

/// Returns the sessions, from when the concentrator has them until one side may have lost them: whether
/// the other one knows that is for checks of PPPoE. Of a capture frames tell it.
pub(super) fn sessions(trace: &Dissection<'_>) -> Vec<Up> {
    if trace.header().captured.is_some() {
        return flows(trace).into_iter().map(Up::from).collect();
    }
    let known = accounts(trace.header().line.area);
    let mut sessions: Vec<Up> = Vec::new();
    for told in &trace.facts {
        let Fact::Ppp {
            session,
            account,
            event,
        } = told.fact
        else {
            continue;
        };
        match event {
            PppEvent::Up { .. } if trace.has_session(*session) => {
                let name = account.as_deref();
                if let Some(account) = known.iter().find(|it| Some(it.name) == name) {
                    sessions.push(Up {
                        session: *session,
                        realm: account.realm,
                        from: told.at,
                        until: Time::NEVER,
                    });
                }
            }
            PppEvent::Ended { .. } => {
                let mut own = sessions.iter_mut();
                if let Some(up) = own.rfind(|up| up.session == *session) {
                    up.until = up.until.min(told.at);
                }
            }
            PppEvent::Up { .. } | PppEvent::TooMany | PppEvent::WrongPassword => {}
        }
    }
    for up in &mut sessions {
        let mut steps = trace.steps.iter().filter(|step| ends_sessions(step));
        if let Some(step) = steps.find(|step| step.over() >= up.from) {
            up.until = up.until.min(step.began());
        }
    }
    sessions
}

impl From<Flow> for Up {
    /// Takes whatever is not the service information site for the internet, as a router does.
    fn from(flow: Flow) -> Self {
        let account = flow.account.unwrap_or_default();
        let is_site = Area::ALL.iter().any(|area| {
            let domain = service_domain(*area).as_bytes();
            account
                .strip_suffix(domain)
                .is_some_and(|rest| rest.ends_with(b"@"))
        });
        Self {
            session: flow.session,
            realm: match is_site {
                true => Realm::ServiceSite,
                false => Realm::Isp,
            },
            from: flow.from,
            until: flow.until,
        }
    }
}

/// Returns whether a step may end a session, or leave it without an answer.
fn ends_sessions(step: &Stepped<'_>) -> bool {
    let is_deed = match &step.action {
        Action::Concentrator(of) => !matches!(of.does.deed(), Deed::Say(_)),
        Action::ByHand(_) => true,
        _ => false,
    };
    is_deed || step.cuts_power() || step.pulls(Wire::Wan) || step.restarts_network()
}

/// Returns the session of a packet on the WAN.
pub(super) fn session_of(sessions: &[Up], packet: &Seen) -> Option<Up> {
    let mut own = sessions.iter().rev().copied();
    own.find(|up| Some(up.session) == packet.is.session && up.from <= packet.at)
}

/// Returns the addresses of the device's sessions, as the packets in them show.
pub(super) fn own_addresses(trace: &Dissection<'_>) -> BTreeSet<Ipv4Addr> {
    let in_sessions = trace
        .ipv4
        .iter()
        .filter(|found| found.is.session.is_some() && found.on == Role::Wan && !found.injected);
    let own = in_sessions.map(|found| match found.from {
        End::Device => found.is.source,
        End::Network => found.is.destination,
    });
    own.filter(|address| !is_local(*address)).collect()
}

/// Returns what terminals sent beyond the device, each with what became of it at once.
pub(super) fn outgoing<'d>(trace: &'d Dissection<'_>) -> Vec<Outgoing<'d>> {
    let own = own_addresses(trace);
    let terminals = trace.ipv4.iter().enumerate().filter(|(_, found)| {
        found.to_device(Role::Lan)
            && !found.injected
            && !found.is.is_piece
            && !is_local(found.is.destination)
            && !own.contains(&found.is.destination)
            && trace.device_macs().contains(&found.eth_destination)
    });
    // Of two that look the same each has its own on the other side.
    let mut taken = BTreeSet::new();
    terminals
        .map(|(at, inside)| Outgoing {
            inside,
            outside: next(&trace.ipv4[at + 1..], inside.arrives, AT_ONCE).find(|found| {
                found.by_device(Role::Wan)
                    && found.is.is_outside_of(&inside.is)
                    && taken.insert(found.record)
            }),
        })
        .collect()
}

/// Returns what came in a session for the device, each with what reached the LAN of it at once.
pub(super) fn incoming<'d>(trace: &'d Dissection<'_>) -> Vec<(&'d Seen, Option<&'d Seen>)> {
    let arrived = trace.ipv4.iter().enumerate().filter(|(_, found)| {
        let is_ours = found.to_device(Role::Wan) && !found.injected;
        is_ours && found.is.session.is_some() && !found.is.is_piece
    });
    let mut taken = BTreeSet::new();
    arrived
        .map(|(at, outside)| {
            let inside = next(&trace.ipv4[at + 1..], outside.arrives, DELIVERED).find(|found| {
                found.by_device(Role::Lan)
                    && found.is.is_inside_of(&outside.is)
                    && taken.insert(found.record)
            });
            (outside, inside)
        })
        .collect()
}

/// Returns what follows a moment within some time.
pub(super) fn next(after: &[Seen], from: Time, within: Duration) -> impl Iterator<Item = &Seen> {
    let after = after.iter().skip_while(move |found| found.at < from);
    after.take_while(move |found| found.at <= from + within)
}

/// Returns whether nothing stood in a packet's way: its session was there all the time, and no cable
/// lost anything.
pub(super) fn is_calm(trace: &Dissection<'_>, at: Time) -> bool {
    let (from, to) = (at - CALM, at + DELIVERED + CALM);
    to <= trace.end() && !trace.is_disturbed(from, to)
}

/// What must be late for something not to follow a packet at once.
pub(super) fn at_once(from: Time) -> Delay {
    Delay::Race {
        from,
        to: from + AT_ONCE,
    }
}

/// Returns whether the session that a packet came by was there, on both sides.
pub(super) fn stands(sessions: &[Up], packet: &Seen) -> bool {
    let own = session_of(sessions, packet);
    own.is_some_and(|up| is_up(&[up], up.realm, packet.at))
}

/// Returns whether a session of a realm was up around a moment.
pub(super) fn is_up(sessions: &[Up], realm: Realm, at: Time) -> bool {
    let mut own = sessions.iter().filter(|up| up.realm == realm);
    own.any(|up| up.from + CALM <= at && at + AT_ONCE + CALM <= up.until)
}

/// Returns whether an address is no one's beyond the LAN.
fn is_local(address: Ipv4Addr) -> bool {
    address.is_private()
        || address.is_broadcast()
        || address.is_multicast()
        || address.is_link_local()
}

/// How long a router may hold a packet back (ours: more than any queue does).
pub(super) const AT_ONCE: Duration = Duration::from_secs(1);
/// How long a packet for a terminal may take: ARP asks up to three times, a second apart (RFC 1122
/// §2.3.2.1), and the LAN may be slow.
pub(super) const DELIVERED: Duration = Duration::from_secs(4);
/// How long before and after nothing may happen.
const CALM: Duration = Duration::from_secs(2);

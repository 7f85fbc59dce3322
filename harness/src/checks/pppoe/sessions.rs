//! The PPPoE sessions of a trace: what was said in each, and how far it came.

use ngnlab_reports::RecordId;
use ngnlab_sim::Time;
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::message::ppp::{
    AUTHENTICATE_ACK, CHAP, CONFIGURE_ACK, CONFIGURE_REJECT, CONFIGURE_REQUEST, Control, IPCP, LCP,
    PAP, SUCCESS, TERMINATE_REQUEST,
};
use ngnlab_sim::message::pppoe::{Code, HOST_UNIQ};
use ngnlab_sim::trace::Role;

use crate::dissection::{Dissection, Found, PppoePacket};
use crate::scenario::step::Action;
use crate::scenario::step::by_hand::Whose;

/// A PPPoE packet in a trace.
pub(super) type Seen = Found<PppoePacket>;

/// One session, from the PADS that made it to its PADT, if one came.
pub(super) struct Session<'d> {
    pub(super) id: u16,
    pub(super) device: Mac,
    pub(super) concentrator: Mac,
    /// The PADS.
    pub(super) confirmed: &'d Seen,
    /// Its session packets, in order; those that got lost on their way to the device are left out.
    pub(super) packets: Vec<&'d Seen>,
    /// The PADT of either side.
    pub(super) ended: Option<&'d Seen>,
    /// The PADI by which the device showed that it has given the session up.
    pub(super) given_up: Option<&'d Seen>,
    /// From when until when LCP was open for the first time.
    open: Option<(Time, Time)>,
}

/// What is said in discovery, in the order of the trace.
pub(super) struct Discovery<'d> {
    /// PADI and PADR of the device.
    sent: Vec<&'d Seen>,
    /// What reached it: PADO, PADS and PADT.
    heard: Vec<&'d Seen>,
}

impl<'d> Discovery<'d> {
    pub(super) fn of(trace: &'d Dissection<'_>) -> Self {
        let by_device = |found: &&Seen| {
            let code = found.is.code();
            found.by_device(Role::Wan) && matches!(code, Some(Code::Initiation | Code::Request))
        };
        let to_device = |found: &&Seen| {
            found.to_device(Role::Wan)
                && found.is.code().is_some()
                && trace.device_macs().contains(&found.eth_destination)
        };
        Self {
            sent: trace.pppoe.iter().filter(by_device).collect(),
            heard: trace.pppoe.iter().filter(to_device).collect(),
        }
    }

    /// Returns what the device said behind a record.
    pub(super) fn sent_after(&self, record: RecordId) -> impl Iterator<Item = &'d Seen> {
        after(&self.sent, record).iter().copied()
    }

    /// Returns what it said before a record, the last thing first.
    pub(super) fn sent_before(&self, record: RecordId) -> impl Iterator<Item = &'d Seen> {
        let count = self.sent.partition_point(|found| found.record < record);
        self.sent[..count].iter().rev().copied()
    }

    /// Returns what it heard of a kind behind a record.
    pub(super) fn heard_after(
        &self,
        record: RecordId,
        code: Code,
    ) -> impl Iterator<Item = &'d Seen> {
        let heard = after(&self.heard, record).iter().copied();
        heard.filter(move |found| found.is.code() == Some(code))
    }

    /// Returns what it heard of a kind before a record, the last thing first.
    pub(super) fn heard_before(
        &self,
        record: RecordId,
        code: Code,
    ) -> impl Iterator<Item = &'d Seen> {
        let count = self.heard.partition_point(|found| found.record < record);
        let heard = self.heard[..count].iter().rev().copied();
        heard.filter(move |found| found.is.code() == Some(code))
    }
}

fn after<'a, 'd>(list: &'a [&'d Seen], record: RecordId) -> &'a [&'d Seen] {
    &list[list.partition_point(|found| found.record <= record)..]
}

/// Returns the sessions that the device was given, in the order of their PADS.
pub(super) fn sessions<'d>(trace: &'d Dissection<'_>) -> Vec<Session<'d>> {
    let mut sessions: Vec<Session<'d>> = Vec::new();
    let one = trace.setup().pppoe.len() == 1;
    for found in on_wan(trace) {
        let is_confirmation =
            found.is.code() == Some(Code::Confirmation) && found.is.session() != 0;
        if is_confirmation && found.to_device(Role::Wan) {
            sessions.push(Session {
                id: found.is.session(),
                device: found.eth_destination,
                concentrator: found.eth_source,
                confirmed: found,
                packets: Vec::new(),
                ended: None,
                given_up: None,
                open: None,
            });
            continue;
        }
        if found.by_device(Role::Wan) && found.is.code() == Some(Code::Initiation) {
            let whose = found.is.tag(HOST_UNIQ);
            let of = sessions.iter_mut().rev();
            let mut of = of.filter(|it| one || it.confirmed.is.tag(HOST_UNIQ) == whose);
            if let Some(session) = of.next() {
                session.given_up.get_or_insert(found);
            }
            continue;
        }
        let of = sessions.iter_mut().rev().find(|it| it.is_mine(found));
        let Some(session) = of.filter(|it| it.ended.is_none()) else {
            continue;
        };
        if found.is.code() == Some(Code::Termination) {
            session.ended = Some(found);
        } else if found.is.ppp.is_some() {
            session.packets.push(found);
        }
    }
    for session in &mut sessions {
        // Who gets a request twice may negotiate twice.
        let doubled = session.packets.iter().any(|found| {
            let code = found.is.control.as_ref().map(|control| control.code);
            let negotiates = matches!(code, Some(CONFIGURE_REQUEST..=CONFIGURE_REJECT));
            negotiates && found.is.protocol() == Some(LCP) && trace.is_doubled(found.record)
        });
        session.open = session.span_of_lcp().filter(|_| !doubled);
    }
    sessions
}

/// Returns whether a cable lost frames in this time or the device its power, or its user ended or dialled
/// a session.
pub(super) fn is_disturbed(trace: &Dissection<'_>, from: Time, to: Time) -> bool {
    trace.is_disturbed(from, to) || is_by_hand(trace, from, to)
}

/// Returns whether the device began anew in this time, or its user ended or dialled a session.
pub(super) fn is_restarted(trace: &Dissection<'_>, from: Time, to: Time) -> bool {
    trace.is_restarted(from, to) || is_by_hand(trace, from, to)
}

fn is_by_hand(trace: &Dissection<'_>, from: Time, to: Time) -> bool {
    let mut steps = trace.steps.iter();
    steps.any(|step| {
        let pressed = matches!(&step.action, Action::ByHand(by) if by.at == Whose::Device);
        pressed && from <= step.at && step.at <= to
    })
}

/// Returns what is said on the WAN, by the device or to it; what got lost on its way from the device
/// was said all the same.
pub(super) fn on_wan<'d>(trace: &'d Dissection<'_>) -> impl Iterator<Item = &'d Seen> {
    let of_wan = trace.pppoe.iter().filter(|found| found.on == Role::Wan);
    of_wan.filter(|found| !found.lost || found.by_device(Role::Wan))
}

/// Returns the discovery packets of a kind that the device sent.
pub(super) fn sent<'d>(trace: &'d Dissection<'_>, code: Code) -> impl Iterator<Item = &'d Seen> {
    let sent = trace.pppoe.iter();
    sent.filter(move |found| found.by_device(Role::Wan) && found.is.code() == Some(code))
}

/// Returns the discovery packets of a kind that reached the device.
pub(super) fn heard<'d>(trace: &'d Dissection<'_>, code: Code) -> impl Iterator<Item = &'d Seen> {
    let heard = trace.pppoe.iter();
    heard.filter(move |found| {
        found.to_device(Role::Wan)
            && found.is.code() == Some(code)
            && trace.device_macs().contains(&found.eth_destination)
    })
}

/// Returns the control packets of a kind that the device sent in any session.
pub(super) fn all_said<'s, 'd>(
    sessions: &'s [Session<'d>],
    protocol: u16,
    code: u8,
) -> impl Iterator<Item = (&'s Session<'d>, &'d Seen, &'d Control)> {
    sessions.iter().flat_map(move |session| {
        let said = session.said_as(protocol, code);
        said.map(move |(found, packet)| (session, found, packet))
    })
}

/// Returns the control packets of a kind that it heard in any session.
pub(super) fn all_heard<'s, 'd>(
    sessions: &'s [Session<'d>],
    protocol: u16,
    code: u8,
) -> impl Iterator<Item = (&'s Session<'d>, &'d Seen, &'d Control)> {
    sessions.iter().flat_map(move |session| {
        let heard = session.heard_as(protocol, code);
        heard.map(move |(found, packet)| (session, found, packet))
    })
}

impl<'d> Session<'d> {
    fn is_mine(&self, found: &Seen) -> bool {
        let ends = (found.eth_source, found.eth_destination);
        found.is.session() == self.id
            && (ends == (self.device, self.concentrator)
                || ends == (self.concentrator, self.device))
    }

    /// Returns what the device said.
    pub(super) fn said(&self) -> impl Iterator<Item = &'d Seen> {
        let packets = self.packets.iter().copied();
        packets.filter(|found| found.by_device(Role::Wan))
    }

    /// Returns what the device heard.
    pub(super) fn heard(&self) -> impl Iterator<Item = &'d Seen> {
        let packets = self.packets.iter().copied();
        packets.filter(|found| found.to_device(Role::Wan))
    }

    /// Returns the control packets of a kind that the device sent.
    pub(super) fn said_as(
        &self,
        protocol: u16,
        code: u8,
    ) -> impl Iterator<Item = (&'d Seen, &'d Control)> {
        of_kind(self.said(), protocol, code)
    }

    /// Returns the control packets of a kind that it sent behind a record.
    pub(super) fn said_after(
        &self,
        record: RecordId,
        protocol: u16,
        code: u8,
    ) -> impl Iterator<Item = (&'d Seen, &'d Control)> {
        let later = after(&self.packets, record).iter().copied();
        of_kind(
            later.filter(|found| found.by_device(Role::Wan)),
            protocol,
            code,
        )
    }

    /// Returns the control packets of a kind that it heard before a record, the last one first.
    pub(super) fn heard_before(
        &self,
        record: RecordId,
        protocol: u16,
        code: u8,
    ) -> impl Iterator<Item = (&'d Seen, &'d Control)> {
        let count = self.packets.partition_point(|found| found.record < record);
        let earlier = self.packets[..count].iter().rev().copied();
        of_kind(
            earlier.filter(|found| found.to_device(Role::Wan)),
            protocol,
            code,
        )
    }

    /// Returns the control packets of a kind that it heard.
    pub(super) fn heard_as(
        &self,
        protocol: u16,
        code: u8,
    ) -> impl Iterator<Item = (&'d Seen, &'d Control)> {
        of_kind(self.heard(), protocol, code)
    }

    /// Returns when both sides had agreed on the options of a protocol for the first time.
    pub(super) fn opened(&self, protocol: u16) -> Option<Time> {
        self.opening(protocol).map(|ack| ack.arrives)
    }

    /// Returns the second of the two packets by which both sides agreed for the first time.
    pub(super) fn opening(&self, protocol: u16) -> Option<&'d Seen> {
        let (ours, _) = self.heard_as(protocol, CONFIGURE_ACK).next()?;
        let (theirs, _) = self.said_as(protocol, CONFIGURE_ACK).next()?;
        Some(match ours.record > theirs.record {
            true => ours,
            false => theirs,
        })
    }

    /// Returns whether LCP is agreed on at a moment, and no side has asked for options anew.
    pub(super) fn is_open(&self, at: Time) -> bool {
        self.open.is_some_and(|(from, to)| from <= at && at <= to)
    }

    fn span_of_lcp(&self) -> Option<(Time, Time)> {
        let opening = self.opening(LCP)?;
        let ends = after(&self.packets, opening.record).iter().find(|found| {
            found.is.says(LCP, CONFIGURE_REQUEST).is_some()
                || found.is.says(LCP, TERMINATE_REQUEST).is_some()
        });
        let given_up = self.given_up.map_or(Time::NEVER, |padi| padi.at);
        let until = ends.map_or(Time::NEVER, |found| found.at);
        let until = until.min(given_up);
        (opening.arrives <= until).then_some((opening.arrives, until))
    }

    /// Returns the packet that told the device that it is authenticated.
    pub(super) fn proven(&self) -> Option<&'d Seen> {
        let chap = self.heard_as(CHAP, SUCCESS);
        let pap = self.heard_as(PAP, AUTHENTICATE_ACK);
        let mut both = chap.chain(pap).map(|(found, _)| found);
        both.next()
    }

    /// Returns whether the concentrator asked for a proof in what the device agreed to.
    pub(super) fn is_asked_for_proof(&self) -> bool {
        self.said_as(LCP, CONFIGURE_ACK).any(|(_, ack)| {
            let options = ack.options().unwrap_or_default();
            options
                .iter()
                .any(|option| option.kind == ngnlab_sim::message::ppp::AUTHENTICATION)
        })
    }

    /// Returns when IPv4 could flow.
    pub(super) fn is_up_since(&self) -> Option<Time> {
        self.opened(IPCP)
    }

    /// Returns whether the network ended it, and the device had not asked for that.
    pub(super) fn is_ended_by_network(&self) -> bool {
        let asked = self.heard_as(LCP, TERMINATE_REQUEST).next();
        let padt = self.ended.filter(|padt| padt.to_device(Role::Wan));
        let Some(end) = asked.map(|(found, _)| found).or(padt) else {
            return false;
        };
        let mut own = self.said_as(LCP, TERMINATE_REQUEST);
        own.all(|(found, _)| found.record > end.record)
    }

    /// Returns until when it went on: its end, or that of the trace.
    pub(super) fn until(&self, trace: &Dissection<'_>) -> Time {
        self.ended.map_or(trace.end(), |found| found.at)
    }
}

fn of_kind<'d>(
    found: impl Iterator<Item = &'d Seen>,
    protocol: u16,
    code: u8,
) -> impl Iterator<Item = (&'d Seen, &'d Control)> {
    found.filter_map(move |found| Some((found, found.is.says(protocol, code)?)))
}

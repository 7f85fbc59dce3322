//! How two sides of a PPP link agree on options: the automaton of RFC 1661 §4, as far as a link needs
//! it that is opened once and is up as long as its session.
//!
//! LCP and the network control protocols have it in common; what each side wishes is a
//! [`Wishes`] of its own.

use std::time::Duration;

use crate::message::ppp::{
    CODE_REJECT, CONFIGURE_ACK, CONFIGURE_NAK, CONFIGURE_REJECT, CONFIGURE_REQUEST,
    ConfigurationOption, Control, ECHO_REPLY, LCP, PROTOCOL_REJECT, Ppp, TERMINATE_ACK,
    TERMINATE_REQUEST,
};
use crate::time::Time;

/// What one side wants, and what it thinks of what the other one wants.
pub(in crate::node) trait Wishes {
    /// Returns the options to ask for.
    fn options(&self) -> Vec<ConfigurationOption>;
    /// Returns what to say to an option of the other side.
    fn opinion(&mut self, option: &ConfigurationOption) -> Opinion;
    /// Takes in that the other side would rather have this value.
    fn take_nak(&mut self, option: &ConfigurationOption);
    /// Takes in that the other side does not negotiate an option.
    fn take_reject(&mut self, option: &ConfigurationOption);
}

/// What to say to an option.
pub(in crate::node) enum Opinion {
    /// Yes.
    Fine,
    /// With this value, please.
    Rather(ConfigurationOption),
    /// Not negotiated.
    No,
}

/// What has become of a negotiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::node) enum Change {
    /// Nothing that matters to others.
    None,
    /// Both sides have agreed (This-Layer-Up).
    Up,
    /// The agreement is void, and another is looked for (This-Layer-Down).
    Down,
    /// It is over (This-Layer-Finished).
    Finished,
}

/// The state of one negotiation.
#[derive(Debug)]
pub(in crate::node) struct Automaton {
    state: State,
    id: u8,
    left: u32,
    restart: Option<Time>,
    /// The request of the other side that was agreed to last, and when it came.
    agreed: Option<(Control, Time)>,
    /// When the other side agreed to ours.
    confirmed: Option<Time>,
}

/// RFC 1661 §4.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Stopped,
    RequestSent,
    AckReceived,
    AckSent,
    Opened,
    Closing,
    Stopping,
}

impl Automaton {
    pub(in crate::node) fn new() -> Self {
        Self {
            state: State::Stopped,
            id: 0,
            left: 0,
            restart: None,
            agreed: None,
            confirmed: None,
        }
    }

    pub(in crate::node) fn is_open(&self) -> bool {
        self.state == State::Opened
    }

    /// Returns whether it was begun and is not over.
    pub(in crate::node) fn is_begun(&self) -> bool {
        self.state != State::Stopped
    }

    /// Returns whether the other side has asked for the end.
    pub(in crate::node) fn is_stopping(&self) -> bool {
        self.state == State::Stopping
    }

    pub(in crate::node) fn poll_timeout(&self) -> Option<Time> {
        self.restart
    }

    /// Begins to negotiate.
    pub(in crate::node) fn open(&mut self, wishes: &dyn Wishes, now: Time, out: &mut Vec<Control>) {
        self.state = State::RequestSent;
        self.left = MAX_CONFIGURE;
        self.request(wishes, now, out);
    }

    /// Begins to end.
    pub(in crate::node) fn close(&mut self, now: Time, out: &mut Vec<Control>) {
        self.state = State::Closing;
        self.left = MAX_TERMINATE;
        self.ask_for_end(now, out);
    }

    /// Takes in a packet of one of the codes that every control protocol has; others are rejected.
    pub(in crate::node) fn handle(
        &mut self,
        packet: &Control,
        wishes: &mut dyn Wishes,
        now: Time,
        out: &mut Vec<Control>,
    ) -> Change {
        match packet.code {
            CONFIGURE_REQUEST => self.handle_request(packet, wishes, now, out),
            CONFIGURE_ACK | CONFIGURE_NAK | CONFIGURE_REJECT => {
                // RFC 1661 §5.2: what answers no request of ours is thrown away.
                if packet.id == self.id {
                    self.handle_answer(packet, wishes, now, out)
                } else {
                    Change::None
                }
            }
            TERMINATE_REQUEST => {
                out.push(answer(TERMINATE_ACK, packet, Vec::new()));
                match self.state {
                    State::Opened => self.stop(now),
                    State::Closing | State::Stopping => Change::None,
                    State::AckReceived | State::AckSent => {
                        self.state = State::RequestSent;
                        Change::None
                    }
                    State::Stopped | State::RequestSent => Change::None,
                }
            }
            TERMINATE_ACK if self.state == State::Closing => self.finish(),
            TERMINATE_ACK | CODE_REJECT => Change::None,
            // RFC 1661 §5.6.
            _ => {
                self.id = self.id.wrapping_add(1);
                out.push(reject(CODE_REJECT, self.id, packet.to_bytes()));
                Change::None
            }
        }
    }

    fn handle_request(
        &mut self,
        packet: &Control,
        wishes: &mut dyn Wishes,
        now: Time,
        out: &mut Vec<Control>,
    ) -> Change {
        let Some(options) = packet.options() else {
            return Change::None;
        };
        if self.state == State::Stopped {
            // RFC 1661 §4.1: who is closed says so.
            out.push(answer(TERMINATE_ACK, packet, Vec::new()));
            return Change::None;
        }
        if matches!(self.state, State::Closing | State::Stopping) {
            return Change::None;
        }
        let (code, listed) = verdict(&options, wishes);
        let was_open = self.state == State::Opened;
        if was_open && self.is_copy(packet, now) {
            out.push(Control::with_options(code, packet.id, &listed));
            return Change::None;
        }
        if was_open {
            self.left = MAX_CONFIGURE;
            self.request(wishes, now, out);
        }
        out.push(Control::with_options(code, packet.id, &listed));
        let agrees = code == CONFIGURE_ACK;
        self.agreed = agrees.then(|| (packet.clone(), now));
        let before = self.state;
        self.state = match (before, agrees) {
            (State::AckReceived, true) => State::Opened,
            (State::AckReceived, false) => State::AckReceived,
            (_, true) => State::AckSent,
            (_, false) => State::RequestSent,
        };
        match (was_open, self.state) {
            (true, _) => Change::Down,
            (false, State::Opened) => {
                self.restart = None;
                Change::Up
            }
            _ => Change::None,
        }
    }

    /// Returns whether a request is the one that was agreed to just now, delivered twice: nobody
    /// asks again before the restart timer has run (RFC 1661 §4.6). It starts no negotiation, or
    /// each copy of it would bring two more.
    fn is_copy(&self, packet: &Control, now: Time) -> bool {
        self.agreed
            .as_ref()
            .is_some_and(|(agreed, at)| agreed == packet && now.since(*at) < RESTART)
    }

    fn handle_answer(
        &mut self,
        packet: &Control,
        wishes: &mut dyn Wishes,
        now: Time,
        out: &mut Vec<Control>,
    ) -> Change {
        let Some(options) = packet.options() else {
            return Change::None;
        };
        let again = self.confirmed.is_some_and(|at| now.since(at) < RESTART);
        if packet.code == CONFIGURE_ACK && !again {
            self.confirmed = Some(now);
        }
        match (self.state, packet.code) {
            (State::Stopped | State::Closing | State::Stopping, _) => Change::None,
            // Delivered twice, as above.
            (State::AckReceived | State::Opened, CONFIGURE_ACK) if again => Change::None,
            (State::RequestSent, CONFIGURE_ACK) => {
                self.left = MAX_CONFIGURE;
                self.state = State::AckReceived;
                Change::None
            }
            (State::AckSent, CONFIGURE_ACK) => {
                self.state = State::Opened;
                self.restart = None;
                Change::Up
            }
            // RFC 1661 §4.1: a second answer means that the two have lost one another.
            (State::AckReceived, CONFIGURE_ACK) => {
                self.state = State::RequestSent;
                self.request(wishes, now, out);
                Change::None
            }
            (State::Opened, CONFIGURE_ACK) => {
                self.state = State::RequestSent;
                self.left = MAX_CONFIGURE;
                self.request(wishes, now, out);
                Change::Down
            }
            (before, code) => {
                for option in &options {
                    if code == CONFIGURE_NAK {
                        wishes.take_nak(option);
                    } else {
                        wishes.take_reject(option);
                    }
                }
                if before != State::AckSent {
                    self.state = State::RequestSent;
                }
                self.request(wishes, now, out);
                match before {
                    State::Opened => Change::Down,
                    _ => Change::None,
                }
            }
        }
    }

    /// Asks again, or gives up (RFC 1661 §4.6).
    pub(in crate::node) fn handle_timeout(
        &mut self,
        wishes: &dyn Wishes,
        now: Time,
        out: &mut Vec<Control>,
    ) -> Change {
        if self.restart.is_none_or(|at| at > now) {
            return Change::None;
        }
        if self.left == 0 {
            return self.finish();
        }
        match self.state {
            State::Closing => self.ask_for_end(now, out),
            _ => {
                if self.state == State::AckReceived {
                    self.state = State::RequestSent;
                }
                self.request(wishes, now, out);
            }
        }
        Change::None
    }

    fn request(&mut self, wishes: &dyn Wishes, now: Time, out: &mut Vec<Control>) {
        self.id = self.id.wrapping_add(1);
        self.confirmed = None;
        self.left = self.left.saturating_sub(1);
        self.restart = Some(now + RESTART);
        out.push(Control::with_options(
            CONFIGURE_REQUEST,
            self.id,
            &wishes.options(),
        ));
    }

    fn ask_for_end(&mut self, now: Time, out: &mut Vec<Control>) {
        self.id = self.id.wrapping_add(1);
        self.left = self.left.saturating_sub(1);
        self.restart = Some(now + RESTART);
        out.push(Control {
            code: TERMINATE_REQUEST,
            id: self.id,
            data: Vec::new(),
        });
    }

    /// RFC 1661 §3.7: who is asked for the end leaves the other side a restart time to hang up.
    fn stop(&mut self, now: Time) -> Change {
        self.state = State::Stopping;
        self.left = 0;
        self.restart = Some(now + RESTART);
        Change::Down
    }

    fn finish(&mut self) -> Change {
        self.state = State::Stopped;
        self.restart = None;
        Change::Finished
    }
}

/// Returns what to say to a list of options, and which options go with it: a rejection comes before
/// wishes, and these before the agreement (RFC 1661 §5.2 to §5.4).
fn verdict(
    options: &[ConfigurationOption],
    wishes: &mut dyn Wishes,
) -> (u8, Vec<ConfigurationOption>) {
    let mut rejected = Vec::new();
    let mut rather = Vec::new();
    for option in options {
        match wishes.opinion(option) {
            Opinion::Fine => {}
            Opinion::Rather(other) => rather.push(other),
            Opinion::No => rejected.push(option.clone()),
        }
    }
    if !rejected.is_empty() {
        (CONFIGURE_REJECT, rejected)
    } else if !rather.is_empty() {
        (CONFIGURE_NAK, rather)
    } else {
        (CONFIGURE_ACK, options.to_vec())
    }
}

/// Returns an answer to a packet.
pub(in crate::node) fn answer(code: u8, packet: &Control, data: Vec<u8>) -> Control {
    Control {
        code,
        id: packet.id,
        data,
    }
}

/// Returns the reply to an LCP Echo-Request, with the sender's own magic number (RFC 1661 §5.8).
pub(in crate::node) fn echo_reply(request: &Control, magic: u32) -> Control {
    let mut data = request.data.clone();
    if let Some(first) = data.first_chunk_mut() {
        *first = magic.to_be_bytes();
    }
    answer(ECHO_REPLY, request, data)
}

/// Returns the rejection of a protocol that is not known here (RFC 1661 §5.7).
pub(in crate::node) fn protocol_reject(id: u8, unknown: &Ppp) -> Ppp {
    Ppp::control(LCP, &reject(PROTOCOL_REJECT, id, unknown.to_bytes()))
}

/// RFC 1661 §5.6, §5.7: with what was not understood, as far as the other side can take it in.
fn reject(code: u8, id: u8, mut data: Vec<u8>) -> Control {
    data.truncate(LONGEST_REJECTED);
    Control { code, id, data }
}

/// Returns packets of a protocol as the frames that they leave in.
pub(in crate::node) fn frames(protocol: u16, packets: &[Control]) -> Vec<Ppp> {
    let packets = packets.iter();
    packets
        .map(|packet| Ppp::control(protocol, packet))
        .collect()
}

/// The restart timer (RFC 1661 §4.6).
pub(in crate::node) const RESTART: Duration = Duration::from_secs(3);
/// How often to ask for options before giving up (RFC 1661 §4.6).
pub(in crate::node) const MAX_CONFIGURE: u32 = 10;
/// What fits into the other side's MRU (ngn-facts §4.5) behind the header of a rejection.
const LONGEST_REJECTED: usize = 1400;
/// How often to ask for the end (RFC 1661 §4.6).
const MAX_TERMINATE: u32 = 2;

#[cfg(test)]
mod tests;

//! The connections that questions are asked over: one for each question, or some that stay open and
//! have several on their way (RFC 7766 §6.2.1.1).

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::ops::Range;

use super::ip::Ends;
use super::label::Label;
use super::message::{PORT, Question};
use super::offer::spread;
use super::stream::segment::Segment;
use super::stream::wire::Wire;
use super::stream::{Room, Stage, Stream, refuse};
use super::streams::Streams;

/// The connections of a trial.
pub(super) struct Callers {
    ends: Ends,
    /// The port of each that stays open; none of them is where each question has its own.
    kept: Vec<Option<u16>>,
    calls: BTreeMap<u16, Call>,
    streams: Streams<u16>,
    /// The questions with a connection of their own, in order, and its port.
    own: VecDeque<(u32, u16)>,
    port: u16,
    opened: u64,
    news: Vec<News>,
}

/// What is known of a connection.
#[derive(Default)]
struct Call {
    /// The questions that were asked over it, by their ids.
    asked: BTreeMap<u16, u32>,
    count: u16,
    was_open: bool,
    /// Whether we are done with it.
    is_over: bool,
}

/// What has come of questions.
pub(super) enum News {
    /// A message came from the device, to a question if its id is one's.
    Said(Option<(u16, u32)>, Vec<u8>),
    /// The connection of a question ended.
    Ended(u32, Ending),
}

/// How a connection ended before the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The device had not agreed to it by the end of the trial.
    Unconnected,
    /// The device refused it.
    Refused,
    /// The device reset it.
    Reset,
    /// The device closed it.
    Closed,
}

impl Callers {
    /// Makes them; so many connections stay open, or none where each question has its own.
    pub(super) fn new(ends: Ends, kept: usize, first_port: u16) -> Self {
        Self {
            ends,
            kept: vec![None; kept],
            calls: BTreeMap::new(),
            streams: Streams::new(),
            own: VecDeque::new(),
            port: first_port,
            opened: 0,
            news: Vec::new(),
        }
    }

    /// Returns how many connections were begun.
    pub(super) fn opened(&self) -> u64 {
        self.opened
    }

    /// Asks a question.
    pub(super) fn ask(
        &mut self,
        number: u32,
        (question, label): (&mut Question, Label),
        wire: &mut Wire<'_>,
    ) -> io::Result<()> {
        let slot = (number as usize).checked_rem(self.kept.len());
        let kept = slot.and_then(|slot| self.kept[slot]);
        let port = match kept {
            Some(port) => port,
            None => self.open(),
        };
        match slot {
            Some(slot) => self.kept[slot] = Some(port),
            None => self.own.push_back((number, port)),
        }
        if let (Some(call), Some(stream)) = (self.calls.get_mut(&port), self.streams.get(port)) {
            let id = spread(call.count);
            call.count = call.count.wrapping_add(1);
            call.asked.insert(id, number);
            stream.say(question.message(label, id));
            stream.go_on(wire)?;
        }
        self.look(port, wire)
    }

    /// Takes in a segment of the device's.
    pub(super) fn take(&mut self, segment: &Segment<'_>, wire: &mut Wire<'_>) -> io::Result<()> {
        let port = segment.destination_port;
        match self.streams.get(port) {
            Some(stream) => stream.take(segment, wire)?,
            None => return refuse(segment, wire),
        }
        self.look(port, wire)
    }

    /// Does what is due by now, and returns whether anything was.
    pub(super) fn go_on(&mut self, wire: &mut Wire<'_>) -> io::Result<bool> {
        let mut any = false;
        while let Some(port) = self.streams.next_due(wire.now) {
            any = true;
            if let Some(stream) = self.streams.get(port) {
                stream.go_on(wire)?;
            }
            self.look(port, wire)?;
        }
        Ok(any)
    }

    /// Notes that a question was answered; a connection of its own is closed then.
    pub(super) fn answered(&mut self, port: u16, wire: &mut Wire<'_>) -> io::Result<()> {
        if !self.kept.is_empty() {
            return Ok(());
        }
        if let (Some(call), Some(stream)) = (self.calls.get_mut(&port), self.streams.get(port)) {
            call.is_over = true;
            // Whoever closes first keeps the port for a while, which the device is spared.
            stream.close();
            stream.go_on(wire)?;
        }
        self.look(port, wire)
    }

    /// Resets the connections of their own that questions before this one still have, as who waits
    /// no longer does.
    pub(super) fn give_up(&mut self, before: u32, wire: &mut Wire<'_>) -> io::Result<()> {
        while let Some(&(number, port)) = self.own.front()
            && number < before
        {
            self.own.pop_front();
            let call = self.calls.get(&port);
            // Another question may have the port since.
            if call.is_some_and(|call| call.asked.values().eq([&number])) {
                self.reset(port, wire)?;
            }
        }
        Ok(())
    }

    /// Resets what is left at the end of the trial.
    pub(super) fn hang_up(&mut self, wire: &mut Wire<'_>) -> io::Result<()> {
        for port in self.streams.keys() {
            self.reset(port, wire)?;
        }
        Ok(())
    }

    fn reset(&mut self, port: u16, wire: &mut Wire<'_>) -> io::Result<()> {
        if let (Some(mut call), Some(stream)) = (self.calls.remove(&port), self.streams.get(port)) {
            if stream.stage() == Stage::Opening {
                call.end(Ending::Unconnected, &mut self.news);
            }
            stream.abort();
            stream.go_on(wire)?;
            self.streams.note(port, wire.now);
        }
        Ok(())
    }

    /// Returns what has come of questions since it was called last.
    pub(super) fn news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    fn open(&mut self) -> u16 {
        // A port whose connection has not come to an end is passed over, if any other is left.
        for _ in PORTS {
            let range = PORTS.end - PORTS.start;
            self.port = PORTS.start + (self.port - PORTS.start + 1) % range;
            if !self.streams.has(self.port) {
                break;
            }
        }
        let port = self.port;
        self.opened += 1;
        let room = match self.kept.is_empty() {
            true => ROOM,
            false => ROOM_KEPT,
        };
        let stream = Stream::connect(&self.ends, (port, PORT), room, self.opened);
        self.streams.insert(port, stream);
        self.calls.insert(port, Call::default());
        port
    }

    /// Looks what has become of a connection.
    fn look(&mut self, port: u16, wire: &mut Wire<'_>) -> io::Result<()> {
        let (Some(call), Some(stream)) = (self.calls.get_mut(&port), self.streams.get(port)) else {
            return Ok(());
        };
        while let Some(message) = stream.hear() {
            let id = message.first_chunk::<2>().map(|id| u16::from_be_bytes(*id));
            let number = id.and_then(|id| call.asked.get(&id).copied());
            self.news
                .push(News::Said(number.map(|number| (port, number)), message));
        }
        let ending = match stream.stage() {
            Stage::Opening => None,
            Stage::Open => {
                call.was_open = true;
                None
            }
            Stage::PeerClosed => {
                stream.close();
                stream.go_on(wire)?;
                Some(Ending::Closed)
            }
            Stage::Over if call.was_open => Some(Ending::Reset),
            Stage::Over => Some(Ending::Refused),
        };
        if let Some(ending) = ending {
            call.end(ending, &mut self.news);
            for kept in &mut self.kept {
                kept.take_if(|kept| *kept == port);
            }
        }
        self.streams.note(port, wire.now);
        if !self.streams.has(port) {
            self.calls.remove(&port);
        }
        Ok(())
    }
}

impl Call {
    fn end(&mut self, ending: Ending, news: &mut Vec<News>) {
        if !self.is_over {
            self.is_over = true;
            let asked = self.asked.values();
            news.extend(asked.map(|number| News::Ended(*number, ending)));
        }
    }
}

/// The ports that connections are opened from: below those of the terminal itself (RFC 6335 §6), and
/// so many that none comes again before whoever closed a connection has forgotten it.
pub(super) const PORTS: Range<u16> = 2_048..49_152;
/// Room for one question and its answer.
const ROOM: Room = Room {
    to_send: 256,
    to_read: 2_048,
};
const ROOM_KEPT: Room = Room {
    to_send: 16 << 10,
    to_read: 64 << 10,
};

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use ngnlab_reports::benchmark::Asked;
    use ngnlab_sim::link::Link as _;
    use ngnlab_sim::link::packets::Packets;

    use super::*;
    use crate::tester::zone::Zone;

    #[test]
    fn an_id_comes_again_after_all_others() {
        let all = 1 << 16;
        let callers = after(1, all + 2, |_, _| {});
        let call = callers.calls.values().next().unwrap();
        assert_eq!(call.asked.len(), all as usize);
        assert_eq!(
            [0, 1, 2].map(|count| call.asked[&spread(count)]),
            [all, all + 1, 2]
        );
    }

    #[test]
    fn who_waits_no_longer_has_no_connection() {
        let mut callers = after(0, 5, |callers, wire| callers.give_up(3, wire).unwrap());
        assert_eq!(callers.streams.keys().len(), 2);
        let news = callers.news();
        let ended = |news: &News| matches!(news, News::Ended(0..3, Ending::Unconnected));
        assert_eq!((news.len(), news.iter().all(ended)), (3, true));
    }

    /// Returns so many connections that stay open, or none that does, after so many questions and
    /// something else.
    fn after(
        kept: usize,
        questions: u32,
        then: impl FnOnce(&mut Callers, &mut Wire<'_>),
    ) -> Callers {
        let ends = Ends {
            macs: ([0; 6], [0; 6]),
            addresses: (Ipv6Addr::LOCALHOST, Ipv6Addr::LOCALHOST),
        };
        let zone = Zone {
            wire: b"\x07example\0".to_vec(),
            servers: Vec::new(),
        };
        let mut question = Question::new(&ends, &zone, Asked::Aaaa);
        let label = Label {
            long: false,
            repeats: false,
            trial: 0,
            number: 0,
        };
        let mut callers = Callers::new(ends, kept, PORTS.start);
        let (mut near, _far) = Packets::pair().unwrap();
        let mut plane = near.lend().unwrap();
        let mut frame = Vec::new();
        let mut wire = Wire::new(&mut *plane, &mut frame, 1);
        for number in 0..questions {
            let asked = callers.ask(number, (&mut question, label), &mut wire);
            asked.unwrap();
        }
        then(&mut callers, &mut wire);
        callers
    }
}

//! DNS by hand, for the tests of checks: a terminal, the router and a server exchange bytes.

use std::net::Ipv6Addr;

use etherparse::TcpHeader;
use ngnlab_reports::Verdict;
use ngnlab_sim::message::dns::{Question, set_id, to_stream};
use ngnlab_sim::trace::{End, Role};

use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::TraceBuilder;

/// A trace of DNS; what goes upstream has the id 0x0909.
pub(super) struct Talk {
    pub(super) trace: TraceBuilder,
}

impl Talk {
    pub(super) fn new() -> Self {
        let mut trace = TraceBuilder::new("next-ra");
        trace.lan_ra(|_| {}).at(1000);
        let terminal = (trace.pc(), 29_999);
        let router = (trace.router(), 9);
        // The terminal is known by what it sends.
        trace.udp(Role::Lan, End::Network, (terminal, router), b"");
        Self { trace }
    }

    pub(super) fn verdict(&self, id: &str) -> Verdict {
        verdict(id, &self.trace)
    }

    #[track_caller]
    pub(super) fn passes(&self, id: &str) {
        let verdict = self.verdict(id);
        assert!(matches!(verdict, Verdict::Pass(_)), "{id}: {verdict:?}");
    }

    #[track_caller]
    pub(super) fn fails(&self, id: &str) {
        let verdict = self.verdict(id);
        assert!(matches!(verdict, Verdict::Fail(_)), "{id}: {verdict:?}");
    }

    #[track_caller]
    pub(super) fn is_inconclusive(&self, id: &str) {
        let verdict = self.verdict(id);
        assert!(
            matches!(verdict, Verdict::Inconclusive(_)),
            "{id}: {verdict:?}"
        );
    }

    pub(super) fn ask(&mut self, port: u16, query: &[u8]) -> &mut Self {
        let ends = ((self.trace.pc(), port), (self.trace.router(), 53));
        self.trace.udp(Role::Lan, End::Network, ends, query);
        self
    }

    pub(super) fn answer(&mut self, port: u16, response: &[u8]) -> &mut Self {
        let router = self.trace.router();
        self.answer_from(router, port, response)
    }

    pub(super) fn answer_from(&mut self, from: Ipv6Addr, port: u16, response: &[u8]) -> &mut Self {
        let ends = ((from, 53), (self.trace.pc(), port));
        self.trace.udp(Role::Lan, End::Device, ends, response);
        self
    }

    pub(super) fn forward(&mut self, query: &[u8]) -> &mut Self {
        let ends = ((self.trace.router(), 40_000), (self.trace.ons_dns(), 53));
        self.trace
            .udp(Role::Wan, End::Device, ends, &upstream(query));
        self
    }

    pub(super) fn reply(&mut self, response: &[u8]) -> &mut Self {
        let ends = ((self.trace.ons_dns(), 53), (self.trace.router(), 40_000));
        self.trace
            .udp(Role::Wan, End::Network, ends, &upstream(response));
        self
    }

    /// Question and answer all the way there and back, unchanged.
    pub(super) fn relay(&mut self, port: u16, query: &[u8], response: &[u8]) -> &mut Self {
        self.ask(port, query)
            .forward(query)
            .reply(response)
            .answer(port, response)
    }

    /// A terminal, with this last number of its address, opens a TCP connection.
    pub(super) fn connect(&mut self, host: u16, port: u16) -> Stream {
        let mut stream = Stream {
            port,
            up: 100,
            down: 200,
        };
        self.segment(host, &mut stream, End::Network, |tcp| tcp.syn = true, &[]);
        stream.up += 1;
        self.segment(
            host,
            &mut stream,
            End::Device,
            |tcp| (tcp.syn, tcp.ack) = (true, true),
            &[],
        );
        stream.down += 1;
        self.segment(host, &mut stream, End::Network, |tcp| tcp.ack = true, &[]);
        stream
    }

    pub(super) fn send(&mut self, host: u16, stream: &mut Stream, from: End, bytes: &[u8]) {
        self.segment(
            host,
            stream,
            from,
            |tcp| (tcp.ack, tcp.psh) = (true, true),
            bytes,
        );
    }

    pub(super) fn send_message(&mut self, host: u16, stream: &mut Stream, from: End, dns: &[u8]) {
        self.send(host, stream, from, &to_stream(dns));
    }

    pub(super) fn close(&mut self, host: u16, stream: &mut Stream, from: End) {
        self.segment(
            host,
            stream,
            from,
            |tcp| (tcp.ack, tcp.fin) = (true, true),
            &[],
        );
    }

    pub(super) fn segment(
        &mut self,
        host: u16,
        stream: &mut Stream,
        from: End,
        flags: impl FnOnce(&mut TcpHeader),
        payload: &[u8],
    ) {
        let mut octets = self.trace.pc().segments();
        octets[7] ^= host;
        let (client, router) = (Ipv6Addr::from(octets), self.trace.router());
        let length = u32::try_from(payload.len()).unwrap();
        let (ports, ends, sequence) = match from {
            End::Network => ((stream.port, 53), (client, router), &mut stream.up),
            End::Device => ((53, stream.port), (router, client), &mut stream.down),
        };
        let mut tcp = TcpHeader::new(ports.0, ports.1, *sequence, 65_535);
        *sequence += length;
        flags(&mut tcp);
        let envelope = self.trace.envelope(Role::Lan, from, ends.0, ends.1);
        let frame = envelope.tcp(tcp, payload);
        self.trace.frame(Role::Lan, from, frame);
    }
}

/// A terminal's end of a TCP connection, as far as it has come.
pub(super) struct Stream {
    pub(super) port: u16,
    pub(super) up: u32,
    pub(super) down: u32,
}

pub(super) fn upstream(message: &[u8]) -> Vec<u8> {
    let mut message = message.to_vec();
    set_id(&mut message, 0x0909);
    message
}

/// A question for AAAA with the id 0x0102; `change` makes it odd.
pub(super) fn question(name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut query = vec![1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.').filter(|label| !label.is_empty()) {
        query.push(u8::try_from(label.len()).unwrap());
        query.extend(label.bytes());
    }
    query.extend([0, 0, 28, 0, 1]);
    change(&mut query);
    query
}

/// Adds a record to the additional section.
pub(super) fn add(query: &mut Vec<u8>, record: &[u8]) {
    query.extend(record);
    query[11] += 1;
}

/// An OPT record of this size, version and these flags.
pub(super) fn opt(size: u16, version: u8, flags: u16, options: &[u8]) -> Vec<u8> {
    let mut record = vec![0, 0, 41];
    record.extend(size.to_be_bytes());
    record.extend([0, version]);
    record.extend(flags.to_be_bytes());
    record.extend(u16::try_from(options.len()).unwrap().to_be_bytes());
    record.extend(options);
    record
}

/// The response to a query: its question, a response code, answers that point at the question.
pub(super) fn response(query: &[u8], code: u8, answers: &[(u16, &[u8])]) -> Vec<u8> {
    let end = Question::of(query).unwrap().end();
    let mut response = query[..end].to_vec();
    response[2] |= 0x80;
    response[3] = response[3] & 0xf0 | 0x80 | code;
    response[6..].first_chunk_mut::<6>().unwrap().fill(0);
    response[7] = u8::try_from(answers.len()).unwrap();
    for (kind, data) in answers {
        response.extend([0xc0, 12]);
        response.extend(kind.to_be_bytes());
        response.extend([0, 1, 0, 0, 1, 44]);
        response.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        response.extend(*data);
    }
    response
}

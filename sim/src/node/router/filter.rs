//! The stateful filter between line and LAN (RFC 6092; guide p.5 asks for one): what a terminal
//! began may be answered, and nothing else comes in.

mod flow;

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::time::Duration;

use self::flow::{Flow, Fragment, ICMPV6, NEXT_HEADER_OFFSET, TCP, UDP};
use super::Defects;
use super::defect::Defect;
use crate::message::icmpv6::{
    DESTINATION_UNREACHABLE, FIRST_INFORMATIONAL, PACKET_TOO_BIG, TIME_EXCEEDED,
};
use crate::message::packet::Packet;
use crate::time::Time;

/// The flows that terminals have begun.
pub(super) struct Filter {
    defects: Defects,
    flows: BTreeMap<Flow, State>,
    /// The fragmented packets whose first fragment came in, until when the others may follow.
    fragmented: BTreeMap<(Ipv6Addr, Ipv6Addr, u32), Time>,
}

#[derive(Clone, Copy, Debug)]
struct State {
    until: Time,
    answered: bool,
    closing: bool,
}

impl Filter {
    pub(super) fn new(defects: Defects) -> Self {
        Self {
            defects,
            flows: BTreeMap::new(),
            fragmented: BTreeMap::new(),
        }
    }

    /// Notes a packet on its way out; returns whether it may pass.
    pub(super) fn pass_out(&mut self, packet: &Packet<'_>, now: Time) -> bool {
        let to_https = packet
            .tcp()
            .is_some_and(|tcp| tcp.destination_port() == HTTPS);
        if to_https && self.defects.has(Defect::BlocksHttps) {
            return false;
        }
        let to_http = packet
            .tcp()
            .is_some_and(|tcp| tcp.destination_port() == HTTP);
        let to_ntp = packet.udp().is_some_and(|udp| udp.destination_port == NTP);
        // Customers have their prefixes in the same /22 as the delivery hosts (ngn-facts §4.1).
        let range = |address: Ipv6Addr| address.to_bits() >> (128 - 22);
        let same_range = range(packet.source) == range(packet.destination);
        if to_http && self.defects.has(Defect::BlocksHttp)
            || to_ntp && self.defects.has(Defect::BlocksNtp)
            || same_range && self.defects.has(Defect::BlocksFoldedRange)
        {
            return false;
        }
        let to_dns = packet.udp().is_some_and(|udp| udp.destination_port == DNS);
        if to_dns && self.defects.has(Defect::BlocksOutsideDns) {
            return false;
        }
        let Some(flow) = Flow::outbound(packet) else {
            return true;
        };
        // As strict as a filter may be that forgets: who did not begin with a SYN is unknown.
        let unknown = !self.is_alive(&flow, now) && packet.tcp().is_some_and(|tcp| !tcp.syn());
        let forgetful = [Defect::ShortTcpIdle, Defect::OneHourTcpIdle];
        if unknown && forgetful.iter().any(|defect| self.defects.has(*defect)) {
            return false;
        }
        if !self.flows.contains_key(&flow) {
            if flow.protocol == TCP && self.is_crowded(now) {
                return false;
            }
            self.make_room(now);
        }
        let state = self.flows.entry(flow).or_insert(State {
            until: now,
            answered: false,
            closing: false,
        });
        if state.until <= now {
            *state = State {
                until: now,
                answered: false,
                closing: false,
            };
        } else if flow.protocol == UDP && self.defects.has(Defect::UdpNotRefreshed) {
            return true;
        }
        state.note(packet);
        state.until = now + lifetime(&flow, *state, &self.defects);
        true
    }

    /// Returns whether a packet may come in, and notes that its flow is alive.
    pub(super) fn pass_in(&mut self, packet: &Packet<'_>, now: Time) -> bool {
        if let Some(icmpv6) = packet.icmpv6()
            && icmpv6.kind < FIRST_INFORMATIONAL
        {
            if icmpv6.kind == PACKET_TOO_BIG && self.defects.has(Defect::DropsPacketTooBig) {
                return false;
            }
            let dropped = matches!(icmpv6.kind, DESTINATION_UNREACHABLE | TIME_EXCEEDED);
            if dropped && self.defects.has(Defect::DropsRelatedErrors) {
                return false;
            }
            // RFC 6092 §3.2.1 REC-10: errors belong to a flow, too.
            let related = icmpv6.body.get(4..).and_then(Flow::quoted);
            let known = related.filter(|flow| self.is_alive(flow, now));
            if let Some(flow) = known
                && flow.protocol == UDP
                && self.defects.has(Defect::ErrorsEndUdp)
            {
                self.flows.remove(&flow);
            }
            let lax = [Defect::AdmitsUnrelatedErrors, Defect::NoInboundFilter];
            return known.is_some() || lax.iter().any(|defect| self.defects.has(*defect));
        }
        if is_ipsec(packet) && !self.defects.has(Defect::BlocksIpsec) {
            return true;
        }
        let fragment = Fragment::read(packet);
        let whole = fragment.map(|part| (packet.source, packet.destination, part.id));
        if let Some(until) = whole.and_then(|whole| self.fragmented.get(&whole))
            && *until > now
        {
            return true;
        }
        if let Some(tcp) = packet.tcp()
            && tcp.syn()
            && !tcp.ack()
            && self.defects.has(Defect::NoSimultaneousOpen)
        {
            return false;
        }
        let reset = packet.tcp().is_some_and(|tcp| tcp.rst());
        if reset && self.defects.has(Defect::DropsResets) {
            return false;
        }
        if let Some(flow) = Flow::inbound(packet)
            && self.is_alive(&flow, now)
            && let Some(state) = self.flows.get_mut(&flow)
        {
            state.answered = true;
            state.note(packet);
            let mistaken = flow.protocol == UDP && self.defects.has(Defect::UdpNotRefreshed);
            if !mistaken {
                state.until = now + lifetime(&flow, *state, &self.defects);
            }
            if let Some(whole) = whole {
                self.fragmented.retain(|_, until| *until > now);
                if self.fragmented.len() < FRAGMENTED_MAX {
                    self.fragmented.insert(whole, now + REASSEMBLY);
                }
            }
            return true;
        }
        self.defects.has(Defect::NoInboundFilter)
    }

    fn is_alive(&self, flow: &Flow, now: Time) -> bool {
        self.flows.get(flow).is_some_and(|state| state.until > now)
    }

    /// What the defect does: so many connections and no more.
    fn is_crowded(&self, now: Time) -> bool {
        let open = |(flow, state): &(&Flow, &State)| flow.protocol == TCP && state.until > now;
        self.defects.has(Defect::FewConnections) && self.flows.iter().filter(open).count() >= FEW
    }

    fn make_room(&mut self, now: Time) {
        if self.flows.len() < FLOWS_MAX {
            return;
        }
        self.flows.retain(|_, state| state.until > now);
        if self.flows.len() >= FLOWS_MAX {
            let oldest = self.flows.iter().min_by_key(|(_, state)| state.until);
            if let Some(flow) = oldest.map(|(flow, _)| *flow) {
                self.flows.remove(&flow);
            }
        }
    }
}

impl State {
    fn note(&mut self, packet: &Packet<'_>) {
        let Some(tcp) = packet.tcp() else {
            return;
        };
        if tcp.syn() && !tcp.ack() {
            *self = Self {
                answered: false,
                closing: false,
                ..*self
            };
        }
        self.closing |= tcp.fin() || tcp.rst();
    }
}

fn lifetime(flow: &Flow, state: State, defects: &Defects) -> Duration {
    match flow.protocol {
        TCP if !state.answered || state.closing => TCP_TRANSITORY,
        TCP if defects.has(Defect::ShortTcpIdle) => TCP_SHORT,
        TCP if defects.has(Defect::OneHourTcpIdle) => TCP_ONE_HOUR,
        TCP => TCP_ESTABLISHED,
        UDP if defects.has(Defect::ShortUdpIdle) => OTHER_SHORT,
        UDP | ICMPV6 => OTHER,
        _ if defects.has(Defect::ShortOtherIdle) => OTHER_SHORT,
        _ => OTHER,
    }
}

/// RFC 6092 §3.2.4 REC-21, REC-22, REC-24: unless told otherwise, these pass.
fn is_ipsec(packet: &Packet<'_>) -> bool {
    let ike = packet.udp().is_some_and(|udp| udp.destination_port == IKE);
    ike || matches!(packet.ip[NEXT_HEADER_OFFSET], ESP | AUTHENTICATION)
}

const HTTP: u16 = 80;
const NTP: u16 = 123;
const ESP: u8 = 50;
const AUTHENTICATION: u8 = 51;
const DNS: u16 = 53;
const HTTPS: u16 = 443;
const IKE: u16 = 500;
// RFC 6092 §3.3.1 REC-35, and §3.2.2 REC-12 with §3.2.3 REC-14.
const TCP_ESTABLISHED: Duration = Duration::from_secs(2 * 3600 + 4 * 60);
const TCP_TRANSITORY: Duration = Duration::from_secs(4 * 60);
const OTHER: Duration = Duration::from_secs(5 * 60);
const FLOWS_MAX: usize = 4096;
/// What the defect `few-connections` allows at a time.
const FEW: usize = 8;
const FRAGMENTED_MAX: usize = 256;
// RFC 8200 §4.5: who puts a packet together waits so long for its last fragment.
const REASSEMBLY: Duration = Duration::from_secs(60);
// What the defect does (guide FAQ 11: line authentication may take more than 25 s).
const TCP_SHORT: Duration = Duration::from_secs(10);
const TCP_ONE_HOUR: Duration = Duration::from_secs(3600);
const OTHER_SHORT: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Frame;
    use crate::message::packet::{Envelope, Mac, icmpv6_error_body};

    #[test]
    fn an_answer_comes_in_and_a_stranger_does_not() {
        let mut filter = Filter::new(Defects::default());
        assert!(!pass_in(&mut filter, &udp(WEB, PC, 53, 4000), 0));
        assert!(pass_out(&mut filter, &udp(PC, WEB, 4000, 53), 0));
        assert!(pass_in(&mut filter, &udp(WEB, PC, 53, 4000), 299));
        assert!(!pass_in(&mut filter, &udp(WEB, PC, 53, 4001), 299));
        assert!(!pass_in(&mut filter, &udp(WEB, PC, 53, 4000), 600));
    }

    #[test]
    fn an_established_connection_survives_two_hours_of_silence() {
        let mut filter = Filter::new(Defects::default());
        assert!(pass_out(
            &mut filter,
            &tcp(PC, WEB, |tcp| tcp.syn = true),
            0
        ));
        let answer = tcp(WEB, PC, |tcp| (tcp.syn, tcp.ack) = (true, true));
        assert!(pass_in(&mut filter, &answer, 1));
        assert!(pass_in(
            &mut filter,
            &tcp(WEB, PC, |tcp| tcp.ack = true),
            7200
        ));
        let mut filter = Filter::new(Defects::of([Defect::ShortTcpIdle]));
        assert!(pass_out(
            &mut filter,
            &tcp(PC, WEB, |tcp| tcp.syn = true),
            0
        ));
        assert!(pass_in(&mut filter, &answer, 1));
        assert!(!pass_in(
            &mut filter,
            &tcp(WEB, PC, |tcp| tcp.ack = true),
            30
        ));
    }

    #[test]
    fn an_error_comes_in_if_it_quotes_a_flow() {
        let mut filter = Filter::new(Defects::default());
        let question = udp(PC, WEB, 4000, 53);
        let error =
            envelope(WEB, PC).icmpv6(PACKET_TOO_BIG, 0, &icmpv6_error_body(1280, &question[14..]));
        assert!(!pass_in(&mut filter, &error, 0));
        assert!(pass_out(&mut filter, &question, 0));
        assert!(pass_in(&mut filter, &error, 0));
    }

    #[test]
    fn the_number_of_flows_is_bounded() {
        let mut filter = Filter::new(Defects::default());
        for port in 0..=u16::MAX {
            pass_out(&mut filter, &udp(PC, WEB, port, 53), i64::from(port));
        }
        assert!(filter.flows.len() <= FLOWS_MAX);
    }

    const MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 1]);
    const PC: Ipv6Addr = Ipv6Addr::new(0x2408, 0x3ff, 0xe00, 0xca01, 0, 0, 0, 2);
    const WEB: Ipv6Addr = Ipv6Addr::new(0x2404, 0x1a8, 0xf583, 0xaf0, 0, 0, 0, 1);

    fn envelope(from: Ipv6Addr, to: Ipv6Addr) -> Envelope {
        Envelope::new(MAC, MAC, from, to)
    }

    fn udp(from: Ipv6Addr, to: Ipv6Addr, source: u16, destination: u16) -> Frame {
        envelope(from, to).udp(source, destination, b"")
    }

    fn tcp(from: Ipv6Addr, to: Ipv6Addr, set: impl Fn(&mut etherparse::TcpHeader)) -> Frame {
        let (source, destination) = if from == PC { (4000, 443) } else { (443, 4000) };
        let mut header = etherparse::TcpHeader::new(source, destination, 1, 1000);
        set(&mut header);
        envelope(from, to).tcp(header, b"")
    }

    fn pass_out(filter: &mut Filter, frame: &Frame, at: i64) -> bool {
        filter.pass_out(&Packet::parse(frame).unwrap(), Time::from_secs(at))
    }

    fn pass_in(filter: &mut Filter, frame: &Frame, at: i64) -> bool {
        filter.pass_in(&Packet::parse(frame).unwrap(), Time::from_secs(at))
    }
}

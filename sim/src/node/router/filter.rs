//! The stateful filter between line and LAN (RFC 6092; guide p.5 asks for one): what a terminal
//! began may be answered, and nothing else comes in.

mod flow;
pub(super) mod mistakes;

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::time::Duration;

use self::flow::{Flow, Fragment, ICMPV6, NEXT_HEADER_OFFSET, TCP, UDP};
use super::defect::{Defects, defects};
use crate::message::icmpv6::{
    DESTINATION_UNREACHABLE, ECHO_REQUEST, FIRST_INFORMATIONAL, PACKET_TOO_BIG, PARAMETER_PROBLEM,
    TIME_EXCEEDED,
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
        if to_https && self.defects.has(BLOCKS_HTTPS) {
            return false;
        }
        let to_http = packet
            .tcp()
            .is_some_and(|tcp| tcp.destination_port() == HTTP);
        let to_ntp = packet.udp().is_some_and(|udp| udp.destination_port == NTP);
        // Customers have their prefixes in the same /22 as the delivery hosts (ngn-facts §4.1).
        let range = |address: Ipv6Addr| address.to_bits() >> (128 - 22);
        let same_range = range(packet.source) == range(packet.destination);
        if to_http && self.defects.has(BLOCKS_HTTP)
            || to_ntp && self.defects.has(BLOCKS_NTP)
            || same_range && self.defects.has(BLOCKS_FOLDED_RANGE)
        {
            return false;
        }
        let to_dns = packet.udp().is_some_and(|udp| udp.destination_port == DNS);
        if to_dns && self.defects.has(BLOCKS_OUTSIDE_DNS) {
            return false;
        }
        let echo = packet.icmpv6().map(|message| message.kind) == Some(ECHO_REQUEST);
        if echo && self.defects.has(BLOCKS_ECHO) {
            return false;
        }
        let Some(flow) = Flow::outbound(packet).map(|flow| self.as_kept(flow)) else {
            return true;
        };
        // As strict as a filter may be that forgets: who did not begin with a SYN is unknown.
        let unknown = !self.is_alive(&flow, now) && packet.tcp().is_some_and(|tcp| !tcp.syn());
        let forgetful = [SHORT_TCP_IDLE, ONE_HOUR_TCP_IDLE];
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
        } else if flow.protocol == UDP && self.defects.has(UDP_NOT_REFRESHED) {
            return true;
        }
        state.note(packet, &self.defects);
        state.until = now + lifetime(&flow, *state, &self.defects);
        true
    }

    /// Returns whether a packet may come in, and notes that its flow is alive.
    pub(super) fn pass_in(&mut self, packet: &Packet<'_>, now: Time) -> bool {
        if mistakes::keeps_out(packet, &self.defects) {
            return false;
        }
        if let Some(icmpv6) = packet.icmpv6()
            && icmpv6.kind < FIRST_INFORMATIONAL
        {
            if icmpv6.kind == PACKET_TOO_BIG && self.defects.has(DROPS_PACKET_TOO_BIG) {
                return false;
            }
            let dropped = matches!(icmpv6.kind, DESTINATION_UNREACHABLE | TIME_EXCEEDED);
            let problem = icmpv6.kind == PARAMETER_PROBLEM;
            if dropped && self.defects.has(DROPS_RELATED_ERRORS)
                || problem && self.defects.has(DROPS_PARAMETER_PROBLEMS)
            {
                return false;
            }
            // RFC 6092 §3.2.1 REC-10: errors belong to a flow, too.
            let related = icmpv6.body.get(4..).and_then(Flow::quoted);
            let related = related.map(|flow| self.as_kept(flow));
            let known = related.filter(|flow| self.is_alive(flow, now));
            if let Some(flow) = known
                && flow.protocol == UDP
                && self.defects.has(ERRORS_END_UDP)
            {
                self.flows.remove(&flow);
            }
            let lax = [ADMITS_UNRELATED_ERRORS, NO_INBOUND_FILTER];
            return known.is_some() || lax.iter().any(|defect| self.defects.has(*defect));
        }
        if is_ipsec(packet) && !self.defects.has(BLOCKS_IPSEC) {
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
            && self.defects.has(NO_SIMULTANEOUS_OPEN)
        {
            return false;
        }
        let from_https = packet
            .tcp()
            .is_some_and(|tcp| tcp.source_port() == HTTPS && !tcp.payload().is_empty());
        if from_https && self.defects.has(DROPS_HTTPS_ANSWERS) {
            return false;
        }
        let reset = packet.tcp().is_some_and(|tcp| tcp.rst());
        if reset && self.defects.has(DROPS_RESETS) {
            return false;
        }
        if let Some(flow) = Flow::inbound(packet).map(|flow| self.as_kept(flow))
            && self.is_alive(&flow, now)
            && let Some(state) = self.flows.get_mut(&flow)
        {
            state.answered = true;
            state.note(packet, &self.defects);
            let mistaken = flow.protocol == UDP && self.defects.has(UDP_NOT_REFRESHED);
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
        self.defects.has(NO_INBOUND_FILTER)
            || self.trusts(packet)
            || mistakes::lets_in(packet, &self.defects)
    }

    /// Forgets every flow, for a defect.
    pub(super) fn forget_all(&mut self) {
        self.flows.clear();
    }

    fn as_kept(&self, flow: Flow) -> Flow {
        match self.defects.has(IGNORES_PORTS_INSIDE) {
            true => flow.without_inside_port(),
            false => flow,
        }
    }

    /// Returns whether a defect lets a packet in for what it says of itself.
    fn trusts(&self, packet: &Packet<'_>) -> bool {
        let from_service = packet
            .udp()
            .is_some_and(|udp| TRUSTED_PORTS.contains(&udp.source_port));
        let established = packet.tcp().is_some_and(|tcp| tcp.ack());
        from_service && self.defects.has(TRUSTS_SOURCE_PORTS)
            || established && self.defects.has(TAKES_ACK_FOR_ESTABLISHED)
    }

    fn is_alive(&self, flow: &Flow, now: Time) -> bool {
        self.flows.get(flow).is_some_and(|state| state.until > now)
    }

    /// What the defect does: so many connections and no more.
    fn is_crowded(&self, now: Time) -> bool {
        let open = |(flow, state): &(&Flow, &State)| flow.protocol == TCP && state.until > now;
        self.defects.has(FEW_CONNECTIONS) && self.flows.iter().filter(open).count() >= FEW
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
    fn note(&mut self, packet: &Packet<'_>, defects: &Defects) {
        let Some(tcp) = packet.tcp() else {
            return;
        };
        if tcp.syn() && !tcp.ack() && !defects.has(CLOSED_FOR_GOOD) {
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
        TCP if state.closing && defects.has(FORGETS_AT_FIN) => Duration::ZERO,
        TCP if !state.answered || state.closing => match defects.has(SHORT_TCP_TRANSITION) {
            true => OTHER_SHORT,
            false => TCP_TRANSITORY,
        },
        TCP if defects.has(SHORT_TCP_IDLE) => TCP_SHORT,
        TCP if defects.has(ONE_HOUR_TCP_IDLE) => TCP_ONE_HOUR,
        TCP => TCP_ESTABLISHED,
        UDP if defects.has(SHORT_UDP_IDLE) => OTHER_SHORT,
        UDP | ICMPV6 => OTHER,
        _ if defects.has(SHORT_OTHER_IDLE) => OTHER_SHORT,
        _ => OTHER,
    }
}

/// RFC 6092 §3.2.4 REC-21, REC-22, REC-24: unless told otherwise, these pass.
fn is_ipsec(packet: &Packet<'_>) -> bool {
    let ike = packet.udp().is_some_and(|udp| udp.destination_port == IKE);
    ike || matches!(packet.ip[NEXT_HEADER_OFFSET], ESP | AUTHENTICATION)
}

// What the defect `trusts-source-ports` takes for answers: DNS and NTP.
const TRUSTED_PORTS: [u16; 2] = [53, 123];
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

defects! {
    /// Lets connections from outside through to terminals.
    NO_INBOUND_FILTER = "no-inbound-filter",
        "外部から端末への接続を通す。";
    /// Drops resets that answer a SYN, since no connection is established.
    DROPS_RESETS = "drops-resets",
        "接続が確立していないことを理由に、SYNに対するRSTを破棄する。";
    /// Drops Packet Too Big messages for its terminals.
    DROPS_PACKET_TOO_BIG = "drops-packet-too-big",
        "端末宛てのPacket Too Bigを破棄する。";
    /// Lets ICMPv6 errors in that belong to nothing.
    ADMITS_UNRELATED_ERRORS = "admits-unrelated-errors",
        "どの通信とも関係のないICMPv6エラーを通す。";
    /// Drops unreachable and time-exceeded messages for its terminals' flows.
    DROPS_RELATED_ERRORS = "drops-related-errors",
        "端末の通信に関するDestination UnreachableとTime Exceededを破棄する。";
    /// Drops Parameter Problems about its terminals' flows.
    DROPS_PARAMETER_PROBLEMS = "drops-parameter-problems",
        "端末の通信に関するParameter Problemを破棄する。";
    /// Takes UDP from the ports of DNS and NTP for answers, whoever asked.
    TRUSTS_SOURCE_PORTS = "trusts-source-ports",
        "送信元がDNSやNTPのポートのUDPを、問い合わせがなくても応答とみなして通す。";
    /// Lets UDP of a host that a terminal has talked to in to each of the terminal's ports.
    IGNORES_PORTS_INSIDE = "ignores-ports-inside",
        "端末が通信した相手からのUDPを、端末のどのポート宛てでも通す。";
    /// Takes every TCP segment with an ACK for one of an established connection.
    TAKES_ACK_FOR_ESTABLISHED = "takes-ack-for-established",
        "ACKの立ったTCPセグメントを、すべて確立した接続のものとみなして通す。";
    /// Forgets a TCP connection when one side closes.
    FORGETS_AT_FIN = "forgets-at-fin",
        "片方がFINを送ると、TCP接続の状態を破棄する。";
    /// Drops echo requests of its terminals.
    BLOCKS_ECHO = "blocks-echo",
        "端末が送るエコー要求を破棄する。";
    /// Drops AH, ESP and IKE from outside.
    BLOCKS_IPSEC = "blocks-ipsec",
        "外部からのAH、ESP、IKEを破棄する。";
    /// Forgets a UDP flow when an ICMPv6 error for it comes in.
    ERRORS_END_UDP = "errors-end-udp",
        "ICMPv6エラーが届くと、そのUDP通信の状態を破棄する。";
    /// Forgets UDP flows after thirty seconds, the default of Linux for unanswered ones.
    SHORT_UDP_IDLE = "short-udp-idle",
        "UDP通信の状態を30秒で破棄する。応答のないUDPに対するLinuxの既定値である。";
    /// Counts the life of a UDP flow from its first packet.
    UDP_NOT_REFRESHED = "udp-not-refreshed",
        "UDP通信の状態を保持する時間を、最初のパケットから数える。";
    /// Forgets flows of other protocols after thirty seconds.
    SHORT_OTHER_IDLE = "short-other-idle",
        "その他のプロトコルの状態を30秒で破棄する。";
    /// Drops a SYN from outside although the terminal has sent one there, too.
    NO_SIMULTANEOUS_OPEN = "no-simultaneous-open",
        "端末も同じ相手にSYNを送っているのに、外部からのSYNを破棄する。";
    /// Forgets TCP connections that are being opened or closed after thirty seconds.
    SHORT_TCP_TRANSITION = "short-tcp-transition",
        "確立途中や切断途中のTCP接続の状態を30秒で破棄する。";
    /// Begins a connection that was closed before as one that is being closed.
    CLOSED_FOR_GOOD = "closed-for-good",
        "一度閉じたTCP接続と同じアドレスとポートで張り直した接続を、切断途中として扱う。";
    /// Forgets TCP connections after one hour of silence.
    ONE_HOUR_TCP_IDLE = "one-hour-tcp-idle",
        "TCP接続の状態を、無通信1時間で破棄する。";
    /// Forgets TCP connections after ten seconds of silence, shorter than line authentication may
    /// take (guide FAQ 11).
    SHORT_TCP_IDLE = "short-tcp-idle",
        "TCP接続の状態を、回線認証にかかり得る時間より短い無通信10秒で破棄する。";
    /// Knows no more than eight TCP connections at a time, those included that were just closed.
    FEW_CONNECTIONS = "few-connections",
        "閉じたばかりのものも含め、TCP接続の状態を同時に8つまでしか保持しない。";
    /// Drops TCP to port 80, as a filter that lets nothing but HTTPS out.
    BLOCKS_HTTP = "blocks-http",
        "HTTPSしか外に出さないフィルタのように、TCP 80番を破棄する。";
    /// Drops UDP to port 123, as a filter against NTP amplification.
    BLOCKS_NTP = "blocks-ntp",
        "NTPの増幅攻撃に備えるフィルタのように、UDP 123番を破棄する。";
    /// Drops packets for addresses of other customers, where the delivery hosts are (ngn-facts
    /// §4.1).
    BLOCKS_FOLDED_RANGE = "blocks-folded-range",
        "配信用のホストがある、ほかの利用者と同じアドレス帯に宛てたパケットを破棄する。";
    /// Drops TCP to port 443.
    BLOCKS_HTTPS = "blocks-https",
        "TCP 443番を破棄する。";
    /// Drops what HTTPS servers send once a connection stands, as a filter that looks into TLS.
    DROPS_HTTPS_ANSWERS = "drops-https-answers",
        "HTTPSの接続が確立した後、サーバから届くデータを破棄する。TLSを検査するフィルタがそうする。";
    /// Lets terminals ask no DNS server but itself.
    BLOCKS_OUTSIDE_DNS = "blocks-outside-dns",
        "端末が自分以外のDNSサーバに問い合わせることを許さない。";
}

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
        let mut filter = Filter::new(Defects::new([SHORT_TCP_IDLE].into()));
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

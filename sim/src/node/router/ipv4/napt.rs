//! One NAPT: the terminals behind one address (RFC 3022 §2.2), as RFC 4787, RFC 5382 and RFC 5508 want
//! it. Its mappings do not depend on the other end; what comes in does.
//!
//! It sees whole packets: fragments are put together before. Leaves out port forwarding.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;

use crate::message::packet::ipv4::rewrite::{End, Ends, Protocol, ends, rewrite};
use crate::node::router::defect::{Defects, defects};
use crate::time::Time;

/// The mappings of one session.
pub(super) struct Napt {
    outside: Ipv4Addr,
    mappings: Vec<Mapping>,
    defects: Defects,
}

struct Mapping {
    protocol: Protocol,
    inside: (Ipv4Addr, u16),
    port: u16,
    /// Whom the terminal has sent to, and until when they may answer.
    peers: BTreeMap<Ipv4Addr, Time>,
    /// Of TCP, whether both sides have spoken.
    established: bool,
    until: Time,
}

impl Napt {
    pub(super) fn new(outside: Ipv4Addr, defects: Defects) -> Self {
        Self {
            outside,
            mappings: Vec::new(),
            defects,
        }
    }

    pub(super) fn outside(&self) -> Ipv4Addr {
        self.outside
    }

    /// Translates a packet that leaves; `None` if there is no room for it.
    pub(super) fn pass_out(
        &mut self,
        ip: &mut [u8],
        now: Time,
        rng: &mut ChaCha8Rng,
    ) -> Option<()> {
        let said = ends(ip)?;
        self.mappings.retain(|mapping| mapping.until > now);
        let depends = self.defects.has(MAPS_BY_DESTINATION);
        let known = self.mappings.iter().position(|mapping| {
            let same = mapping.protocol == said.protocol && mapping.inside == said.source;
            same && (!depends || mapping.peers.contains_key(&said.destination.0))
        });
        let at = match known {
            Some(at) => at,
            None => self.map(said, now, rng)?,
        };
        let lasting = self.lifetime(said.protocol, self.mappings[at].established);
        let mapping = &mut self.mappings[at];
        mapping.until = mapping.until.max(now + lasting);
        mapping.peers.retain(|_, until| *until > now);
        if mapping.peers.len() < PEERS_MAX {
            mapping.peers.insert(said.destination.0, now + lasting);
        }
        rewrite(ip, End::Source, (self.outside, mapping.port))
    }

    /// Translates a packet that comes in; `None` if nobody here has asked for it.
    pub(super) fn pass_in(&mut self, ip: &mut [u8], now: Time) -> Option<Ipv4Addr> {
        let said = ends(ip)?;
        if said.protocol == Protocol::Query && self.defects.has(FORGETS_ECHOES) {
            return None;
        }
        let anybody = self.defects.has(LETS_STRANGERS_IN);
        let mapping = self.mappings.iter_mut().find(|mapping| {
            mapping.protocol == said.protocol
                && mapping.port == said.destination.1
                && mapping.until > now
        })?;
        // RFC 4787 §5 REQ-8: who was sent to may answer, from whatever port.
        let asked = mapping.peers.get(&said.source.0);
        if !anybody && asked.is_none_or(|until| *until <= now) {
            return None;
        }
        mapping.established = true;
        let inside = mapping.inside;
        rewrite(ip, End::Destination, inside)?;
        Some(inside.0)
    }

    /// Translates what an ICMP error quotes of a packet that left; returns who had sent it (RFC 5508
    /// §4.1).
    pub(super) fn quoted_inside(&self, quoted: &mut [u8], now: Time) -> Option<Ipv4Addr> {
        let said = ends(quoted)?;
        let mapping = self.mappings.iter().find(|mapping| {
            mapping.protocol == said.protocol
                && (self.outside, mapping.port) == said.source
                && mapping.until > now
        })?;
        rewrite(quoted, End::Source, mapping.inside)?;
        Some(mapping.inside.0)
    }

    fn map(&mut self, said: Ends, now: Time, rng: &mut ChaCha8Rng) -> Option<usize> {
        if self.mappings.len() >= MAPPINGS_MAX {
            return None;
        }
        let port = self.port_for(said, rng)?;
        self.mappings.push(Mapping {
            protocol: said.protocol,
            inside: said.source,
            port,
            peers: BTreeMap::new(),
            established: false,
            until: now,
        });
        Some(self.mappings.len() - 1)
    }

    /// RFC 4787 §4.2.1 and §4.2.2: one port for one terminal's, of the same parity. Those above are
    /// left to the router's own questions.
    fn port_for(&self, said: Ends, rng: &mut ChaCha8Rng) -> Option<u16> {
        let taken = |port: u16| {
            let mut mappings = self.mappings.iter();
            mappings.any(|own| own.protocol == said.protocol && own.port == port)
        };
        let wanted = said.source.1;
        if self.defects.has(SHARES_PORTS) {
            return Some(SHARED_PORT | wanted & 1);
        }
        if PORTS.contains(&wanted) && !taken(wanted) {
            return Some(wanted);
        }
        (0..64)
            .map(|_| rng.random_range(PORTS) & !1 | wanted & 1)
            .find(|port| !taken(*port))
    }

    fn lifetime(&self, protocol: Protocol, established: bool) -> Duration {
        match protocol {
            Protocol::Udp if self.defects.has(FORGETS_UDP_SOON) => Duration::from_secs(20),
            Protocol::Udp => UDP_LIFETIME,
            Protocol::Tcp if established => TCP_LIFETIME,
            Protocol::Tcp => TRANSITORY_LIFETIME,
            Protocol::Query => QUERY_LIFETIME,
        }
    }
}

/// Ports for terminals; the dynamic ones above are the router's own.
const PORTS: std::ops::Range<u16> = 1024..49_152;
/// RFC 4787 §4.3 REQ-5: two minutes at least, five by default.
const UDP_LIFETIME: Duration = Duration::from_secs(300);
/// RFC 5382 §5 REQ-5: two hours and four minutes at least.
const TCP_LIFETIME: Duration = Duration::from_secs(7440);
/// RFC 5382 §5 REQ-5: four minutes at least.
const TRANSITORY_LIFETIME: Duration = Duration::from_secs(240);
/// RFC 5508 §3.2 REQ-2: a minute at least.
const QUERY_LIFETIME: Duration = Duration::from_secs(60);
/// More than a site has at a time (ours).
const MAPPINGS_MAX: usize = 1024;
const PEERS_MAX: usize = 64;
const SHARED_PORT: u16 = 2000;

defects! {
    /// Its NAPT takes another port for each destination (RFC 4787 §4.1 REQ-1).
    MAPS_BY_DESTINATION = "maps-by-destination",
        "NAPTの変換後のポートが宛先ごとに変わる。";
    /// Its NAPT gives several terminals one and the same port (RFC 4787 §4.2.1 REQ-3).
    SHARES_PORTS = "shares-ports",
        "NAPTが複数の端末に同じポートを割り当てる。";
    /// Its NAPT lets anybody in at a port that a terminal uses.
    LETS_STRANGERS_IN = "lets-strangers-in",
        "端末が使っているポートに、端末が送った先ではない相手からのパケットも通す。";
    /// Its NAPT forgets UDP mappings after twenty seconds (RFC 4787 §4.3 REQ-5).
    FORGETS_UDP_SOON = "forgets-udp-soon",
        "UDPのNAPTの対応を20秒で忘れる。";
    /// Its NAPT has no way back for the answers to terminals' echo requests.
    FORGETS_ECHOES = "forgets-echoes",
        "端末のエコー要求への応答を、端末に戻さない。";
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;
    use crate::message::packet::ipv4::Header4;

    #[test]
    fn an_answer_comes_back_to_who_asked_and_to_nobody_else() {
        let (mut napt, mut rng) = (napt(), ChaCha8Rng::seed_from_u64(1));
        let mut first = Header4::new(ONE, HOST).udp(5000, 53, b"q");
        let mut second = Header4::new(TWO, HOST).udp(5000, 53, b"q");
        napt.pass_out(&mut first, Time::ZERO, &mut rng).unwrap();
        napt.pass_out(&mut second, Time::ZERO, &mut rng).unwrap();
        let [first, second] = [first, second].map(|ip| ends(&ip).unwrap().source);
        assert_ne!(first, second);
        for (outside, inside) in [(first, ONE), (second, TWO)] {
            let mut answer = Header4::new(HOST, outside.0).udp(53, outside.1, b"a");
            assert_eq!(napt.pass_in(&mut answer, Time::ZERO), Some(inside));
            assert_eq!(ends(&answer).unwrap().destination, (inside, 5000));
            let mut stranger = Header4::new(ELSE, outside.0).udp(53, outside.1, b"a");
            assert_eq!(napt.pass_in(&mut stranger, Time::ZERO), None);
        }
        let mut late = Header4::new(HOST, first.0).udp(53, first.1, b"a");
        let then = Time::ZERO + UDP_LIFETIME;
        assert_eq!(napt.pass_in(&mut late, then), None);
    }

    #[test]
    fn what_an_error_quotes_is_brought_back_to_who_sent_it() {
        let (mut napt, mut rng) = (napt(), ChaCha8Rng::seed_from_u64(1));
        let mut sent = Header4::new(ONE, HOST).udp(5000, 9, b"long enough");
        napt.pass_out(&mut sent, Time::ZERO, &mut rng).unwrap();
        let mut quoted = sent[..28].to_vec();
        assert_eq!(napt.quoted_inside(&mut quoted, Time::ZERO), Some(ONE));
        assert_eq!(ends(&quoted).unwrap().source, (ONE, 5000));
    }

    const ONE: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 2);
    const TWO: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 3);
    const HOST: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 7);
    const ELSE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 8);

    fn napt() -> Napt {
        Napt::new(Ipv4Addr::new(203, 0, 113, 16), Defects::default())
    }
}

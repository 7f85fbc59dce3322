//! Which packets an ICMPv6 error may answer, and how often (RFC 4443 §2.4 (e) and (f)).

use std::time::Duration;

use crate::message::packet::{Packet, Payload};
use crate::time::Time;

/// An error about a packet: type, code and the four bytes after the checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) kind: u8,
    pub(super) code: u8,
    pub(super) value: u32,
}

/// Destination Unreachable, no route.
pub(super) const NO_ROUTE: Complaint = Complaint::unreachable(0);
/// Destination Unreachable, beyond scope of source address.
pub(super) const BEYOND_SCOPE: Complaint = Complaint::unreachable(2);
/// Destination Unreachable, address unreachable.
pub(super) const NO_NEIGHBOR: Complaint = Complaint::unreachable(3);
/// Destination Unreachable, port unreachable.
pub(super) const NO_PORT: Complaint = Complaint::unreachable(4);
/// Destination Unreachable, source address failed ingress/egress policy.
pub(super) const BAD_SOURCE: Complaint = Complaint::unreachable(5);
/// Time Exceeded, hop limit exceeded in transit.
pub(super) const TIME_EXCEEDED: Complaint = Complaint {
    kind: 3,
    code: 0,
    value: 0,
};

impl Complaint {
    const fn unreachable(code: u8) -> Self {
        Self {
            kind: 1,
            code,
            value: 0,
        }
    }

    /// Packet Too Big with the MTU of the next link.
    pub(super) const fn too_big(mtu: u32) -> Self {
        Self {
            kind: 2,
            code: 0,
            value: mtu,
        }
    }
}

/// Returns whether a packet may be answered by an error.
pub(super) fn may_complain(packet: &Packet<'_>) -> bool {
    let is_error = match &packet.payload {
        // Below 128 are errors, and 137 is a redirect.
        Payload::Icmpv6(icmpv6) => icmpv6.kind < 128 || icmpv6.kind == 137,
        _ => false,
    };
    !is_error
        && !packet.destination.is_multicast()
        && !packet.eth_destination.is_multicast()
        && !packet.source.is_multicast()
        && !packet.source.is_unspecified()
        && !packet.source.is_loopback()
}

/// A token bucket for errors.
pub(super) struct Budget {
    tokens: u32,
    filled: Time,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self {
            tokens: BURST,
            filled: Time::ZERO,
        }
    }

    /// Takes a token, if there is one.
    pub(super) fn spend(&mut self, now: Time) -> bool {
        let fresh = now.since(self.filled).as_millis() / INTERVAL.as_millis();
        if fresh > 0 {
            let fresh = u32::try_from(fresh).unwrap_or(u32::MAX);
            self.tokens = self.tokens.saturating_add(fresh).min(BURST);
            self.filled = now;
        }
        let may = self.tokens > 0;
        self.tokens = self.tokens.saturating_sub(1);
        may
    }
}

// RFC 4443 §2.4 (f) suggests a token bucket of 10 for a small device.
const BURST: u32 = 10;
const INTERVAL: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_errors_is_cut_and_recovers() {
        let mut budget = Budget::new();
        let spent = (0..100).filter(|_| budget.spend(Time::ZERO)).count();
        assert_eq!(spent, 10);
        assert!(budget.spend(Time::from_secs(1)));
    }
}

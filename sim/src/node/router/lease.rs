//! A prefix that the line granted for a while.

use std::time::Duration;

use ipnet::Ipv6Net;

use crate::time::Time;

/// A prefix with its lifetimes as points in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lease {
    /// The prefix: a delegation, or the /64 of a Router Advertisement.
    pub(super) net: Ipv6Net,
    /// Until when it is preferred.
    pub(super) preferred: Time,
    /// Until when it is valid.
    pub(super) valid: Time,
}

impl Lease {
    /// Makes a lease of lifetimes in seconds from `now` on.
    pub(super) fn starting(net: Ipv6Net, preferred: u32, valid: u32, now: Time) -> Self {
        Self {
            net,
            preferred: after(now, preferred),
            valid: after(now, valid),
        }
    }

    /// Returns the lease of the LAN's /64: subnet 1, or the only one there is.
    pub(super) fn for_lan(self) -> Option<Self> {
        let (bits, length) = (u128::from(self.net.addr()), self.net.prefix_len());
        // A delegation longer than /64 has no room for a LAN (RFC 7084 §4.2 WPD-3).
        let subnet = match length {
            0..64 => 1,
            64 => 0,
            _ => return None,
        };
        let net = Ipv6Net::new((bits | (subnet << 64)).into(), 64).ok()?;
        Some(Self { net, ..self })
    }
}

impl Lease {
    /// Returns subnet 1 of the /56 around the lease, whatever its own length: a defect.
    pub(super) fn for_lan_of_56(self) -> Self {
        let site = self.net.addr().to_bits() >> 72 << 72;
        let net = Ipv6Net::new((site | (1 << 64)).into(), 64).unwrap_or(self.net);
        Self { net, ..self }
    }
}

/// Returns the point `secs` seconds after `now`; all ones is for ever (RFC 4861 §4.6.2).
pub(super) fn after(now: Time, secs: u32) -> Time {
    match secs {
        u32::MAX => Time::NEVER,
        _ => now + Duration::from_secs(u64::from(secs)),
    }
}

/// Returns the whole seconds from `now` to `until`; all ones for ever.
pub(super) fn left(now: Time, until: Time) -> u32 {
    match until {
        Time::NEVER => u32::MAX,
        _ => u32::try_from(until.since(now).as_secs()).unwrap_or(u32::MAX - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lan_gets_subnet_1_or_the_only_one() {
        let lan = |net: &str| {
            let lease = Lease::starting(net.parse().unwrap(), 60, 60, Time::ZERO);
            Some(lease.for_lan()?.net.to_string())
        };
        let of = |text: &str| Some(text.to_owned());
        assert_eq!(lan("2408:3ff:e00:ca00::/56"), of("2408:3ff:e00:ca01::/64"));
        assert_eq!(lan("2408:3ff:e00:ca10::/60"), of("2408:3ff:e00:ca11::/64"));
        assert_eq!(lan("2408:3ff:e00:ca00::/64"), of("2408:3ff:e00:ca00::/64"));
        assert_eq!(lan("2408:3ff:e00:ca00::/80"), None);
    }

    #[test]
    fn lifetimes_count_down_and_all_ones_never_does() {
        let until = after(Time::ZERO, 100);
        assert_eq!(left(Time::from_secs(40), until), 60);
        assert_eq!(left(Time::from_secs(400), until), 0);
        assert_eq!(
            left(Time::from_secs(400), after(Time::ZERO, u32::MAX)),
            u32::MAX
        );
    }
}

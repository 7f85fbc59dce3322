//! The prefixes that the line gave the device, by advertisement or by delegation.

use std::time::Duration;

use ipnet::Ipv6Net;
use ngnlab_reports::RecordId;
use ngnlab_sim::Time;
use ngnlab_sim::message::dhcpv6::Delegated;
use ngnlab_sim::message::ndp::PrefixInfo;
use ngnlab_sim::setup::Mode;
use ngnlab_sim::trace::Role;

use crate::checks::evidence::dhcpv6_exchanges::received;
use crate::dissection::{Delegation, Dissection, Kind};

/// A prefix as the line gave it to the device, once more or for the first time.
#[derive(Clone, Copy, Debug)]
pub(in crate::checks) struct Given {
    pub(in crate::checks) record: RecordId,
    pub(in crate::checks) at: Time,
    pub(in crate::checks) net: Ipv6Net,
    pub(in crate::checks) preferred: u32,
    pub(in crate::checks) valid: u32,
}

/// Returns what the line gave by the way the device is configured for, without what every client
/// must discard: a prefix that is preferred longer than it is valid (RFC 8415 §21.22, RFC 4862 §5.5.3
/// c), or one of an association with odd timers (RFC 8415 §21.21).
pub(in crate::checks) fn given(trace: &Dissection<'_>) -> Vec<Given> {
    let mut given = told(trace);
    given.retain(|given| given.preferred <= given.valid);
    given
}

/// Returns whether a client can use a prefix: in order (RFC 8415 §21.21, §21.22), and preferred at
/// all.
pub(in crate::checks) fn is_usable(ia: &Delegation, prefix: &Delegated) -> bool {
    let is_in_order = ia.has_sane_timers() && prefix.preferred <= prefix.valid;
    ia.success && is_in_order && prefix.preferred > 0
}

fn told(trace: &Dissection<'_>) -> Vec<Given> {
    match trace.setup().mode {
        // Below a bridge terminals have what the line advertises.
        Mode::Ra | Mode::Bridge => trace
            .router_adverts()
            // What a stranger says of the line's prefix the line has not granted.
            .filter(|ra| ra.to_device(Role::Wan) && !ra.injected)
            .flat_map(|ra| {
                let prefixes: Vec<_> = ra.is.prefixes().copied().collect();
                prefixes.into_iter().filter_map(move |prefix| {
                    Some(Given {
                        record: ra.record,
                        at: ra.arrives,
                        net: net_of(&prefix)?,
                        preferred: prefix.preferred,
                        valid: prefix.valid,
                    })
                })
            })
            .collect(),
        Mode::Pd => received(trace)
            .filter(|reply| reply.is.kind == Kind::Reply && reply.is.success())
            .flat_map(|reply| {
                let delegations = reply.is.delegations().into_iter();
                let good = delegations.filter(|ia| ia.success && ia.has_sane_timers());
                good.flat_map(|ia| ia.prefixes).map(move |prefix| Given {
                    record: reply.record,
                    at: reply.arrives,
                    net: prefix.prefix,
                    preferred: prefix.preferred,
                    valid: prefix.valid,
                })
            })
            .collect(),
    }
}

/// Returns whether the line gave another prefix than before, of which the device had no address yet
/// at some time between two points: it must not use one before duplicate address detection is over
/// (RFC 4862 §5.4).
pub(in crate::checks) fn is_between_prefixes(trace: &Dissection<'_>, from: Time, to: Time) -> bool {
    let mut in_use: Vec<_> = given(trace);
    in_use.retain(|given| given.preferred > 0);
    in_use.windows(2).any(|pair| {
        let (before, after) = (&pair[0], &pair[1]);
        if before.net == after.net || to < after.at || after.at + ADDRESSING < from {
            return false;
        }
        let first_use = trace.packets.iter().find(|found| {
            found.by_device(Role::Wan) && found.at >= after.at && after.net.contains(&found.source)
        });
        first_use.is_none_or(|found| from < found.at)
    })
}

/// One probe of the line's RetransTimer of ten seconds (ngn-facts §1.1), after a delay of up to a
/// second (RFC 4862 §5.4.2), and the time to make use of the address.
const ADDRESSING: Duration = Duration::from_secs(12);

/// Returns the prefix of an option without stray bits.
pub(in crate::checks) fn net_of(prefix: &PrefixInfo) -> Option<Ipv6Net> {
    Some(Ipv6Net::new(prefix.prefix, prefix.length).ok()?.trunc())
}

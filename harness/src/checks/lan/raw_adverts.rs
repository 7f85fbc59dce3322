//! An advertisement as it stands in its frame.

use ipnet::Ipv6Net;
use ngnlab_reports::RecordId;
use ngnlab_sim::Time;
use ngnlab_sim::message::ndp::ROUTER_ADVERTISEMENT;
use ngnlab_sim::message::packet::Payload;
use ngnlab_sim::trace::Role;

use crate::dissection::Dissection;

// Option types: RFC 4861 §4.6, RFC 4191 §2.3, RFC 8106 §5.
pub(in crate::checks) const SOURCE_LINK_LAYER: u8 = 1;

pub(in crate::checks) const PREFIX: u8 = 3;

pub(in crate::checks) const MTU: u8 = 5;

pub(in crate::checks) const ROUTE: u8 = 24;

pub(in crate::checks) const RDNSS: u8 = 25;

pub(in crate::checks) const DNSSL: u8 = 31;

/// An advertisement as it stands in its frame.
pub(in crate::checks) struct Raw<'d> {
    pub(in crate::checks) record: RecordId,
    pub(in crate::checks) at: Time,
    /// Whole options, type and length included, up to the first whose length is impossible.
    pub(in crate::checks) options: Vec<&'d [u8]>,
    /// Whether the options end where the message does.
    pub(in crate::checks) whole: bool,
}

impl<'d> Raw<'d> {
    pub(in crate::checks) fn of(&self, kind: u8) -> impl Iterator<Item = &'d [u8]> {
        let options = self.options.iter().copied();
        options.filter(move |option| option.first() == Some(&kind))
    }

    pub(in crate::checks) fn routes(&self) -> Vec<Route> {
        self.of(ROUTE).filter_map(Route::read).collect()
    }

    /// Returns the lifetimes of the options of a kind that has them behind four octets.
    pub(in crate::checks) fn lifetimes(
        &self,
        kinds: &'static [u8],
    ) -> impl Iterator<Item = (u8, u32)> {
        kinds.iter().flat_map(|kind| {
            self.of(*kind)
                .filter_map(|option| Some((*kind, u32_at(option, 4)?)))
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::checks) struct Route {
    pub(in crate::checks) net: Ipv6Net,
    pub(in crate::checks) lifetime: u32,
}

impl Route {
    pub(in crate::checks) fn read(option: &[u8]) -> Option<Self> {
        let mut octets = [0; 16];
        let given = option.get(8..)?;
        let given = given.get(..given.len().min(16))?;
        octets.get_mut(..given.len())?.copy_from_slice(given);
        Some(Self {
            net: Ipv6Net::new(octets.into(), *option.get(2)?).ok()?.trunc(),
            lifetime: u32_at(option, 4)?,
        })
    }
}

pub(in crate::checks) fn raw<'d>(trace: &'d Dissection<'_>) -> Vec<Raw<'d>> {
    let sent = trace
        .packets
        .iter()
        .filter(|found| found.by_device(Role::Lan));
    sent.filter_map(|found| {
        let Payload::Icmpv6(message) = &found.is.payload else {
            return None;
        };
        if message.kind != ROUTER_ADVERTISEMENT {
            return None;
        }
        // RFC 4861 §4.2: twelve octets stand before the options.
        let mut rest = message.body.get(12..)?;
        let mut options = Vec::new();
        while let Some(length) = rest.get(1).map(|units| usize::from(*units) * 8) {
            let Some((option, after)) = rest.split_at_checked(length).filter(|_| length > 0) else {
                break;
            };
            options.push(option);
            rest = after;
        }
        Some(Raw {
            record: found.record,
            at: found.at,
            options,
            whole: rest.is_empty(),
        })
    })
    .collect()
}

pub(in crate::checks) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

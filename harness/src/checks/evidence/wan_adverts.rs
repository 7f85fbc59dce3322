//! Router Advertisements on the WAN, and the routers that they make.

use std::time::Duration;

use ngnlab_sim::Time;
use ngnlab_sim::message::ndp::RouterAdvert;
use ngnlab_sim::trace::Role;

use crate::dissection::{Dissection, Found};

/// An advertisement of a router on the WAN that reached the device.
pub(in crate::checks) fn wan_adverts<'d>(
    trace: &'d Dissection<'_>,
) -> Vec<Found<&'d RouterAdvert>> {
    trace
        .router_adverts()
        .filter(|ra| ra.to_device(Role::Wan) && ra.source.is_unicast_link_local())
        .collect()
}

/// Returns the routers that the WAN has at a moment: what each said last still holds.
pub(in crate::checks) fn routers_at<'d, 'a>(
    adverts: &'a [Found<&'d RouterAdvert>],
    at: Time,
) -> Vec<&'a Found<&'d RouterAdvert>> {
    let mut last: Vec<&Found<&RouterAdvert>> = Vec::new();
    for ra in adverts.iter().filter(|ra| ra.arrives <= at) {
        last.retain(|other| other.source != ra.source);
        last.push(ra);
    }
    last.retain(|ra| ra.arrives + ra.is.lifetime > at);
    last
}

/// Returns when, up to a moment, the WAN last had one of these routers.
pub(in crate::checks) fn had_until(
    adverts: &[Found<&RouterAdvert>],
    at: Time,
    is_meant: impl Fn(&Found<&RouterAdvert>) -> bool,
) -> Option<Time> {
    let known = adverts.iter().enumerate();
    let known = known.filter(|(_, ra)| ra.arrives <= at && !ra.is.lifetime.is_zero());
    let ends = known.filter(|(_, ra)| is_meant(ra)).map(|(index, ra)| {
        let mut later = adverts[index + 1..].iter();
        let next = later.find(|other| other.source == ra.source);
        let said = next.map_or(Time::NEVER, |next| next.arrives);
        said.min(ra.arrives + ra.is.lifetime).min(at)
    });
    ends.max()
}

/// How long a device may take to heed an advertisement. Tolerance of ours.
pub(in crate::checks) const HEED: Duration = Duration::from_secs(1);

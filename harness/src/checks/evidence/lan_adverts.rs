//! The device's Router Advertisements on the LAN, and the prefixes in them.

use ipnet::Ipv6Net;
use ngnlab_reports::RecordId;
use ngnlab_sim::Time;
use ngnlab_sim::message::ndp::{PrefixInfo, RouterAdvert};
use ngnlab_sim::trace::Role;

use crate::checks::evidence::given_prefixes::net_of;
use crate::dissection::{Dissection, Found};

/// Returns the advertisements of the device on the LAN.
pub(in crate::checks) fn adverts<'d>(
    trace: &'d Dissection<'_>,
) -> impl Iterator<Item = Found<&'d RouterAdvert>> {
    trace.router_adverts().filter(|ra| ra.by_device(Role::Lan))
}

/// A prefix of an advertisement on the LAN.
#[derive(Clone)]
pub(in crate::checks) struct Advertised {
    pub(in crate::checks) record: RecordId,
    pub(in crate::checks) at: Time,
    pub(in crate::checks) net: Ipv6Net,
    pub(in crate::checks) info: PrefixInfo,
}

/// Returns every prefix the device advertised on the LAN.
pub(in crate::checks) fn advertised(trace: &Dissection<'_>) -> Vec<Advertised> {
    adverts(trace)
        .flat_map(|ra| {
            let prefixes: Vec<_> = ra.is.prefixes().copied().collect();
            prefixes.into_iter().filter_map(move |info| {
                Some(Advertised {
                    record: ra.record,
                    at: ra.at,
                    net: net_of(&info)?,
                    info,
                })
            })
        })
        .collect()
}

/// Returns whether the LAN had not heard of any prefix at a time since the device began: one without
/// an address of its own asks nobody, and passes nothing on.
pub(in crate::checks) fn is_unnumbered(trace: &Dissection<'_>, at: Time) -> bool {
    let cuts = trace.steps.iter().filter(|step| step.cuts_power());
    let cut = cuts.map(|step| step.at).rfind(|cut| *cut <= at);
    !adverts(trace).any(|ra| {
        let since = cut.is_none_or(|cut| cut < ra.at);
        since && ra.at <= at && ra.is.prefixes().any(|prefix| prefix.valid > 0)
    })
}

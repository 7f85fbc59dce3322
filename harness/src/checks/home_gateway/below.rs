//! Who stands below a ひかり電話ルータ, and is judged by what holds there.

use ngnlab_reports::{Profile, Verdict};
use ngnlab_sim::line::Upstream;

use crate::checks::ruling::not_applicable;
use crate::dissection::Dissection;

/// Who stands below a ひかり電話ルータ.
pub(super) const BELOW: &[Profile] = &[Profile::OnsEast, Profile::OnsWest, Profile::HomeGateway];

/// Judges only below a home gateway.
pub(super) fn below(trace: &Dissection<'_>, judge: impl FnOnce() -> Verdict) -> Verdict {
    match trace.header().line.upstream {
        Upstream::HomeGateway | Upstream::RentalRouter => judge(),
        Upstream::Onu | Upstream::Ipv6Incapable => {
            not_applicable("there is no Hikari Denwa router above the device")
        }
    }
}

//! The line that a device is measured on.

use std::path::Path;

use ngnlab_reports::benchmark::Family;
use ngnlab_sim::setup::Mode;

use crate::scenario::Scenario;

/// What of a device decides on its line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offered<'a> {
    /// How it can get its prefix.
    pub(crate) modes: &'a [Mode],
    /// Whether it dials PPPoE sessions.
    pub(crate) dials: bool,
}

/// Returns the scenario of the line, with its prefix delivered in one of the ways that a device
/// offers.
///
/// Where questions come over IPv4, a device that dials has a session: many a router has IPv4 on its LAN
/// with one alone, as the built-in one does. Any other is taken to have it anyway.
pub(crate) fn scenario(offered: Offered<'_>, wished: Option<Mode>, family: Family) -> Scenario {
    let (path, text) = match family {
        Family::Ipv6 => ("line.toml", include_str!("line.toml")),
        Family::Ipv4 => ("line-ipv4.toml", include_str!("line-ipv4.toml")),
    };
    let mut scenario =
        Scenario::parse("bench/dns", Path::new(path), text).unwrap_or_else(|mistakes| {
            panic!("the line of the benchmark is written wrong: {mistakes:?}")
        });
    if !offered.dials {
        scenario.device.pppoe.get_mut().clear();
    }
    let delivery = scenario.delivery_for(offered.modes, wished);
    scenario.delivered_by(delivery)
}

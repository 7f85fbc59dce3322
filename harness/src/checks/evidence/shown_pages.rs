//! What a site sent, and whether the terminal that it was for shows it.

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_sim::trace::{End, Fact, Screen};

use crate::checks::delay::Delay;
use crate::checks::evidence::site_visits::{beyond, opened};
use crate::checks::ruling::{Ruling, expect};
use crate::dissection::{Dissection, Told};

/// A screen on its way to a terminal.
#[derive(Clone, Copy)]
pub(in crate::checks) struct Sent<'d> {
    /// What was asked for or chosen.
    pub(in crate::checks) asked: &'d Told<'d>,
    /// What the site tells of its answer.
    pub(in crate::checks) served: &'d Told<'d>,
    /// The terminal.
    pub(in crate::checks) peer: Ipv6Addr,
    /// The screen.
    pub(in crate::checks) screen: Screen,
    /// The site's address.
    pub(in crate::checks) site: Ipv6Addr,
}

/// Judges that a screen comes to its terminal; `expected` names it.
pub(in crate::checks) fn arrives(trace: &Dissection<'_>, sent: Sent<'_>, expected: &str) -> Ruling {
    let Sent { asked, served, .. } = sent;
    // What is lost of the connection afterwards, its farewell for one, does not matter any more.
    let shown = trace.facts.iter().find(|told| {
        told.record > served.record
            && matches!(told.fact, Fact::PageSeen { screen: Some(shown), .. } if *shown == sent.screen)
    });
    if let Some(shown) = shown {
        return Ruling::Holds(vec![asked.record, served.record, shown.record]);
    }
    if served.at + STILL_COMING > trace.end()
        || trace.is_disturbed(asked.at, served.at + STILL_COMING)
    {
        return Ruling::Skip;
    }
    let carries = opened(trace, &[sent.site])
        .into_iter()
        .filter(|near| near.client.0 == sent.peer && near.at <= asked.at)
        .filter_map(|near| Some((near, beyond(trace, near)?)))
        .rfind(|(_, far)| far.last.1 >= asked.at);
    let Some((near, far)) = carries else {
        return Ruling::Skip;
    };
    let arrived = near.down >= far.down;
    // Whoever closed the browser meanwhile did not want the rest.
    if !arrived && near.reset.is_some_and(|(_, from)| from == End::Network) {
        return Ruling::Skip;
    }
    expect(
        [asked.record, served.record, far.last.0],
        arrived,
        expected,
        format!(
            "{} of the site's {} bytes reached the LAN",
            near.down, far.down
        ),
    )
    .unless_late(
        trace,
        Delay::Race {
            from: asked.at,
            to: served.at + STILL_COMING,
        },
    )
}

/// What a page may need to arrive, with repetitions.
const STILL_COMING: Duration = Duration::from_secs(5);

//! What stands on a line, and how its router is set: all that a remedy may name.

use ngnlab_reports::Text;
use ngnlab_sim::line::Upstream;
use ngnlab_sim::setup::Mode;

use crate::dissection::Dissection;

/// What there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// What stands above the router.
    pub(super) upstream: Upstream,
    /// Whether prefixes are delegated to the router.
    pub(super) delegates: bool,
    /// How the router is set.
    pub(super) mode: Mode,
    /// Whether the terminal asks DNS servers past the router.
    pub(super) asks_past: bool,
}

impl Place {
    pub(super) fn of(trace: &Dissection<'_>, asks_past: bool) -> Self {
        let line = &trace.header().line;
        Self {
            upstream: line.upstream,
            delegates: line.delegates_to_device(),
            mode: trace.setup().mode,
            asks_past,
        }
    }
}

/// Something to do, where it can be done.
#[derive(Debug)]
pub struct Remedy {
    /// Where.
    pub when: When,
    /// What.
    pub text: Text,
}

pub(super) const fn remedy(when: When, ja: &'static str, en: &'static str) -> Remedy {
    Remedy {
        when,
        text: Text::new(ja, en),
    }
}

/// Where a remedy can be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Everywhere.
    Always,
    /// Below a ひかり電話ルータ.
    HomeGateway,
    /// Below a rental router.
    RentalRouter,
    /// Where the router hands on an advertised prefix.
    SetToRa,
    /// Where it does so although prefixes are delegated.
    SetToRaOnPd,
    /// Where the router asks for a delegation.
    SetToPd,
    /// Where it does so, and prefixes are delegated.
    SetToPdOnPd,
    /// Where the terminal asks DNS servers past the router.
    TerminalAsksItself,
    /// Where there is a bridge in the router's place.
    Bridge,
}

impl When {
    pub(super) fn fits(self, place: &Place) -> bool {
        match self {
            Self::Always => true,
            Self::HomeGateway => place.upstream == Upstream::HomeGateway,
            Self::RentalRouter => place.upstream == Upstream::RentalRouter,
            Self::SetToRa => place.mode == Mode::Ra,
            Self::SetToRaOnPd => place.mode == Mode::Ra && place.delegates,
            Self::SetToPd => place.mode == Mode::Pd,
            Self::SetToPdOnPd => place.mode == Mode::Pd && place.delegates,
            Self::TerminalAsksItself => place.asks_past,
            Self::Bridge => place.mode == Mode::Bridge,
        }
    }

    /// Returns the condition in words, if there is one.
    pub fn words(self) -> Option<Text> {
        let words = match self {
            Self::Always => return None,
            Self::HomeGateway => {
                Text::new("ひかり電話ルータの配下のとき", "below a ひかり電話ルータ")
            }
            Self::RentalRouter => Text::new("レンタルルータの配下のとき", "below a rental router"),
            Self::SetToRa => Text::new("ルータがRAのとき", "with the router set to RA"),
            Self::SetToRaOnPd => Text::new(
                "委任のある回線でルータがRAのとき",
                "with the router set to RA although prefixes are delegated",
            ),
            Self::SetToPd => Text::new(
                "ルータがDHCPv6-PDのとき",
                "with the router set to DHCPv6-PD",
            ),
            Self::SetToPdOnPd => Text::new(
                "委任のある回線でルータがDHCPv6-PDのとき",
                "with the router set to DHCPv6-PD, and prefixes delegated",
            ),
            Self::TerminalAsksItself => Text::new(
                "端末がルータを経由せずに問い合わせているとき",
                "where the terminal asks past the router",
            ),
            Self::Bridge => Text::new("IPv6ブリッジのとき", "with an IPv6 bridge"),
        };
        Some(words)
    }
}

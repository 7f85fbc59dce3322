//! Where the flow of guide p.30 can end, and that of the members club, and what to do there.
//!
//! The guide's has no end for a router that loses packets, or whose own DNS fails: such ends say how
//! far the packets came, and their remedies are ours where they cite no page.

use ngnlab_reports::{Flow, Text};

use super::place::Remedy;

mod beyond;
mod members_club;
mod questions;

/// What was the matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    WrongUrl,
    WrongDns,
    NoDnsOnTerminal,
    TerminalWithoutIpv6,
    NotRedistributed,
    WrongDelivery,
    NoIpv6FromLine,
    NoPrefixFromLine,
    AdvertNotTaken,
    NoRequest,
    WrongDuid,
    InvalidRequest,
    OfferNotTaken,
    NoPrefixDelegated,
    LeaseRanOut,
    NoAddress,
    V6Option,
    IneligibleLine,
    RouterSilent,
    NoRouterOnTerminal,
    ProxyFails,
    GaveLineUp,
    ServerFails,
    DnsUnreachable,
    LostInRouter,
    HopLimit,
    WrongSource,
    Marked,
    Damaged,
    WrongRouter,
    LostUpstream,
    ConnectionLost,
    Certificate,
    NotRegistered,
    ConsentPending,
    ConsentRefused,
    NoAnswerInTime,
    SiteFault,
    SiteBusy,
    NotAuthenticated,
    ServiceSide,
    AnotherLinesMember,
    FromElsewhere,
    V4FromElsewhere,
    WayIsGone,
    NoMoreTerminals,
    NoSessionEntered,
    SessionsUsedUp,
    AccountRefused,
    SessionDown,
    PastTheSession,
    NoDomainRouting,
    AddressOfNoSession,
    AnotherSession,
    NoIpv4OnTerminal,
    LostBesideSession,
    SiteSilent,
}

/// One end of the flow.
#[derive(Debug)]
pub struct Row {
    pub(super) cause: Cause,
    /// Its stable id.
    pub id: &'static str,
    /// The step of its flow, 1 to 6.
    pub step: u8,
    /// What is the matter.
    pub finding: Text,
    /// What to do about it, by what stands there: the first that fits counts.
    pub remedies: &'static [Remedy],
}

impl Row {
    /// Returns the flow that ends here.
    pub fn flow(&self) -> Flow {
        let mut of_club = members_club::ROWS.iter();
        match of_club.any(|row| row.cause == self.cause) {
            true => Flow::MembersClub,
            false => Flow::Guide,
        }
    }
}

impl Cause {
    /// Returns what there is to say about it.
    pub(super) fn row(self) -> Option<&'static Row> {
        rows().find(|row| row.cause == self)
    }
}

/// Returns every end, in the order of the flows.
pub(super) fn rows() -> impl Iterator<Item = &'static Row> {
    let guides = questions::ROWS.iter().chain(beyond::ROWS);
    guides.chain(members_club::ROWS)
}

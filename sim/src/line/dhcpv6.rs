//! What a scenario may change about the DHCPv6 server that the device meets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::VariantNames;

/// Lifetimes and timers of a delegation, in seconds, in place of the network's own.
///
/// A value of the laboratory: so short that renewal, rebinding and expiry can be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseTimes {
    /// When to renew.
    pub t1: u32,
    /// When to rebind.
    pub t2: u32,
    /// How long addresses are preferred.
    pub preferred: u32,
    /// How long addresses are valid.
    pub valid: u32,
}

/// Oddities of the DHCPv6 server that the device meets: the edge's, or the home gateway's.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    VariantNames,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Dhcpv6Quirk {
    /// Advertises come with preference 255 (RFC 8415 §18.2.1).
    HighestPreference,
    /// A second server offers the same prefix right after the first, with a higher preference.
    SecondServer,
    /// Messages and IA_PDs carry options that nobody knows.
    UnknownOptions,
    /// Answers carry SOL_MAX_RT 60 s, the least that is allowed (RFC 8415 §21.24).
    #[serde(rename = "sol-max-rt-60")]
    #[strum(serialize = "sol-max-rt-60")]
    SolMaxRt60,
    /// Answers carry SOL_MAX_RT 30 s, which is out of range.
    #[serde(rename = "sol-max-rt-30")]
    #[strum(serialize = "sol-max-rt-30")]
    SolMaxRt30,
    /// Information-Requests are to be repeated after ten seconds, which is below the least.
    ShortRefreshTime,
    /// Requests are never answered.
    IgnoresRequests,
    /// The first three Requests fail with UnspecFail.
    UnspecFail,
    /// Every lease is forgotten by the time it is renewed, which is answered with NoBinding.
    ForgetsLeases,
    /// Answers to Renew and Rebind lack the search list (RFC 8415 §18.2.10).
    WithdrawsSearchList,
    /// Replies leave from an ephemeral port (ngn-facts §8 row 3).
    RandomSourcePort,
    /// Clients are invited to use unicast, which is then refused; what comes with the transaction
    /// id of a refused message is ignored (row 4).
    RefusesUnicast,
    /// Renew and Rebind with lifetimes of zero are ignored (row 5).
    DropsZeroRenewals,
    /// A Renew before T1 is ignored (row 5).
    DropsEarlyRenewals,
    /// Clients get a key, and hear by Reconfigure when the line is renumbered (row 10).
    Reconfigures,
    /// What a relay agent passes on is answered (RFC 8415 §19); ignored unless given, since no
    /// capture shows a relay agent on a line (inferred).
    AnswersRelayed,
    /// What a relay agent passes on is refused: no prefix, no addresses, or UnspecFail.
    RefusesRelayed,
}

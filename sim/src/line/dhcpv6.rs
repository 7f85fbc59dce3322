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
    /// The Reconfigures of the row before tell clients to rebind instead of to renew (RFC 8415
    /// §18.2.11).
    ReconfiguresByRebind,
    /// They tell clients to ask for information instead.
    ReconfiguresByInformation,
    /// Answers to Information-Requests carry INF_MAX_RT 60 s, the least that is allowed (RFC 8415
    /// §21.25).
    #[serde(rename = "inf-max-rt-60")]
    #[strum(serialize = "inf-max-rt-60")]
    InfMaxRt60,
    /// The first Reply to a Request has no IA_PD in it (RFC 8415 §18.2.10.1).
    ReplyWithoutPrefix,
    /// Before the IA_PD that was asked for, answers have one of another IAID with another prefix
    /// (RFC 8415 §12).
    ForeignAssociation,
    /// Messages, IA_PDs and prefixes say with a status that they are a success (RFC 8415 §21.13).
    SaysSuccess,
    /// Before the Advertise comes a Reply, though nobody asked for Rapid Commit (RFC 8415 §18.2.1).
    RepliesToSolicit,
    /// Renew and Rebind bring half of the lifetimes (RFC 8415 §18.2.10.1).
    ShortensLeases,
    /// Leases are for ever: all their times are infinite (RFC 8415 §7.7).
    LastsForEver,
    /// A /60 is delegated.
    #[serde(rename = "delegates-60")]
    #[strum(serialize = "delegates-60")]
    Delegates60,
    /// A /64 is delegated.
    #[serde(rename = "delegates-64")]
    #[strum(serialize = "delegates-64")]
    Delegates64,
    /// Renew and Rebind bring a /60 out of the prefix that there was, which goes.
    NarrowsAtRenewal,
    /// The first Renew or Rebind brings the prefix with lifetimes of zero, and no other one; who
    /// solicits anew gets one.
    WithdrawsAtRenewal,
    /// Renew and Rebind bring lifetimes of zero for a prefix that the client never had, before the
    /// one that it holds (RFC 8415 §18.2.10.1).
    WithdrawsAnotherPrefix,
    /// A prefix that another one takes the place of stays valid, and is preferred no longer.
    DeprecatesOldPrefix,
    /// What a relay agent passes on is answered (RFC 8415 §19); ignored unless given, since no
    /// capture shows a relay agent on a line (inferred).
    AnswersRelayed,
    /// What a relay agent passes on is refused: no prefix, no addresses, or UnspecFail.
    RefusesRelayed,
}

//! What the reference router can do wrong: one variant per fault, each so that a check fails.
//!
//! A device under test is judged by checks; checks are judged by these.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing the reference router does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Defect {
    /// Ignores the per-domain table and asks the default servers for every name (guide p.7).
    OneDnsForAll,
    /// Asks the default servers for ONS names, too, besides the right ones.
    LeaksOnsNames,
    /// Asks the alternate server of each pair first.
    AlternateFirst,
    /// Gives up on a name when its preferred server is silent.
    NoFailover,
    /// Drops DNS answers above 512 bytes, as a Yamaha NVR500 that has no `edns=on` (ngn-facts
    /// §4.4).
    DropsLargeAnswers,
    /// Cuts every UDP answer to 512 bytes with TC set, whatever size the client offered.
    #[serde(rename = "truncates-512")]
    Truncates512,
    /// Cuts long UDP answers without setting TC.
    TruncatesWithoutTc,
    /// Has no DNS over TCP on its LAN, as Yamaha proxies (ngn-facts §4.4).
    NoDnsTcp,
    /// Answers AAAA questions with no data, as the suppression switch of some home gateways (ngn-
    /// facts §3.5).
    FiltersAaaa,
    /// Changes the letters of a question to lower case on their way to the client.
    LowercasesNames,
    /// Drops questions that carry an OPT record.
    DropsEdns,
    /// Removes the OPT record from the questions it forwards.
    StripsEdns,
    /// Names itself as DNS server but does not answer.
    NoDnsProxy,
    /// Numbers its upstream questions one after the other.
    SequentialDnsIds,
    /// Asks every upstream question from the same port.
    FixedDnsPort,
    /// Answers DNS questions that come in on the WAN.
    DnsOpenOnWan,
    /// Drops questions for types it has never heard of.
    DropsUnknownTypes,
    /// Turns a name error into an empty answer.
    HidesNxdomain,
    /// Asks the ONS servers for the area's service domain, too.
    NgnNamesToOns,
    /// Identifies itself by DUID-LLT, as the default of OpenWrt 25.12, which the network drops
    /// (ngn-facts §2.1).
    DuidLlt,
    /// Sends no Information-Request on RA lines, as OpenWrt from 2025-12 on (ngn-facts §2.4).
    NoInformationRequest,
    /// Sends DHCPv6 messages without a Client Identifier.
    NoClientId,
    /// Sends DHCPv6 messages without an Elapsed Time.
    NoElapsedTime,
    /// Takes a fresh transaction id for every retransmission.
    NewXidOnRetransmit,
    /// Leaves SOL_MAX_RT out of its Option Request.
    NoSolMaxRt,
    /// Leaves the DNS servers out of its Option Request.
    NoDnsRequest,
    /// Sends Request and Renew without the Server Identifier.
    NoServerId,
    /// Repeats Solicit every second without backing off.
    SolicitStorm,
    /// Never renews its delegated prefix, so that it runs out after hours (ngn-facts §2.2).
    NoRenew,
    /// Accepts nothing but a /56, so that it gets no prefix from a home gateway (ngn-facts §3.1).
    #[serde(rename = "only-accepts-56")]
    OnlyAccepts56,
    /// Sends packets for unused parts of its delegated prefix back to the line.
    NoNullRoute,
    /// Answers DHCPv6 clients on the WAN, too.
    Dhcpv6ServerOnWan,
    /// Drops DHCPv6 answers that do not come from port 547, as home gateways send them (ngn-facts
    /// §3.3).
    #[serde(rename = "filters-source-port-547")]
    FiltersSourcePort547,
    /// Sends no Router Advertisement on the LAN.
    NoLanRa,
    /// Advertises the LAN prefix without the A flag, so that terminals form no address.
    NoAFlag,
    /// Sets the M flag on the LAN without having addresses to give.
    ManagedFlagOnLan,
    /// Advertises no DNS server on the LAN.
    NoRdnss,
    /// Answers Router Solicitations several seconds late.
    SlowRaAnswer,
    /// Multicasts Router Advertisements several times a second.
    RaFlood,
    /// Sends Router Advertisements from a global address.
    RaFromGlobal,
    /// Answers Router Solicitations whose hop limit shows that they were forwarded.
    AnswersInvalidRs,
    /// Does not answer DHCPv6 on the LAN although it sets the O flag (ngn-facts §5.12).
    NoLanDhcpv6,
    /// Answers Information-Requests without DNS servers.
    Dhcpv6WithoutDns,
    /// Advertises a LAN prefix that the line never assigned.
    ForeignLanPrefix,
    /// Advertises the LAN prefix for 30 days whatever the line granted.
    LifetimesOutliveTheLease,
    /// Keeps advertising the old prefix after the line was renumbered, as Yamaha without `ngn type`
    /// (ngn-facts §1.3).
    KeepsOldPrefix,
    /// Advertises lifetimes above the limits of RFC 9096 even when the line would allow them.
    LongLanLifetimes,
    /// Advertises a router lifetime above the limit of RFC 9096.
    LongRouterLifetime,
    /// Advertises itself as default router before it has a prefix or an upstream router.
    DefaultWithoutPrefix,
    /// Sends Router Solicitations on the WAN from the unspecified address.
    RsFromUnspecified,
    /// Sends Router Solicitations before duplicate address detection is over.
    RsBeforeDad,
    /// Sends a Router Solicitation every second until an advertisement comes.
    RsStorm,
    /// Keeps sending Router Solicitations although it has its advertisement.
    KeepsSoliciting,
    /// Sends Router Advertisements on the WAN.
    RaOnWan,
    /// Uses addresses without duplicate address detection.
    NoDad,
    /// Forwards packets whose source lies outside the assignment.
    ForeignSource,
    /// Relays terminals' solicitations upstream but answers none for them, so that all is over
    /// after minutes (guide FAQ 1, ngn-facts §3.4).
    NdProxyOneWay,
    /// Answers upstream solicitations for every address of the /64, present or not.
    NdProxyAnswersAll,
    /// Forwards packets without lowering their hop limit.
    KeepsHopLimit,
    /// Drops packets whose hop limit ran out without saying so.
    NoTimeExceeded,
    /// Does not answer echo requests.
    NoEchoReply,
    /// Lets connections from outside through to terminals.
    NoInboundFilter,
    /// Drops Packet Too Big messages for its terminals.
    DropsPacketTooBig,
    /// Forgets TCP connections after ten seconds of silence, shorter than line authentication may
    /// take (guide FAQ 11).
    ShortTcpIdle,
    /// Drops TCP to port 443.
    BlocksHttps,
}

impl Defect {
    /// Every defect.
    pub const ALL: &'static [Self] = &[
        Self::OneDnsForAll,
        Self::LeaksOnsNames,
        Self::AlternateFirst,
        Self::NoFailover,
        Self::DropsLargeAnswers,
        Self::Truncates512,
        Self::TruncatesWithoutTc,
        Self::NoDnsTcp,
        Self::FiltersAaaa,
        Self::LowercasesNames,
        Self::DropsEdns,
        Self::StripsEdns,
        Self::NoDnsProxy,
        Self::SequentialDnsIds,
        Self::FixedDnsPort,
        Self::DnsOpenOnWan,
        Self::DropsUnknownTypes,
        Self::HidesNxdomain,
        Self::NgnNamesToOns,
        Self::DuidLlt,
        Self::NoInformationRequest,
        Self::NoClientId,
        Self::NoElapsedTime,
        Self::NewXidOnRetransmit,
        Self::NoSolMaxRt,
        Self::NoDnsRequest,
        Self::NoServerId,
        Self::SolicitStorm,
        Self::NoRenew,
        Self::OnlyAccepts56,
        Self::NoNullRoute,
        Self::Dhcpv6ServerOnWan,
        Self::FiltersSourcePort547,
        Self::NoLanRa,
        Self::NoAFlag,
        Self::ManagedFlagOnLan,
        Self::NoRdnss,
        Self::SlowRaAnswer,
        Self::RaFlood,
        Self::RaFromGlobal,
        Self::AnswersInvalidRs,
        Self::NoLanDhcpv6,
        Self::Dhcpv6WithoutDns,
        Self::ForeignLanPrefix,
        Self::LifetimesOutliveTheLease,
        Self::KeepsOldPrefix,
        Self::LongLanLifetimes,
        Self::LongRouterLifetime,
        Self::DefaultWithoutPrefix,
        Self::RsFromUnspecified,
        Self::RsBeforeDad,
        Self::RsStorm,
        Self::KeepsSoliciting,
        Self::RaOnWan,
        Self::NoDad,
        Self::ForeignSource,
        Self::NdProxyOneWay,
        Self::NdProxyAnswersAll,
        Self::KeepsHopLimit,
        Self::NoTimeExceeded,
        Self::NoEchoReply,
        Self::NoInboundFilter,
        Self::DropsPacketTooBig,
        Self::ShortTcpIdle,
        Self::BlocksHttps,
    ];

    /// Returns the name that scenarios and the command line use.
    pub fn name(self) -> &'static str {
        match self {
            Self::OneDnsForAll => "one-dns-for-all",
            Self::LeaksOnsNames => "leaks-ons-names",
            Self::AlternateFirst => "alternate-first",
            Self::NoFailover => "no-failover",
            Self::DropsLargeAnswers => "drops-large-answers",
            Self::Truncates512 => "truncates-512",
            Self::TruncatesWithoutTc => "truncates-without-tc",
            Self::NoDnsTcp => "no-dns-tcp",
            Self::FiltersAaaa => "filters-aaaa",
            Self::LowercasesNames => "lowercases-names",
            Self::DropsEdns => "drops-edns",
            Self::StripsEdns => "strips-edns",
            Self::NoDnsProxy => "no-dns-proxy",
            Self::SequentialDnsIds => "sequential-dns-ids",
            Self::FixedDnsPort => "fixed-dns-port",
            Self::DnsOpenOnWan => "dns-open-on-wan",
            Self::DropsUnknownTypes => "drops-unknown-types",
            Self::HidesNxdomain => "hides-nxdomain",
            Self::NgnNamesToOns => "ngn-names-to-ons",
            Self::DuidLlt => "duid-llt",
            Self::NoInformationRequest => "no-information-request",
            Self::NoClientId => "no-client-id",
            Self::NoElapsedTime => "no-elapsed-time",
            Self::NewXidOnRetransmit => "new-xid-on-retransmit",
            Self::NoSolMaxRt => "no-sol-max-rt",
            Self::NoDnsRequest => "no-dns-request",
            Self::NoServerId => "no-server-id",
            Self::SolicitStorm => "solicit-storm",
            Self::NoRenew => "no-renew",
            Self::OnlyAccepts56 => "only-accepts-56",
            Self::NoNullRoute => "no-null-route",
            Self::Dhcpv6ServerOnWan => "dhcpv6-server-on-wan",
            Self::FiltersSourcePort547 => "filters-source-port-547",
            Self::NoLanRa => "no-lan-ra",
            Self::NoAFlag => "no-a-flag",
            Self::ManagedFlagOnLan => "managed-flag-on-lan",
            Self::NoRdnss => "no-rdnss",
            Self::SlowRaAnswer => "slow-ra-answer",
            Self::RaFlood => "ra-flood",
            Self::RaFromGlobal => "ra-from-global",
            Self::AnswersInvalidRs => "answers-invalid-rs",
            Self::NoLanDhcpv6 => "no-lan-dhcpv6",
            Self::Dhcpv6WithoutDns => "dhcpv6-without-dns",
            Self::ForeignLanPrefix => "foreign-lan-prefix",
            Self::LifetimesOutliveTheLease => "lifetimes-outlive-the-lease",
            Self::KeepsOldPrefix => "keeps-old-prefix",
            Self::LongLanLifetimes => "long-lan-lifetimes",
            Self::LongRouterLifetime => "long-router-lifetime",
            Self::DefaultWithoutPrefix => "default-without-prefix",
            Self::RsFromUnspecified => "rs-from-unspecified",
            Self::RsBeforeDad => "rs-before-dad",
            Self::RsStorm => "rs-storm",
            Self::KeepsSoliciting => "keeps-soliciting",
            Self::RaOnWan => "ra-on-wan",
            Self::NoDad => "no-dad",
            Self::ForeignSource => "foreign-source",
            Self::NdProxyOneWay => "nd-proxy-one-way",
            Self::NdProxyAnswersAll => "nd-proxy-answers-all",
            Self::KeepsHopLimit => "keeps-hop-limit",
            Self::NoTimeExceeded => "no-time-exceeded",
            Self::NoEchoReply => "no-echo-reply",
            Self::NoInboundFilter => "no-inbound-filter",
            Self::DropsPacketTooBig => "drops-packet-too-big",
            Self::ShortTcpIdle => "short-tcp-idle",
            Self::BlocksHttps => "blocks-https",
        }
    }

    /// Returns the defect of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|defect| defect.name() == name)
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_files() {
        for defect in Defect::ALL {
            let written = serde_json::to_value(defect).unwrap();
            assert_eq!(written, defect.name());
            assert_eq!(Defect::from_name(defect.name()), Some(*defect));
        }
    }

    #[test]
    fn every_defect_is_listed_once() {
        assert!(Defect::ALL.is_sorted_by(|a, b| a < b));
        assert_eq!(Defect::ALL.last(), Some(&Defect::BlocksHttps));
    }
}

//! Which scenario shows which defect of the reference, so that proving the checks stays cheap.

use ngnlab_sim::node::router::defect::Defect;

/// Returns whether a defect is to be run in a scenario; one that is named nowhere runs in all.
pub(super) fn is_shown_in(defect: Defect, scenario: &str) -> bool {
    let named = scenarios(defect);
    named.is_empty() || named.contains(&scenario)
}

/// Returns the scenarios that show a defect.
pub(crate) fn scenarios(defect: Defect) -> Vec<&'static str> {
    let shown = SHOWN_IN.iter().filter(|(shown, _)| shown.contains(&defect));
    shown.map(|(_, name)| *name).collect()
}

/// Which scenario shows which defects; a defect may show in several.
const SHOWN_IN: &[(&[Defect], &str)] = &[
    (
        &[
            Defect::OneDnsForAll,
            Defect::LeaksOnsNames,
            Defect::AlternateFirst,
            Defect::NgnNamesToOns,
            Defect::FiltersAaaa,
            Defect::LowercasesNames,
            Defect::DropsEdns,
            Defect::StripsEdns,
            Defect::NoDnsProxy,
            Defect::NoDnsTcp,
            Defect::SequentialDnsIds,
            Defect::FixedDnsPort,
            Defect::DropsUnknownTypes,
            Defect::HidesNxdomain,
        ],
        "dns/many-transports",
    ),
    (
        &[
            Defect::DropsLargeAnswers,
            Defect::Truncates512,
            Defect::TruncatesWithoutTc,
            Defect::NoDnsTcp,
            Defect::DropsEdns,
            Defect::StripsEdns,
        ],
        "dns/large-answers",
    ),
    (
        &[Defect::NoFailover, Defect::AlternateFirst],
        "dns/preferred-server-dead",
    ),
    (
        &[
            Defect::DnsOpenOnWan,
            Defect::Dhcpv6ServerOnWan,
            Defect::NoNullRoute,
            Defect::NoInboundFilter,
            Defect::RaOnWan,
        ],
        "cpe/probes-from-the-wan",
    ),
    (
        &[
            Defect::NdProxyOneWay,
            Defect::NdProxyAnswersAll,
            Defect::RaOnWan,
        ],
        "cpe/neighbours-from-the-ra-line",
    ),
    (
        &[
            Defect::KeepsHopLimit,
            Defect::NoTimeExceeded,
            Defect::NoEchoReply,
            Defect::ForeignSource,
        ],
        "cpe/hop-limits-and-echoes",
    ),
    (
        &[
            Defect::NoLanRa,
            Defect::NoAFlag,
            Defect::ManagedFlagOnLan,
            Defect::NoRdnss,
            Defect::SlowRaAnswer,
            Defect::RaFlood,
            Defect::RaFromGlobal,
            Defect::AnswersInvalidRs,
            Defect::NoLanDhcpv6,
            Defect::Dhcpv6WithoutDns,
            Defect::ForeignLanPrefix,
            Defect::LongLanLifetimes,
            Defect::LongRouterLifetime,
            Defect::NoDad,
        ],
        "cpe/solicitations-on-the-lan",
    ),
    (
        &[
            Defect::DuidLlt,
            Defect::NoClientId,
            Defect::NoElapsedTime,
            Defect::NewXidOnRetransmit,
            Defect::NoSolMaxRt,
            Defect::NoDnsRequest,
            Defect::SolicitStorm,
            Defect::DefaultWithoutPrefix,
        ],
        "address/dhcpv6-server-late",
    ),
    (
        &[
            Defect::NoServerId,
            Defect::BlocksHttps,
            Defect::OneDnsForAll,
        ],
        "line-auth/succeeds-on-a-pd-line",
    ),
    (
        &[
            Defect::NoInformationRequest,
            Defect::DuidLlt,
            Defect::BlocksHttps,
            Defect::OneDnsForAll,
            Defect::NoDad,
            Defect::KeepsSoliciting,
            Defect::RsFromUnspecified,
            Defect::RsBeforeDad,
            Defect::NoAFlag,
            Defect::NoLanRa,
            Defect::NoDnsProxy,
        ],
        "line-auth/succeeds-on-an-ra-line",
    ),
    (
        &[
            Defect::RsStorm,
            Defect::RsFromUnspecified,
            Defect::RsBeforeDad,
            Defect::DefaultWithoutPrefix,
        ],
        "address/ra-line-comes-up-late",
    ),
    (
        &[
            Defect::NoRenew,
            Defect::LifetimesOutliveTheLease,
            Defect::LongLanLifetimes,
            Defect::LongRouterLifetime,
        ],
        "address/lease-through-renewal",
    ),
    (&[Defect::KeepsOldPrefix], "address/pd-line-is-renumbered"),
    (
        &[Defect::KeepsOldPrefix, Defect::ForeignSource],
        "line-auth/renumbering-asks-for-consent-again",
    ),
    (
        &[Defect::OnlyAccepts56, Defect::BlocksHttps],
        "home-gateway/pd-below-the-home-gateway",
    ),
    (
        &[Defect::FiltersSourcePort547],
        "home-gateway/replies-come-from-a-random-port",
    ),
    (&[Defect::NdProxyOneWay], "home-gateway/ra-for-two-minutes"),
    (
        &[Defect::ShortTcpIdle, Defect::DropsPacketTooBig],
        "ons/connection-is-silent-for-25-seconds",
    ),
    (&[Defect::BlocksHttps], "ons/portal-before-authentication"),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario;

    #[test]
    fn every_defect_is_shown_in_a_scenario_that_exists() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
        let files = scenario::files(&folder).unwrap();
        let names: Vec<String> = files.iter().map(|path| scenario::name_of(path)).collect();
        for (_, name) in SHOWN_IN {
            assert!(
                names.iter().any(|known| known == name),
                "{name} is not there"
            );
        }
        for defect in Defect::ALL {
            assert!(
                SHOWN_IN.iter().any(|(shown, _)| shown.contains(defect)),
                "{defect} has no scenario"
            );
        }
    }
}

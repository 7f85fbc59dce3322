//! Which failures may be nothing but the consequence of another one, so that one fault gives one
//! finding first and the others below it.
//!
//! A consequence is still a failure and counts as one: this says only in what order to read.

use std::collections::BTreeMap;

use ngnlab_reports::{RecordId, Verdict};

/// Failures that others explain, and those others, the likeliest first.
struct Consequence {
    failures: &'static [&'static str],
    causes: &'static [&'static [&'static str]],
}

/// Returns which failed check explains which, of the verdicts on one trace.
///
/// What was seen only after the consequence was is no cause of it.
pub fn because<'a>(verdicts: &BTreeMap<&'a str, Verdict>) -> BTreeMap<&'a str, &'static str> {
    let failed = verdicts.iter().filter_map(|(id, verdict)| match verdict {
        Verdict::Fail(finding) => Some((*id, &finding.records[..])),
        Verdict::Pass(_) | Verdict::Inconclusive(_) | Verdict::NotApplicable(_) => None,
    });
    let failed: BTreeMap<&str, &[RecordId]> = failed.collect();
    let mut found = BTreeMap::new();
    for (id, records) in &failed {
        let rows = CONSEQUENCES.iter().filter(|row| row.failures.contains(id));
        let mut causes = rows.flat_map(|row| row.causes.iter().copied().flatten());
        let cause = causes.find(|cause| {
            failed
                .get(*cause)
                .is_some_and(|seen| is_before(seen, records))
        });
        found.extend(cause.map(|cause| (*id, *cause)));
    }
    found
}

/// Returns whether a cause was seen by the time its consequence was.
fn is_before(cause: &[RecordId], consequence: &[RecordId]) -> bool {
    match (cause.iter().min(), consequence.iter().max()) {
        (Some(cause), Some(consequence)) => cause <= consequence,
        _ => true,
    }
}

/// Who asks the wrong server for a name does not get the right answer.
const WRONG_SERVER: &[&str] = &[
    "ons.dns.not-through-home-gateway",
    "ons.dns.area",
    "ons.dns.any-depth",
    "ons.dns.any-case",
    "ons.dns.added-domains",
    "ons.dns.each-domain",
    "ons.dns.per-domain",
    "ons.dns.no-leak",
    "ons.dns.ngn-domain",
    "ons.dns.preferred-first",
];

/// No answer that a terminal can use.
const NO_NAMES: &[&str] = &[
    "ons.terminal.dns-from-router",
    "dns.proxy.answers-from-asked-address",
    "dns.proxy.id-restored",
    "dns.proxy.malformed-survive",
    "rob.dns.fuzz",
    "dns.proxy.present",
    "ons.dns.aaaa-kept",
    "dns.proxy.upstream-failover",
    "dns.proxy.slow-server",
    "dns.proxy.recovers",
];

/// No prefix from the line.
const NO_PREFIX: &[&str] = &[
    "ngn.dhcp6.reply-from-any-port",
    "dhcp6c.msg.unknown-option",
    "dhcp6c.sol.no-give-up",
    "dhcp6c.link.rebind-with-pd",
    "dhcp6c.reb.expiry-to-solicit",
    "wan.nd.ra-unknown-option",
    "wan.slaac.support",
    "rob.ra.fuzz",
    "rob.dhcp6.fuzz",
    "rob.flap.recover",
    "rob.loss.recover",
    "ngn.hgw.takes-60",
    "ngn.pd.no-iana",
    "pd.accept.without-iana",
    "pd.accept.other-size",
    "ngn.ra.renumber",
    "ngn.pd.renumber",
    "ngn.hgw.recovers-after-reboot",
];

/// No address, or no router, for a terminal.
const NO_LAN: &[&str] = &[
    "lan.ra.linklocal-source",
    "lan.ra.one-64-per-lan",
    "lan.ra.preferred-le-valid",
    "lan.ra.a-l-flags",
    "lan.ra.advertising",
    "lan.ra.rdnss",
    "ngn.lan.prefix-inside-assignment",
];

/// Packets that do not get across.
const NO_WAY: &[&str] = &[
    "ngn.nd.own-link-layer",
    "ngn.nd.answers-for-lan",
    "ngn.renumber.passes-new-prefix",
    "ngn.wan.source-in-assignment",
    "wan.nd.default-route-from-ra",
    "wan.nd.router-lifetime-zero",
    "rob.ra-flood",
    "fwd.to-right-mac",
    "fwd.mtu.full-size",
    "ngn.tcp.survives-silence",
    "ons.second-terminal.works",
    "ons.parallel-connections",
];

/// What is not reached at all cannot be used.
const SITES: &[&str] = &[
    "ons.line-auth.reaches-site",
    "ons.portal.reachable",
    "ons.line-auth.after-power-cut",
];

const CONSEQUENCES: &[Consequence] = &[
    // The sites: after whatever lies on the way to them.
    Consequence {
        failures: &[
            "ons.line-auth.reaches-site",
            "ons.line-auth.after-power-cut",
        ],
        causes: &[NO_PREFIX, NO_LAN, WRONG_SERVER, NO_NAMES, NO_WAY],
    },
    Consequence {
        failures: &[
            "ons.portal.reachable",
            "ons.test-portal.reachable",
            "ons.delivery.reachable",
        ],
        causes: &[
            NO_PREFIX,
            NO_LAN,
            WRONG_SERVER,
            NO_NAMES,
            NO_WAY,
            &["ons.line-auth.reaches-site"],
        ],
    },
    Consequence {
        failures: &["ons.portal.stays-reachable", "ons.line-auth.completes"],
        causes: &[NO_PREFIX, NO_LAN, WRONG_SERVER, NO_NAMES, NO_WAY, SITES],
    },
    Consequence {
        failures: &["ons.large-download", "ons.crl.downloads"],
        causes: &[&["fwd.mtu.full-size", "fwd.ptb.relay"]],
    },
    // Which server is asked: the table before what follows from it.
    Consequence {
        failures: &["ons.dns.each-domain"],
        causes: &[&[
            "ons.dns.not-through-home-gateway",
            "ons.dns.any-depth",
            "ons.dns.any-case",
        ]],
    },
    Consequence {
        failures: &["ons.dns.any-depth"],
        causes: &[&["ons.dns.any-case"]],
    },
    Consequence {
        failures: &["ons.dns.per-domain"],
        causes: &[&[
            "ons.dns.not-through-home-gateway",
            "ons.dns.area",
            "ons.dns.any-depth",
            "ons.dns.any-case",
            "ons.dns.added-domains",
            "ons.dns.each-domain",
        ]],
    },
    Consequence {
        failures: &["ons.dns.no-leak"],
        causes: &[&[
            "ons.dns.not-through-home-gateway",
            "ons.dns.area",
            "ons.dns.any-depth",
            "ons.dns.any-case",
            "ons.dns.added-domains",
            "ons.dns.each-domain",
            "ons.dns.per-domain",
        ]],
    },
    Consequence {
        failures: &["ons.dns.preferred-first"],
        causes: &[&[
            "ons.dns.not-through-home-gateway",
            "ons.dns.any-depth",
            "ons.dns.any-case",
            "ons.dns.added-domains",
            "ons.dns.each-domain",
            "ons.dns.per-domain",
            "ons.dns.no-leak",
        ]],
    },
    // The DNS proxy: the kind of question before what it is an instance of.
    Consequence {
        failures: &["dns.proxy.present", "dns.proxy.concurrent"],
        causes: &[&[
            "dns.proxy.answers-from-asked-address",
            "dns.proxy.id-restored",
        ]],
    },
    Consequence {
        failures: &[
            "dns.proxy.concurrent",
            "dns.proxy.edns-pass",
            "dns.proxy.https-type",
            "dns.proxy.qtype-any",
            "dns.proxy.tcp",
        ],
        causes: &[&["dns.proxy.present"]],
    },
    Consequence {
        failures: &[
            "dns.proxy.https-type",
            "dns.proxy.odd-names",
            "dns.proxy.tkey",
            "dns.proxy.qclass-any",
        ],
        causes: &[&["dns.proxy.qtype-any"]],
    },
    Consequence {
        failures: &["dns.proxy.edns-pass", "dns.proxy.edns-multi-option"],
        causes: &[&[
            "dns.proxy.edns-unknown-option",
            "dns.proxy.edns-unknown-flag",
            "dns.proxy.edns-version",
        ]],
    },
    Consequence {
        failures: &["dns.proxy.edns-pass"],
        causes: &[&["dns.proxy.edns-multi-option"]],
    },
    Consequence {
        failures: &["ons.dns.large-answer"],
        causes: &[&[
            "ons.dns.aaaa-kept",
            "dns.proxy.tc-set-on-truncate",
            "dns.proxy.edns-pass",
            "dns.proxy.tcp",
        ]],
    },
    Consequence {
        failures: &["dns.proxy.edns-untouched"],
        causes: &[&["dns.proxy.edns-pass"]],
    },
    Consequence {
        failures: &["dns.proxy.no-truncate-512"],
        causes: &[&["dns.proxy.tc-set-on-truncate", "dns.proxy.edns-untouched"]],
    },
    Consequence {
        failures: &[
            "dns.proxy.tcp-idle",
            "dns.proxy.tcp-many-clients",
            "dns.proxy.tcp-partial-read",
            "dns.proxy.tcp-pipelining",
        ],
        causes: &[&["dns.proxy.tcp-same-connection", "dns.proxy.tcp"]],
    },
    Consequence {
        failures: &["dns.proxy.tcp"],
        causes: &[&["dns.proxy.tcp-same-connection"]],
    },
    Consequence {
        failures: &["dns.proxy.verbatim"],
        causes: &[&[
            "dns.proxy.question-echoed",
            "ons.dns.aaaa-kept",
            "dns.proxy.cname-chain",
            "dns.proxy.nxdomain-soa",
            "dns.proxy.rr-unknown",
            "dns.proxy.tsig",
        ]],
    },
    Consequence {
        failures: &["dns.proxy.nxdomain-soa"],
        causes: &[&["dns.proxy.question-echoed", "ons.dns.aaaa-kept"]],
    },
    Consequence {
        failures: &["ons.dns.aaaa-kept"],
        causes: &[&["dns.proxy.cname-chain"]],
    },
    Consequence {
        failures: &["dns.cache.ttl", "dns.proxy.no-edns-stays-without"],
        causes: &[&["dns.cache.opt-not-cached", "dns.cache.tc-not-cached"]],
    },
    Consequence {
        failures: &["dns.cache.tc-not-cached"],
        causes: &[&["dns.proxy.tc-kept"]],
    },
    Consequence {
        failures: &["rob.dns.fuzz"],
        causes: &[&["dns.proxy.malformed-survive"]],
    },
    Consequence {
        failures: &["dns.sec.silent-on-wan"],
        causes: &[&["dns.sec.not-open-on-wan"]],
    },
    // The DHCPv6 client, and the prefix that it gets or not.
    Consequence {
        failures: &["dhcp6c.reb.at-t2"],
        causes: &[&["dhcp6c.ren.at-t1"]],
    },
    Consequence {
        failures: &["dhcp6c.msg.elapsed-time"],
        causes: &[&["dhcp6c.msg.xid-kept", "dhcp6c.msg.xid-random"]],
    },
    Consequence {
        failures: &["dhcp6c.sol.wait-first-rt"],
        causes: &[&["dhcp6c.adv.ignore-empty"]],
    },
    Consequence {
        failures: &["dhcp6c.adv.empty-keeps-timer"],
        causes: &[&["dhcp6c.rate.limit"]],
    },
    Consequence {
        failures: &["dhcp6c.req.server-id", "dhcp6c.rep.validate"],
        causes: &[&["dhcp6c.adv.validate", "dhcp6c.msg.unknown-type"]],
    },
    Consequence {
        failures: &["dhcp6c.adv.validate"],
        causes: &[&["dhcp6c.msg.unknown-type"]],
    },
    Consequence {
        failures: &[
            "dhcp6s.search",
            "ngn.lan.prefix-inside-assignment",
            "ons.terminal.dns-from-router",
        ],
        causes: &[&["dhcp6c.msg.unknown-type", "dhcp6c.rep.validate"]],
    },
    Consequence {
        failures: &["ngn.pd.no-iana"],
        causes: &[&[
            "ngn.dhcp6.reply-from-any-port",
            "dhcp6c.msg.unknown-option",
            "pd.accept.other-size",
        ]],
    },
    Consequence {
        failures: &["pd.accept.without-iana", "pd.accept.other-size"],
        causes: &[&[
            "ngn.dhcp6.reply-from-any-port",
            "dhcp6c.msg.unknown-option",
            "ngn.hgw.takes-60",
            "ngn.pd.renumber",
            "ngn.pd.lan-apart-from-wan",
            "lan.ra.dnssl",
            "lan.ra.advertising",
            "ngn.lan.prefix-inside-assignment",
        ]],
    },
    Consequence {
        failures: &["pd.accept.without-iana"],
        causes: &[&["ngn.pd.no-iana"]],
    },
    Consequence {
        failures: &["wan.addr.gua-from-pd", "ngn.pd.renumber"],
        causes: &[&["ngn.hgw.takes-60"]],
    },
    Consequence {
        failures: &["pd.use.null-route-icmp", "ngn.wan.source-in-assignment"],
        causes: &[&["pd.use.null-route"]],
    },
    // Renumbering, and what the LAN is told.
    Consequence {
        failures: &[
            "lan.renum.deprecate-old",
            "ngn.renumber.own-source",
            "lan.renum.after-reboot",
            "pd.use.zero-valid",
            "pd.lifetime.cap-ra",
        ],
        causes: &[&["ngn.pd.renumber", "ngn.ra.renumber"]],
    },
    Consequence {
        failures: &["pd.use.zero-valid"],
        causes: &[&["lan.renum.deprecate-old"]],
    },
    Consequence {
        failures: &["pd.lifetime.cap-ra"],
        causes: &[&[
            "lan.renum.deprecate-old",
            "lan.renum.zero-lifetimes",
            "pd.use.zero-valid",
        ]],
    },
    Consequence {
        failures: &["lan.cap.pio"],
        causes: &[&[
            "lan.ra.preferred-le-valid",
            "lan.renum.zero-lifetimes",
            "pd.lifetime.cap-ra",
        ]],
    },
    Consequence {
        failures: &["lan.stale.icmp-code5"],
        causes: &[&["ngn.renumber.passes-new-prefix"]],
    },
    Consequence {
        failures: &["ngn.renumber.own-source"],
        causes: &[&["wan.slaac.deprecate-now"]],
    },
    Consequence {
        failures: &["lan.ra.no-default-without-prefix"],
        causes: &[&[
            "ce.gen.no-default-without-wan-router",
            "dhcp6c.t.t1-gt-t2",
            "ngn.pd.lan-apart-from-wan",
        ]],
    },
    Consequence {
        failures: &["ngn.lan.prefix-inside-assignment"],
        causes: &[&["wan.nd.ra-validation"]],
    },
    Consequence {
        failures: &["ons.terminal.three-addresses"],
        causes: &[NO_LAN, NO_PREFIX],
    },
    Consequence {
        failures: &["ons.terminal.dns-from-router"],
        causes: &[&[
            "wan.nd.ra-validation",
            "wan.slaac.dad-fail",
            "ngn.lan.prefix-inside-assignment",
        ]],
    },
    Consequence {
        failures: &[
            "lan.ra.advertising",
            "ngn.ra.first-prefix",
            "wan.slaac.support",
        ],
        causes: &[&["wan.nd.ra-unknown-option"]],
    },
    Consequence {
        failures: &["ngn.dhcp6.information-request", "wan.nd.rs-stop-after-ra"],
        causes: &[&["wan.nd.ra-unknown-option"]],
    },
    Consequence {
        failures: &["lan.ra.advertising", "ngn.ra.first-prefix"],
        causes: &[&["wan.slaac.support"]],
    },
    Consequence {
        failures: &["lan.ra.advertising"],
        causes: &[&["lan.ra.dnssl"]],
    },
    Consequence {
        failures: &[
            "ngn.ra-only.slaac",
            "ngn.ra.first-prefix",
            "ons.line-auth.one-source",
        ],
        causes: &[&["wan.nd.ra-validation", "ngn.lan.prefix-inside-assignment"]],
    },
    Consequence {
        failures: &["ngn.wan.source-in-assignment"],
        causes: &[&[
            "wan.nd.ra-validation",
            "ngn.lan.prefix-inside-assignment",
            "fw6.ula-border",
            "fw6.egress-source",
        ]],
    },
    Consequence {
        failures: &["lan.ra.rs-validation"],
        causes: &[&["lan.ra.multicast-rate"]],
    },
    Consequence {
        failures: &["wan.nd.no-ra-sent"],
        causes: &[&["wan.nd.no-rs-response"]],
    },
    Consequence {
        failures: &["wan.nd.rs-after-dad"],
        causes: &[&["wan.slaac.dad"]],
    },
    Consequence {
        failures: &["wan.slaac.dad"],
        causes: &[&["lan.dad", "fwd.no-link-local"]],
    },
    Consequence {
        failures: &["lan.dad"],
        causes: &[&["fwd.no-link-local"]],
    },
    Consequence {
        failures: &["wan.nd.default-route-from-ra"],
        causes: &[&["wan.nd.ra-validation", "wan.nd.router-lifetime-zero"]],
    },
    Consequence {
        failures: &["fwd.to-right-mac"],
        causes: &[&["wan.nd.ra-validation"]],
    },
    Consequence {
        failures: &[
            "ce.gen.no-default-without-wan-router",
            "ce.gen.withdraw-on-wan-loss",
        ],
        causes: &[&["wan.nd.router-lifetime-zero"]],
    },
    Consequence {
        failures: &["ce.gen.no-default-without-wan-router"],
        causes: &[&["ce.gen.withdraw-on-wan-loss"]],
    },
    Consequence {
        failures: &["ngn.nd.silent-for-strangers"],
        causes: &[&["ngn.nd.silent-for-absent"]],
    },
    Consequence {
        failures: &[
            "dhcp6s.dns",
            "dhcp6s.foreign-serverid",
            "dhcp6s.inf-with-ia",
            "dhcp6s.solicit-with-serverid",
        ],
        causes: &[&["dhcp6s.unicast-solicit"]],
    },
    Consequence {
        failures: &["dhcp6s.mode"],
        causes: &[&["dhcp6s.echo-xid"]],
    },
    // The filter.
    Consequence {
        failures: &["fw6.related-unreachable", "fw6.udp-icmp-not-fatal"],
        causes: &[&["fw6.martian", "fw6.ula-border", "fw6.related-time-exceeded"]],
    },
    Consequence {
        failures: &["fw6.udp-icmp-not-fatal"],
        causes: &[&[
            "fw6.related-unreachable",
            "fw6.udp-idle",
            "fwd.exthdr.pass",
            "fwd.mtu.full-size",
            "fwd.payload.intact",
        ]],
    },
    Consequence {
        failures: &["fw6.udp-idle"],
        causes: &[&["fw6.udp-refresh-out"]],
    },
    Consequence {
        failures: &["fw6.egress-source", "ce.gen.ula-not-on-wan"],
        causes: &[&["fw6.ula-border"]],
    },
    Consequence {
        failures: &["fw6.no-unsolicited-inbound"],
        causes: &[&["fw6.ingress-spoof"]],
    },
    Consequence {
        failures: &["fw6.ike", "fw6.ipsec-esp"],
        causes: &[&["fw6.ipsec-ah"]],
    },
    Consequence {
        failures: &["ngn.tcp.survives-silence"],
        causes: &[&["fw6.tcp-idle"]],
    },
    Consequence {
        failures: &["fwd.mtu.full-size"],
        causes: &[&["fwd.payload.intact"]],
    },
    Consequence {
        failures: &["pmtu.inbound-frag"],
        causes: &[&["pmtu.outbound-frag"]],
    },
];

/// Returns every check that is named here.
#[cfg(test)]
pub(super) fn named() -> impl Iterator<Item = &'static str> {
    let named = |row: &'static Consequence| {
        let causes = row.causes.iter().copied().flatten();
        row.failures.iter().chain(causes).copied()
    };
    CONSEQUENCES.iter().flat_map(named)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ngnlab_reports::Finding;

    use super::*;

    fn failed(records: &[RecordId]) -> Verdict {
        Verdict::Fail(Finding {
            records: records.to_vec(),
            expected: String::new(),
            actual: String::new(),
        })
    }

    /// Every check that can explain this one, whichever rows lead there.
    fn explained_by(id: &'static str) -> BTreeSet<&'static str> {
        let mut found = BTreeSet::new();
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            for row in CONSEQUENCES.iter().filter(|row| row.failures.contains(&id)) {
                for cause in row.causes.iter().copied().flatten() {
                    if found.insert(*cause) {
                        open.push(cause);
                    }
                }
            }
        }
        found
    }

    #[test]
    fn nothing_explains_itself() {
        for row in CONSEQUENCES {
            for id in row.failures {
                assert!(!explained_by(id).contains(id), "{id} leads back to itself");
            }
        }
    }

    #[test]
    fn the_likeliest_cause_that_failed_before_explains_a_failure() {
        let mut verdicts = BTreeMap::from([
            ("dns.proxy.present", failed(&[7])),
            ("ons.line-auth.reaches-site", failed(&[9])),
            ("ons.portal.reachable", failed(&[20])),
            ("dhcp6c.msg.elapsed-time", failed(&[3])),
        ]);
        let found = because(&verdicts);
        assert_eq!(
            found,
            BTreeMap::from([
                ("ons.line-auth.reaches-site", "dns.proxy.present"),
                ("ons.portal.reachable", "dns.proxy.present"),
            ])
        );
        verdicts.insert("dns.proxy.present", failed(&[12]));
        let found = because(&verdicts);
        assert_eq!(found.get("ons.line-auth.reaches-site"), None);
        assert_eq!(
            found.get("ons.portal.reachable"),
            Some(&"dns.proxy.present")
        );
        verdicts.insert("dns.proxy.present", Verdict::Pass(vec![1]));
        let found = because(&verdicts);
        assert_eq!(
            found.get("ons.portal.reachable"),
            Some(&"ons.line-auth.reaches-site")
        );
    }
}

//! One fault, seen by several checks.

use super::Consequence;

/// The check that names the fault best explains the others.
pub(super) const SAME: &[Consequence] = &[
    Consequence {
        failures: &["dns.proxy.present"],
        causes: &[&["dns.sec.match-question"]],
    },
    // A terminal that hears its own probe gives its address up.
    Consequence {
        failures: &["ons.terminal.three-addresses"],
        causes: &[&["ngn.nd.dad-relayed"]],
    },
    Consequence {
        failures: &["ce.gen.withdraw-on-wan-loss"],
        causes: &[&["wan.nd.router-flag-cleared"]],
    },
    Consequence {
        failures: &["icmp6.beyond-scope"],
        causes: &[&["fwd.no-link-local"]],
    },
    // Who asks at a port where nobody listens has neither prefix nor servers.
    Consequence {
        failures: &[
            "dns.proxy.present",
            "dns.proxy.recovers",
            "lan.ra.advertising",
        ],
        causes: &[&["lint.dhcp6c.port"]],
    },
    Consequence {
        failures: &["dhcp6c.msg.xid-fresh"],
        causes: &[&["dhcp6c.msg.xid-random"]],
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
        failures: &[
            "dns.proxy.edns-pass",
            "dns.proxy.edns-untouched",
            "dns.proxy.no-truncate-512",
            "dns.proxy.present",
        ],
        causes: &[&["dns.proxy.fragmented-answer"]],
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
        failures: &["ngn.lan.prefix-inside-assignment", "pd.lifetime.cap-ra"],
        causes: &[&["dhcp6c.rep.iaid"]],
    },
    Consequence {
        failures: &["fwd.hoplimit.time-exceeded"],
        causes: &[&["fw6.echo-passes"]],
    },
    Consequence {
        failures: &["dns.proxy.present", "fwd.to-right-mac"],
        causes: &[&["lan.nd.na-validation", "wan.nd.na-validation"]],
    },
    Consequence {
        failures: &["ngn.pd.no-iana", "pd.accept.without-iana"],
        causes: &[&["pd.lifetime.cap-ra"]],
    },
    Consequence {
        failures: &["fw6.related-parameter-problem"],
        causes: &[&["fw6.udp-icmp-not-fatal", "fw6.related-time-exceeded"]],
    },
    // A Reply that nobody asked for is no delegation.
    Consequence {
        failures: &["ngn.pd.no-iana", "pd.accept.without-iana"],
        causes: &[&["dhcp6c.sol.unasked-reply"]],
    },
    Consequence {
        failures: &["wan.nd.default-route-from-ra"],
        causes: &[&["lan.nd.no-host"]],
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
        failures: &["dns.proxy.refused-passed"],
        causes: &[&["dns.proxy.servfail-passed"]],
    },
    // A home gateway that restarts is a link that comes back: who asks nobody hears of nothing.
    Consequence {
        failures: &["ngn.hgw.recovers-after-reboot", "wan.nd.rs-after-link-up"],
        causes: &[&["dhcp6c.link.rebind-with-pd"]],
    },
    Consequence {
        failures: &["rob.flap.recover"],
        causes: &[&["dhcp6c.link.rebind-with-pd", "wan.nd.rs-after-link-up"]],
    },
    Consequence {
        failures: &["fwd.ptb.relay"],
        causes: &[&["ngn.tcp.survives-silence"]],
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
        causes: &[&["dhcp6c.ren.at-t1", "pd.use.while-valid"]],
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
            "lan.renum.default-stays",
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
        failures: &["wan.nd.rs-backoff"],
        causes: &[&["wan.nd.rs-stop-after-ra"]],
    },
    // What is dropped, or changed on its way, does not arrive as an answer either.
    Consequence {
        failures: &["fwd.empty-datagram"],
        causes: &[&["fwd.payload.intact"]],
    },
    Consequence {
        failures: &["fw6.udp-icmp-not-fatal"],
        causes: &[&["fwd.empty-datagram"]],
    },
    // A prefix that should be gone is advertised without its DNS server.
    Consequence {
        failures: &["lan.ra.rdnss"],
        causes: &[&["lan.renum.deprecate-old", "lan.renum.zero-lifetimes"]],
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
            "pd.accept.pref-gt-valid",
            "ngn.pd.lan-apart-from-wan",
        ]],
    },
    Consequence {
        failures: &["ngn.lan.prefix-inside-assignment"],
        causes: &[&["wan.nd.ra-validation"]],
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
        failures: &["ngn.nd.answers-for-lan"],
        causes: &[&["wan.slaac.two-hour-rule"]],
    },
    // Who does not hear the advertisement does nothing about it.
    Consequence {
        failures: &[
            "dhcp6c.m-flag.iana",
            "pd.start.m-or-o",
            "ngn.dhcp6.information-request",
            "wan.slaac.support",
        ],
        causes: &[&["wan.nd.rs-stop-after-ra"]],
    },
    Consequence {
        failures: &["dhcp6c.m-flag.iana"],
        causes: &[&["pd.start.m-or-o"]],
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
        failures: &["fwd.exthdr.routing"],
        causes: &[&["fwd.exthdr.pass"]],
    },
    Consequence {
        failures: &["fw6.udp-icmp-not-fatal"],
        causes: &[&[
            "fw6.related-unreachable",
            "fw6.udp-idle",
            "fwd.exthdr.pass",
            "fwd.exthdr.routing",
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

//! The table, in the order of the flow: the name, the address, the way there and back.

use super::RightEnd;

const fn right(
    defect: &'static str,
    scenarios: &'static [&'static str],
    diagnosis: &'static str,
) -> RightEnd {
    RightEnd {
        defect,
        scenarios,
        diagnosis,
    }
}

const RA_LINE: &str = "line-auth/succeeds-on-an-ra-line";
const PD_LINE: &str = "line-auth/succeeds-on-a-pd-line";
const CROSS: &str = "line-auth/succeeds-on-a-cross-line";
const HOME_GATEWAY: &str = "home-gateway/pd-below-the-home-gateway";
const RENTAL_ROUTER: &str = "home-gateway/ra-below-a-rental-router";
const RENUMBERED: &str = "line-auth/renumbering-asks-for-consent-again";
/// Set to RA below a home gateway, and set to PD, for two minutes after authentication.
const LATER_ON_RA: &str = "home-gateway/ra-for-two-minutes";
const LATER_ON_PD: &str = "home-gateway/pd-for-two-minutes";
const SERVICE_SITE: &str = "pppoe/service-site-by-domain-routing";
const TWO_TERMINALS: &str = "address/two-terminals";
const DELIVERY: &str = "ons/delivery-and-time";
const BRIDGE: &str = "bridge/passes-ipv6-on-an-ra-line";
const PAST_THE_ROUTER: &str = "home-gateway/terminal-asks-past-the-home-gateway";

const TWO_INSTITUTIONS: &str = "line-auth/two-institutions-share-the-line";
const SERVER_LATE: &str = "address/dhcpv6-server-late";
const EDGE_RESTARTS: &str = "address/edge-of-a-pd-line-restarts-with-another-prefix";
const ISP_RENUMBERED: &str = "address/isp-line-is-renumbered";
const UNKNOWN_OPTION: &str = "cpe/advertisement-has-an-unknown-option";

const EVERYWHERE: &[&str] = &[RA_LINE, PD_LINE, CROSS, HOME_GATEWAY, RENTAL_ROUTER];
const ADVERTISED: &[&str] = &[RA_LINE, RENTAL_ROUTER];
const DELEGATED: &[&str] = &[PD_LINE, CROSS, HOME_GATEWAY];

/// The right end of the flow for each defect, where it breaks something.
pub const RIGHT_ENDS: &[RightEnd] = &[
    // Step 3: ONS names are asked elsewhere (guide p.7; below a home gateway p.5 and p.30).
    right(
        "swaps-dhcpv6-ports",
        &["address/pd-line-is-renumbered-twice"],
        "no-prefix-delegated",
    ),
    right("one-dns-for-all", EVERYWHERE, "wrong-dns"),
    right(
        "one-dns-for-all",
        &["dns/reverse-lookups-get-no-answer"],
        "wrong-dns",
    ),
    right("announces-line-dns", EVERYWHERE, "wrong-dns"),
    right(
        "announces-line-dns",
        &["ons/line-names-its-own-servers"],
        "wrong-dns",
    ),
    right(
        "forgets-dns-table",
        &[
            "ons/router-loses-its-power",
            "address/dhcpv6-server-is-away-at-a-power-cut",
        ],
        "wrong-dns",
    ),
    // The portal's name has two labels below its domain.
    right(
        "matches-one-label",
        &[RA_LINE, PD_LINE, HOME_GATEWAY, RENTAL_ROUTER],
        "wrong-dns",
    ),
    right(
        "asks-learnt-servers",
        &[
            HOME_GATEWAY,
            RENTAL_ROUTER,
            "home-gateway/aaaa-is-suppressed",
        ],
        "wrong-dns",
    ),
    // The address that the router names as DNS server is nobody's.
    right("names-absent-dns", EVERYWHERE, "wrong-dns"),
    // Step 4: the prefix does not come as far as the terminal (guide p.6).
    right("no-lan-ra", EVERYWHERE, "not-redistributed"),
    right("no-a-flag", EVERYWHERE, "not-redistributed"),
    right(
        "advertises-whole-delegation",
        DELEGATED,
        "not-redistributed",
    ),
    right("preferred-above-valid", EVERYWHERE, "not-redistributed"),
    // Hosts throw such advertisements away (RFC 4861 §6.1.2).
    right("ra-from-global", EVERYWHERE, "not-redistributed"),
    right("unterminated-search-list", EVERYWHERE, "not-redistributed"),
    right("no-slaac", ADVERTISED, "not-redistributed"),
    right("no-slaac", &[UNKNOWN_OPTION], "not-redistributed"),
    right(
        "drops-unknown-ra-options",
        &[UNKNOWN_OPTION],
        "advertisement-not-taken",
    ),
    right(
        "only-solicited-ra",
        &["address/only-unsolicited-advertisements"],
        "not-redistributed",
    ),
    right("short-lan-prefix", &[LATER_ON_PD], "not-redistributed"),
    right(
        "stops-advertising",
        &["address/a-day-on-a-pd-line"],
        "not-redistributed",
    ),
    right(
        "advertises-first-lifetimes",
        &["address/a-day-on-a-pd-line"],
        "not-redistributed",
    ),
    right(
        "ignores-line-adverts",
        EVERYWHERE,
        "advertisement-not-taken",
    ),
    right("solicits-without-prefix", DELEGATED, "no-prefix-request"),
    right("ignores-replies", DELEGATED, "offer-not-taken"),
    right("waits-for-m-flag", &[HOME_GATEWAY], "no-prefix-request"),
    right(
        "gives-up-soliciting",
        &[SERVER_LATE, "address/dhcpv6-server-away-for-six-hours"],
        "no-prefix-request",
    ),
    right(
        "no-solicit-after-expiry",
        &["address/dhcpv6-server-away-during-a-lease"],
        "lease-ran-out",
    ),
    // The network drops a DUID-LLT, a home gateway does not (ngn-facts §2.1, §3.3).
    right("duid-llt", &[PD_LINE, CROSS, SERVER_LATE], "wrong-duid"),
    right("duid-llt", &[HOME_GATEWAY], "no diagnosis"),
    right(
        "no-client-id",
        &[PD_LINE, CROSS, HOME_GATEWAY, SERVER_LATE],
        "invalid-request",
    ),
    right("no-server-id", DELEGATED, "invalid-request"),
    right("insists-on-address", DELEGATED, "offer-not-taken"),
    right(
        "insists-on-address",
        &["address/wishes-for-addresses-are-ignored"],
        "offer-not-taken",
    ),
    // The edge refuses addresses aloud, a home gateway leaves them out (ngn-facts §2.1, §3.3).
    right(
        "prefix-fails-with-address",
        &[PD_LINE, CROSS, "address/no-address-comes-with-the-prefix"],
        "offer-not-taken",
    ),
    right("only-accepts-56", &[HOME_GATEWAY], "offer-not-taken"),
    right(
        "only-accepts-56",
        &["address/delegation-is-a-60", "address/delegation-is-a-64"],
        "offer-not-taken",
    ),
    // It uses what the server has not assigned, and nothing comes back.
    right(
        "takes-replies-to-solicit",
        &["address/a-reply-comes-before-the-offer"],
        "dns-unreachable",
    ),
    right(
        "takes-any-association",
        &["address/answers-hold-an-association-nobody-asked-for"],
        "wrong-source",
    ),
    // Terminals go on with addresses that the router does not pass on any more.
    right(
        "keeps-old-prefix",
        &[
            "address/pd-line-is-renumbered-twice",
            "address/ra-line-is-renumbered-twice",
        ],
        "lost-in-router",
    ),
    right(
        "fails-at-any-status",
        &["address/answers-say-that-they-succeed"],
        "offer-not-taken",
    ),
    right(
        "filters-source-port-547",
        &[
            "address/replies-come-from-a-random-port",
            "home-gateway/replies-come-from-a-random-port",
        ],
        "offer-not-taken",
    ),
    right(
        "drops-unknown-options",
        &["address/answers-carry-unknown-options"],
        "offer-not-taken",
    ),
    // From here on the guide's flow has no end but the desk: the way of the packets.
    // The terminal cannot send to the router.
    right(
        "no-lan-neighbor-adverts",
        EVERYWHERE,
        "router-silent-on-lan",
    ),
    right("no-target-link-layer", EVERYWHERE, "router-silent-on-lan"),
    right(
        "no-router-flag",
        &[LATER_ON_RA, LATER_ON_PD],
        "no-router-on-terminal",
    ),
    right("never-default-router", EVERYWHERE, "no-router-on-terminal"),
    // The router's own DNS.
    right("denies-names-after-a", EVERYWHERE, "dns-proxy-fails"),
    // The portal opens, and says that the line is not authenticated; the site is out of reach.
    right("refuses-unlisted-endings", EVERYWHERE, "dns-proxy-fails"),
    right("answers-its-own-address", EVERYWHERE, "dns-proxy-fails"),
    right("asks-late", EVERYWHERE, "dns-proxy-fails"),
    right("no-dns-proxy", EVERYWHERE, "dns-proxy-fails"),
    // The preferred server is dead, the alternate one is not (guide p.7).
    right(
        "no-failover",
        &[
            "dns/preferred-server-dead",
            "dns/preferred-servers-are-dead-from-the-start",
        ],
        "dns-proxy-fails",
    ),
    right("refuses-questions", EVERYWHERE, "dns-proxy-fails"),
    right("leaks-upstream-ids", EVERYWHERE, "dns-proxy-fails"),
    right("answers-from-other-address", EVERYWHERE, "dns-proxy-fails"),
    right("filters-aaaa", EVERYWHERE, "dns-proxy-fails"),
    right("withholds-aaaa-after-a", EVERYWHERE, "dns-proxy-fails"),
    // The fifteen addresses of the delivery hosts need TCP, or a large datagram.
    right("no-dns-tcp", &[DELIVERY], "dns-proxy-fails"),
    right("answers-tcp-over-udp", &[DELIVERY], "dns-proxy-fails"),
    // A second question for the other type gets the addresses.
    right("nodata-is-nxdomain", EVERYWHERE, "no diagnosis"),
    // The router does not pass packets on.
    right("blocks-https", EVERYWHERE, "lost-in-router"),
    right(
        "blocks-https",
        &[
            "ons/connection-test-portal",
            "ons/portal-before-authentication",
        ],
        "lost-in-router",
    ),
    right("drops-https-answers", EVERYWHERE, "lost-in-router"),
    right("counts-ethernet-into-mtu", EVERYWHERE, "lost-in-router"),
    right(
        "counts-ethernet-into-mtu",
        &["cpe/packets-of-many-kinds-cross"],
        "lost-in-router",
    ),
    right("drops-full-size-packets", EVERYWHERE, "lost-in-router"),
    right(
        "drops-full-size-packets",
        &["ons/revocation-list-is-downloaded"],
        "lost-in-router",
    ),
    right("hop-limit-of-one", EVERYWHERE, "hop-limit-too-low"),
    right(
        "serves-one-terminal",
        &[TWO_TERMINALS, TWO_INSTITUTIONS],
        "lost-in-router",
    ),
    right(
        "stale-source-filter",
        &[RENUMBERED, EDGE_RESTARTS, ISP_RENUMBERED],
        "lost-in-router",
    ),
    right(
        "short-tcp-idle",
        &["line-auth/processing-takes-15-seconds"],
        "lost-in-router",
    ),
    right("blocks-http", &[DELIVERY], "lost-in-router"),
    right(
        "blocks-folded-range",
        &[DELIVERY, "ons/delivery-on-a-line-that-brings-the-option"],
        "lost-in-router",
    ),
    right("blocks-outside-dns", &[PAST_THE_ROUTER], "lost-in-router"),
    // The router has given the line up; pings are not answered here (guide FAQ 2).
    right(
        "gateway-must-answer-pings",
        &["ons/ping-is-not-answered"],
        "line-given-up",
    ),
    right(
        "needs-internet",
        &["address/internet-vanishes"],
        "line-given-up",
    ),
    right(
        "no-solicit-after-flap",
        &["address/wan-cable-is-pulled", "cpe/wan-cable-flaps"],
        "line-given-up",
    ),
    right(
        "gives-up-silent-router",
        &["cpe/line-is-dead-for-a-while"],
        "line-given-up",
    ),
    // It has forgotten its router, or hangs: only a restart helps.
    right(
        "keeps-newest-routers",
        &["cpe/flood-of-advertisements"],
        "line-given-up",
    ),
    right(
        "hangs-on-empty-option",
        &["cpe/spoilt-advertisements"],
        "line-given-up",
    ),
    right(
        "hangs-on-bad-dhcpv6",
        &["cpe/spoilt-dhcpv6-answers"],
        "line-given-up",
    ),
    // The line drops what the router sends.
    right("foreign-lan-prefix", EVERYWHERE, "wrong-source"),
    right(
        "foreign-lan-prefix",
        &[TWO_TERMINALS, TWO_INSTITUTIONS],
        "wrong-source",
    ),
    right("own-packets-from-link-local", DELEGATED, "wrong-source"),
    right(
        "own-packets-from-link-local",
        &["cpe/lan-speaks-before-the-delegation"],
        "wrong-source",
    ),
    // It has taken a prefix of nobody.
    right(
        "accepts-invalid-ra",
        &["cpe/invalid-advertisements-from-the-wan"],
        "wrong-source",
    ),
    right(
        "treats-60-as-56",
        &[
            HOME_GATEWAY,
            LATER_ON_PD,
            "home-gateway/each-request-takes-another-slot",
            "home-gateway/every-association-gets-the-same-slot",
        ],
        "wrong-source",
    ),
    right(
        "stale-own-source",
        &[RENUMBERED, EDGE_RESTARTS, ISP_RENUMBERED],
        "wrong-source",
    ),
    right(
        "never-renumbers",
        &[
            RENUMBERED,
            EDGE_RESTARTS,
            ISP_RENUMBERED,
            "address/pd-line-is-renumbered",
            "dns/servers-fail-while-the-line-is-renumbered",
            "address/lan-cable-is-out-during-a-renumbering",
        ],
        "wrong-source",
    ),
    right("ignores-zero-preferred", &[RENUMBERED], "wrong-source"),
    right("marks-as-af41", EVERYWHERE, "marked-by-router"),
    right(
        "marks-as-af41",
        &["address/marked-packets-are-lost"],
        "marked-by-router",
    ),
    right("rewrites-tcp", EVERYWHERE, "damaged-by-router"),
    right("sends-hop-limit-of-one", EVERYWHERE, "damaged-by-router"),
    right(
        "zeroes-udp-checksums",
        &[PAST_THE_ROUTER],
        "damaged-by-router",
    ),
    // It sends everything to a device that only advertises.
    right(
        "any-advertiser-is-router",
        &["cpe/prefixes-that-make-no-address"],
        "wrong-router",
    ),
    right(
        "heeds-adverts-on-lan",
        &["cpe/another-router-advertises-on-the-lan"],
        "wrong-router",
    ),
    right(
        "believes-invalid-na",
        &["cpe/invalid-neighbor-advertisements"],
        "wrong-router",
    ),
    // The home gateway has forgotten the delegation, and the router does not ask for another.
    right(
        "no-solicit-after-flap",
        &["home-gateway/restarts-by-itself-on-pd"],
        "lost-upstream",
    ),
    // Replies wait on the line (guide FAQ 1).
    right(
        "nd-proxy-one-way",
        &[
            LATER_ON_RA,
            "cpe/line-asks-again-after-ten-seconds",
            "home-gateway/ra-below-a-rental-router-for-thirty-minutes",
        ],
        "connection-lost",
    ),
    right(
        "no-wan-neighbor-adverts",
        &[RA_LINE, RENTAL_ROUTER, LATER_ON_RA],
        "connection-lost",
    ),
    right(
        "nd-proxy-names-the-terminal",
        &[RA_LINE, RENTAL_ROUTER, "cpe/line-checks-its-neighbours"],
        "connection-lost",
    ),
    right(
        "prefers-advertised-prefix",
        &[HOME_GATEWAY, "address/ra-and-pd-at-once"],
        "connection-lost",
    ),
    // A bridge: what it should let pass stays with it, or is of no use behind it.
    right("bridge-advertises", &[BRIDGE], "lost-in-router"),
    right("bridges-for-one-terminal", &[BRIDGE], "lost-in-router"),
    right("bridge-loses-groups", &[BRIDGE], "connection-lost"),
    right("bridge-lowers-hop-limit", &[BRIDGE], "damaged-by-router"),
    right("bridge-rewrites-tcp", &[BRIDGE], "damaged-by-router"),
    // The members club, and the service information site over its session.
    right(
        "short-tcp-idle",
        &["members-club/check-takes-its-time"],
        "lost-in-router",
    ),
    right(
        "filters-aaaa",
        &["members-club/contract-line-is-confirmed"],
        "dns-proxy-fails",
    ),
    right("no-dhcpv4", &[SERVICE_SITE], "no-ipv4-on-terminal"),
    right(
        "asks-isp-for-service-site",
        &[SERVICE_SITE],
        "no-domain-routing",
    ),
    right("no-domain-routing", &[SERVICE_SITE], "no-domain-routing"),
    right("no-napt", &[SERVICE_SITE], "lost-in-router-over-ipv4"),
    right(
        "breaks-checksums",
        &[SERVICE_SITE],
        "lost-in-router-over-ipv4",
    ),
    right(
        "ignores-source-binding",
        &["pppoe/sessions-bound-to-terminals"],
        "leaves-by-another-session",
    ),
];

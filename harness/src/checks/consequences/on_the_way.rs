//! What lies on the way to the sites, and keeps terminals from reaching them.
//!
//! An obstacle explains only what stopped where it lies: who opened a connection had an address and
//! a name, and what the device passed on was not kept by its filter.

use super::OnTheWay;
use super::how_far::HowFar;

/// A check whose failure keeps terminals from a site, and where it stops them.
#[derive(Clone, Copy)]
pub(super) struct Obstacle {
    pub(super) check: &'static str,
    lies: Lies,
}

/// Where an obstacle lies.
#[derive(Clone, Copy)]
enum Lies {
    /// Before anything is sent: the terminal has no address, or the name does not resolve.
    Before,
    /// There, too, from the beginning on, whenever it was seen.
    BeforeAllTheTime,
    /// In the device, where nothing leaves for the line.
    InTheDevice,
    /// Behind the device, or on the way back.
    Beyond,
    /// Where a connection stands and falls silent.
    Within,
    /// Anywhere: what worked may have stopped to at any time.
    Anywhere,
    /// Where it stopped itself.
    WhereItStopped,
}

impl Obstacle {
    /// Returns whether it was there before it was seen.
    pub(super) fn is_always_there(self) -> bool {
        matches!(self.lies, Lies::BeforeAllTheTime)
    }

    /// Returns whether it explains what came so far; `itself` says how far the obstacle's own
    /// failure had come.
    pub(super) fn stops(self, stopped: HowFar, itself: impl Fn() -> Option<HowFar>) -> bool {
        match self.lies {
            Lies::Before | Lies::BeforeAllTheTime => stopped == HowFar::NotSent,
            // The device's own questions for names stop there, too.
            Lies::InTheDevice => stopped != HowFar::ToTheLine,
            Lies::Beyond => stopped != HowFar::ToTheRouter,
            Lies::Within => stopped == HowFar::ToTheLine,
            Lies::Anywhere => true,
            Lies::WhereItStopped => itself() == Some(stopped),
        }
    }
}

const fn before_all_the_time(check: &'static str) -> Obstacle {
    let lies = Lies::BeforeAllTheTime;
    Obstacle { check, lies }
}

const fn before(check: &'static str) -> Obstacle {
    let lies = Lies::Before;
    Obstacle { check, lies }
}

const fn in_the_device(check: &'static str) -> Obstacle {
    let lies = Lies::InTheDevice;
    Obstacle { check, lies }
}

const fn beyond(check: &'static str) -> Obstacle {
    let lies = Lies::Beyond;
    Obstacle { check, lies }
}

const fn within(check: &'static str) -> Obstacle {
    let lies = Lies::Within;
    Obstacle { check, lies }
}

const fn anywhere(check: &'static str) -> Obstacle {
    let lies = Lies::Anywhere;
    Obstacle { check, lies }
}

const fn where_it_stopped(check: &'static str) -> Obstacle {
    let lies = Lies::WhereItStopped;
    Obstacle { check, lies }
}

/// Who asks the wrong server for a name does not get the right answer.
const WRONG_SERVER: &[Obstacle] = &[
    before("ons.dns.not-through-home-gateway"),
    before("ons.dns.area"),
    before("ons.dns.any-depth"),
    before("ons.dns.any-case"),
    before("ons.dns.added-domains"),
    before("ons.dns.each-domain"),
    before("ons.dns.per-domain"),
    before("ons.dns.no-leak"),
    before("ons.dns.ngn-domain"),
    before("ons.dns.preferred-first"),
];

/// No answer that a terminal can use.
const NO_NAMES: &[Obstacle] = &[
    before("ons.terminal.dns-from-router"),
    before("dns.proxy.answers-from-asked-address"),
    before("dns.proxy.id-restored"),
    before("dns.proxy.malformed-survive"),
    before("rob.dns.fuzz"),
    before_all_the_time("dns.proxy.present"),
    before("ons.dns.aaaa-kept"),
    before("dns.proxy.upstream-failover"),
    before("dns.proxy.slow-server"),
    before("dns.proxy.recovers"),
    before("dns.proxy.edns-pass"),
    before("dns.proxy.tcp"),
];

/// No prefix from the line, or one that the line has taken back.
const NO_PREFIX: &[Obstacle] = &[
    before("pd.start.m-or-o"),
    before("ngn.dhcp6.duid-ll"),
    before("ngn.dhcp6.reply-from-any-port"),
    before("dhcp6c.msg.unknown-option"),
    before("dhcp6c.sol.no-give-up"),
    anywhere("dhcp6c.link.rebind-with-pd"),
    anywhere("dhcp6c.reb.expiry-to-solicit"),
    before("wan.nd.ra-unknown-option"),
    before("wan.slaac.support"),
    anywhere("rob.ra.fuzz"),
    anywhere("rob.dhcp6.fuzz"),
    anywhere("rob.flap.recover"),
    anywhere("rob.loss.recover"),
    anywhere("ngn.hgw.takes-60"),
    anywhere("dhcp6c.rep.iaid"),
    before("ngn.pd.no-iana"),
    before("pd.accept.without-iana"),
    before("pd.accept.other-size"),
    anywhere("lint.dhcp6c.port"),
    anywhere("ngn.ra.renumber"),
    anywhere("ngn.pd.renumber"),
    anywhere("lan.renum.deprecate-old"),
    anywhere("ngn.hgw.recovers-after-reboot"),
];

/// No address, or no router, for a terminal.
const NO_LAN: &[Obstacle] = &[
    before("lan.ra.linklocal-source"),
    before("lan.ra.one-64-per-lan"),
    before("lan.ra.preferred-le-valid"),
    before("lan.ra.a-l-flags"),
    before("lan.ra.advertising"),
    before("lan.ra.rdnss"),
    anywhere("ngn.lan.prefix-inside-assignment"),
];

/// Packets that do not get across.
const NO_WAY: &[Obstacle] = &[
    beyond("ngn.nd.own-link-layer"),
    beyond("ngn.nd.answers-for-lan"),
    anywhere("ngn.renumber.passes-new-prefix"),
    beyond("ngn.wan.source-in-assignment"),
    anywhere("lan.nd.no-host"),
    anywhere("wan.nd.na-validation"),
    anywhere("lan.nd.na-validation"),
    in_the_device("wan.nd.default-route-from-ra"),
    anywhere("wan.nd.router-lifetime-zero"),
    anywhere("rob.ra-flood"),
    beyond("fwd.to-right-mac"),
    within("fwd.mtu.full-size"),
    within("ngn.tcp.survives-silence"),
    beyond("fwd.flow-goes-on"),
    anywhere("ons.second-terminal.works"),
    anywhere("ons.parallel-connections"),
];

/// What is not reached at all cannot be used.
pub(super) const SITES: &[Obstacle] = &[
    where_it_stopped("ons.line-auth.reaches-site"),
    where_it_stopped("ons.portal.reachable"),
    where_it_stopped("ons.line-auth.after-power-cut"),
    where_it_stopped("members.site.reached"),
];

/// What is not reached of the members club cannot confirm anything.
const CLUB: &[Obstacle] = &[
    before("members.site.resolves"),
    where_it_stopped("members.site.reached"),
];

/// What is not reached because of something on the way there. What was seen only after it was in
/// vain is no cause of it.
pub(super) const ON_THE_WAY: &[OnTheWay] = &[
    OnTheWay {
        failures: &[
            "ons.line-auth.reaches-site",
            "ons.line-auth.after-power-cut",
        ],
        obstacles: &[NO_PREFIX, NO_LAN, WRONG_SERVER, NO_NAMES, NO_WAY],
    },
    OnTheWay {
        failures: &[
            "ons.portal.reachable",
            "ons.test-portal.reachable",
            "ons.delivery.reachable",
        ],
        obstacles: &[
            NO_PREFIX,
            NO_LAN,
            WRONG_SERVER,
            NO_NAMES,
            NO_WAY,
            &[where_it_stopped("ons.line-auth.reaches-site")],
        ],
    },
    OnTheWay {
        failures: &["members.site.resolves"],
        obstacles: &[NO_PREFIX, NO_LAN, WRONG_SERVER, NO_NAMES],
    },
    OnTheWay {
        failures: &["members.site.reached"],
        obstacles: &[
            NO_PREFIX,
            NO_LAN,
            WRONG_SERVER,
            NO_NAMES,
            &[before("members.site.resolves")],
            NO_WAY,
        ],
    },
    OnTheWay {
        failures: &["members.pages.shown"],
        obstacles: &[NO_PREFIX, NO_LAN, WRONG_SERVER, NO_NAMES, NO_WAY, CLUB],
    },
    OnTheWay {
        failures: &["members.line.confirmed"],
        obstacles: &[
            NO_PREFIX,
            NO_LAN,
            WRONG_SERVER,
            NO_NAMES,
            NO_WAY,
            CLUB,
            &[anywhere("members.pages.shown")],
        ],
    },
    OnTheWay {
        failures: &["dns.proxy.present", "dns.proxy.recovers"],
        obstacles: &[NO_PREFIX],
    },
    OnTheWay {
        failures: &["ons.portal.stays-reachable", "ons.line-auth.completes"],
        obstacles: &[NO_PREFIX, NO_LAN, WRONG_SERVER, NO_NAMES, NO_WAY, SITES],
    },
    OnTheWay {
        failures: &["ons.large-download", "ons.crl.downloads"],
        obstacles: &[&[anywhere("fwd.mtu.full-size"), anywhere("fwd.ptb.relay")]],
    },
    OnTheWay {
        failures: &["ons.terminal.three-addresses"],
        obstacles: &[NO_LAN, NO_PREFIX],
    },
];

/// What explains why a promise about a site was not kept where nothing is said of the site itself,
/// the likeliest first.
pub(super) const OF_PROMISES: &[&[Obstacle]] = &[
    BRIDGED,
    LATER,
    NO_PREFIX,
    NO_LAN,
    WRONG_SERVER,
    NO_NAMES,
    &[before("members.site.resolves")],
    NO_WAY,
    CHANGED,
];

/// What a bridge does to frames, or says itself.
const BRIDGED: &[Obstacle] = &[
    anywhere("bridge.frames.unchanged"),
    anywhere("bridge.frames.not-reflected"),
    anywhere("bridge.multicast.crosses"),
    anywhere("bridge.nd.claims-nothing"),
    anywhere("bridge.full-size"),
    anywhere("bridge.frames.cross"),
    anywhere("bridge.lan.no-router"),
    anywhere("bridge.lan.no-dhcpv6-server"),
    anywhere("bridge.frames.once"),
];

/// What was reached first, and did not work to its end.
const LATER: &[Obstacle] = &[
    anywhere("ons.line-auth.completes"),
    anywhere("ons.portal.stays-reachable"),
    anywhere("members.pages.shown"),
    anywhere("members.line.confirmed"),
];

/// Packets that nobody can use behind the device.
const CHANGED: &[Obstacle] = &[
    beyond("fwd.hoplimit.decrement"),
    within("fwd.payload.intact"),
];

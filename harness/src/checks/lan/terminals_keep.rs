//! What a terminal keeps as long as the line gives it: an address, a router and a DNS server.
//!
//! Whatever a device gets wrong with lifetimes, renewals and advertisements ends here: a terminal
//! loses what the line still offers. So each check says when, and what ran out.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;
use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::message::ndp::{NdpOption, RouterAdvert};
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::given_prefixes::{given, net_of};
use crate::checks::evidence::lan_adverts::adverts;
use crate::checks::evidence::lan_dhcpv6::answers;
use crate::checks::evidence::spans::Spans;
use crate::checks::evidence::wan_adverts::wan_adverts;
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "lan.keeps.address",
        source: "RFC 7084 §4.3 L-2; RFC 9096 §3.4",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "回線がプレフィックスを与えている間、端末は使えるアドレスを失わない",
            "Terminals keep a usable address as long as the line gives a prefix",
        ),
        hint: Text::new(
            "リースの更新やRAの受信のたびに、LAN側で広告するプレフィックスの有効期間を延ばし、期限が切れる前にRAを送ってください。",
            "Extend the lifetimes on the LAN with each renewal, and advertise before they run out.",
        ),
        judge: keeps_address,
    },
    Check {
        id: "lan.keeps.router",
        source: "RFC 7084 §4.3 L-1, §4.1 G-4; RFC 4861 §6.2.1",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "回線がプレフィックスとルータを与えている間、端末はデフォルトルータを失わない",
            "Terminals keep a default router as long as the line gives prefix and router",
        ),
        hint: Text::new(
            "プレフィックスを得たら0でないルータ有効期間を広告し、それが切れる前に次のRAを送ってください。",
            "Advertise a router lifetime once there is a prefix, and the next one before it runs out.",
        ),
        judge: keeps_router,
    },
    Check {
        id: "lan.keeps.dns",
        source: "RFC 8106 §5.1; RFC 7084 §4.3 L-11; ngn-facts §5.12",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "回線がプレフィックスを与えている間、端末は使えるDNSサーバを失わない",
            "Terminals keep a usable DNS server as long as the line gives a prefix",
        ),
        hint: Text::new(
            "RDNSSの有効期間をRAの送信間隔の3倍ほどにし、失効したプレフィックスのアドレスをDNSサーバとして残さないでください。",
            "Give DNS servers about three intervals of life, and name none in a prefix that is gone.",
        ),
        judge: keeps_dns,
    },
    Check {
        id: "lan.renum.old-dns",
        source: "RFC 8106 §5.1; RFC 9096 §3.5",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "失効したプレフィックスのDNSサーバを取り消す",
            "A DNS server goes with the prefix that its address is in",
        ),
        hint: Text::new(
            "プレフィックスを失効させるときは、そのアドレスのDNSサーバをRDNSSの有効期間0で取り消してください。",
            "Advertise the server once more with lifetime 0 when its prefix is withdrawn.",
        ),
        judge: old_dns,
    },
];

/// What a device may need for what the line tells it: programs that start one another, a probe of
/// ten seconds (ngn-facts §1.1) and an advertisement that waits. Tolerance of ours.
const IN_USE_WITHIN: Duration = Duration::from_secs(60);

/// The same where one prefix follows another and everything runs. Tolerance of ours.
const HANDED_OVER_WITHIN: Duration = Duration::from_secs(20);

/// What is preferred for less may be over before a router has told its terminals (inferred).
const SHORTEST: u32 = 10;

/// A timer that counts whole seconds, and the way to the terminal.
const COARSE: Duration = Duration::from_secs(2);

/// What the line gives, as times.
struct Line {
    /// For each prefix.
    prefixes: BTreeMap<Ipv6Net, Spans>,
    /// Any prefix, with a router on the WAN, and nothing that keeps the device from it.
    usable: Spans,
    /// When one prefix has just taken another's place.
    handover: Spans,
}

/// What one terminal hears of the device.
struct Heard<'d> {
    adverts: Vec<Found<&'d RouterAdvert>>,
    /// The DNS servers that DHCPv6 named, and when first; it says of no end.
    by_dhcpv6: BTreeMap<Ipv6Addr, Time>,
}

fn keeps_address(trace: &Dissection<'_>) -> Verdict {
    judge(trace, "an address all the time", |line, heard| {
        let mut has = Spans::default();
        for (net, preferred) in prefixes_of(heard, trace.end()) {
            // Of a delegation the LAN has a part, of an advertisement the whole; a smaller delegation
            // may have taken the place of a larger one.
            for (_, given) in line
                .prefixes
                .iter()
                .filter(|(whole, _)| whole.contains(&net))
            {
                has = has.or(&preferred.and(given));
            }
        }
        has
    })
}

fn keeps_router(trace: &Dissection<'_>) -> Verdict {
    judge(trace, "a router all the time", |_, heard| {
        let lifetimes = heard.adverts.iter().map(|ra| (ra.arrives, ra.is.lifetime));
        until_the_next(lifetimes.collect(), trace.end())
    })
}

fn keeps_dns(trace: &Dissection<'_>) -> Verdict {
    judge(trace, "a DNS server all the time", |_, heard| {
        let prefixes = prefixes_of(heard, trace.end());
        let named = servers_of(heard, trace.end()).into_iter();
        let by_dhcpv6 = heard.by_dhcpv6.iter();
        let by_dhcpv6 =
            by_dhcpv6.map(|(server, at)| (*server, Spans::from_iter([(*at, trace.end())])));
        named
            .chain(by_dhcpv6)
            .fold(Spans::default(), |has, (server, alive)| {
                let mut on_lan = prefixes.iter().filter(|(net, _)| net.contains(&server));
                has.or(&match on_lan.next() {
                    Some((_, preferred)) => alive.and(preferred),
                    None => alive,
                })
            })
    })
}

/// Judges that no terminal keeps a DNS server for long whose prefix is gone.
fn old_dns(trace: &Dissection<'_>) -> Verdict {
    let what = "DNS server in a prefix that was withdrawn";
    let named = heard(trace).into_iter().flat_map(|heard| {
        let prefixes = prefixes_of(&heard, trace.end());
        let servers = servers_of(&heard, trace.end());
        let in_prefix = servers.clone().into_iter().filter_map(|(server, alive)| {
            let mut nets = prefixes.iter();
            let (_, preferred) = nets.find(|(net, _)| net.contains(&server))?;
            let told = alive.iter().next()?.0;
            let (_, gone) = preferred.iter().last()?;
            let due = gone + HANDED_OVER_WITHIN;
            let another = servers.iter().any(|(other, alive)| {
                *other != server
                    && alive
                        .iter()
                        .any(|(from, to)| from < gone + COARSE && due < to)
            });
            // Without another one it is better than none, and a power cut makes it forgotten.
            let known = another && !trace.is_restarted(told, due);
            known.then_some((server, told, gone, alive))
        });
        in_prefix.collect::<Vec<_>>()
    });
    every(what, named, |(server, told, gone, alive)| {
        let due = gone + HANDED_OVER_WITHIN;
        if due > trace.end() || trace.is_disturbed(gone, due) {
            return Ruling::Skip;
        }
        let records: Vec<RecordId> = adverts(trace)
            .filter(|ra| ra.arrives == told || ra.arrives == gone)
            .map(|ra| ra.record)
            .collect();
        let stays = alive.iter().any(|(from, to)| from <= due && due < to);
        expect(
            records,
            !stays,
            format!("{server} taken back by a lifetime of 0"),
            "it may still be asked",
        )
    })
}

/// Judges for each terminal that it has something whenever the line gives it.
fn judge(
    trace: &Dissection<'_>,
    expected: &str,
    has: impl Fn(&Line, &Heard<'_>) -> Spans,
) -> Verdict {
    let line = line(trace);
    every(
        "terminal while the line gave a prefix",
        heard(trace),
        |heard| {
            let Some(first) = heard.adverts.first() else {
                return Ruling::Skip;
            };
            let since = Spans::from_iter([(first.arrives, trace.end())]);
            let due = line.usable.and(&since).settled(IN_USE_WITHIN);
            let due = due.without(&line.handover);
            let has = has(&line, &heard);
            let mut missing = due.without(&has).iter().collect::<Vec<_>>().into_iter();
            let gap = missing.find(|(from, to)| to.since(*from) > COARSE);
            let Some((from, to)) = gap else {
                let mut due = due.iter();
                let last = heard.adverts.last().map_or(first.record, |ra| ra.record);
                return match due.next() {
                    Some(_) => Ruling::Holds(vec![first.record, last]),
                    None => Ruling::Skip,
                };
            };
            let before = heard.adverts.iter().rev().find(|ra| ra.arrives <= from);
            let after = heard.adverts.iter().find(|ra| ra.arrives > from);
            let records: Vec<RecordId> = [before, after]
                .into_iter()
                .flatten()
                .map(|ra| ra.record)
                .collect();
            let lost = has.iter().any(|(_, end)| end <= from);
            let seen = if lost {
                format!("it ran out at {}", moment(from))
            } else {
                format!("none up to {}", moment(to))
            };
            let came = (to < trace.end()).then_some(to);
            broken(records, expected, seen)
                .unless_late(trace, Delay::past(from - IN_USE_WITHIN, from, came))
        },
    )
}

/// Returns a moment as the trace has it.
fn moment(at: Time) -> String {
    format!("{:.3}", at.since(Time::ZERO).as_secs_f64())
}

/// Returns what a stranger has said of a prefix of the line, and when: how long it is preferred is
/// taken from anybody (RFC 4862 §5.5.3 e).
fn strangers_word(trace: &Dissection<'_>, net: Ipv6Net) -> impl Iterator<Item = (Time, u32)> {
    let adverts = trace.router_adverts();
    let adverts = adverts.filter(|ra| ra.to_device(Role::Wan) && ra.injected);
    adverts.flat_map(move |ra| {
        let about = ra.is.prefixes().filter(|one| net_of(one) == Some(net));
        let said: Vec<_> = about.map(|one| (ra.arrives, one.preferred)).collect();
        said
    })
}

/// Returns what the line gives when nothing is in the way.
fn line(trace: &Dissection<'_>) -> Line {
    let given = given(trace);
    let nets: BTreeSet<Ipv6Net> = given.iter().map(|given| given.net).collect();
    let prefixes = nets.into_iter().map(|net| {
        let said = given.iter().filter(|given| given.net == net);
        let said = said.map(|given| (given.at, given.preferred));
        let said = said.chain(strangers_word(trace, net));
        // Nobody can follow what is over as soon as it is said.
        let said = said.map(|(at, preferred)| match preferred < SHORTEST {
            true => (at, Duration::ZERO),
            false => (at, lasts(preferred)),
        });
        (net, until_the_next(and_cuts(trace, said), trace.end()))
    });
    let prefixes: BTreeMap<_, _> = prefixes.collect();
    let any = prefixes
        .values()
        .fold(Spans::default(), |any, spans| any.or(spans));
    let adverts = wan_adverts(trace);
    let sources: BTreeSet<Ipv6Addr> = adverts.iter().map(|ra| ra.source).collect();
    let routers = sources.into_iter().map(|source| {
        let said = adverts.iter().filter(|ra| ra.source == source);
        let said = said.map(|ra| (ra.arrives, ra.is.lifetime));
        let forgotten = trace.forgets_routers().map(|at| (at, Duration::ZERO));
        until_the_next(and_cuts(trace, said.chain(forgotten)), trace.end())
    });
    let router = routers.fold(Spans::default(), |any, spans| any.or(&spans));
    let usable = any.and(&router).without(&disturbed(trace));
    let begins = prefixes
        .values()
        .flat_map(Spans::iter)
        .map(|(from, _)| from);
    let handover = begins
        .map(|at| (at - COARSE, at + HANDED_OVER_WITHIN))
        .collect();
    Line {
        prefixes,
        usable,
        handover,
    }
}

/// Adds the power cuts, with which the device forgets what the line has said.
fn and_cuts(
    trace: &Dissection<'_>,
    said: impl Iterator<Item = (Time, Duration)>,
) -> Vec<(Time, Duration)> {
    let cuts = trace.steps.iter().filter(|step| step.cuts_power());
    let mut all: Vec<_> = said
        .chain(cuts.map(|step| (step.at, Duration::ZERO)))
        .collect();
    all.sort_unstable();
    all
}

/// Returns when a cable was out, a frame lost or the power cut, and the time around it in which
/// everything may be otherwise.
fn disturbed(trace: &Dissection<'_>) -> Spans {
    let steps = trace.steps.iter().filter(|step| step.interrupts());
    let out = steps.map(|step| (step.began(), step.over() + COARSE));
    let mut lost: Vec<(Time, Time)> = Vec::new();
    for found in trace.packets.iter().filter(|found| found.lost) {
        match lost.last_mut() {
            Some(last) if found.at.since(last.1) <= IN_USE_WITHIN => last.1 = found.at + COARSE,
            _ => lost.push((found.at, found.at + COARSE)),
        }
    }
    // What a stranger says of the line's prefix counts as well (RFC 4862 §5.5.3 e).
    let strangers = trace
        .router_adverts()
        .filter(|ra| ra.to_device(Role::Wan) && ra.injected)
        .map(|ra| (ra.arrives, ra.arrives + IN_USE_WITHIN));
    // What a device asks again may be lost again, for longer than a while.
    let lossy = trace.lossy().map(|(from, to)| (from, to.min(trace.end())));
    let claimed = trace.claims().map(|claim| (claim.at, trace.end()));
    let without = trace.times_without_router();
    let without = without.map(|(from, to)| (from, to + IN_USE_WITHIN));
    let out = out.chain(lost).chain(strangers).chain(without);
    out.chain(lossy).chain(claimed).collect()
}

/// Returns what each terminal hears, as far as it has said anything itself.
fn heard<'d>(trace: &'d Dissection<'_>) -> Vec<Heard<'d>> {
    let on_lan = trace
        .packets
        .iter()
        .filter(|found| found.to_device(Role::Lan) && !found.injected);
    let terminals: BTreeSet<Mac> = on_lan.map(|found| found.eth_source).collect();
    let told = |terminal: Mac| {
        let hears = move |to: Mac| to == terminal || to.is_multicast();
        let named = answers(trace).filter(move |answer| hears(answer.eth_destination));
        let mut by_dhcpv6 = BTreeMap::new();
        for answer in named {
            for server in answer.is.dns_servers().unwrap_or_default() {
                by_dhcpv6.entry(*server).or_insert(answer.arrives);
            }
        }
        Heard {
            adverts: adverts(trace)
                .filter(|ra| hears(ra.eth_destination) && !ra.lost)
                .collect(),
            by_dhcpv6,
        }
    };
    terminals.into_iter().map(told).collect()
}

/// Returns how long each prefix is preferred; A flag clear makes no address.
fn prefixes_of(heard: &Heard<'_>, end: Time) -> BTreeMap<Ipv6Net, Spans> {
    let mut said: BTreeMap<Ipv6Net, Vec<(Time, Duration)>> = BTreeMap::new();
    for ra in &heard.adverts {
        for prefix in ra.is.prefixes().filter(|prefix| prefix.autonomous) {
            let lifetime = lasts(prefix.preferred.min(prefix.valid));
            let Some(net) = net_of(prefix) else { continue };
            said.entry(net).or_default().push((ra.arrives, lifetime));
        }
    }
    ends(said, end)
}

/// Returns how long each DNS server may be used (RFC 8106 §5.1).
fn servers_of(heard: &Heard<'_>, end: Time) -> BTreeMap<Ipv6Addr, Spans> {
    let mut said: BTreeMap<Ipv6Addr, Vec<(Time, Duration)>> = BTreeMap::new();
    for ra in &heard.adverts {
        for option in &ra.is.options {
            let NdpOption::Rdnss { lifetime, servers } = option else {
                continue;
            };
            for server in servers {
                let told = said.entry(*server).or_default();
                told.push((ra.arrives, lasts(*lifetime)));
            }
        }
    }
    ends(said, end)
}

fn ends<T: Ord>(said: BTreeMap<T, Vec<(Time, Duration)>>, end: Time) -> BTreeMap<T, Spans> {
    said.into_iter()
        .map(|(of, said)| (of, until_the_next(said, end)))
        .collect()
}

/// Returns when something holds that is said again and again, each time for a while; what is said
/// next counts from then on.
fn until_the_next(said: Vec<(Time, Duration)>, end: Time) -> Spans {
    let spans = said.iter().enumerate().map(|(index, (at, lifetime))| {
        let next = said.get(index + 1).map_or(end, |(next, _)| *next);
        (*at, (*at + *lifetime).min(next))
    });
    spans.collect()
}

/// Returns a lifetime; all ones never ends (RFC 4861 §4.6.2), and a year is longer than any trace.
fn lasts(secs: u32) -> Duration {
    Duration::from_secs(u64::from(secs))
}

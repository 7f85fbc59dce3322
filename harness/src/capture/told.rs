//! What was found in a capture, in words: the first thing that a report on it says.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;

use ngnlab_sim::line::{Area, Upstream};
use ngnlab_sim::message::packet::{is_link_local, is_routable};
use ngnlab_sim::setup::Mode;
use ngnlab_sim::trace::{End, Role, Trace};

use super::encapsulation::Unfit;
use super::points::Points;
use super::signs::{Seen, doubts};
use super::{Heap, Request, Source, clocks, sides};
use crate::dissection::{Dissection, Kind, dns};

/// What was found, and what is to be feared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What was found: a word, and what there is to say.
    pub found: Vec<(&'static str, String)>,
    /// What does not fit, or is missing.
    pub warnings: Vec<String>,
    /// Whether the line does not look like the one that was told.
    pub(super) doubtful: bool,
}

/// Tells what was found.
pub(super) fn tell(
    heap: &Heap,
    sources: &[Source],
    points: &Points,
    request: &Request,
    trace: &Trace,
) -> Told {
    let mut told = Told::default();
    let files: Vec<String> = sources
        .iter()
        .map(|one| one.path.display().to_string())
        .collect();
    told.found.push(("capture", files.join(", ")));
    told.found.push(("interfaces", interfaces(heap, points)));
    // A trace without steps is always read.
    let Ok(dissection) = Dissection::new(trace) else {
        return told;
    };
    told.found.push(("router", router(&dissection, trace)));
    let given = prefixes(&dissection);
    if !given.is_empty() {
        told.found.push(("prefixes", given.join(", ")));
    }
    let terminals = &trace.header.terminals;
    if !terminals.is_empty() {
        let macs = terminals.iter().take(MOST_NAMED);
        let macs: Vec<String> = macs.map(|one| one.mac.to_string()).collect();
        let more = if terminals.len() > MOST_NAMED {
            ", …"
        } else {
            ""
        };
        let line = format!("{} heard: {}{more}", terminals.len(), macs.join(", "));
        told.found.push(("terminals", line));
    }
    let seen = seen(&dissection);
    told.found.push(("line", line(&dissection, request, &seen)));
    let span = heap.span.map_or(0, |(first, last)| last - first);
    told.found.push((
        "time",
        format!("{:.3} s; 0 is {}", span as f64 / 1e9, zero(request)),
    ));
    told.found.push(("frames", frames(heap, trace)));
    if let Some(line) = taken_off(heap) {
        told.found.push(("taken off", line));
    }
    told.warnings.extend(heap.remarks.iter().cloned());
    if heap.lost > 0 {
        told.warnings.push(format!(
            "the capturing machine lost {} frames: what seems to be missing may have been there",
            heap.lost
        ));
    }
    if let Some(cut) = heap.unfit.get(&Unfit::Cut) {
        told.warnings.push(format!(
            "{cut} frames were cut by the capture's snapshot length and are left out: capture with \
             `-s 0`; what seems to be missing may have been there"
        ));
    }
    if heap.timeless > 0 {
        told.warnings.push(format!(
            "{} frames have no time (Simple Packet Blocks) and are left out: capture with tcpdump or \
             dumpcap; what seems to be missing may have been there",
            heap.timeless
        ));
    }
    if heap.joined > 0 {
        told.warnings.push(format!(
            "{} frames are longer than the cable carries: the capturing machine joined segments, so \
             that nothing counts as failed; `ethtool -K IF gro off lro off tso off gso off` ends that",
            heap.joined
        ));
    }
    let doubts = doubts(&request.line, &seen);
    let skew = clocks::apart(&dissection);
    let sides = sides::doubts(heap, points, request);
    told.doubtful = !doubts.is_empty() || !sides.is_empty() || skew.is_some();
    told.warnings.extend(sides);
    told.warnings.extend(skew.map(|skew| {
        format!(
            "packets leave the router {:.3} s before they come in, so the clocks of the two sides \
             differ: capture on one machine, or shift one file with `editcap -t`; so far nothing \
             counts as failed",
            skew.as_secs_f64()
        )
    }));
    told.warnings.extend(doubts.into_iter().map(|doubt| {
        format!("{doubt}. Say --line and --area as they are: so far nothing counts as failed")
    }));
    told
}

fn interfaces(heap: &Heap, points: &Points) -> String {
    let of = |role: Role| {
        let places = points.of(role).iter();
        let names: Vec<String> = places.map(|place| heap.places.name(place)).collect();
        match names.is_empty() {
            true => format!("{} not captured", role.name().to_uppercase()),
            false => format!("{} is {}", role.name().to_uppercase(), names.join(" and ")),
        }
    };
    let unused = heap
        .places
        .signs
        .keys()
        .filter(|place| points.role(place).is_none());
    let unused: Vec<String> = unused
        .take(MOST_NAMED)
        .map(|one| heap.places.name(one))
        .collect();
    let unused = match unused.is_empty() {
        true => String::new(),
        false => format!("; not judged: {}", unused.join(", ")),
    };
    format!("{}, {}{unused}", of(Role::Wan), of(Role::Lan))
}

fn router(dissection: &Dissection<'_>, trace: &Trace) -> String {
    let own = |on: Role| -> BTreeSet<Ipv6Addr> {
        let packets = dissection.packets.iter();
        let own = packets.filter(|found| found.by_device(on) && is_link_local(found.source));
        own.map(|found| found.source).collect()
    };
    let side = |on: Role, mac| {
        let addresses = own(on).into_iter().take(2);
        let addresses: Vec<String> = addresses.map(|one| one.to_string()).collect();
        let name = on.name().to_uppercase();
        match addresses.is_empty() {
            true => format!("{name} {mac}"),
            false => format!("{name} {mac} ({})", addresses.join(", ")),
        }
    };
    let setup = &trace.header.setup;
    let mut sides = Vec::new();
    let at = trace.header.captured.unwrap_or_default();
    if at.wan {
        sides.push(side(Role::Wan, setup.wan_mac));
    }
    if at.lan {
        sides.push(side(Role::Lan, setup.lan_mac));
    }
    sides.join(", ")
}

fn prefixes(dissection: &Dissection<'_>) -> Vec<String> {
    let delegated = delegated(dissection).into_iter();
    let delegated = delegated.map(|net| format!("{net} delegated"));
    let advertised = dissection.lan_prefixes().iter();
    let advertised = advertised.map(|net| format!("{net} on the LAN"));
    delegated.chain(advertised).take(MOST_NAMED).collect()
}

fn delegated(dissection: &Dissection<'_>) -> BTreeSet<ipnet::Ipv6Net> {
    let replies = dissection.dhcpv6.iter().filter(|found| {
        found.on == Role::Wan && found.from == End::Network && found.is.kind == Kind::Reply
    });
    let granted = replies.flat_map(|reply| reply.is.granted());
    granted.map(|(_, prefix)| prefix.prefix).collect()
}

fn seen(dissection: &Dissection<'_>) -> Seen {
    let adverts = dissection.router_adverts();
    let adverts: Vec<_> = adverts.filter(|ra| ra.to_device(Role::Wan)).collect();
    let asked = dissection
        .dns
        .iter()
        .filter(|found| found.is.destination_port == dns::PORT);
    let told = dissection
        .dhcpv6
        .iter()
        .filter_map(|found| found.is.dns_servers());
    let servers: BTreeSet<Ipv6Addr> = asked
        .map(|found| found.destination)
        .chain(told.flatten().copied())
        .collect();
    let is_of = |area: &Area| {
        let values = area.values();
        let mut own = values.ngn_dns.iter().chain(&values.ons_dns);
        own.any(|server| servers.contains(server))
    };
    let header = dissection.header();
    let by_choice = header.line.upstream == Upstream::HomeGateway;
    let at = header.captured.unwrap_or_default();
    let hands_on = adverts.iter().any(|ra| {
        let mut nets = ra.is.prefixes().map(|one| one.prefix);
        let own = dissection.lan_prefixes();
        nets.any(|prefix| own.iter().any(|net| net.contains(&prefix)))
    });
    Seen {
        hands_on_nothing: by_choice && at.wan && header.setup.mode == Mode::Ra && !hands_on,
        delegated: !delegated(dissection).is_empty(),
        prefix_advertised: adverts.iter().any(|ra| {
            let mut prefixes = ra.is.prefixes();
            prefixes.any(|one| one.autonomous && is_routable(one.prefix))
        }),
        managed: adverts.iter().any(|ra| ra.is.managed),
        areas: Area::ALL.into_iter().filter(is_of).collect(),
    }
}

fn line(dissection: &Dissection<'_>, request: &Request, seen: &Seen) -> String {
    let mut adverts = dissection
        .router_adverts()
        .filter(|ra| ra.to_device(Role::Wan));
    let flags = adverts.next().map(|ra| match (ra.is.managed, ra.is.other) {
        (true, true) => "RA with M and O",
        (true, false) => "RA with M",
        (false, true) => "RA with O",
        (false, false) => "RA without flags",
    });
    let mut signs: Vec<&str> = flags.into_iter().collect();
    if seen.prefix_advertised {
        signs.push("a prefix in it");
    }
    if seen.delegated {
        signs.push("a prefix by DHCPv6-PD");
    }
    signs.extend(seen.areas.iter().map(|area| match area {
        Area::East => "DNS servers of East",
        Area::West => "DNS servers of West",
    }));
    let signs = match signs.is_empty() {
        true => "nothing of it".to_owned(),
        false => signs.join(", "),
    };
    let (name, area) = (&request.line_name, request.line.area.name());
    format!("{name}, {area} by what you said; seen: {signs}")
}

fn zero(request: &Request) -> String {
    match request.start {
        None => "the first frame".to_owned(),
        Some(start) => format!("{:.3} s after the first frame", start.as_secs_f64()),
    }
}

fn frames(heap: &Heap, trace: &Trace) -> String {
    let left_out = heap.unfit.iter().map(|(unfit, count)| match unfit {
        Unfit::OtherProtocol => format!("{count} of other protocols"),
        Unfit::Cut => format!("{count} cut"),
        Unfit::Broken => format!("{count} damaged"),
        Unfit::OtherLink(link) => format!("{count} of link type {link}"),
    });
    let elsewhere = heap.kept.len() - trace.records.len();
    let elsewhere = (elsewhere > 0).then(|| format!("{elsewhere} elsewhere"));
    let strangers = heap.strangers;
    let strangers = (strangers > 0).then(|| format!("{strangers} between others"));
    let twins = (heap.twins > 0).then(|| format!("{} caught twice", heap.twins));
    let left_out = left_out.chain(elsewhere).chain(strangers).chain(twins);
    let left_out: Vec<String> = left_out.collect();
    let left_out = match left_out.is_empty() {
        true => String::new(),
        false => format!("; left out: {}", left_out.join(", ")),
    };
    format!(
        "{} read, {} judged{left_out}",
        heap.read,
        trace.records.len()
    )
}

fn taken_off(heap: &Heap) -> Option<String> {
    let counts = [
        (heap.tagged, "VLAN tags"),
        (heap.pppoe, "PPPoE headers"),
        (heap.cooked, "cooked headers of `-i any`"),
        (heap.unsummed, "missing checksums (filled in)"),
    ];
    let some = counts.into_iter().filter(|(count, _)| *count > 0);
    let some: Vec<String> = some
        .map(|(count, what)| format!("{what} of {count} frames"))
        .collect();
    (!some.is_empty()).then(|| some.join(", "))
}

/// More would hide the rest.
const MOST_NAMED: usize = 6;

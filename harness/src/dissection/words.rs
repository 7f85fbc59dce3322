//! One record in plain words, for the evidence in a report.

use std::net::{Ipv4Addr, Ipv6Addr};

use ngnlab_reports::{Evidence, RecordId};
use ngnlab_sim::line::internet::{CLAIMS, ECHO, SERVICE_SITE, WEB, service_host};
use ngnlab_sim::line::pppoe::Realm;
use ngnlab_sim::message::packet::ipv4::in_frame;
use ngnlab_sim::message::packet::{Mac, Packet, is_link_local};
use ngnlab_sim::message::pppoe::is_pppoe;
use ngnlab_sim::trace::{CommandEnding, End, Fact, PppEnd, PppEvent, Role, Seen, StepOutcome};

use super::Dissection;

/// Returns a record in one line.
pub(super) fn summary(trace: &Dissection<'_>, record: RecordId) -> String {
    let Some(entry) = trace.trace.records.get(record) else {
        return format!("record {record} is not in the trace");
    };
    match &entry.seen {
        Seen::Frame {
            on, from, frame, ..
        } => {
            let content = trace.decoder.summary(record).unwrap_or_default();
            match Packet::parse(frame) {
                Some(packet) => {
                    let (sender, receiver) = ends(trace, *on, *from, &packet);
                    format!("{sender} -> {receiver} {content}")
                }
                None if is_pppoe(frame) => {
                    let (sender, receiver) = session_ends(trace, record, *from);
                    format!("{sender} -> {receiver} {content}")
                }
                None => match in_frame(frame) {
                    Some((source, destination, packet)) => {
                        let sender = ipv4_end(trace, source, packet.source);
                        let receiver = ipv4_end(trace, destination, packet.destination);
                        format!("{sender} -> {receiver} {content}")
                    }
                    None => format!("{} {content}", on.name()),
                },
            }
        }
        Seen::Fact { node, fact } => format!("{node}: {}", fact_in_words(fact)),
        Seen::Step { .. } => step_in_words(trace, record),
        Seen::Late(by) => format!("the host woke {} ms late", by.as_millis()),
        Seen::Suppressed { on, count } => {
            let what = on.map_or_else(
                || "frames or facts".to_owned(),
                |on| format!("frames on {}", on.name()),
            );
            format!("{count} {what} were not recorded")
        }
    }
}

/// Returns a record as evidence.
pub(super) fn evidence(trace: &Dissection<'_>, record: RecordId) -> Option<Evidence> {
    let entry = trace.trace.records.get(record)?;
    let place = match &entry.seen {
        Seen::Frame { on, .. } => on.name().to_owned(),
        Seen::Fact { node, .. } => node.clone(),
        Seen::Step { .. } => "scenario".to_owned(),
        Seen::Late(_) | Seen::Suppressed { .. } => "host".to_owned(),
    };
    Some(Evidence {
        record,
        frame: trace.frames.number(record),
        at: format!("{:.3}", entry.at.as_secs_f64()),
        place,
        summary: summary(trace, record),
    })
}

fn step_in_words(trace: &Dissection<'_>, record: RecordId) -> String {
    let steps = &trace.steps;
    let Ok(index) = steps.binary_search_by_key(&record, |step| step.record) else {
        return "step".to_owned();
    };
    let step = &steps[index];
    let action = &step.action;
    match step.outcome {
        StepOutcome::Done => format!("step: {action}"),
        StepOutcome::TimedOut => format!("step: {action} (timed out)"),
        StepOutcome::Failed(why) => format!("step: {action} ({why})"),
    }
}

/// Returns who speaks to whom by PPPoE: the router with the concentrator, or with whom it reaches over
/// IPv4 in a session.
fn session_ends(trace: &Dissection<'_>, record: RecordId, from: End) -> (String, String) {
    let packet = trace.ipv4_at(record);
    let far = packet.map(|packet| match from {
        End::Device => packet.destination,
        End::Network => packet.source,
    });
    let far = far.map_or("concentrator".to_owned(), |far| far.to_string());
    match from {
        End::Device => ("router".to_owned(), far),
        End::Network => (far, "router".to_owned()),
    }
}

/// Returns who has an IPv4 address on the LAN; what is beyond has its address alone.
fn ipv4_end(trace: &Dissection<'_>, mac: Mac, address: Ipv4Addr) -> String {
    let terminals = &trace.header().terminals;
    let known = terminals.iter().find(|terminal| terminal.mac == mac);
    match known {
        Some(terminal) => terminal.name.clone(),
        None if trace.device_macs().contains(&mac) && address.is_private() => "router".to_owned(),
        None => address.to_string(),
    }
}

fn ends(trace: &Dissection<'_>, on: Role, from: End, packet: &Packet<'_>) -> (String, String) {
    let far = |address: Ipv6Addr| named(trace, on, address);
    let terminal = |mac| {
        let terminals = &trace.header().terminals;
        let known = terminals.iter().find(|terminal| terminal.mac == mac);
        known.map(|terminal| terminal.name.clone())
    };
    // On the uplink the home gateway stands where the device stands elsewhere.
    let near = if on == Role::Uplink {
        "home gateway"
    } else {
        "router"
    };
    let device_owns = |address: Ipv6Addr, mac| {
        let own = trace.device_macs().contains(&mac) || on == Role::Uplink;
        own && (is_link_local(address)
            || address.is_unspecified()
            || (!trace.is_terminal(address) && trace.is_device_address(address)))
    };
    // Behind a bridge a terminal is known by its own address on the line, too.
    let is_terminals = |end| (on == Role::Lan && from == end) || trace.is_bridge();
    let sender = if from == End::Device && device_owns(packet.source, packet.eth_source) {
        near.to_owned()
    } else if is_terminals(End::Network) {
        terminal(packet.eth_source).unwrap_or_else(|| far(packet.source))
    } else {
        far(packet.source)
    };
    let receiver = if packet.destination.is_multicast() {
        far(packet.destination)
    } else if from == End::Network && device_owns(packet.destination, packet.eth_destination) {
        near.to_owned()
    } else if is_terminals(End::Device) {
        terminal(packet.eth_destination).unwrap_or_else(|| far(packet.destination))
    } else {
        far(packet.destination)
    };
    (sender, receiver)
}

fn named(trace: &Dissection<'_>, on: Role, address: Ipv6Addr) -> String {
    let values = trace.header().line.area.values();
    let place = |list: &[Ipv6Addr]| list.iter().position(|known| *known == address);
    if let Some(index) = place(&values.ons_dns) {
        return format!("ONS DNS {}", index + 1);
    }
    if let Some(index) = place(&values.ngn_dns) {
        return format!("NGN DNS {}", index + 1);
    }
    match address {
        _ if address == values.line_auth => "www.lineauth.mnw".to_owned(),
        _ if address == values.portal || address == values.portal_test => "ONS portal".to_owned(),
        _ if address.segments() == [0xff02, 0, 0, 0, 0, 0, 0, 1] => "all nodes".to_owned(),
        _ if address.segments() == [0xff02, 0, 0, 0, 0, 0, 0, 2] => "all routers".to_owned(),
        _ if address.segments() == [0xff02, 0, 0, 0, 0, 0, 1, 2] => "all DHCPv6 servers".to_owned(),
        _ if is_link_local(address) && on == Role::Wan => format!("upstream router {address}"),
        _ => address.to_string(),
    }
}

/// Returns the name of a host that everybody on such a line knows.
pub(crate) fn host(trace: &Dissection<'_>, address: Ipv6Addr) -> Option<String> {
    let name = named(trace, Role::Lan, address);
    (name != address.to_string()).then_some(name)
}

/// Returns the name of a host over IPv4 that everybody on such a line knows.
pub(crate) fn ipv4_host(trace: &Dissection<'_>, address: Ipv4Addr) -> Option<String> {
    let site = (service_host(trace.header().line.area), SERVICE_SITE);
    let hosts = [WEB, ECHO, CLAIMS, site].into_iter();
    let mut named = hosts.filter(|(_, known)| *known == address);
    if let Some((name, _)) = named.next() {
        return Some(name.to_owned());
    }
    [(Realm::Isp, "ISP"), (Realm::ServiceSite, "service site")]
        .into_iter()
        .find_map(|(realm, name)| {
            let index = realm.dns().iter().position(|known| *known == address)?;
            Some(format!("{name} DNS {}", index + 1))
        })
}

/// Returns how a command ended.
pub(crate) fn ending_in_words(ending: CommandEnding) -> String {
    match ending {
        CommandEnding::Exit(status) => format!("it ended with exit status {status}"),
        CommandEnding::Signal(number) => format!("it ended with signal {number}"),
        CommandEnding::TimedOut => "its time was up".to_owned(),
        CommandEnding::NeverOnline => "its terminal never was online".to_owned(),
    }
}

pub(crate) fn fact_in_words(fact: &Fact) -> String {
    match fact {
        Fact::Assigned { prefix } => format!("assigned {prefix}"),
        Fact::Tls { host, peer, error } => {
            let host = host.as_deref().unwrap_or("no name");
            match error {
                None => format!("TLS with {} for {host}", peer.to_canonical()),
                Some(error) => format!("TLS with {peer} for {host} failed: {error}"),
            }
        }
        Fact::HttpRequest {
            peer,
            method,
            host,
            path,
            choice,
        } => {
            let choice = choice.as_ref().map(|choice| format!(" {choice}"));
            format!(
                "{} asks {method} {host}{path}{}",
                peer.to_canonical(),
                choice.unwrap_or_default()
            )
        }
        Fact::ScreenServed { peer, screen } => format!("screen {screen:?} for {peer}"),
        Fact::LineState { prefix, state } => format!("{prefix} is {state:?}"),
        Fact::AddressReady { address, temporary } => {
            let kind = if *temporary { "temporary " } else { "" };
            format!("has {kind}address {address}")
        }
        Fact::AddressGone { address } => format!("lost address {address}"),
        Fact::DnsLearnt { servers, by, .. } => {
            let servers: Vec<String> = servers.iter().map(Ipv6Addr::to_string).collect();
            format!("DNS servers {} by {by:?}", servers.join(", "))
        }
        Fact::Ipv4Ready {
            address,
            by_hand,
            in_session,
            ..
        } => {
            let how = match (by_hand, in_session) {
                (true, _) => "by hand",
                (false, true) => "by a PPPoE session",
                (false, false) => "by DHCPv4",
            };
            format!("has address {address} {how}")
        }
        Fact::Ipv4Gone { address } => format!("lost address {address}"),
        Fact::Online => "online".to_owned(),
        Fact::Resolved {
            name,
            addresses,
            outcome,
        } => format!("{name}: {outcome:?}, {} addresses", addresses.len()),
        Fact::PageSeen {
            url,
            status,
            screen,
        } => match screen {
            Some(screen) => format!("sees {url}: {status}, screen {screen:?}"),
            None => format!("sees {url}: {status}"),
        },
        Fact::PageFailed { url, reason } => format!("cannot open {url}: {reason:?}"),
        Fact::Pinged { to, answered } => {
            let answer = if *answered { "answered" } else { "no answer" };
            format!("ping {}: {answer}", to.to_canonical())
        }
        Fact::StillConnected { idle_ms, alive } => {
            let state = if *alive { "alive" } else { "dead" };
            format!("connection {state} after {idle_ms} ms of silence")
        }
        Fact::Downloaded { url, bytes } => format!("{url} downloaded, {bytes} bytes"),
        Fact::CommandEnded {
            command, ending, ..
        } => format!("{}: {}", command.join(" "), ending_in_words(*ending)),
        Fact::Logged { log, line } => format!("{log}: {line}"),
        Fact::Ppp {
            session,
            account,
            event,
        } => {
            let of = account.as_ref().map(|account| format!(" of {account}"));
            let of = of.unwrap_or_default();
            match event {
                PppEvent::Up { address } => {
                    format!("PPPoE session {session:#06x}{of} is up with {address}")
                }
                PppEvent::TooMany => "a PPPoE session too many was refused".to_owned(),
                PppEvent::WrongPassword => {
                    format!("PPPoE session {session:#06x}: name or password is wrong")
                }
                PppEvent::Ended { how } => {
                    let how = match how {
                        PppEnd::ByDevice => "by the device",
                        PppEnd::ByNetwork => "by the concentrator",
                        PppEnd::Silence => "because the device was silent",
                        PppEnd::Forgotten => "without a word",
                    };
                    format!("PPPoE session {session:#06x}{of} ended {how}")
                }
            }
        }
        Fact::Note(note) => note.text.clone(),
    }
}

//! One record in plain words, for the evidence in a report.

use std::net::Ipv6Addr;

use ngnlab_reports::{Evidence, RecordId};
use ngnlab_sim::message::icmpv6::{DESTINATION_UNREACHABLE, PACKET_TOO_BIG, TIME_EXCEEDED};
use ngnlab_sim::message::ndp::{Ndp, NdpOption};
use ngnlab_sim::message::packet::{Packet, Payload, is_link_local};
use ngnlab_sim::trace::{CommandEnding, End, Fact, Role, Seen, StepOutcome};

use super::Dissection;
use super::dhcpv6::{Dhcpv6, Kind};
use super::dns::{self, Dns, Transport};
use super::icmpv6::{Echo, IcmpError};

/// Returns a record in one line.
pub(super) fn summary(trace: &Dissection<'_>, record: RecordId) -> String {
    let Some(entry) = trace.trace.records.get(record) else {
        return format!("record {record} is not in the trace");
    };
    match &entry.seen {
        Seen::Frame {
            on, from, frame, ..
        } => match Packet::parse(frame) {
            Some(packet) => {
                let (sender, receiver) = ends(trace, *on, *from, &packet);
                format!("{sender} -> {receiver} {}", content(&packet))
            }
            None => format!("{} frame of {} bytes", on.name(), frame.len()),
        },
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
    let sender = if from == End::Device && device_owns(packet.source, packet.eth_source) {
        near.to_owned()
    } else if on == Role::Lan && from == End::Network {
        terminal(packet.eth_source).unwrap_or_else(|| far(packet.source))
    } else {
        far(packet.source)
    };
    let receiver = if packet.destination.is_multicast() {
        far(packet.destination)
    } else if from == End::Network && device_owns(packet.destination, packet.eth_destination) {
        near.to_owned()
    } else if on == Role::Lan && from == End::Device {
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

fn content(packet: &Packet<'_>) -> String {
    if let Some(ndp) = Ndp::parse(packet) {
        return ndp_in_words(&ndp);
    }
    if let Some(message) = packet.icmpv6() {
        if let Some(echo) = Echo::read(&message) {
            let what = if echo.reply {
                "echo reply"
            } else {
                "echo request"
            };
            return format!("{what} {} (hop limit {})", echo.sequence, packet.hop_limit);
        }
        if let Some(error) = IcmpError::read(&message) {
            return error_in_words(&error);
        }
        return format!(
            "ICMPv6 type {} code {} (hop limit {})",
            message.kind, message.code, packet.hop_limit
        );
    }
    if let Some(udp) = packet.udp() {
        let ports = (udp.source_port, udp.destination_port);
        if let Some(message) = Dhcpv6::read(ports, udp.payload) {
            return dhcpv6_in_words(&message);
        }
        if (ports.0 == dns::PORT || ports.1 == dns::PORT)
            && let Some(message) = Dns::read(Transport::Udp, ports, udp.payload)
        {
            return dns_in_words(&message);
        }
        return format!(
            "UDP {} to {}, {} bytes",
            ports.0,
            ports.1,
            udp.payload.len()
        );
    }
    if let Some(tcp) = packet.tcp() {
        let flags = [
            (tcp.syn(), "SYN"),
            (tcp.fin(), "FIN"),
            (tcp.rst(), "RST"),
            (tcp.ack(), "ACK"),
        ];
        let flags: Vec<&str> = flags
            .iter()
            .filter(|flag| flag.0)
            .map(|flag| flag.1)
            .collect();
        return format!(
            "TCP {} to {} {}, {} bytes",
            tcp.source_port(),
            tcp.destination_port(),
            flags.join(" "),
            tcp.payload().len()
        );
    }
    match &packet.payload {
        Payload::Other { next_header, .. } => {
            format!("IPv6, next header {next_header}, {} bytes", packet.ip.len())
        }
        Payload::Udp(_) => "UDP with a wrong checksum".to_owned(),
        Payload::Tcp(_) => "TCP".to_owned(),
        Payload::Icmpv6(_) => "ICMPv6 with a wrong checksum".to_owned(),
    }
}

fn ndp_in_words(ndp: &Ndp) -> String {
    match ndp {
        Ndp::RouterSolicit(_) => "router solicitation".to_owned(),
        Ndp::RouterAdvert(advert) => {
            let mut words = format!(
                "router advertisement M={} O={} lifetime {} s",
                u8::from(advert.managed),
                u8::from(advert.other),
                advert.lifetime.as_secs()
            );
            for option in &advert.options {
                match option {
                    NdpOption::Prefix(prefix) => words.push_str(&format!(
                        ", prefix {}/{} L={} A={} valid {} preferred {}",
                        prefix.prefix,
                        prefix.length,
                        u8::from(prefix.on_link),
                        u8::from(prefix.autonomous),
                        prefix.valid,
                        prefix.preferred
                    )),
                    NdpOption::Rdnss { servers, .. } => {
                        for server in servers {
                            words.push_str(&format!(", DNS {server}"));
                        }
                    }
                    _ => {}
                }
            }
            words
        }
        Ndp::NeighborSolicit(solicit) => format!("neighbor solicitation for {}", solicit.target),
        Ndp::NeighborAdvert(advert) => format!(
            "neighbor advertisement of {} R={} S={} O={}",
            advert.target,
            u8::from(advert.router),
            u8::from(advert.solicited),
            u8::from(advert.replace)
        ),
    }
}

fn error_in_words(error: &IcmpError) -> String {
    let what = match error.kind {
        DESTINATION_UNREACHABLE => format!("destination unreachable (code {})", error.code),
        PACKET_TOO_BIG => format!("packet too big, MTU {}", error.value),
        TIME_EXCEEDED => format!("time exceeded (code {})", error.code),
        kind => format!("ICMPv6 error {kind} code {}", error.code),
    };
    match error.quoted {
        Some(quoted) => format!("{what} for {} -> {}", quoted.source, quoted.destination),
        None => what,
    }
}

fn dhcpv6_in_words(message: &Dhcpv6) -> String {
    let kind = match message.kind {
        Kind::InformationRequest => "Information-Request".to_owned(),
        kind => format!("{kind:?}"),
    };
    let mut words = format!("DHCPv6 {kind} {:06x}", message.xid);
    for (ia, prefix) in message.granted() {
        words.push_str(&format!(
            ", {} T1 {} T2 {} preferred {} valid {}",
            prefix.prefix, ia.t1, ia.t2, prefix.preferred, prefix.valid
        ));
    }
    if !message.success() {
        words.push_str(", refused");
    }
    for server in message.dns_servers().unwrap_or_default() {
        words.push_str(&format!(", DNS {server}"));
    }
    words
}

fn dns_in_words(message: &Dns) -> String {
    let question = match &message.question {
        Some(question) => format!("{}? {}", question.kind_name(), question.name),
        None => "without a question".to_owned(),
    };
    if !message.response {
        let edns = message.edns().map(|size| format!(" EDNS {size}"));
        return format!("DNS {question}{}", edns.unwrap_or_default());
    }
    let outcome = match message.rcode {
        0 if message.answer_count == 0 => "no data".to_owned(),
        0 => format!("{} records", message.answer_count),
        2 => "SERVFAIL".to_owned(),
        3 => "NXDOMAIN".to_owned(),
        5 => "REFUSED".to_owned(),
        code => format!("rcode {code}"),
    };
    let cut = if message.truncated { ", truncated" } else { "" };
    format!(
        "DNS answer {question}: {outcome}{cut}, {} bytes",
        message.size
    )
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

fn fact_in_words(fact: &Fact) -> String {
    match fact {
        Fact::Assigned { prefix } => format!("assigned {prefix}"),
        Fact::Tls { host, peer, error } => {
            let host = host.as_deref().unwrap_or("no name");
            match error {
                None => format!("TLS with {peer} for {host}"),
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
                "{peer} asks {method} {host}{path}{}",
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
            format!("ping {to}: {answer}")
        }
        Fact::StillConnected { idle_ms, alive } => {
            let state = if *alive { "alive" } else { "dead" };
            format!("connection {state} after {idle_ms} ms of silence")
        }
        Fact::Downloaded { url, bytes } => format!("{url} downloaded, {bytes} bytes"),
        Fact::CommandEnded {
            command, ending, ..
        } => format!("{}: {}", command.join(" "), ending_in_words(*ending)),
        Fact::Note(note) => note.text.clone(),
    }
}

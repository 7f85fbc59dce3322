//! The fields that our decoder and Wireshark both know, held against each other: the same bytes at
//! the same places.

use std::collections::BTreeMap;

use ngnlab_harness::decode::Decoder;
use ngnlab_reports::decoded::{Decoded, Field, Layer};
use ngnlab_sim::Trace;
use ngnlab_sim::trace::Seen;

use theirs::Field as Theirs;

pub(crate) mod theirs;

/// Whether places can be compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// Where the field starts, and its bytes.
    Place,
    /// Its bytes alone: each has its own way of putting streams together.
    Bytes,
    /// Whether a bit is set.
    Flag,
}

/// Wireshark's name or names, our layer and field, and what is compared. A slash before a field's name means
/// that it stands in no other one.
const FIELDS: &[(&str, &str, &str, By)] = &[
    ("eth.dst", "Ethernet", "Destination", By::Place),
    ("eth.src", "Ethernet", "Source", By::Place),
    ("eth.type", "Ethernet", "Type", By::Place),
    ("ipv6.plen", "IPv6", "Payload Length", By::Place),
    ("ipv6.nxt", "IPv6", "Next Header", By::Place),
    ("ipv6.hlim", "IPv6", "Hop Limit", By::Place),
    ("ipv6.src", "IPv6", "Source Address", By::Place),
    ("ipv6.dst", "IPv6", "Destination Address", By::Place),
    ("ip.hdr_len", "IPv4", "IHL", By::Place),
    ("ip.len", "IPv4", "Total Length", By::Place),
    ("ip.id", "IPv4", "Identification", By::Place),
    ("ip.flags.df", "IPv4", "DF", By::Flag),
    ("ip.ttl", "IPv4", "Time to Live", By::Place),
    ("ip.proto", "IPv4", "Protocol", By::Place),
    ("ip.checksum", "IPv4", "Header Checksum", By::Place),
    ("ip.src", "IPv4", "Source Address", By::Place),
    ("ip.dst", "IPv4", "Destination Address", By::Place),
    ("arp.opcode", "ARP", "Operation", By::Place),
    (
        "arp.src.hw_mac",
        "ARP",
        "Sender hardware address",
        By::Place,
    ),
    (
        "arp.src.proto_ipv4",
        "ARP",
        "Sender protocol address",
        By::Place,
    ),
    (
        "arp.dst.hw_mac",
        "ARP",
        "Target hardware address",
        By::Place,
    ),
    (
        "arp.dst.proto_ipv4",
        "ARP",
        "Target protocol address",
        By::Place,
    ),
    ("icmp.type", "ICMP", "Type", By::Place),
    ("icmp.code", "ICMP", "Code", By::Place),
    ("icmp.checksum", "ICMP", "Checksum", By::Place),
    ("icmp.mtu", "ICMP", "Next-Hop MTU", By::Place),
    ("dhcp.type", "DHCPv4", "op", By::Place),
    ("dhcp.id", "DHCPv4", "xid", By::Place),
    ("dhcp.ip.client", "DHCPv4", "ciaddr", By::Place),
    ("dhcp.ip.your", "DHCPv4", "yiaddr", By::Place),
    ("dhcp.hw.mac_addr", "DHCPv4", "/chaddr", By::Place),
    ("pppoe.code", "PPPoE", "CODE", By::Place),
    ("pppoe.session_id", "PPPoE", "SESSION_ID", By::Place),
    ("pppoe.payload_length", "PPPoE", "LENGTH", By::Place),
    ("ppp.protocol", "PPPoE", "Protocol", By::Place),
    ("udp.srcport", "UDP", "Source Port", By::Place),
    ("udp.dstport", "UDP", "Destination Port", By::Place),
    ("udp.length", "UDP", "Length", By::Place),
    ("udp.checksum", "UDP", "Checksum", By::Place),
    ("tcp.srcport", "TCP", "Source Port", By::Place),
    ("tcp.dstport", "TCP", "Destination Port", By::Place),
    ("tcp.seq_raw", "TCP", "Sequence Number", By::Place),
    ("tcp.ack_raw", "TCP", "Acknowledgment Number", By::Place),
    ("tcp.flags.syn", "TCP", "SYN", By::Flag),
    ("tcp.flags.fin", "TCP", "FIN", By::Flag),
    ("tcp.flags.reset", "TCP", "RST", By::Flag),
    ("tcp.flags.push", "TCP", "PSH", By::Flag),
    ("tcp.flags.ack", "TCP", "ACK", By::Flag),
    ("tcp.window_size_value", "TCP", "Window", By::Place),
    ("tcp.options.mss_val", "TCP", "MSS", By::Place),
    ("icmpv6.type", "ICMPv6", "/Type", By::Place),
    ("icmpv6.code", "ICMPv6", "/Code", By::Place),
    ("icmpv6.checksum", "ICMPv6", "/Checksum", By::Place),
    ("icmpv6.echo.identifier", "ICMPv6", "Identifier", By::Place),
    (
        "icmpv6.nd.ns.target_address+icmpv6.nd.na.target_address",
        "ICMPv6",
        "Target Address",
        By::Place,
    ),
    ("icmpv6.nd.ra.flag.m", "ICMPv6", "M", By::Flag),
    (
        "icmpv6.nd.ra.router_lifetime",
        "ICMPv6",
        "Router Lifetime",
        By::Place,
    ),
    (
        "icmpv6.nd.ra.reachable_time",
        "ICMPv6",
        "Reachable Time",
        By::Place,
    ),
    (
        "icmpv6.nd.ra.retrans_timer",
        "ICMPv6",
        "Retrans Timer",
        By::Place,
    ),
    ("icmpv6.nd.na.flag.r", "ICMPv6", "R", By::Flag),
    ("icmpv6.nd.na.flag.s", "ICMPv6", "S", By::Flag),
    (
        "icmpv6.opt.prefix.length",
        "ICMPv6",
        "Prefix Length",
        By::Place,
    ),
    (
        "icmpv6.opt.prefix.valid_lifetime",
        "ICMPv6",
        "Valid Lifetime",
        By::Place,
    ),
    (
        "dhcpv6.msgtype+dhcpv6.reconf_msg",
        "DHCPv6",
        "msg-type",
        By::Place,
    ),
    ("dhcpv6.xid", "DHCPv6", "transaction-id", By::Place),
    ("dhcpv6.option.type", "DHCPv6", "option-code", By::Place),
    ("dhcpv6.option.length", "DHCPv6", "option-len", By::Place),
    (
        "dhcpv6.requested_option_code",
        "DHCPv6",
        "requested-option-code",
        By::Place,
    ),
    ("dhcpv6.iaid", "DHCPv6", "IAID", By::Place),
    (
        "dhcpv6.iaprefix.pref_addr",
        "DHCPv6",
        "IPv6-prefix",
        By::Place,
    ),
    ("dns.id", "DNS", "ID", By::Place),
    ("dns.flags.response", "DNS", "QR", By::Flag),
    ("dns.flags.truncated", "DNS", "TC", By::Flag),
    ("dns.count.answers", "DNS", "ANCOUNT", By::Place),
    ("dns.qry.name", "DNS", "QNAME", By::Place),
    ("dns.qry.type", "DNS", "QTYPE", By::Place),
    ("dns.resp.name", "DNS", "NAME", By::Place),
    ("dns.resp.type", "DNS", "TYPE", By::Place),
    ("dns.resp.ttl", "DNS", "TTL", By::Place),
    ("tls.record.length", "TLS", "record length", By::Bytes),
    ("tls.handshake.type", "TLS", "msg_type", By::Bytes),
    (
        "tls.handshake.ciphersuite",
        "TLS",
        "cipher_suite",
        By::Bytes,
    ),
    (
        "tls.handshake.extension.type",
        "TLS",
        "extension_type",
        By::Bytes,
    ),
    (
        "tls.handshake.extensions_server_name",
        "TLS",
        "HostName",
        By::Bytes,
    ),
    ("tls.alert_message.desc", "TLS", "description", By::Bytes),
    ("http.request.method", "HTTP", "method", By::Bytes),
    ("http.request.uri", "HTTP", "request-target", By::Bytes),
    ("http.response.code", "HTTP", "status-code", By::Bytes),
    ("http.host", "HTTP", "Host", By::Bytes),
];

/// Returns the names of the fields that are compared.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|(name, ..)| *name)
}

/// Compares each frame of a trace that has nothing but frames, and counts what was the same.
///
/// # Panics
///
/// If something is not the same.
pub(crate) fn compare(
    scenario: &str,
    trace: &Trace,
    theirs: &[Vec<Theirs>],
    compared: &mut BTreeMap<&'static str, usize>,
) {
    assert_eq!(trace.records.len(), theirs.len(), "{scenario}");
    let decoder = Decoder::new(trace);
    for (record, theirs) in theirs.iter().enumerate() {
        let Seen::Frame { frame, .. } = &trace.records[record].seen else {
            panic!("record {record} is no frame");
        };
        let decoded = decoder.frame(record).expect("it is a frame");
        // What comes in fragments, and what errors quote, is put together and read differently.
        let is_in_pieces = theirs.iter().any(|it| it.name.starts_with("ipv6.fraghdr"));
        let has_quote = theirs
            .iter()
            .any(|it| matches!(&*it.name, "icmpv6.type" | "icmp.type"));
        let is_stream = theirs.iter().any(|it| it.name == "tcp.srcport");
        for (name, layer, field, by) in FIELDS {
            if is_in_pieces && !name.starts_with("eth.") {
                continue;
            }
            if has_quote && (name.starts_with("tls.") || name.starts_with("http.")) {
                continue;
            }
            let by = match by {
                By::Place if is_stream && *layer == "DNS" => By::Bytes,
                by => *by,
            };
            let ours = ours(&decoded, frame, layer, field, by);
            let theirs = told(theirs, name, by);
            assert_eq!(
                ours, theirs,
                "{scenario}, record {record}, {name}: {}",
                decoded.summary
            );
            if !ours.is_empty() {
                *compared.entry(name).or_default() += ours.len();
            }
        }
    }
}

fn told(fields: &[Theirs], name: &str, by: By) -> Vec<(usize, String)> {
    let named = fields
        .iter()
        .filter(|field| name.split('+').any(|name| field.name == name));
    let mut told: Vec<(usize, String)> = named
        .map(|field| match by {
            By::Place => (field.start, field.bytes.clone()),
            By::Bytes => (0, field.bytes.clone()),
            By::Flag => (
                0,
                u8::from(matches!(&*field.show, "1" | "True")).to_string(),
            ),
        })
        .collect();
    told.sort();
    told
}

fn ours(decoded: &Decoded, frame: &[u8], layer: &str, name: &str, by: By) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for layer in decoded.layers.iter().filter(|it| it.name == layer) {
        let bytes: &[u8] = if layer.apart.is_empty() {
            frame
        } else {
            &layer.apart
        };
        let outer: Vec<Field> = layer.fields.iter().map(without_fields).collect();
        match (name, name.strip_prefix('/')) {
            // The length of a record stands in the record alone.
            ("record length", _) => collect(own_length(layer), "length", bytes, by, &mut found),
            (_, Some(name)) => collect(&outer, name, bytes, by, &mut found),
            (name, None) => collect(&layer.fields, name, bytes, by, &mut found),
        }
    }
    found.sort();
    found
}

fn without_fields(field: &Field) -> Field {
    Field {
        fields: Vec::new(),
        ..field.clone()
    }
}

fn own_length(layer: &Layer) -> &[Field] {
    match &layer.fields[..] {
        [kind, version, length, ..] if kind.name == "type" && version.length == 2 => {
            std::slice::from_ref(length)
        }
        _ => &[],
    }
}

fn collect(fields: &[Field], name: &str, bytes: &[u8], by: By, found: &mut Vec<(usize, String)>) {
    for field in fields {
        if field.name == name {
            let own = &bytes[field.start..field.start + field.length];
            let hex: String = own.iter().map(|byte| format!("{byte:02x}")).collect();
            found.push(match by {
                By::Place => (field.start, hex),
                By::Bytes => (0, hex),
                By::Flag => (
                    0,
                    u8::from(matches!(&*field.value, "set" | "response")).to_string(),
                ),
            });
        }
        collect(&field.fields, name, bytes, by, found);
    }
}

//! Every parser of the simulation: any bytes in, no panic; and what can be written again is stable.

use std::net::Ipv6Addr;

use dhcproto::v6::DhcpOption;
use ngnlab_sim::message::dhcpv6::{self, DhcpOptions, reconfigure};
use ngnlab_sim::message::dns::{self, Question};
use ngnlab_sim::message::fragment::{Reassembly, fragments};
use ngnlab_sim::message::ndp::Ndp;
use ngnlab_sim::message::packet::{Envelope, Icmpv6, Mac, Packet, Payload, forward};
use ngnlab_sim::node::part::http::{RequestReader, ResponseReader, split_url};
use ngnlab_sim::trace::Trace;
use ngnlab_sim::trace::pcapng::Remarks;

/// Takes bytes in as a frame, as what is inside one, and as each message by itself.
pub fn take_in(bytes: &[u8]) {
    let mut mended = bytes.to_vec();
    crate::mutation::mend(&mut mended);
    for frame in [bytes, &mended] {
        if let Some(packet) = Packet::parse(frame) {
            packet_in(&packet);
        }
    }
    message(bytes);
    http(bytes);
    if bytes.starts_with(b"{") {
        trace(bytes);
    }
}

fn packet_in(packet: &Packet<'_>) {
    if let Some(frame) = forward(packet, MAC, MAC) {
        let passed = Packet::parse(&frame).expect("what is passed on stays a packet");
        assert_eq!(passed.hop_limit, packet.hop_limit - 1);
        assert_eq!(passed.ip.len(), packet.ip.len());
    }
    if let Some(ndp) = Ndp::parse(packet) {
        neighbour_discovery(&ndp);
    }
    let mut reassembly = Reassembly::default();
    let pieces = fragments(packet.ip, 1_280);
    let whole = pieces.iter().filter_map(|piece| reassembly.take_in(piece));
    if let [.., _, _] = &pieces[..] {
        assert_eq!(whole.last().as_deref(), Some(packet.ip));
    } else {
        whole.for_each(drop);
    }
    reassembly.take_in(packet.ip);
    match &packet.payload {
        Payload::Udp(udp) => message(udp.payload),
        Payload::Icmpv6(icmpv6) => message(icmpv6.body),
        Payload::Tcp(segment) => {
            message(segment.payload());
            http(segment.payload());
        }
        Payload::Other { bytes, .. } => message(bytes),
    }
}

fn message(bytes: &[u8]) {
    for kind in 133..=137 {
        let message = Icmpv6 {
            kind,
            code: 0,
            body: bytes,
            checksum_ok: true,
        };
        if let Some(ndp) = Ndp::parse_message(message) {
            neighbour_discovery(&ndp);
        }
    }
    dhcp(bytes);
    name(bytes);
}

fn neighbour_discovery(ndp: &Ndp) {
    let envelope = Envelope::new(MAC, MAC, MAC.link_local(), Ipv6Addr::LOCALHOST);
    let frame = ndp.build(envelope);
    let read = Packet::parse(&frame).and_then(|packet| Ndp::parse(&packet));
    assert_eq!(read.as_ref(), Some(ndp), "what is written is what was read");
}

fn dhcp(bytes: &[u8]) {
    reconfigure::verify(bytes, [7; 16]);
    let Some(message) = dhcpv6::decode(bytes) else {
        return;
    };
    reconfigure::key_in(&message);
    dhcpv6::search_list(&message);
    dhcpv6::dns_servers(&message);
    dhcpv6::delegations(&message).for_each(|ia| drop(dhcpv6::prefixes(ia)));
    let written = dhcpv6::encode(&message);
    // dhcproto 0.15 writes the number of classes where their length belongs. Nobody here sends any.
    if has_class(message.opts()) {
        return;
    }
    let again = dhcpv6::decode(&written).expect("what is written can be read");
    assert_eq!(
        dhcpv6::encode(&again),
        written,
        "what is written stays the same"
    );
}

fn has_class(options: &DhcpOptions) -> bool {
    options.iter().any(|option| match option {
        DhcpOption::UserClass(_) | DhcpOption::VendorClass(_) => true,
        DhcpOption::IANA(inner) => has_class(&inner.opts),
        DhcpOption::IATA(inner) => has_class(&inner.opts),
        DhcpOption::IAPD(inner) => has_class(&inner.opts),
        DhcpOption::IAAddr(inner) => has_class(&inner.opts),
        DhcpOption::IAPrefix(inner) => has_class(&inner.opts),
        DhcpOption::VendorOpts(inner) => has_class(&inner.opts),
        _ => false,
    })
}

fn name(bytes: &[u8]) {
    dns::is_query(bytes);
    dns::records(bytes);
    if let Some(question) = Question::of(bytes) {
        assert!(question.end() <= bytes.len());
        assert!(question.is_same(&question));
        question.name_text();
    }
    let mut stream = bytes.to_vec();
    let mut taken = Vec::new();
    while let Some(message) = dns::take_from_stream(&mut stream) {
        taken.extend(dns::to_stream(&message));
    }
    taken.extend(stream);
    assert_eq!(taken, bytes, "a stream is the sum of its messages");
}

fn http(bytes: &[u8]) {
    let mut requests = RequestReader::default();
    requests.push(bytes);
    while let Ok(Some(_)) = requests.take() {}
    for ended in [false, true] {
        let mut responses = ResponseReader::default();
        responses.push(bytes);
        let _ = responses.take(ended);
    }
    if let Ok(text) = str::from_utf8(bytes) {
        split_url(text);
    }
}

fn trace(bytes: &[u8]) {
    let Ok(trace) = Trace::load(bytes) else {
        return;
    };
    let mut saved = Vec::new();
    trace.save(&mut saved).expect("a vector takes everything");
    let again = Trace::load(&saved[..]).expect("what was saved can be loaded");
    assert!(again == trace, "what is saved is what was loaded");
    let mut capture = Vec::new();
    // Packet lengths and times that pcapng has no room for are errors, and no more.
    let _ = trace.write_pcapng(&Remarks::default(), &mut capture);
}

const MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 1]);

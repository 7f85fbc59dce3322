//! Crafted frames: what somebody on the line or on the LAN might send, and no node of ours does.

use std::net::Ipv6Addr;

use etherparse::TcpHeader;
use hickory_proto::op::{Message, OpCode, Query};
use hickory_proto::rr::{Name, RecordType};
use ngnlab_sim::frame::Frame;
use ngnlab_sim::message::dhcpv6;
use ngnlab_sim::message::icmpv6::{ECHO_REQUEST, PACKET_TOO_BIG};
use ngnlab_sim::message::ndp::{NeighborSolicit, ROUTER_SOLICITATION};
use ngnlab_sim::message::packet::{
    ALL_DHCP, ALL_ROUTERS, Envelope, Mac, icmpv6_error_body, is_link_local, solicited_node,
};

use super::not_yet;
use super::sight::Sight;
use crate::scenario::step::crafted::Crafted;

mod dhcpv6_server;
mod dns_over_tcp;
pub mod forwarding;
mod ipv4;
mod lan_dhcpv6;
mod lan_nd;
mod mutated;
mod ndp;
mod neighbor_adverts;
mod raw;

/// Returns the frames of a name as they would arrive from the line, or why there are none.
pub fn from_the_line(crafted: Crafted, sight: &Sight<'_>) -> Result<Vec<Frame>, String> {
    let gateway = sight.gateway();
    let stranger = sight.stranger();
    let outside = |to| Envelope::new(gateway.mac, sight.next_hop_in(to), stranger, to);
    let each = |addresses: Vec<Ipv6Addr>, frame: &dyn Fn(Ipv6Addr) -> Frame| {
        if addresses.is_empty() {
            return Err(not_yet::NOBODY_SEEN.to_owned());
        }
        Ok(addresses.into_iter().map(frame).collect())
    };
    match crafted {
        Crafted::DnsQueryToDevice => each(sight.device_addresses(), &|to| {
            let source = if is_link_local(to) {
                gateway.address
            } else {
                stranger
            };
            let envelope = Envelope::new(gateway.mac, sight.wan_mac(), source, to);
            envelope.udp(PORT, 53, &question())
        }),
        Crafted::DnsConnectionToDevice | Crafted::DnsQuestionOverTcp => {
            Ok(dns_over_tcp::frames(crafted, sight))
        }
        Crafted::RouterFlagCleared => Ok(vec![neighbor_adverts::flag_cleared(gateway)]),
        Crafted::EchoToDevice => each(sight.device_addresses(), &|to| {
            let source = if is_link_local(to) {
                gateway.address
            } else {
                stranger
            };
            echo(Envelope::new(gateway.mac, sight.wan_mac(), source, to))
        }),
        Crafted::TcpSynToTerminal => each(sight.terminal_addresses(), &|to| syn(outside(to))),
        Crafted::UdpToTerminal => each(sight.terminal_addresses(), &|to| {
            outside(to).udp(PORT, 137, b"ngnlab")
        }),
        Crafted::EchoToTerminal => each(sight.terminal_addresses(), &|to| echo(outside(to))),
        Crafted::EchoHopLimit1 => each(sight.terminal_addresses(), &|to| {
            echo(outside(to).with_hop_limit(1))
        }),
        Crafted::NeighborSolicitTerminals => each(sight.terminal_addresses(), &|target| {
            solicit(gateway.mac, gateway.address, target)
        }),
        Crafted::NeighborSolicitAbsentHost => each(sight.absent_hosts(), &|target| {
            solicit(gateway.mac, gateway.address, target)
        }),
        Crafted::UnassignedSubnet => each(sight.unassigned(), &|to| echo(outside(to))),
        Crafted::PacketTooBig => too_big(sight),
        Crafted::AnswerTooBig => Err("this frame comes from the LAN only".to_owned()),
        Crafted::InvalidRouterAdverts => Ok(ndp::invalid_adverts(sight)),
        Crafted::UnfitPrefixes => Ok(ndp::unfit_prefixes(sight)),
        Crafted::PrefixNotOnLink => Ok(ndp::prefix_not_on_link(sight)),
        Crafted::ShortPrefixLifetimes => ndp::short_lifetimes(sight),
        Crafted::RouterLifetimeZero => ndp::lifetime_zero(sight),
        Crafted::RouterAdvertAgain => ndp::advert_again(sight),
        Crafted::NeighborSolicitDevice => each(sight.own_wan_addresses(), &|target| {
            solicit(gateway.mac, gateway.address, target)
        }),
        Crafted::InvalidNeighborSolicit => ndp::invalid_solicits(sight),
        Crafted::InvalidNeighborAdverts => {
            Ok(neighbor_adverts::invalid(gateway.address, sight.wan_mac()))
        }
        Crafted::SilentRouter => Ok(ndp::silent_router(sight)),
        Crafted::RouterAdvertFlood => Ok(ndp::flood(sight)),
        Crafted::MutatedRouterAdverts => Ok(mutated::router_adverts(sight)),
        Crafted::MutatedDhcpv6 => Ok(mutated::dhcpv6(sight)),
        Crafted::ForeignSource
        | Crafted::RouterSolicitFlood
        | Crafted::RouterAdvertToDevice
        | Crafted::Dhcpv6InformationRequest
        | Crafted::MisdirectedDhcpv6
        | Crafted::RememberedAddress
        | Crafted::UniqueLocalAddresses
        | Crafted::EchoFromTerminals => Err("this frame comes from the LAN only".to_owned()),
        Crafted::ForgedAdvertise
        | Crafted::ForgedReply
        | Crafted::ForgedReconfigure
        | Crafted::ReplayedReconfigure
        | Crafted::UnknownDhcpv6Types => dhcpv6_server::frames(crafted, sight),
        Crafted::Dhcpv6Solicit
        | Crafted::RouterSolicit
        | Crafted::AnonymousRouterSolicit
        | Crafted::InvalidRouterSolicit => Ok(from_a_neighbour(crafted)),
        Crafted::ArpAndIpv4 => Ok(ipv4::frames(STRANGER)),
    }
}

/// Returns the frames of a name as they would arrive from a computer on the LAN.
pub fn from_the_lan(crafted: Crafted, sight: &Sight<'_>) -> Result<Vec<Frame>, String> {
    let link_local = STRANGER.link_local();
    let to_device = |frame: &dyn Fn(Envelope) -> Frame| {
        let frames = sight
            .device_lan_addresses()
            .into_iter()
            .map(|to| frame(Envelope::new(STRANGER, sight.lan_mac(), link_local, to)));
        Ok(frames.collect())
    };
    match crafted {
        Crafted::Dhcpv6Solicit
        | Crafted::RouterSolicit
        | Crafted::AnonymousRouterSolicit
        | Crafted::InvalidRouterSolicit => Ok(from_a_neighbour(crafted)),
        Crafted::Dhcpv6InformationRequest => Ok(lan_dhcpv6::information_request(sight)),
        Crafted::ArpAndIpv4 => Ok(ipv4::frames(STRANGER)),
        Crafted::MisdirectedDhcpv6 => Ok(lan_dhcpv6::misdirected(sight)),
        Crafted::NeighborSolicitDevice => Ok(lan_nd::valid_solicits(sight)),
        Crafted::InvalidNeighborSolicit => Ok(lan_nd::invalid_solicits(sight)),
        Crafted::InvalidNeighborAdverts => Ok(sight
            .terminal_addresses()
            .into_iter()
            .flat_map(|of| neighbor_adverts::invalid(of, sight.lan_mac()))
            .collect()),
        Crafted::RouterSolicitFlood => Ok(lan_nd::solicit_flood()),
        Crafted::RouterAdvertToDevice => Ok(lan_nd::foreign_advert(sight)),
        Crafted::EchoToDevice => to_device(&echo),
        Crafted::DnsQueryToDevice => to_device(&|envelope| envelope.udp(PORT, 53, &question())),
        Crafted::ForeignSource => {
            // The other area's lines are far away, so the address cannot be one of this line.
            let other = sight.line.area.other().values();
            let source = STRANGER.in_prefix(other.assignments[0].addr());
            let to = sight.line.area.values().portal;
            let envelope = Envelope::new(STRANGER, sight.next_hop_out(), source, to);
            Ok(vec![envelope.udp(PORT, PORT, b"ngnlab")])
        }
        Crafted::RememberedAddress => {
            let subnet = sight.line.assignment(0).addr().to_bits() | (1 << 64);
            let source = STRANGER.in_prefix(Ipv6Addr::from_bits(subnet));
            let to = sight.line.area.values().portal;
            let envelope = Envelope::new(STRANGER, sight.next_hop_out(), source, to);
            Ok(vec![envelope.udp(PORT, PORT, b"ngnlab")])
        }
        Crafted::UniqueLocalAddresses => Ok(unique_local(sight)),
        Crafted::EchoFromTerminals => {
            let to = sight.line.area.values().portal;
            let frames = sight.terminal_addresses().into_iter();
            let frames = frames
                .map(|source| echo(Envelope::new(STRANGER, sight.next_hop_out(), source, to)));
            Ok(frames.collect())
        }
        Crafted::AnswerTooBig => answer_too_big(sight),
        Crafted::InvalidRouterAdverts
        | Crafted::UnfitPrefixes
        | Crafted::PrefixNotOnLink
        | Crafted::ShortPrefixLifetimes
        | Crafted::RouterLifetimeZero
        | Crafted::RouterFlagCleared
        | Crafted::DnsConnectionToDevice
        | Crafted::DnsQuestionOverTcp
        | Crafted::RouterAdvertAgain
        | Crafted::SilentRouter
        | Crafted::RouterAdvertFlood
        | Crafted::MutatedRouterAdverts
        | Crafted::MutatedDhcpv6
        | Crafted::TcpSynToTerminal
        | Crafted::UdpToTerminal
        | Crafted::EchoToTerminal
        | Crafted::EchoHopLimit1
        | Crafted::PacketTooBig
        | Crafted::NeighborSolicitAbsentHost
        | Crafted::NeighborSolicitTerminals
        | Crafted::UnassignedSubnet
        | Crafted::ForgedAdvertise
        | Crafted::ForgedReply
        | Crafted::ForgedReconfigure
        | Crafted::ReplayedReconfigure
        | Crafted::UnknownDhcpv6Types => Err("this frame comes from the line only".to_owned()),
    }
}

/// Returns what a stranger on the same wire sends to everybody.
fn from_a_neighbour(crafted: Crafted) -> Vec<Frame> {
    let link_local = STRANGER.link_local();
    let to_routers =
        |source| Envelope::new(STRANGER, STRANGER, source, ALL_ROUTERS).with_hop_limit(255);
    // RFC 4861 §4.1: reserved, then the source link-layer address option.
    let body = [&[0, 0, 0, 0, 1, 1][..], &STRANGER.0].concat();
    let solicit = |envelope: Envelope, code| envelope.icmpv6(ROUTER_SOLICITATION, code, &body);
    match crafted {
        Crafted::Dhcpv6Solicit => {
            let envelope = Envelope::new(STRANGER, STRANGER, link_local, ALL_DHCP);
            let ports = (dhcpv6::CLIENT_PORT, dhcpv6::SERVER_PORT);
            // A server that gives no addresses answers an Information-Request at most.
            [dhcpv6_solicit(), dhcpv6_information_request()]
                .map(|bytes| envelope.udp(ports.0, ports.1, &bytes))
                .to_vec()
        }
        Crafted::RouterSolicit => vec![solicit(to_routers(link_local), 0)],
        // RFC 4861 §4.1: without an address there is no link-layer address option, either.
        Crafted::AnonymousRouterSolicit => {
            vec![to_routers(Ipv6Addr::UNSPECIFIED).icmpv6(ROUTER_SOLICITATION, 0, &[0; 4])]
        }
        // RFC 4861 §6.1.1: a hop limit other than 255, a code other than 0, and a source
        // link-layer address from the unspecified address.
        _ => vec![
            solicit(to_routers(link_local).with_hop_limit(254), 0),
            solicit(to_routers(link_local), 1),
            solicit(to_routers(Ipv6Addr::UNSPECIFIED), 0),
        ],
    }
}

fn solicit(mac: Mac, source: Ipv6Addr, target: Ipv6Addr) -> Frame {
    let envelope = Envelope::new(mac, mac, source, solicited_node(target)).with_hop_limit(255);
    let message = NeighborSolicit {
        target,
        source_link_layer: Some(mac),
    };
    ngnlab_sim::message::ndp::Ndp::NeighborSolicit(message).build(envelope)
}

fn echo(envelope: Envelope) -> Frame {
    envelope.icmpv6(ECHO_REQUEST, 0, b"\x4e\x47\x00\x01ngnlab")
}

/// RFC 7084 §4.3 ULA-4: neither direction may cross the border.
fn unique_local(sight: &Sight<'_>) -> Vec<Frame> {
    // RFC 4193 §3.1: a prefix that was drawn for this.
    const PREFIX: Ipv6Addr = Ipv6Addr::new(0xfd4e, 0x474e, 0x1ab0, 1, 0, 0, 0, 0);
    let portal = sight.line.area.values().portal;
    let to_device = |source, to| Envelope::new(STRANGER, sight.next_hop_out(), source, to);
    let far = Ipv6Addr::new(0xfd4e, 0x474e, 0x1ab1, 1, 0, 0, 0, 1);
    let out = to_device(STRANGER.in_prefix(PREFIX), portal);
    let terminals = sight.terminal_addresses().into_iter();
    let to_far = terminals.map(|source| to_device(source, far));
    std::iter::once(out)
        .chain(to_far)
        .map(|envelope| envelope.udp(PORT, PORT, b"ngnlab"))
        .collect()
}

fn syn(envelope: Envelope) -> Frame {
    // Remote Desktop, which a terminal may well have open.
    let mut header = TcpHeader::new(PORT, 3389, 1, 65_535);
    header.syn = true;
    envelope.tcp(header, &[])
}

/// RFC 4443 §3.2, for the last segment that a terminal sent out.
fn too_big(sight: &Sight<'_>) -> Result<Vec<Frame>, String> {
    let Some((source, packet)) = sight.last_segment_out() else {
        return Err(not_yet::NO_SEGMENT.to_owned());
    };
    let gateway = sight.gateway();
    let to = sight.next_hop_in(source);
    let envelope = Envelope::new(gateway.mac, to, sight.network_router(), source);
    Ok(vec![envelope.icmpv6(
        PACKET_TOO_BIG,
        0,
        &icmpv6_error_body(1280, &packet),
    )])
}

/// A link between the device and a terminal is narrow, as that of a VPN on the LAN: the last long
/// packet did not fit (RFC 4443 §3.2).
fn answer_too_big(sight: &Sight<'_>) -> Result<Vec<Frame>, String> {
    let Some((mac, [device, terminal], packet)) = sight.last_long_answer() else {
        return Err(not_yet::NO_ANSWER.to_owned());
    };
    let envelope = Envelope::new(mac, sight.lan_mac(), terminal, device);
    Ok(vec![envelope.icmpv6(
        PACKET_TOO_BIG,
        0,
        &icmpv6_error_body(1280, &packet),
    )])
}

fn question() -> Vec<u8> {
    let name = Name::from_ascii("www.lineauth.mnw.").expect("the name is valid");
    let mut message = Message::query();
    message.metadata.id = 0x4e47;
    message.metadata.op_code = OpCode::Query;
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(name, RecordType::AAAA));
    message.to_vec().expect("a short message can be built")
}

/// RFC 8415 §16.2: a Client Identifier and an IA_NA, whose answer every client understands.
fn dhcpv6_solicit() -> Vec<u8> {
    let mut bytes = dhcpv6_message(1, 1);
    // IA_NA 1 without times.
    bytes.extend([0, 3, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes
}

fn dhcpv6_information_request() -> Vec<u8> {
    dhcpv6_message(11, 2)
}

fn dhcpv6_message(kind: u8, xid: u8) -> Vec<u8> {
    let duid = STRANGER.duid_ll();
    let length = u16::try_from(duid.len()).expect("a DUID-LL has 10 bytes");
    let mut bytes = vec![kind, 0x4e, 0x47, xid, 0, 1];
    bytes.extend(length.to_be_bytes());
    bytes.extend(duid);
    // Elapsed Time 0; Option Request: DNS servers.
    bytes.extend([0, 8, 0, 2, 0, 0, 0, 6, 0, 2, 0, 23]);
    bytes
}

/// A computer that belongs to nobody.
const STRANGER: Mac = Mac([0x02, 0x00, 0x5e, 0x30, 0x00, 0x01]);
const PORT: u16 = 40_000;

#[cfg(test)]
mod tests {
    use ngnlab_sim::line::{Area, Line};
    use strum::VariantArray as _;

    use super::*;
    use crate::dissection::builder::TraceBuilder;
    use crate::scenario::step::cable::Wire;

    #[test]
    fn what_cannot_come_by_a_cable_is_what_a_file_is_refused_for() {
        let line = Line::preset("next-pd", Area::East).unwrap();
        let trace = TraceBuilder::new("next-pd").trace;
        let sight = Sight {
            records: &trace.records,
            line: &line,
            setup: &trace.header.setup,
        };
        let is_refused =
            |frames: Result<Vec<Frame>, String>| frames.is_err_and(|why| why.ends_with(" only"));
        for frame in Crafted::VARIANTS {
            let wan = is_refused(from_the_line(*frame, &sight));
            assert_eq!(wan, !frame.comes_by(Wire::Wan), "{frame}");
            let lan = is_refused(from_the_lan(*frame, &sight));
            assert_eq!(lan, !frame.comes_by(Wire::Lan), "{frame}");
        }
    }
}

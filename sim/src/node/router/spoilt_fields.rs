//! Fields of its own messages that an implementation gets wrong on their way out: a row for each,
//! with the message that it is in and what becomes of it.
//!
//! Nothing else of the router knows of them: each message is right until it leaves, and its lengths
//! and checksums are made anew afterwards.

use std::net::Ipv6Addr;

use super::defect::{Defect, Defects, defects};
use crate::frame::Frame;
use crate::message::dhcpv6::{CLIENT_PORT, SERVER_PORT};
use crate::message::dns;
use crate::message::icmpv6::{FIRST_INFORMATIONAL, PARAMETER_PROBLEM, TIME_EXCEEDED};
use crate::message::ndp::{
    NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION, ROUTER_ADVERTISEMENT, ROUTER_SOLICITATION,
};
use crate::message::packet::{
    ALL_NODES, ALL_ROUTERS, ETHERNET_HEADER, Envelope, IPV6_HEADER, Mac, Packet, Payload,
};

/// A message on its way out.
struct Message {
    envelope: Envelope,
    content: Content,
}

enum Content {
    /// The octets behind the checksum.
    Icmpv6 {
        kind: u8,
        code: u8,
        body: Vec<u8>,
    },
    Udp {
        ports: (u16, u16),
        data: Vec<u8>,
    },
}

/// Returns the frame as it leaves.
pub(super) fn spoil(frame: Frame, defects: &Defects) -> Frame {
    ROWS.iter()
        .filter(|(defect, _)| defects.has(*defect))
        .fold(frame, |frame, (defect, edit)| {
            let Some(mut message) = Message::read(&frame) else {
                return frame;
            };
            if edit(&mut message).is_none() {
                return frame;
            }
            let mut built = message.build().to_vec();
            if *defect == WRONG_CHECKSUMS {
                built[CHECKSUM] ^= 0x55;
            }
            built.into()
        })
}

impl Message {
    fn read(frame: &[u8]) -> Option<Self> {
        let packet = Packet::parse(frame)?;
        let content = match &packet.payload {
            Payload::Icmpv6(message) => Content::Icmpv6 {
                kind: message.kind,
                code: message.code,
                body: message.body.to_vec(),
            },
            Payload::Udp(udp) => Content::Udp {
                ports: (udp.source_port, udp.destination_port),
                data: udp.payload.to_vec(),
            },
            Payload::Tcp(_) | Payload::Other { .. } => return None,
        };
        let envelope = Envelope {
            eth_source: packet.eth_source,
            eth_destination: packet.eth_destination,
            source: packet.source,
            destination: packet.destination,
            traffic_class: packet.traffic_class,
            hop_limit: packet.hop_limit,
        };
        Some(Self { envelope, content })
    }

    fn build(&self) -> Frame {
        match &self.content {
            Content::Icmpv6 { kind, code, body } => self.envelope.icmpv6(*kind, *code, body),
            Content::Udp { ports, data } => self.envelope.udp(ports.0, ports.1, data),
        }
    }

    /// Returns the body of an ICMPv6 message of this type.
    fn icmpv6(&mut self, wanted: u8) -> Option<&mut Vec<u8>> {
        match &mut self.content {
            Content::Icmpv6 { kind, body, .. } if *kind == wanted => Some(body),
            Content::Icmpv6 { .. } | Content::Udp { .. } => None,
        }
    }

    /// Returns the body of an ICMPv6 error that begins here: one that is passed on has lost a hop.
    fn error(&mut self) -> Option<&mut Vec<u8>> {
        match &mut self.content {
            Content::Icmpv6 { kind, body, .. }
                if *kind < FIRST_INFORMATIONAL && self.envelope.hop_limit == FIRST_HOP =>
            {
                Some(body)
            }
            Content::Icmpv6 { .. } | Content::Udp { .. } => None,
        }
    }

    /// Returns the headers of a message that goes to a group.
    fn multicast(&mut self) -> Option<&mut Envelope> {
        let to_group = self.envelope.destination.is_multicast();
        to_group.then_some(&mut self.envelope)
    }

    /// Returns a DNS message of which this end is a server's.
    fn dns(&mut self, server: fn((u16, u16)) -> u16) -> Option<&mut Vec<u8>> {
        match &mut self.content {
            Content::Udp { ports, data } if server(*ports) == dns::PORT => Some(data),
            Content::Icmpv6 { .. } | Content::Udp { .. } => None,
        }
    }

    /// Returns the whole option of this type in a message of neighbour discovery.
    fn option(&mut self, message: u8, option: u8) -> Option<&mut [u8]> {
        let body = self.icmpv6(message)?;
        // RFC 4861 §4: what stands before the options.
        let mut at = match message {
            ROUTER_SOLICITATION => 4,
            ROUTER_ADVERTISEMENT => 12,
            _ => 20,
        };
        while let [kind, units, ..] = *body.get(at..)? {
            let length = usize::from(units) * 8;
            if kind == option {
                return body.get_mut(at..at + length);
            }
            at += length.max(8);
        }
        None
    }

    /// Returns a DHCPv6 message to this port.
    fn dhcpv6(&mut self, port: u16) -> Option<&mut Vec<u8>> {
        match &mut self.content {
            Content::Udp { ports, data } if ports.1 == port => Some(data),
            Content::Icmpv6 { .. } | Content::Udp { .. } => None,
        }
    }

    /// Returns a DHCPv6 message to this port with an option at its end.
    fn with_option(&mut self, port: u16, code: u8, content: &[u8]) -> Option<()> {
        let data = self.dhcpv6(port)?;
        data.extend([0, code, 0, u8::try_from(content.len()).ok()?]);
        data.extend(content);
        Some(())
    }
}

/// What becomes of a message; `None` leaves it as it is.
type Edit = fn(&mut Message) -> Option<()>;

const ROWS: &[(Defect, Edit)] = &[
    // IPv6 and what is below it.
    (ERRORS_FROM_LOOPBACK, |message| {
        message.error()?;
        message.envelope.source = Ipv6Addr::LOCALHOST;
        Some(())
    }),
    (BROADCASTS_ADVERTISEMENTS, |message| {
        message.icmpv6(ROUTER_ADVERTISEMENT)?;
        message.multicast()?.eth_destination = Mac([0xff; 6]);
        Some(())
    }),
    (WRONG_CHECKSUMS, |message| message.error().map(drop)),
    // Neighbour discovery.
    (HOP_LIMIT_64_IN_SOLICITATIONS, |message| {
        message.icmpv6(ROUTER_SOLICITATION)?;
        message.envelope.hop_limit = 64;
        Some(())
    }),
    (DIRTY_SOLICITATIONS, |message| {
        let body = message.icmpv6(NEIGHBOR_SOLICITATION)?;
        body[..4].copy_from_slice(&[0xde, 0xad, 0xbe, 0xef]);
        Some(())
    }),
    (EMPTY_OPTION_IN_SOLICITATIONS, |message| {
        let from_nowhere = message.envelope.source.is_unspecified();
        let body = message.icmpv6(NEIGHBOR_SOLICITATION)?;
        from_nowhere.then(|| body.extend([NONCE, 0, 0, 0, 0, 0, 0, 0]))
    }),
    (FOREIGN_MAC_IN_SOLICITATIONS, |message| {
        let option = message.option(ROUTER_SOLICITATION, SOURCE_LINK_LAYER)?;
        option[7] ^= 0x55;
        Some(())
    }),
    (MAC_IN_DUPLICATE_DETECTION, |message| {
        let mac = message.envelope.eth_source;
        let from_nowhere = message.envelope.source.is_unspecified();
        let body = message.icmpv6(NEIGHBOR_SOLICITATION)?;
        from_nowhere.then(|| {
            body.extend([SOURCE_LINK_LAYER, 1]);
            body.extend(mac.0);
        })
    }),
    (SOLICITS_ALL_NODES, |message| {
        message.icmpv6(NEIGHBOR_SOLICITATION)?;
        message.multicast()?.destination = ALL_NODES;
        message.envelope.eth_destination = Mac::multicast(ALL_NODES);
        Some(())
    }),
    (SOLICITS_WITHOUT_MAC, |message| {
        message.multicast()?;
        let body = message.icmpv6(NEIGHBOR_SOLICITATION)?;
        body.truncate(NEIGHBOR_BODY);
        Some(())
    }),
    (CLEARS_SOLICITED_FLAG, |message| {
        message.icmpv6(NEIGHBOR_ADVERTISEMENT)?[0] &= !0x40;
        Some(())
    }),
    // Router Advertisements.
    (RESERVED_ROUTER_PREFERENCE, |message| {
        message.icmpv6(ROUTER_ADVERTISEMENT)?[1] |= RESERVED_PREFERENCE;
        Some(())
    }),
    (PREFERENCE_WITHOUT_LIFETIME, |message| {
        let body = message.icmpv6(ROUTER_ADVERTISEMENT)?;
        (body[2..4] == [0, 0]).then(|| body[1] |= 0x08)
    }),
    (DIRTY_ADVERTISEMENT_FLAGS, |message| {
        message.icmpv6(ROUTER_ADVERTISEMENT)?[1] |= 0x01;
        Some(())
    }),
    (REACHABLE_FOR_A_DAY, |message| {
        let body = message.icmpv6(ROUTER_ADVERTISEMENT)?;
        body[4..8].copy_from_slice(&86_400_000_u32.to_be_bytes());
        Some(())
    }),
    (PREFIX_WITH_HOST_BITS, |message| {
        message.option(ROUTER_ADVERTISEMENT, PREFIX)?[31] = 1;
        Some(())
    }),
    (ADVERTISES_LINK_LOCAL_PREFIX, |message| {
        let copy = message.option(ROUTER_ADVERTISEMENT, PREFIX)?.to_vec();
        let body = message.icmpv6(ROUTER_ADVERTISEMENT)?;
        body.extend(&copy[..16]);
        body.extend(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0).octets());
        Some(())
    }),
    (SAME_PREFIX_ALIVE_AND_DEAD, |message| {
        let mut copy = message.option(ROUTER_ADVERTISEMENT, PREFIX)?.to_vec();
        copy[8..12].fill(0);
        message.icmpv6(ROUTER_ADVERTISEMENT)?.extend(copy);
        Some(())
    }),
    (ROUTE_WITH_HOST_BITS, |message| {
        *message.option(ROUTER_ADVERTISEMENT, ROUTE)?.last_mut()? = 1;
        Some(())
    }),
    (RESERVED_ROUTE_PREFERENCE, |message| {
        message.option(ROUTER_ADVERTISEMENT, ROUTE)?[3] |= RESERVED_PREFERENCE;
        Some(())
    }),
    (DIRTY_ROUTE_OPTION, |message| {
        message.option(ROUTER_ADVERTISEMENT, ROUTE)?[3] |= 0x07;
        Some(())
    }),
    (GROUP_AS_DNS_SERVER, |message| {
        let option = message.option(ROUTER_ADVERTISEMENT, RDNSS)?.to_vec();
        let body = message.icmpv6(ROUTER_ADVERTISEMENT)?;
        body.extend([RDNSS, 3]);
        body.extend(&option[2..8]);
        body.extend(ALL_NODES.octets());
        Some(())
    }),
    (ADVERTISES_TO_ALL_ROUTERS, |message| {
        message.icmpv6(ROUTER_ADVERTISEMENT)?;
        let copy = message.multicast()?;
        copy.destination = ALL_ROUTERS;
        copy.eth_destination = Mac::multicast(ALL_ROUTERS);
        Some(())
    }),
    // ICMPv6 errors.
    (DIRTY_ERRORS, |message| {
        message.error()?;
        message.icmpv6(TIME_EXCEEDED)?[1..4].fill(0xa5);
        Some(())
    }),
    (CODE_NOBODY_KNOWS, |message| {
        message.error()?;
        match &mut message.content {
            Content::Icmpv6 { kind, code, .. } if *kind == TIME_EXCEEDED => {
                *code = 77;
                Some(())
            }
            Content::Icmpv6 { .. } | Content::Udp { .. } => None,
        }
    }),
    (POINTS_AT_NOTHING, |message| {
        let body = message.icmpv6(PARAMETER_PROBLEM)?;
        body[..4].copy_from_slice(&4_000_u32.to_be_bytes());
        Some(())
    }),
    (LINK_LOCAL_ERRORS, |message| {
        message.error()?;
        message.envelope.source = message.envelope.eth_source.link_local();
        Some(())
    }),
    (ERRORS_TO_ALL_NODES, |message| {
        message.error()?;
        message.envelope.destination = ALL_NODES;
        message.envelope.eth_destination = Mac::multicast(ALL_NODES);
        Some(())
    }),
    // DHCPv6.
    (CLIENT_ID_TWICE, |message| {
        message.with_option(SERVER_PORT, CLIENT_ID, &[0, 3, 0, 1, 2, 0, 0x5e, 0, 0, 9])
    }),
    (RAPID_COMMIT_IN_REQUESTS, |message| {
        let data = message.dhcpv6(SERVER_PORT)?;
        (data[0] == DHCPV6_REQUEST).then(|| data.extend([0, RAPID_COMMIT, 0, 0]))
    }),
    (OCTET_BEHIND_QUESTIONS, |message| {
        message.dhcpv6(SERVER_PORT)?.push(0);
        Some(())
    }),
    (PREFERENCE_IN_REPLIES, |message| {
        let is_reply = message.dhcpv6(CLIENT_PORT)?[0] == DHCPV6_REPLY;
        is_reply.then(|| message.with_option(CLIENT_PORT, PREFERENCE, &[0]))?
    }),
    (CUT_SNTP_LIST, |message| {
        message.with_option(CLIENT_PORT, SNTP_SERVERS, &[0x20, 0x01, 0x0d, 0xb8])
    }),
    (OCTET_BEHIND_ANSWERS, |message| {
        message.dhcpv6(CLIENT_PORT)?.push(0);
        Some(())
    }),
    // DNS.
    (DIRTY_QUESTIONS, |message| {
        message.dns(|ports| ports.1)?[3] |= 0x40;
        Some(())
    }),
    (ADDS_TWO_OPT_RECORDS, |message| {
        let data = message.dns(|ports| ports.1)?;
        data[11] += 2;
        data.extend([NO_OPTIONS, NO_OPTIONS].concat());
        Some(())
    }),
    (OCTETS_BEHIND_DNS_ANSWERS, |message| {
        message.dns(|ports| ports.0)?.extend([0xde, 0xad]);
        Some(())
    }),
];

/// Where the checksum of an ICMPv6 message stands in its frame.
const CHECKSUM: usize = ETHERNET_HEADER + IPV6_HEADER + 2;
/// The hop limit of what begins here.
const FIRST_HOP: u8 = 64;
/// What stands before the options of a solicitation for a neighbour (RFC 4861 §4.3).
const NEIGHBOR_BODY: usize = 20;

// Option types: RFC 4861 §4.6, RFC 3971 §5.3, RFC 4191 §2.3, RFC 8106 §5.1.
const SOURCE_LINK_LAYER: u8 = 1;
const PREFIX: u8 = 3;
const NONCE: u8 = 14;
const ROUTE: u8 = 24;
const RDNSS: u8 = 25;
/// The value of a preference that must not be sent (RFC 4191 §2.1), where it stands.
const RESERVED_PREFERENCE: u8 = 0x10;

/// An OPT record for 1232 bytes (RFC 6891 §6.1.2).
const NO_OPTIONS: [u8; 11] = [0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0];

// Message types and options: RFC 8415 §7.3, §21; RFC 4075 §4.
const DHCPV6_REQUEST: u8 = 3;
const DHCPV6_REPLY: u8 = 7;
const CLIENT_ID: u8 = 1;
const PREFERENCE: u8 = 7;
const RAPID_COMMIT: u8 = 14;
const SNTP_SERVERS: u8 = 31;

defects! {
    /// Sends its ICMPv6 errors from the loopback address.
    ERRORS_FROM_LOOPBACK = "errors-from-loopback",
        "ICMPv6エラーをループバックアドレスから送る。";
    /// Sends its advertisements to the broadcast address of Ethernet instead of their group's.
    BROADCASTS_ADVERTISEMENTS = "broadcasts-advertisements",
        "RAを、グループに対応するMACアドレスではなくイーサネットのブロードキャストへ送る。";
    /// Sends ICMPv6 errors with a wrong checksum.
    WRONG_CHECKSUMS = "wrong-checksums",
        "ICMPv6エラーのチェックサムを誤る。";
    /// Solicits routers with a hop limit of 64.
    HOP_LIMIT_64_IN_SOLICITATIONS = "hop-limit-64-in-solicitations",
        "RSをホップリミット64で送る。";
    /// Leaves what its memory held in the reserved field of its Neighbor Solicitations.
    DIRTY_SOLICITATIONS = "dirty-solicitations",
        "NSの予約フィールドに、メモリに残っていた値を入れる。";
    /// Ends the solicitations of duplicate address detection with an option of length zero.
    EMPTY_OPTION_IN_SOLICITATIONS = "empty-option-in-solicitations",
        "重複アドレス検出のNSの末尾に、長さ0のオプションを付ける。";
    /// Names another MAC address than its own in its Router Solicitations.
    FOREIGN_MAC_IN_SOLICITATIONS = "foreign-mac-in-solicitations",
        "RSに自分のものでないMACアドレスを入れる。";
    /// Names its MAC address in duplicate address detection, where no address is its own yet.
    MAC_IN_DUPLICATE_DETECTION = "mac-in-duplicate-detection",
        "まだ自分のアドレスがない重複アドレス検出のNSに、MACアドレスを入れる。";
    /// Solicits neighbours at the address of all nodes.
    SOLICITS_ALL_NODES = "solicits-all-nodes",
        "NSを全ノード宛てに送る。";
    /// Leaves its MAC address out of the Neighbor Solicitations that it multicasts.
    SOLICITS_WITHOUT_MAC = "solicits-without-mac",
        "マルチキャストするNSに、自分のMACアドレスを入れない。";
    /// Answers solicitations with the S flag clear.
    CLEARS_SOLICITED_FLAG = "clears-solicited-flag",
        "NSに、Sフラグを落としたNAで答える。";
    /// Advertises the router preference that is reserved.
    RESERVED_ROUTER_PREFERENCE = "reserved-router-preference",
        "RAのルータ優先度に予約値を入れる。";
    /// Advertises a high preference where it is no default router.
    PREFERENCE_WITHOUT_LIFETIME = "preference-without-lifetime",
        "デフォルトルータでないことを示すRAで、ルータ優先度を高くする。";
    /// Sets a flag of its advertisements that is reserved.
    DIRTY_ADVERTISEMENT_FLAGS = "dirty-advertisement-flags",
        "RAの予約されたフラグを立てる。";
    /// Says that a neighbour is reachable for a day after it was heard.
    REACHABLE_FOR_A_DAY = "reachable-for-a-day",
        "RAで到達可能時間を1日と知らせる。";
    /// Leaves its own address in the prefix that it advertises.
    PREFIX_WITH_HOST_BITS = "prefix-with-host-bits",
        "広告するプレフィックスに、自分のアドレスの下位ビットを残す。";
    /// Advertises the link-local prefix, too.
    ADVERTISES_LINK_LOCAL_PREFIX = "advertises-link-local-prefix",
        "リンクローカルのプレフィックスも広告する。";
    /// Advertises its prefix twice at once, alive and dead.
    SAME_PREFIX_ALIVE_AND_DEAD = "same-prefix-alive-and-dead",
        "1つのRAに、同じプレフィックスを有効なものと期限切れのものの2つ入れる。";
    /// Leaves bits behind the length of the prefix in its route option.
    ROUTE_WITH_HOST_BITS = "route-with-host-bits",
        "経路情報オプションのプレフィックスに、長さより後ろのビットを残す。";
    /// Advertises its route with the preference that is reserved.
    RESERVED_ROUTE_PREFERENCE = "reserved-route-preference",
        "経路情報オプションの優先度に予約値を入れる。";
    /// Leaves what its memory held in the reserved bits of its route option.
    DIRTY_ROUTE_OPTION = "dirty-route-option",
        "経路情報オプションの予約ビットに、メモリに残っていた値を入れる。";
    /// Names the group of all nodes as a DNS server, besides itself.
    GROUP_AS_DNS_SERVER = "group-as-dns-server",
        "自分のほかに、全ノードのマルチキャストアドレスをDNSサーバとして知らせる。";
    /// Advertises to all routers instead of all nodes.
    ADVERTISES_TO_ALL_ROUTERS = "advertises-to-all-routers",
        "RAを全ノードではなく全ルータ宛てに送る。";
    /// Leaves what its memory held in the unused field of its errors.
    DIRTY_ERRORS = "dirty-errors",
        "ICMPv6エラーの未使用フィールドに、メモリに残っていた値を入れる。";
    /// Sends errors with a code that their type does not have.
    CODE_NOBODY_KNOWS = "code-nobody-knows",
        "ICMPv6エラーに、そのタイプにないコードを入れる。";
    /// Points behind the end of the packet that it complains of.
    POINTS_AT_NOTHING = "points-at-nothing",
        "Parameter Problemのポインタが、元のパケットの末尾より後ろを指す。";
    /// Sends its errors from the link-local address, however far they have to go.
    LINK_LOCAL_ERRORS = "link-local-errors",
        "宛先がリンクの外にあっても、ICMPv6エラーをリンクローカルアドレスから送る。";
    /// Sends its errors to all nodes of the link.
    ERRORS_TO_ALL_NODES = "errors-to-all-nodes",
        "ICMPv6エラーをリンクの全ノード宛てに送る。";
    /// Names two clients in one message.
    CLIENT_ID_TWICE = "client-id-twice",
        "1つのメッセージにクライアント識別子を2つ入れる。";
    /// Asks for a rapid commit in its Requests, where it has no meaning.
    RAPID_COMMIT_IN_REQUESTS = "rapid-commit-in-requests",
        "意味を持たないRequestに、Rapid Commitオプションを入れる。";
    /// Sends an octet too many behind what it asks a DHCPv6 server.
    OCTET_BEHIND_QUESTIONS = "octet-behind-questions",
        "DHCPv6サーバへのメッセージの末尾に、余分な1オクテットを付ける。";
    /// Puts its preference into every Reply on the LAN.
    PREFERENCE_IN_REPLIES = "preference-in-replies",
        "LAN側のReplyすべてにPreferenceオプションを入れる。";
    /// Tells clients on the LAN the first four octets of an SNTP server.
    CUT_SNTP_LIST = "cut-sntp-list",
        "LAN側の端末に、SNTPサーバのアドレスを先頭4オクテットだけ知らせる。";
    /// Sends an octet too many behind what its DHCPv6 server says.
    OCTET_BEHIND_ANSWERS = "octet-behind-answers",
        "LAN側のDHCPv6の応答の末尾に、余分な1オクテットを付ける。";
    /// Sets the reserved bit of the questions that it asks upstream.
    DIRTY_QUESTIONS = "dirty-questions",
        "上流へのDNSの問い合わせで、予約されたビットを立てる。";
    /// Adds two OPT records to what it asks upstream.
    ADDS_TWO_OPT_RECORDS = "adds-two-opt-records",
        "上流へのDNSの問い合わせに、OPTレコードを2つ加える。";
    /// Sends two octets of memory behind each DNS answer.
    OCTETS_BEHIND_DNS_ANSWERS = "octets-behind-dns-answers",
        "DNSの応答の末尾に、メモリに残っていた2オクテットを付ける。";
}

//! The simple security of RFC 6092: which addresses may not cross the border, what has to come in,
//! and how long the filter remembers.

use ngnlab_reports::{Level, Text};
use ngnlab_sim::message::icmpv6::{DESTINATION_UNREACHABLE, TIME_EXCEEDED};
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::setup::Mode;
use ngnlab_sim::trace::Role;

use self::border::{is_martian, is_unique_local};
use self::flows::{
    comes_in, error_not_fatal, errors_related, errors_unmatched, idle, no_management, refreshed,
    simultaneous_open,
};
use super::forwarding::must_not_cross;
use super::{CE_ROUTER, Check, EVERYONE, only_in};

mod border;
pub(super) mod flows;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "fw6.mcast-source",
        source: "RFC 6092 §3.1 REC-1",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "送信元がマルチキャストのパケットを中継しない",
            "Packets with a multicast source are not forwarded",
        ),
        hint: Text::new(
            "送信元がff00::/8のパケットは破棄してください。",
            "Drop packets whose source is in ff00::/8.",
        ),
        judge: |trace| {
            must_not_cross(trace, "packet with a multicast source", |found| {
                found.source.is_multicast() && is_routable(found.destination)
            })
        },
    },
    Check {
        id: "fw6.mcast-scope",
        source: "RFC 6092 §3.1 REC-2",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "組織内までのマルチキャストを境界の外へ中継しない",
            "Multicast up to organization-local scope does not cross",
        ),
        hint: Text::new(
            "スコープが8以下のマルチキャストはWANとLANの間で中継しないでください。",
            "Do not forward groups of scope 8 or less between WAN and LAN.",
        ),
        judge: |trace| {
            must_not_cross(trace, "packet for a group of limited scope", |found| {
                let scope = found.destination.octets()[1] & 0x0f;
                found.destination.is_multicast()
                    && (ADMIN_LOCAL..=ORGANIZATION_LOCAL).contains(&scope)
                    && is_routable(found.source)
            })
        },
    },
    Check {
        id: "fw6.martian",
        source: "RFC 6092 §3.1 REC-3; RFC 5156",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "インターネットに存在しないアドレスのパケットを中継しない",
            "Packets with addresses that the internet does not have are not forwarded",
        ),
        hint: Text::new(
            "サイトローカル、IPv4射影、IPv4互換、ORCHIDのアドレスをフィルタしてください。",
            "Filter site-local, IPv4-mapped, IPv4-compatible and ORCHID addresses.",
        ),
        judge: |trace| {
            must_not_cross(trace, "packet with a forbidden address", |found| {
                is_martian(found.source) || is_martian(found.destination)
            })
        },
    },
    Check {
        id: "fw6.rh0",
        source: "RFC 6092 §3.1 REC-4; RFC 5095",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "タイプ0のルーティングヘッダを中継しない",
            "Packets with a routing header of type 0 are not forwarded",
        ),
        hint: Text::new(
            "廃止されたタイプ0ルーティングヘッダの付いたパケットは破棄してください。",
            "Drop packets with the deprecated routing header of type 0.",
        ),
        judge: |trace| {
            must_not_cross(trace, "packet with routing header 0", |found| {
                border::has_routing_header_0(found.is.ip)
            })
        },
    },
    Check {
        id: "fw6.egress-source",
        source: "RFC 6092 §3.1 REC-5; RFC 7084 §4.5 S-2",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "内側のプレフィックス以外を送信元とするパケットを外へ出さない",
            "Nothing leaves with a source that is not of the inside",
        ),
        hint: Text::new(
            "LANのプレフィックスに属さない送信元のパケットはWANへ中継しないでください。",
            "Forward to the WAN only what comes from the prefixes of the LAN.",
        ),
        judge: |trace| {
            must_not_cross(trace, "packet from a foreign source", |found| {
                found.on == Role::Lan
                    && is_routable(found.source)
                    && is_routable(found.destination)
                    && !trace
                        .lan_prefixes()
                        .iter()
                        .any(|net| net.contains(&found.source))
                    && !trace
                        .assignments()
                        .any(|(_, net)| net.contains(&found.source))
            })
        },
    },
    Check {
        id: "fw6.ingress-spoof",
        source: "RFC 6092 §3.1 REC-6",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "内側のアドレスを名乗る外からのパケットを入れない",
            "Packets from outside that claim an inside source are dropped",
        ),
        hint: Text::new(
            "WANで受けた、送信元がLANのプレフィックスのパケットは破棄してください。",
            "Drop what comes in on the WAN with a source in the LAN's prefix.",
        ),
        judge: |trace| {
            // On an RA line the /64 lies on both sides.
            only_in(Mode::Pd, trace, || {
                must_not_cross(
                    trace,
                    "packet from outside with an inside source",
                    |found| {
                        found.on == Role::Wan
                            && trace
                                .lan_prefixes()
                                .iter()
                                .any(|net| net.contains(&found.source))
                    },
                )
            })
        },
    },
    Check {
        id: "fw6.ula-border",
        source: "RFC 6092 §3.1 REC-7",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "ユニークローカルアドレスのパケットを外と中継しない",
            "Packets with unique local addresses do not cross the border",
        ),
        hint: Text::new(
            "fc00::/7を送信元または宛先とするパケットはWANとの間で破棄してください。",
            "Drop packets from or to fc00::/7 between WAN and LAN.",
        ),
        judge: |trace| {
            must_not_cross(trace, "packet with a unique local address", |found| {
                is_unique_local(found.source) || is_unique_local(found.destination)
            })
        },
    },
    Check {
        id: "fw6.icmp-error-unmatched",
        source: "RFC 6092 §3.2.1 REC-10",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "どの通信にも属さないICMPv6エラーを入れない",
            "ICMPv6 errors that belong to no flow are not forwarded",
        ),
        hint: Text::new(
            "到達不能とPacket Too Bigは、引用されたパケットの通信があるときだけ通してください。",
            "Pass unreachable and too-big errors only if they quote a flow that exists.",
        ),
        judge: errors_unmatched,
    },
    Check {
        id: "fw6.related-unreachable",
        source: "RFC 6092 §3.2.3 REC-18, §3.3.1 REC-36",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "端末の通信への到達不能通知を端末に届ける",
            "Destination Unreachable for a terminal's flow reaches it",
        ),
        hint: Text::new(
            "既存の通信に関するICMPv6タイプ1をフィルタで許可してください。",
            "Let ICMPv6 type 1 for existing flows through the filter.",
        ),
        judge: |trace| errors_related(trace, DESTINATION_UNREACHABLE, "Destination Unreachable"),
    },
    Check {
        id: "fw6.related-time-exceeded",
        source: "RFC 4890 §4.3.1",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "端末の通信へのTime Exceededを端末に届ける",
            "Time Exceeded for a terminal's flow reaches it",
        ),
        hint: Text::new(
            "既存の通信に関するICMPv6タイプ3をフィルタで許可してください。",
            "Let ICMPv6 type 3 for existing flows through the filter.",
        ),
        judge: |trace| errors_related(trace, TIME_EXCEEDED, "Time Exceeded"),
    },
    Check {
        id: "fw6.udp-icmp-not-fatal",
        source: "RFC 6092 §3.2.3 REC-19",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "ICMPv6エラーでUDPの通信を終わらせない",
            "An ICMPv6 error does not end a UDP flow",
        ),
        hint: Text::new(
            "ICMPv6を受けてもUDPのフィルタ状態を消さないでください。",
            "Keep the state of a UDP flow whatever ICMPv6 comes in.",
        ),
        judge: error_not_fatal,
    },
    Check {
        id: "fw6.udp-idle",
        source: "RFC 6092 §3.2.3 REC-14",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "UDPの通信を無通信でも2分間は覚えている",
            "UDP flows are remembered for two minutes of silence",
        ),
        hint: Text::new(
            "UDPのセッション保持時間を2分以上（推奨5分）にしてください。",
            "Keep UDP state for two minutes at least, better for five.",
        ),
        judge: |trace| {
            idle(trace, "UDP answer after a minute of silence", |flow| {
                flow.protocol == UDP && flow.has_high_ports()
            })
        },
    },
    Check {
        id: "fw6.generic-idle",
        source: "RFC 6092 §3.2.2 REC-12",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "その他のプロトコルの通信も無通信で2分間は覚えている",
            "Flows of other protocols are remembered for two minutes of silence",
        ),
        hint: Text::new(
            "TCPとUDP以外のセッション保持時間も2分以上（推奨5分）にしてください。",
            "Keep the state of other protocols for two minutes at least, too.",
        ),
        judge: |trace| {
            idle(
                trace,
                "answer of another protocol after a minute of silence",
                |flow| !matches!(flow.protocol, TCP | UDP | ESP | AUTHENTICATION),
            )
        },
    },
    Check {
        id: "fw6.udp-refresh-out",
        source: "RFC 6092 §3.2.3 REC-16",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "端末からの送信でUDPの保持時間を延ばす",
            "A terminal's datagrams keep its UDP flow alive",
        ),
        hint: Text::new(
            "UDPの保持時間は最後の送信から数え直してください。",
            "Count the life of UDP state from the last datagram, not from the first.",
        ),
        judge: refreshed,
    },
    Check {
        id: "fw6.tcp-idle",
        source: "RFC 6092 §3.3.1 REC-35",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "確立したTCP接続を2時間4分は覚えている",
            "Established TCP connections are remembered for 2 h 4 min",
        ),
        hint: Text::new(
            "TCPのセッション保持時間を7440秒以上にしてください。",
            "Keep established TCP state for 7440 s at least.",
        ),
        judge: super::forward::survives_an_hour,
    },
    Check {
        id: "fw6.tcp-simopen",
        source: "RFC 6092 §3.3.1 REC-31",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "同時オープンのTCP接続を通す",
            "A TCP connection that both ends open at once gets through",
        ),
        hint: Text::new(
            "端末がSYNを送った相手からのSYNは通してください。",
            "Let a SYN in from where the terminal has sent one.",
        ),
        judge: simultaneous_open,
    },
    Check {
        id: "fw6.ipsec-ah",
        source: "RFC 6092 §3.2.4 REC-21",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "外からのAHを端末に通す",
            "AH from outside reaches terminals",
        ),
        hint: Text::new(
            "既定の設定では認証ヘッダ（AH）の付いたパケットを通してください。",
            "Let packets with an Authentication Header in by default.",
        ),
        judge: |trace| {
            comes_in(trace, "packet with an Authentication Header", |found| {
                found.is.ip.get(6) == Some(&AUTHENTICATION)
            })
        },
    },
    Check {
        id: "fw6.ipsec-esp",
        source: "RFC 6092 §3.2.4 REC-22",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "外からのESPを端末に通す",
            "ESP from outside reaches terminals",
        ),
        hint: Text::new(
            "既定の設定ではESPのパケットを通してください。",
            "Let ESP packets in by default.",
        ),
        judge: |trace| {
            comes_in(trace, "ESP packet", |found| {
                found.is.ip.get(6) == Some(&ESP)
            })
        },
    },
    Check {
        id: "fw6.ike",
        source: "RFC 6092 §3.2.4 REC-24",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "外からのIKE（UDP 500）を端末に通す",
            "IKE, UDP port 500, from outside reaches terminals",
        ),
        hint: Text::new(
            "既定の設定では宛先ポート500のUDPを通してください。",
            "Let UDP for port 500 in by default.",
        ),
        judge: |trace| {
            comes_in(trace, "IKE datagram", |found| {
                found
                    .is
                    .udp()
                    .is_some_and(|udp| udp.destination_port == IKE)
            })
        },
    },
    Check {
        id: "fw6.no-mgmt-on-wan",
        source: "RFC 6092 §3.5 REC-50",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "WAN側に管理用のポートを開けない",
            "No management service is open on the WAN",
        ),
        hint: Text::new(
            "管理画面やSSH、TelnetはLAN側からだけ使えるようにしてください。",
            "Offer the management page, SSH and Telnet on the LAN alone.",
        ),
        judge: no_management,
    },
];

/// RFC 4291 §2.7: the scopes.
const ADMIN_LOCAL: u8 = 4;
const ORGANIZATION_LOCAL: u8 = 8;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ESP: u8 = 50;
const AUTHENTICATION: u8 = 51;
const IKE: u16 = 500;

#[cfg(test)]
mod tests;

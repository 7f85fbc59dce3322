//! DHCPv6 messages of the device, as a client of the line and as the server of its LAN (RFC 8415).

use std::collections::BTreeSet;

use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::message::dhcpv6::{CLIENT_PORT, SERVER_PORT};
use ngnlab_sim::trace::Role;

use super::own;
use super::row::row;
use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::ruling::{Ruling, broken, every, expect, finding, never};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    row(
        "lint.dhcp6c.whole",
        ("RFC 8415 §8, §21.1", Level::Must),
        EVERYONE,
        Text::new(
            "クライアントのDHCPv6メッセージがオプションの末尾で終わる",
            "The client's messages end where their last option ends",
        ),
        Text::new(
            "メッセージの長さと各オプションの長さを確認してください。合わないものをサーバは破棄します。",
            "Look at the lengths of message and options; servers drop what does not add up.",
        ),
        |trace| whole(trace, Side::Client),
    ),
    row(
        "lint.dhcp6c.once",
        ("RFC 8415 §21, §24", Level::Must),
        CE_ROUTER,
        Text::new(
            "1つしか入れられないオプションをクライアントが重ねて入れない",
            "The client sends no option twice that may be there once",
        ),
        Text::new(
            "IAとベンダー関係を除き、同じオプションを2つ入れないでください。",
            "Put each option into a message once, IAs and vendor options apart.",
        ),
        |trace| once(trace, Side::Client),
    ),
    row(
        "lint.dhcp6c.options-in-place",
        ("RFC 8415 §18.2, Appendix B", Level::Must),
        CE_ROUTER,
        Text::new(
            "クライアントの各メッセージに、そこにあるべきでないオプションがない",
            "The client's messages hold no option that belongs into others",
        ),
        Text::new(
            "RFC 8415の付録Bの表に照らし、そのメッセージに許されないオプションを取り除いてください。",
            "Compare with the table in Appendix B of RFC 8415, and leave out what does not belong.",
        ),
        |trace| in_place(trace, Side::Client),
    ),
    row(
        "lint.dhcp6c.port",
        ("RFC 8415 §7.2", Level::Must),
        EVERYONE,
        Text::new(
            "クライアントのDHCPv6メッセージがポート547宛てである",
            "The client's messages go to port 547",
        ),
        Text::new(
            "サーバ宛ての宛先ポートを547にしてください。546で待つのはクライアントです。",
            "Send to port 547, at which servers listen; clients listen at 546.",
        ),
        port,
    ),
    row(
        "lint.dhcp6s.whole",
        ("RFC 8415 §8, §21.1", Level::Must),
        EVERYONE,
        Text::new(
            "LAN側のDHCPv6の応答がオプションの末尾で終わる",
            "The answers of the DHCPv6 server end where their last option ends",
        ),
        Text::new(
            "メッセージの長さと各オプションの長さを確認してください。合わないものを端末は破棄します。",
            "Look at the lengths of message and options; clients drop what does not add up.",
        ),
        |trace| whole(trace, Side::Server),
    ),
    row(
        "lint.dhcp6s.options-in-place",
        ("RFC 8415 §18.3, Appendix B", Level::Must),
        CE_ROUTER,
        Text::new(
            "LAN側のDHCPv6の応答に、そこにあるべきでないオプションがない",
            "The answers of the DHCPv6 server hold no option that belongs into others",
        ),
        Text::new(
            "RFC 8415の付録Bの表に照らし、その応答に許されないオプションを取り除いてください。",
            "Compare with the table in Appendix B of RFC 8415, and leave out what does not belong.",
        ),
        |trace| in_place(trace, Side::Server),
    ),
    row(
        "lint.dhcp6s.lists",
        ("RFC 3646 §3, §4; RFC 4075 §4; RFC 8415 §10", Level::Must),
        EVERYONE,
        Text::new(
            "LAN側のDHCPv6で知らせるアドレスと名前の一覧が正しく符号化されている",
            "The lists of addresses and names that the DHCPv6 server tells are encoded rightly",
        ),
        Text::new(
            "アドレスは16オクテットずつ、名前は圧縮せず0で終わらせて入れてください。",
            "Write addresses of 16 octets each, and names in full with a zero at their end.",
        ),
        lists,
    ),
];

/// Which part of DHCPv6 the device plays.
#[derive(Clone, Copy)]
enum Side {
    Client,
    Server,
}

impl Side {
    fn what(self) -> &'static str {
        match self {
            Self::Client => "DHCPv6 message of the client",
            Self::Server => "DHCPv6 answer on the LAN",
        }
    }
}

/// A message as it stands in its datagram.
struct Raw<'t> {
    record: RecordId,
    kind: u8,
    /// Code and content of each option.
    options: Vec<(u16, &'t [u8])>,
    /// Whether they end where the message does.
    whole: bool,
}

fn messages<'t>(trace: &Dissection<'t>, side: Side) -> Vec<Raw<'t>> {
    let sent = match side {
        Side::Client => own::to_port(trace, Role::Wan, SERVER_PORT),
        Side::Server => own::to_port(trace, Role::Lan, CLIENT_PORT),
    };
    // What a terminal sends to such a port is passed on, and no message of the device.
    sent.filter(|(found, _)| !trace.is_terminal(found.source))
        .filter_map(|(found, udp)| Raw::read(found.record, udp.payload))
        .collect()
}

impl<'t> Raw<'t> {
    fn read(record: RecordId, payload: &'t [u8]) -> Option<Self> {
        let kind = *payload.first()?;
        // Relay messages have another header (RFC 8415 §9).
        if [RELAY_FORWARD, RELAY_REPLY].contains(&kind) {
            return None;
        }
        // RFC 8415 §8: type and transaction id; §21.1: code and length of two octets each.
        let mut rest = payload.get(4..).unwrap_or_default();
        let mut options = Vec::new();
        while let Some(([a, b, c, d], after)) = rest.split_first_chunk() {
            let length = usize::from(u16::from_be_bytes([*c, *d]));
            let Some((content, after)) = after.split_at_checked(length) else {
                break;
            };
            options.push((u16::from_be_bytes([*a, *b]), content));
            rest = after;
        }
        Some(Self {
            record,
            kind,
            options,
            whole: payload.len() >= 4 && rest.is_empty(),
        })
    }
}

fn whole(trace: &Dissection<'_>, side: Side) -> Verdict {
    every(side.what(), messages(trace, side), |message| {
        expect(
            [message.record],
            message.whole,
            "options that end where the message ends",
            "something behind them, or one that is cut short",
        )
    })
}

/// Messages that servers alone say are another check's.
fn port(trace: &Dissection<'_>) -> Verdict {
    let right = own::to_port(trace, Role::Wan, SERVER_PORT).map(|(found, _)| found.record);
    let wrong = own::to_port(trace, Role::Wan, CLIENT_PORT).filter(|(found, udp)| {
        let kind = udp.payload.first();
        // RFC 8415 §7.3: Solicit to Decline, and Information-Request, but for what servers say.
        let of_client = kind.is_some_and(|kind| matches!(kind, 1 | 3..=6 | 8 | 9 | 11));
        of_client && !trace.is_terminal(found.source)
    });
    let wrong: Vec<_> = wrong.map(|(found, _)| found.record).collect();
    let bad = wrong
        .iter()
        .map(|record| finding([*record], "port 547", "port 546"));
    never(
        Side::Client.what(),
        right.chain(wrong.iter().copied()).collect::<Vec<_>>(),
        bad.collect::<Vec<_>>(),
    )
}

fn once(trace: &Dissection<'_>, side: Side) -> Verdict {
    every(side.what(), messages(trace, side), |message| {
        let mut known = BTreeSet::new();
        let mut codes = message.options.iter().map(|(code, _)| *code);
        match codes.find(|code| !SEVERAL.contains(code) && !known.insert(*code)) {
            None => Ruling::Holds(vec![message.record]),
            Some(code) => broken(
                [message.record],
                "each option once",
                format!("option {code} twice"),
            ),
        }
    })
}

/// IA_NA, IA_TA, vendor class, vendor options and IA_PD: each for something else (RFC 8415 §21).
const SEVERAL: [u16; 5] = [3, 4, 16, 17, 25];

fn in_place(trace: &Dissection<'_>, side: Side) -> Verdict {
    every(side.what(), messages(trace, side), |message| {
        let mut rows = FOREIGN.iter();
        let Some((_, expected, foreign)) = rows.find(|(kind, ..)| *kind == message.kind) else {
            return Ruling::Skip;
        };
        let mut codes = message.options.iter().map(|(code, _)| *code);
        match codes.find(|code| foreign.contains(code)) {
            None => Ruling::Holds(vec![message.record]),
            Some(code) => broken([message.record], *expected, format!("option {code}")),
        }
    })
}

// RFC 8415 §7.3.
const RELAY_FORWARD: u8 = 12;
const RELAY_REPLY: u8 = 13;

/// The options of RFC 8415 that have no place in a message (Appendix B): 2 Server Identifier, 6 ORO,
/// 7 Preference, 8 Elapsed Time, 11 Authentication, 12 Server Unicast, 13 Status Code, 14 Rapid
/// Commit, 19 Reconfigure Message, 20 Reconfigure Accept, 3, 4 and 25 the IAs, 32 Information
/// Refresh Time, 82 and 83 SOL_MAX_RT and INF_MAX_RT; 5 and 26 stand inside of IAs alone (§21.6,
/// §21.22).
const FOREIGN: &[(u8, &str, &[u16])] = &[
    (
        1,
        "only options that belong into a Solicit",
        &[2, 5, 7, 12, 13, 19, 26, 32, 82, 83],
    ),
    (
        2,
        "only options that belong into an Advertise",
        &[5, 6, 8, 12, 14, 19, 26, 32],
    ),
    (
        3,
        "only options that belong into a Request",
        &[5, 7, 12, 13, 14, 19, 26, 32, 82, 83],
    ),
    (
        5,
        "only options that belong into a Renew",
        &[5, 7, 12, 13, 14, 19, 26, 32, 82, 83],
    ),
    (
        6,
        "only options that belong into a Rebind",
        &[2, 5, 7, 12, 13, 14, 19, 26, 32, 82, 83],
    ),
    (
        7,
        "only options that belong into a Reply",
        &[5, 6, 7, 8, 19, 26],
    ),
    (
        8,
        "only options that belong into a Release",
        &[5, 6, 7, 12, 13, 14, 19, 20, 26, 32, 82, 83],
    ),
    (
        9,
        "only options that belong into a Decline",
        &[5, 6, 7, 12, 13, 14, 19, 20, 26, 32, 82, 83],
    ),
    (
        11,
        "only options that belong into an Information-Request",
        &[3, 4, 5, 7, 12, 13, 14, 19, 25, 26, 32, 82, 83],
    ),
];

fn lists(trace: &Dissection<'_>) -> Verdict {
    let told = messages(trace, Side::Server)
        .into_iter()
        .flat_map(|message| {
            let record = message.record;
            let lists = message.options.into_iter();
            lists
                .filter(|(code, _)| ADDRESSES.contains(code) || *code == SEARCH_LIST)
                .map(move |(code, content)| (record, code, content))
        });
    every(
        "list in a DHCPv6 answer on the LAN",
        told,
        |(record, code, content)| {
            if code == SEARCH_LIST {
                let wrong = wrong_names(content);
                return match wrong {
                    None => Ruling::Holds(vec![record]),
                    Some(seen) => broken([record], "names in full, each with its end", seen),
                };
            }
            expect(
                [record],
                !content.is_empty() && content.len().is_multiple_of(16),
                format!("addresses of 16 octets in option {code}"),
                format!("{} octets", content.len()),
            )
        },
    )
}

/// SIP servers (RFC 3319 §3.2), DNS servers (RFC 3646 §3) and SNTP servers (RFC 4075 §4).
const ADDRESSES: [u16; 3] = [22, 23, 31];
/// Domain Search List (RFC 3646 §4).
const SEARCH_LIST: u16 = 24;

/// Returns what is wrong with names that fill an option (RFC 8415 §10, RFC 1035 §3.1).
fn wrong_names(mut names: &[u8]) -> Option<&'static str> {
    if names.is_empty() {
        return Some("no name at all");
    }
    while !names.is_empty() {
        loop {
            let Some((length, rest)) = names.split_first() else {
                return Some("a name without its end");
            };
            names = rest;
            match usize::from(*length) {
                0 => break,
                length @ 1..=63 => match rest.split_at_checked(length) {
                    Some((_, after)) => names = after,
                    None => return Some("a label that is cut short"),
                },
                _ => return Some("a compressed name"),
            }
        }
    }
    None
}

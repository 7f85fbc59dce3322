//! Solicitations and advertisements of neighbour discovery (RFC 4861 §4.1 to §4.4).

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ndp::{
    NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION, ROUTER_ADVERTISEMENT, ROUTER_SOLICITATION,
};
use ngnlab_sim::message::packet::{Icmpv6, Mac, solicited_node};

use super::own;
use super::row::row;
use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    row(
        "lint.nd.header",
        ("RFC 4861 §4, §6.1, §7.1", Level::Must),
        EVERYONE,
        Text::new(
            "近隣探索のメッセージがホップリミット255、コード0である",
            "Messages of neighbour discovery have hop limit 255 and code 0",
        ),
        Text::new(
            "RS、RA、NS、NAはホップリミット255、コード0で送ってください。ほかの値のものは受信側が破棄します。",
            "Send RS, RA, NS and NA with hop limit 255 and code 0; receivers drop others.",
        ),
        header,
    ),
    row(
        "lint.nd.reserved",
        ("RFC 4861 §4.1, §4.3, §4.4", Level::Must),
        CE_ROUTER,
        Text::new(
            "RS、NS、NAの予約フィールドが0である",
            "The reserved fields of RS, NS and NA are zero",
        ),
        Text::new(
            "予約フィールドは0で初期化してください。",
            "Initialise the reserved fields with zero.",
        ),
        reserved,
    ),
    row(
        "lint.nd.options",
        ("RFC 4861 §4.6, §7.1", Level::Must),
        EVERYONE,
        Text::new(
            "RS、NS、NAのオプションの長さが正しい",
            "The options of RS, NS and NA have a right length",
        ),
        Text::new(
            "オプションの長さは8オクテット単位で、0にしないでください。受信側はメッセージ全体を破棄します。",
            "Give each option its length in units of eight octets, never zero; receivers drop the whole message.",
        ),
        whole_options,
    ),
    row(
        "lint.nd.source-link-layer",
        ("RFC 4861 §4.1, §4.3", Level::Must),
        EVERYONE,
        Text::new(
            "RSとNSの送信元リンク層アドレスが自分のMACアドレスである",
            "RS and NS name the MAC address that the device uses",
        ),
        Text::new(
            "送信元リンク層アドレスオプションには、送信するインタフェースのMACアドレスを入れてください。",
            "Put the MAC address of the sending interface into the source link-layer address option.",
        ),
        source_link_layer,
    ),
    row(
        "lint.nd.nameless-from-nowhere",
        ("RFC 4861 §4.1, §4.3, §7.1.1", Level::Must),
        EVERYONE,
        Text::new(
            "未指定アドレスからのRSとNSにはリンク層アドレスを入れない",
            "RS and NS from the unspecified address name no link-layer address",
        ),
        Text::new(
            "重複アドレス検出のNSには送信元リンク層アドレスオプションを入れないでください。受信側が破棄し、重複が見つかりません。",
            "Leave the option out of duplicate address detection; receivers drop the message, and no duplicate is found.",
        ),
        nameless_from_nowhere,
    ),
    row(
        "lint.ns.destination",
        ("RFC 4861 §4.3", Level::Must),
        CE_ROUTER,
        Text::new(
            "NSの宛先が対象の要請ノードマルチキャストアドレスか対象自身である",
            "Neighbor Solicitations go to the target's solicited-node group, or to the target",
        ),
        Text::new(
            "アドレス解決と重複検出のNSは、対象の要請ノードマルチキャストアドレスへ送ってください。",
            "Send solicitations to the solicited-node group of their target.",
        ),
        solicit_destination,
    ),
    row(
        "lint.ns.source-link-layer-present",
        ("RFC 4861 §4.3", Level::Must),
        CE_ROUTER,
        Text::new(
            "マルチキャストのNSに送信元リンク層アドレスを入れる",
            "Multicast solicitations name the sender's link-layer address",
        ),
        Text::new(
            "アドレス解決のNSには送信元リンク層アドレスオプションを入れてください。ないと相手は先にこちらを解決しなければなりません。",
            "Put the option in; without it the neighbour has to look for the router first.",
        ),
        solicit_names_sender,
    ),
    row(
        "lint.na.solicited",
        ("RFC 4861 §4.4, §7.2.4", Level::Must),
        EVERYONE,
        Text::new(
            "NSへの応答はSフラグを立て、マルチキャストのNAは立てない",
            "The S flag is set in answers to solicitations, and in nothing that is multicast",
        ),
        Text::new(
            "NSに答えるユニキャストのNAはSフラグを立ててください。ないと近隣は到達性を確認できず、通信が途切れます。",
            "Set the S flag in unicast answers; without it neighbours cannot confirm that the router is reachable.",
        ),
        solicited,
    ),
    row(
        "lint.ns.from-nowhere",
        ("RFC 4861 §4.3, §7.2.2", Level::Must),
        CE_ROUTER,
        Text::new(
            "未指定アドレスからのNSを重複アドレス検出にだけ使う",
            "Solicitations from the unspecified address are for duplicate address detection alone",
        ),
        Text::new(
            "ほかのノードを探すNSは、そのインタフェースの自分のアドレスから送ってください。",
            "Look for other nodes from an address of the interface.",
        ),
        from_nowhere_for_own,
    ),
];

const ALL: &[u8] = &[
    ROUTER_SOLICITATION,
    ROUTER_ADVERTISEMENT,
    NEIGHBOR_SOLICITATION,
    NEIGHBOR_ADVERTISEMENT,
];
const NOT_RA: &[u8] = &[
    ROUTER_SOLICITATION,
    NEIGHBOR_SOLICITATION,
    NEIGHBOR_ADVERTISEMENT,
];
const SOLICITATIONS: &[u8] = &[ROUTER_SOLICITATION, NEIGHBOR_SOLICITATION];

/// RFC 4861 §4.6.1.
const SOURCE_LINK_LAYER: u8 = 1;

/// Returns the octets that stand before the options, and the options.
fn split<'t>(message: &Icmpv6<'t>) -> Option<(&'t [u8], &'t [u8])> {
    // RFC 4861 §4.1, §4.3, §4.4, counted from behind the checksum.
    let fixed = if message.kind == ROUTER_SOLICITATION {
        4
    } else {
        20
    };
    message.body.split_at_checked(fixed)
}

/// Takes the first option off; `None` where its length is impossible.
fn first_option(options: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = usize::from(*options.get(1)?) * 8;
    options.split_at_checked(length).filter(|_| length > 0)
}

fn options<'t>(message: &Icmpv6<'t>) -> Vec<&'t [u8]> {
    let mut rest = split(message)
        .map(|(_, options)| options)
        .unwrap_or_default();
    let mut found = Vec::new();
    while let Some((option, after)) = first_option(rest) {
        found.push(option);
        rest = after;
    }
    found
}

/// Returns whom a solicitation is about.
fn target(message: &Icmpv6<'_>) -> Option<Ipv6Addr> {
    let octets: [u8; 16] = message.body.get(4..20)?.try_into().ok()?;
    Some(octets.into())
}

fn header(trace: &Dissection<'_>) -> Verdict {
    let messages = own::neighbours(trace, ALL);
    every(
        "message of neighbour discovery",
        messages,
        |(found, message)| {
            expect(
                [found.record],
                found.hop_limit == 255 && message.code == 0,
                "hop limit 255 and code 0",
                format!("hop limit {} and code {}", found.hop_limit, message.code),
            )
        },
    )
}

fn reserved(trace: &Dissection<'_>) -> Verdict {
    let messages = own::neighbours(trace, NOT_RA);
    every("RS, NS or NA", messages, |(found, message)| {
        let Some(field) = message.body.first_chunk::<4>() else {
            return Ruling::Skip;
        };
        let mut field = *field;
        if message.kind == NEIGHBOR_ADVERTISEMENT {
            // The flags R, S and O.
            field[0] &= 0x1f;
        }
        expect(
            [found.record],
            field == [0; 4],
            "zero in the reserved field",
            format!("{field:02x?}"),
        )
    })
}

fn whole_options(trace: &Dissection<'_>) -> Verdict {
    let messages = own::neighbours(trace, NOT_RA);
    every("RS, NS or NA", messages, |(found, message)| {
        let Some((_, mut rest)) = split(&message) else {
            return broken([found.record], "a whole message", "one that is cut short");
        };
        while let Some((_, after)) = first_option(rest) {
            rest = after;
        }
        expect(
            [found.record],
            rest.is_empty(),
            "options that end where the message ends",
            "one of length zero, or one that is cut short",
        )
    })
}

fn source_link_layer(trace: &Dissection<'_>) -> Verdict {
    let named = own::neighbours(trace, SOLICITATIONS).filter_map(|(found, message)| {
        let mut options = options(&message).into_iter();
        let option = options.find(|option| option.first() == Some(&SOURCE_LINK_LAYER))?;
        Some((found, Mac(option.get(2..8)?.try_into().ok()?)))
    });
    every(
        "link-layer address in an RS or NS",
        named,
        |(found, mac)| {
            expect(
                [found.record],
                mac == found.eth_source,
                format!("{}, which it came from", found.eth_source),
                mac.to_string(),
            )
        },
    )
}

fn nameless_from_nowhere(trace: &Dissection<'_>) -> Verdict {
    let from_nowhere =
        own::neighbours(trace, SOLICITATIONS).filter(|(found, _)| found.source.is_unspecified());
    every(
        "RS or NS from the unspecified address",
        from_nowhere,
        |(found, message)| {
            let named = options(&message)
                .iter()
                .any(|option| option.first() == Some(&SOURCE_LINK_LAYER));
            expect(
                [found.record],
                !named,
                "no source link-layer address",
                "a source link-layer address",
            )
        },
    )
}

fn from_nowhere_for_own(trace: &Dissection<'_>) -> Verdict {
    let asking = own::neighbours(trace, &[NEIGHBOR_SOLICITATION]);
    every("Neighbor Solicitation", asking, |(found, message)| {
        let Some(target) = target(&message) else {
            return Ruling::Skip;
        };
        // Whoever speaks from an address on this cable, and is not the device, has it.
        let mut others = trace.packets.iter();
        let of_another = others.any(|other| {
            other.on == found.on
                && other.record < found.record
                && other.to_device(found.on)
                && !other.injected
                && other.source == target
        });
        // A proxy hands on what a node of its other side asks for itself (RFC 4389 §4.1.3).
        let asked_beyond = |from_nowhere: bool| {
            trace.neighbor_solicits().any(|other| {
                other.on != found.on
                    && other.to_device(other.on)
                    && other.record < found.record
                    && found.at <= other.arrives + THINKING
                    && other.is.target == target
                    && other.source.is_unspecified() == from_nowhere
            })
        };
        let of_another = of_another || asked_beyond(false) && !trace.is_device_address(target);
        let is_handed_on = asked_beyond(true);
        expect(
            [found.record],
            !(found.source.is_unspecified() && of_another && !is_handed_on),
            format!("an address of its own as source, to look for {target}"),
            "the unspecified address",
        )
    })
}

fn solicit_destination(trace: &Dissection<'_>) -> Verdict {
    let asking = own::neighbours(trace, &[NEIGHBOR_SOLICITATION]);
    every("Neighbor Solicitation", asking, |(found, message)| {
        let Some(target) = target(&message) else {
            return Ruling::Skip;
        };
        let group = solicited_node(target);
        expect(
            [found.record],
            [target, group].contains(&found.destination),
            format!("{group} or {target}"),
            found.destination.to_string(),
        )
    })
}

fn solicit_names_sender(trace: &Dissection<'_>) -> Verdict {
    let asking = own::neighbours(trace, &[NEIGHBOR_SOLICITATION])
        .filter(|(found, _)| found.destination.is_multicast() && !found.source.is_unspecified());
    every(
        "Neighbor Solicitation to a group",
        asking,
        |(found, message)| {
            let named = options(&message)
                .iter()
                .any(|option| option.first() == Some(&SOURCE_LINK_LAYER));
            expect([found.record], named, "a source link-layer address", "none")
        },
    )
}

/// No neighbour thinks longer about its answer, a proxy that looks for the target itself included
/// (RFC 4861 §10: three solicitations, a second apart).
const THINKING: Duration = Duration::from_secs(4);

fn solicited(trace: &Dissection<'_>) -> Verdict {
    let adverts = trace
        .neighbor_adverts()
        .filter(|found| found.by_device(found.on));
    every("Neighbor Advertisement", adverts, |advert| {
        if advert.destination.is_multicast() {
            return expect(
                [advert.record],
                !advert.is.solicited,
                "the S flag clear, since it goes to everybody",
                "set",
            );
        }
        let question = trace.neighbor_solicits().find(|solicit| {
            solicit.to_device(advert.on)
                && solicit.is.target == advert.is.target
                && solicit.source == advert.destination
                && solicit.arrives <= advert.at
                && advert.at.since(solicit.arrives) <= THINKING
        });
        let Some(question) = question else {
            return Ruling::Skip;
        };
        expect(
            [question.record, advert.record],
            advert.is.solicited,
            "the S flag set, since it answers a solicitation",
            "clear",
        )
    })
}

//! ICMPv6 errors of the device (RFC 4443 §2, §3).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::icmpv6::{
    DESTINATION_UNREACHABLE, PACKET_TOO_BIG, PARAMETER_PROBLEM, TIME_EXCEEDED, UNKNOWN_NEXT_HEADER,
};
use ngnlab_sim::message::packet::is_link_local;

use super::row::row;
use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::evidence::given_prefixes::is_between_prefixes;
use crate::checks::evidence::lan_adverts::adverts;
use crate::checks::icmpv6::own_errors::own_errors;
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    row(
        "lint.icmp6.unused",
        ("RFC 4443 §3.1, §3.3; RFC 4884 §4", Level::Must),
        CE_ROUTER,
        Text::new(
            "ICMPv6エラーの未使用フィールドが0である",
            "The unused field of ICMPv6 errors is zero",
        ),
        Text::new(
            "到達不能と時間超過の未使用フィールドは0で初期化してください。",
            "Initialise the unused field of Destination Unreachable and Time Exceeded with zero.",
        ),
        unused,
    ),
    row(
        "lint.icmp6.code",
        ("RFC 4443 §3; RFC 8883 §2", Level::Must),
        CE_ROUTER,
        Text::new(
            "ICMPv6エラーのコードがそのタイプにあるものである",
            "ICMPv6 errors have a code of their type",
        ),
        Text::new(
            "エラーのコードは、タイプごとに割り当てられた値にしてください。",
            "Send a code that is assigned for the type.",
        ),
        code,
    ),
    row(
        "lint.icmp6.pointer",
        ("RFC 4443 §3.4", Level::Must),
        CE_ROUTER,
        Text::new(
            "Parameter Problemのポインタが問題のフィールドを指す",
            "The pointer of Parameter Problem points at the field",
        ),
        Text::new(
            "ポインタには、元のパケットの先頭から問題のフィールドまでのオクテット数を入れてください。",
            "Count the octets from the start of the packet to the field that was not understood.",
        ),
        pointer,
    ),
    row(
        "lint.icmp6.source-scope",
        ("RFC 4443 §2.2; RFC 6724 §5", Level::Must),
        EVERYONE,
        Text::new(
            "リンクの外へ行くICMPv6エラーの送信元がリンクローカルでない",
            "Errors that leave the link have no link-local source",
        ),
        Text::new(
            "ルーティング可能なアドレスがあれば、それを送信元にしてください。リンクローカルではほかのルータが通しません。",
            "Send from a routable address where there is one; no router passes a link-local source on.",
        ),
        source_scope,
    ),
    row(
        "lint.icmp6.destination",
        ("RFC 4443 §3", Level::Must),
        EVERYONE,
        Text::new(
            "ICMPv6エラーの宛先が元のパケットの送信元である",
            "Errors go to the source of the packet that they are about",
        ),
        Text::new(
            "宛先には、引用したパケットの送信元を入れてください。",
            "Copy the destination from the source of the packet that is quoted.",
        ),
        destination,
    ),
];

/// What RFC 4884 §5.1 asks an error with extensions to quote at least.
const QUOTED_BEFORE_EXTENSIONS: usize = 128;

fn unused(trace: &Dissection<'_>) -> Verdict {
    let errors = own_errors(trace);
    let with_unused = errors
        .iter()
        .filter(|own| [DESTINATION_UNREACHABLE, TIME_EXCEEDED].contains(&own.error.is.kind));
    every(
        "Destination Unreachable or Time Exceeded",
        with_unused,
        |own| {
            // The first octet is the length of the quotation where extensions follow (RFC 4884 §4).
            let [length, rest @ ..] = own.error.is.value.to_be_bytes();
            let extended = usize::from(length) * 8 >= QUOTED_BEFORE_EXTENSIONS
                && own.quote().len() > usize::from(length) * 8;
            expect(
                [own.error.record],
                rest == [0; 3] && (length == 0 || extended),
                "zero in the unused field",
                format!("{:08x}", own.error.is.value),
            )
        },
    )
}

fn code(trace: &Dissection<'_>) -> Verdict {
    every("ICMPv6 error of the device", own_errors(trace), |own| {
        let error = &own.error.is;
        // IANA's registry: RFC 4443 §3, RFC 6550 §20.18, RFC 8883 §2, RFC 8754 §8.1.
        let known = match error.kind {
            DESTINATION_UNREACHABLE => error.code <= 8,
            PACKET_TOO_BIG => error.code == 0,
            TIME_EXCEEDED => error.code <= 1,
            PARAMETER_PROBLEM => error.code <= 10,
            _ => return Ruling::Skip,
        };
        expect(
            [own.error.record],
            known,
            format!("a code of type {}", error.kind),
            format!("code {}", error.code),
        )
    })
}

fn pointer(trace: &Dissection<'_>) -> Verdict {
    let errors = own_errors(trace);
    let problems = errors
        .iter()
        .filter(|own| own.error.is.kind == PARAMETER_PROBLEM);
    every("Parameter Problem of the device", problems, |own| {
        let at = own.error.is.value;
        let quote = own.quote();
        let fields = next_header_fields(quote);
        let octet = usize::try_from(at).ok().filter(|at| *at < quote.len());
        let ok = match (own.error.is.code, octet) {
            (_, None) => false,
            // The field that named the header that nobody knows.
            (UNKNOWN_NEXT_HEADER, Some(at)) => fields.contains(&at),
            (_, Some(_)) => true,
        };
        let expected = if own.error.is.code == UNKNOWN_NEXT_HEADER {
            format!("octet {fields:?}, where a next header stands")
        } else {
            format!("an octet of the {} that are quoted", quote.len())
        };
        if ok {
            Ruling::Holds(vec![own.error.record])
        } else {
            broken([own.error.record], expected, format!("octet {at}"))
        }
    })
}

/// Returns where in a packet the next-header fields stand.
fn next_header_fields(packet: &[u8]) -> Vec<usize> {
    // RFC 8200 §3, §4.2: options and routing headers begin with the next header and their length.
    let mut fields = vec![6];
    let mut next = packet.get(6).copied();
    let mut at = 40;
    while matches!(next, Some(0 | 43 | 60)) {
        let Some(&[following, units]) = packet.get(at..at + 2) else {
            break;
        };
        fields.push(at);
        next = Some(following);
        at += (usize::from(units) + 1) * 8;
    }
    fields
}

fn source_scope(trace: &Dissection<'_>) -> Verdict {
    every("ICMPv6 error of the device", own_errors(trace), |own| {
        let error = own.error;
        if is_link_local(error.destination) {
            return Ruling::Skip;
        }
        // Before the line has given it a prefix, and after that is gone, it has nothing better.
        let cuts = trace.steps.iter().filter(|step| step.cuts_power());
        let cut = cuts.map(|step| step.at).rfind(|cut| *cut <= error.at);
        let settled = adverts(trace).filter(|ra| {
            // A power cut takes the prefix, too.
            ra.at + ADDRESSING <= error.at && cut.is_none_or(|cut| cut < ra.at)
        });
        let last = settled.last();
        let has_routable = last.is_some_and(|ra| ra.is.prefixes().any(|prefix| prefix.valid > 0));
        let between = is_between_prefixes(trace, error.at, error.at);
        if is_link_local(error.source) && (!has_routable || between) {
            return Ruling::Skip;
        }
        expect(
            [error.record],
            !is_link_local(error.source),
            format!("a routable source towards {}", error.destination),
            error.source.to_string(),
        )
    })
}

/// A prefix may be advertised before the device's own address in it is tried out (RFC 4862 §5.4).
const ADDRESSING: Duration = Duration::from_secs(12);

fn destination(trace: &Dissection<'_>) -> Verdict {
    every("ICMPv6 error of the device", own_errors(trace), |own| {
        let Some(quoted) = own.error.is.quoted else {
            return broken(
                [own.error.record],
                "the packet quoted",
                "no whole IPv6 header",
            );
        };
        expect(
            [own.error.record],
            own.error.destination == quoted.source,
            format!("an error to {}", quoted.source),
            format!("one to {}", own.error.destination),
        )
    })
}

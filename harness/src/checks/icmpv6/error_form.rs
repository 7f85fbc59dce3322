//! What the device's ICMPv6 errors hold (RFC 4443 §2.4 c).

use ngnlab_reports::{Level, Text, Verdict};

use crate::checks::check::{Check, EVERYONE};
use crate::checks::icmpv6::own_errors::{BEFORE_QUOTE, came, own_errors};
use crate::checks::ruling::{Ruling, every, expect};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "icmp6.err.size",
        source: "RFC 4443 §2.4 (c)",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "ICMPv6エラーは1280バイトを超えない",
            "ICMPv6 errors are no longer than 1280 bytes",
        ),
        hint: Text::new(
            "引用を切り詰め、エラー全体を最小MTUの1280バイト以内にしてください。",
            "Cut the quotation so that the whole error fits into the minimum MTU.",
        ),
        judge: size,
    },
    Check {
        id: "icmp6.err.quotes",
        source: "RFC 4443 §2.4 (c)",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "ICMPv6エラーは元のパケットをできるだけ多く引用する",
            "ICMPv6 errors quote as much of the packet as fits",
        ),
        hint: Text::new(
            "IPv4のように8バイトで切らず、1280バイトに収まるだけ引用してください。",
            "Quote until 1280 bytes are full, not eight bytes as IPv4 did.",
        ),
        judge: quotes,
    },
];

/// RFC 8200 §5.
const MINIMUM_MTU: usize = 1280;

fn size(trace: &Dissection<'_>) -> Verdict {
    every("ICMPv6 error of the device", own_errors(trace), |own| {
        let length = own.packet.is.ip.len();
        expect(
            [own.error.record],
            length <= MINIMUM_MTU,
            format!("an error of at most {MINIMUM_MTU} bytes"),
            format!("{length} bytes"),
        )
    })
}

fn quotes(trace: &Dissection<'_>) -> Verdict {
    let arrived = came(trace, |_| true);
    every("ICMPv6 error of the device", own_errors(trace), |own| {
        let about = arrived
            .iter()
            .rev()
            .find(|found| found.at <= own.error.at && own.is_about(&found.is));
        let Some(about) = about else {
            return Ruling::Skip;
        };
        let due = about.is.ip.len().min(MINIMUM_MTU - BEFORE_QUOTE);
        expect(
            [about.record, own.error.record],
            own.quote().len() >= due,
            format!("{due} bytes of the packet quoted"),
            format!("{} bytes", own.quote().len()),
        )
    })
}

#[cfg(test)]
mod tests;

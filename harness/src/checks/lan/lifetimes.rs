//! How long what is advertised on the LAN holds at most (RFC 9096 §3.3, §3.4).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ndp::PrefixInfo;
use ngnlab_sim::setup::Aspect;

use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::delay::Delay;
use crate::checks::evidence::given_prefixes::given;
use crate::checks::evidence::lan_adverts::{advertised, adverts};
use crate::checks::ruling::{Ruling, every, expect};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "pd.lifetime.cap-ra",
        source: "RFC 8415 §6.3; RFC 9096 §3.3 L-15, §3.5",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "LAN側のプレフィックスの有効期間が回線側の残り時間を超えない",
            "Lifetimes on the LAN never outlive those of the line",
        ),
        hint: Text::new(
            "RAの有効期間を、回線から得たプレフィックスの残り時間以下にしてください。",
            "Advertise no longer lifetimes than what remains of the line's.",
        ),
        judge: cap_ra,
    },
    Check {
        id: "lan.cap.pio",
        source: "RFC 9096 §3.4, §4",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "プレフィックスの期間が推奨2700秒、有効5400秒以下である",
            "Prefix lifetimes are at most 2700 s preferred and 5400 s valid",
        ),
        hint: Text::new(
            "RAのプレフィックスの期間を推奨2700秒、有効5400秒以下にしてください。",
            "Cap the lifetimes at 2700 s preferred and 5400 s valid.",
        ),
        judge: cap_pio,
    },
    Check {
        id: "lan.cap.router-lifetime",
        source: "RFC 9096 §3.4, §4",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "RAのルータ有効期間が2700秒以下である",
            "The router lifetime is at most 2700 s",
        ),
        hint: Text::new(
            "RAのルータ有効期間を2700秒以下にしてください。",
            "Cap the router lifetime at 2700 s.",
        ),
        judge: cap_router_lifetime,
    },
];

/// ND_PREFERRED_LIMIT and the router lifetime that goes with it (RFC 9096 §4).
const PREFERRED_LIMIT: u32 = 2700;

/// ND_VALID_LIMIT (RFC 9096 §4).
const VALID_LIMIT: u32 = 5400;

/// Seconds that rounding may add to a lifetime.
const ROUNDING: u64 = 3;

/// A device may be about to send what it knew a moment ago.
const TO_TAKE_IN: Duration = Duration::from_secs(1);

/// A lifetime without end (RFC 4861 §4.6.2).
const INFINITE: u32 = u32::MAX;

fn cap_ra(trace: &Dissection<'_>) -> Verdict {
    let given = given(trace);
    every(
        "advertised part of what the line gave",
        advertised(trace),
        |one| {
            let source = given
                .iter()
                .rev()
                .find(|given| given.at <= one.at && given.net.contains(&one.net));
            let Some(source) = source else {
                return Ruling::Skip;
            };
            let passed = one.at.since(source.at);
            if passed < TO_TAKE_IN || [source.valid, source.preferred].contains(&INFINITE) {
                return Ruling::Skip;
            }
            let left = |lifetime: u32| u64::from(lifetime).saturating_sub(passed.as_secs());
            let (valid, preferred) = (left(source.valid), left(source.preferred));
            let over = |told: u32, left: u64| u64::from(told).saturating_sub(left + ROUNDING);
            let by = over(one.info.valid, valid).max(over(one.info.preferred, preferred));
            let by = Duration::from_secs(by);
            // It may have been read too late, or its advertisement sent too late after it was made.
            let read = Delay::Overrun {
                from: source.at,
                to: source.at + by,
                by,
            };
            let sent = Delay::Overrun {
                from: one.at - by,
                to: one.at,
                by,
            };
            expect(
                [source.record, one.record],
                u64::from(one.info.valid) <= valid + ROUNDING
                    && u64::from(one.info.preferred) <= preferred + ROUNDING,
                format!("at most {valid} s valid and {preferred} s preferred"),
                format!(
                    "{} s valid and {} s preferred",
                    one.info.valid, one.info.preferred
                ),
            )
            .unless_late(trace, read)
            .unless_late(trace, sent)
        },
    )
}

fn cap_pio(trace: &Dissection<'_>) -> Verdict {
    every("prefix advertised on the LAN", advertised(trace), |one| {
        let PrefixInfo {
            preferred, valid, ..
        } = one.info;
        expect(
            [one.record],
            preferred <= PREFERRED_LIMIT && valid <= VALID_LIMIT,
            format!("at most {PREFERRED_LIMIT} s preferred and {VALID_LIMIT} s valid"),
            format!("{preferred} s preferred and {valid} s valid"),
        )
    })
}

fn cap_router_lifetime(trace: &Dissection<'_>) -> Verdict {
    every("advertisement on the LAN", adverts(trace), |ra| {
        let lifetime = ra.is.lifetime.as_secs();
        expect(
            [ra.record],
            lifetime <= u64::from(PREFERRED_LIMIT),
            format!("a router lifetime of at most {PREFERRED_LIMIT} s"),
            format!("{lifetime} s"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::evidence::test_adverts::{lan_ra, on_line};
    use crate::checks::test_verdicts::{fails, passes};

    #[test]
    fn lifetimes_count_down_with_the_line() {
        let mut trace = on_line();
        lan_ra(&mut trace, 101_000, 1700, 3500);
        assert!(passes("pd.lifetime.cap-ra", &trace));
        assert!(passes("lan.cap.pio", &trace));
        lan_ra(&mut trace, 201_000, 1700, 3500);
        assert!(fails("pd.lifetime.cap-ra", &trace));
        lan_ra(&mut trace, 301_000, 604_800, 2_592_000);
        assert!(fails("lan.cap.pio", &trace));
        trace.lan_ra(|advert| advert.lifetime = Duration::from_secs(9000));
        assert!(fails("lan.cap.router-lifetime", &trace));
    }
}

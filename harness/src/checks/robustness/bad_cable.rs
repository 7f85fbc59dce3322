//! Lost frames, a pulled cable, and what works after them.

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Fate;
use ngnlab_sim::trace::{Role, Seen};

use crate::checks::check::{Check, EVERYONE};
use crate::checks::evidence::trouble::{SETTLE, Trouble, WRONG, is_another_trouble, works_after};
use crate::dissection::Dissection;
use crate::scenario::step::cable::Wire;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "rob.loss.recover",
        source: "RFC 4861 §7.3; RFC 8415 §15",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: WRONG,
        title: Text::new(
            "フレームの損失や遅延が収まれば、再び利用できる",
            "Once frames arrive again, everything works again",
        ),
        hint: Text::new(
            "一時的な不通を理由に、経路やサーバを恒久的に諦めないでください。",
            "Do not give a route or a server up for good because the line was silent for a while.",
        ),
        judge: loss,
    },
    Check {
        id: "rob.flap.recover",
        source: "RFC 4861 §6.3.7; RFC 8415 §18.2.12",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: WRONG,
        title: Text::new(
            "WAN側のケーブルを抜き差しした後も利用できる",
            "After the WAN cable was pulled and put back, everything works again",
        ),
        hint: Text::new(
            "WAN側のリンクが復旧したら、RSを送り直して経路を作り直してください。",
            "Solicit routers again and restore the route when the WAN link comes back.",
        ),
        judge: flap,
    },
];

/// Solicitation, and duplicate address detection of ten seconds on both sides (ngn-facts §1.1).
const SETTLE_AFTER_FLAP: Duration = Duration::from_secs(25);

fn loss(trace: &Dissection<'_>) -> Verdict {
    let bad = trace.trace.records.iter().enumerate();
    let mut bad = bad.filter_map(|(number, record)| match record.seen {
        Seen::Frame {
            fate,
            on: Role::Wan,
            ..
        } if fate != Fate::Pass => Some((number, record.at)),
        _ => None,
    });
    let trouble = bad.next().map(|(first, from)| {
        let (last, to) = bad.next_back().unwrap_or((first, from));
        let records = vec![first, last];
        Trouble { records, from, to }
    });
    works_after(
        trace,
        "time in which frames were lost or late",
        trouble,
        SETTLE,
        is_another_trouble,
    )
}

fn flap(trace: &Dissection<'_>) -> Verdict {
    let pulled = trace
        .steps
        .iter()
        .filter(|step| step.pulls(Wire::Wan) && step.is_done());
    let troubles = pulled.map(|step| Trouble {
        records: vec![step.record],
        from: step.at,
        to: step.at,
    });
    works_after(
        trace,
        "time without the WAN cable",
        troubles,
        SETTLE_AFTER_FLAP,
        is_another_trouble,
    )
}

#[cfg(test)]
mod tests;

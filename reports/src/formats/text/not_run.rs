//! What the device file says in vain, and what was not run.

use std::collections::BTreeMap;

use super::GAP;
use crate::formats::not_offered;
use crate::formats::page::{Page, Style};
use crate::{Report, escape};

impl Page {
    pub(super) fn stale(&mut self, report: &Report) {
        for stale in &report.stale {
            let (said, hint) = stale.said();
            let lang = self.lang;
            self.line(&[
                (Style::Red, &lang.say("STALE")),
                GAP,
                (Style::Plain, &lang.say(&said)),
            ]);
            self.field("reason", &stale.reason);
            if let Some(place) = &stale.excused_in {
                self.field("where", place);
            }
            self.field_said("hint", hint);
            self.gap();
        }
    }

    /// Says what the device does not offer, and so could not be run.
    pub(super) fn not_offered(&mut self, report: &Report) {
        let by_reason = not_offered(report);
        for (why, names) in &by_reason {
            let (named, more) = some(names.iter().copied());
            let line = format!("does not apply: {named}{more} (not offered: {why})");
            self.wrapped(&escape::line(&self.lang.say(&line)), "", "  ");
        }
        if !by_reason.is_empty() {
            self.gap();
        }
    }

    pub(super) fn left_out(&mut self, report: &Report) {
        let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for left_out in &report.left_out {
            let names = by_reason.entry(&left_out.reason).or_default();
            names.push(&left_out.scenario);
        }
        for (reason, names) in by_reason {
            let (named, more) = some(names.into_iter());
            let line = format!("left out: {named}{more} ({reason})");
            self.wrapped(&escape::line(&self.lang.say(&line)), "", "  ");
        }
        if !report.left_out.is_empty() {
            self.gap();
        }
    }
}

/// Returns the first of some names, and how many there are more.
fn some<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> (String, String) {
    let more = match names.len().saturating_sub(MOST_LEFT_OUT) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named: Vec<&str> = names.take(MOST_LEFT_OUT).collect();
    (named.join(", "), more)
}

/// Of those that were left out for the same reason.
const MOST_LEFT_OUT: usize = 12;

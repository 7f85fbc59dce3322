//! What every format says of two benchmarks held against each other.

use crate::benchmark::comparison::{By, Comparison, Rate, RateChange, Trend, Verdict};
use crate::formats::benchmark::figures::rate;
use crate::formats::benchmark::sentences::Sentences;

impl Sentences {
    /// Says what became of a rate.
    pub(super) fn verdict(self, verdict: &Verdict) -> String {
        match verdict {
            Verdict::Slower(by) => self.by(true, by),
            Verdict::Faster(by) => self.by(false, by),
            Verdict::NoDifferenceShown(By {
                percent, margin, ..
            }) => self.say(&format!(
                "no difference shown ({percent:+.1} % ± {margin:.1} %)"
            )),
            Verdict::Fails(why) => self.explained("FAILED", &self.0.say(why)),
            Verdict::CannotBeCompared(why) => {
                self.explained("cannot be compared", &self.0.say(why))
            }
        }
    }

    fn by(self, is_slower: bool, by: &By) -> String {
        let percent = format!("{:.1} % ± {:.1} %", by.percent.abs(), by.margin);
        self.say(&match (is_slower, by.at_least) {
            (true, true) => format!("slower by at least {percent}"),
            (true, false) => format!("slower by {percent}"),
            (false, true) => format!("faster by at least {percent}"),
            (false, false) => format!("faster by {percent}"),
        })
    }

    /// Writes both rates of a change.
    pub(super) fn both(self, change: &RateChange) -> String {
        let shown = |side: &Option<Rate>| match side {
            Some(side) if side.is_lower_bound => format!("≥ {}", rate(side.median)),
            Some(side) => rate(side.median),
            None => "-".to_owned(),
        };
        let (old, new) = (shown(&change.old), shown(&change.new));
        self.say(&format!("{old}, now {new}"))
    }

    /// Says what it comes to.
    pub(super) fn trend(self, comparison: &Comparison) -> String {
        let old = &comparison.old;
        let (line, names) = match &comparison.comes_to {
            Trend::NoWorse => (format!("no worse than {old}"), &[][..]),
            Trend::Worse(names) => (format!("worse than {old}"), &names[..]),
            Trend::Unclear(names) => (
                format!("cannot tell whether it is worse than {old}"),
                &names[..],
            ),
        };
        match names.is_empty() {
            true => self.say(&line),
            false => self.explained(&line, &names.join(self.comma())),
        }
    }
}

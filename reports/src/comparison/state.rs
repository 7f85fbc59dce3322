//! What something is in one report, what kind of change leads from one state to another, and what
//! that decides.

use std::borrow::Cow;

use serde::Serialize;

use crate::{Case, Outcome};

/// What a check, a promise or a run came to in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It passed, was kept, or did its part.
    Passed,
    /// It did not.
    Failed {
        /// What was expected.
        expected: String,
        /// What was seen.
        seen: String,
        /// Why the device file expects that, if it does.
        known: Option<String>,
        /// The failed check of the same run that explains it, if one does.
        #[serde(skip_serializing_if = "Option::is_none")]
        because: Option<String>,
    },
    /// It failed, and the host was too late to blame the device.
    Unclear(String),
    /// It was to be judged and was not, and no reason is stated.
    Missing(String),
    /// It was not judged, and need not be.
    NotJudged(String),
    /// Nobody asked.
    Absent,
    /// Where the guide's flow of p.30 ends: at a diagnosis, if it does not go through.
    Ends(Option<String>),
}

/// What became of something, in the order in which it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It did not fail before.
    NewlyFailing,
    /// It was judged, or had a reason not to be; now it should be judged and is not, or may have
    /// failed by the host alone.
    NoLongerJudged,
    /// It failed before.
    NewlyPassing,
    /// It was not judged before, and passes.
    NewlyJudged,
    /// It failed, and nobody asks any longer.
    NoLongerAsked,
    /// What the device file or a late host explains is something else.
    OtherExcuse,
    /// It fails as before, and something else was expected or seen.
    OtherEvidence,
    /// The guide's flow ends elsewhere.
    OtherDiagnosis,
}

/// What a change decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decides {
    /// Nothing.
    Nothing,
    /// That it cannot be told whether it became worse.
    Open,
    /// That it became worse.
    Worse,
}

impl State {
    /// Returns what leads from here to there, if anything does.
    pub(super) fn change_to(&self, is: &Self) -> Option<Kind> {
        match (self, is) {
            (Self::Failed { known: was, .. }, Self::Failed { known: is, .. }) if was != is => {
                Some(Kind::OtherExcuse)
            }
            (Self::Failed { .. }, Self::Failed { .. }) => {
                let same = self.evidence() == is.evidence();
                (!same).then_some(Kind::OtherEvidence)
            }
            (Self::Ends(was), Self::Ends(is)) => (was != is).then_some(Kind::OtherDiagnosis),
            (Self::Ends(_), _) | (_, Self::Ends(_)) => None,
            (_, Self::Failed { .. }) => Some(Kind::NewlyFailing),
            (Self::Failed { .. }, Self::Passed) => Some(Kind::NewlyPassing),
            (Self::Failed { .. }, Self::Absent) => Some(Kind::NoLongerAsked),
            (Self::Passed | Self::Failed { .. }, Self::NotJudged(_)) => Some(Kind::NoLongerJudged),
            (Self::Unclear(_) | Self::Missing(_), Self::Unclear(_) | Self::Missing(_)) => None,
            (_, Self::Unclear(_) | Self::Missing(_)) => Some(Kind::NoLongerJudged),
            (Self::Unclear(_) | Self::Missing(_) | Self::NotJudged(_), Self::Passed) => {
                Some(Kind::NewlyJudged)
            }
            (Self::Unclear(_) | Self::Missing(_), Self::NotJudged(_)) => Some(Kind::OtherExcuse),
            // What is new and passes, and what is gone, is told as a whole.
            (_, Self::Passed | Self::NotJudged(_) | Self::Absent) => None,
        }
    }

    /// Returns what it says about the device, if that is binding.
    pub(super) fn decides(&self) -> Decides {
        match self {
            Self::Failed { known: None, .. } => Decides::Worse,
            Self::Unclear(_) | Self::Missing(_) => Decides::Open,
            Self::Failed { .. }
            | Self::Passed
            | Self::NotJudged(_)
            | Self::Absent
            | Self::Ends(_) => Decides::Nothing,
        }
    }

    /// Returns whether it failed and the device file knows of it.
    pub(super) fn is_known(&self) -> bool {
        matches!(self, Self::Failed { known: Some(_), .. })
    }

    /// Returns expected and seen without the times in them, which are never the same twice.
    fn evidence(&self) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
        match self {
            Self::Failed { expected, seen, .. } => Some((timeless(expected), timeless(seen))),
            _ => None,
        }
    }
}

/// Returns whether a run came to nothing by our own fault.
pub(super) fn is_ours(case: &Case) -> bool {
    matches!(case.outcome, Outcome::HarnessError(_))
}

/// Takes the number from each time in a text, such as `94.959 s` or `1.5ms`.
fn timeless(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::new();
    let mut rest = text;
    let mut before = None;
    while let Some(c) = rest.chars().next() {
        let digits = rest.len()
            - rest
                .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
                .len();
        // Not the last group of an address, nor the end of a name.
        let within = before.is_some_and(|before: char| before.is_alphanumeric() || before == ':');
        let starts = c.is_ascii_digit() && !within;
        let taken = if digits == 0 { c.len_utf8() } else { digits };
        let (number, after) = rest.split_at(taken);
        match starts && is_unit(after) {
            true => shown.push('…'),
            false => shown.push_str(number),
        }
        before = number.chars().next_back();
        rest = after;
    }
    Cow::Owned(shown)
}

/// Returns whether a text begins with a unit of time.
fn is_unit(text: &str) -> bool {
    let text = text.strip_prefix(' ').unwrap_or(text);
    let word = text.split(|c: char| !c.is_alphanumeric()).next();
    word.is_some_and(|word| UNITS.contains(&word))
}

const UNITS: &[&str] = &["s", "ms", "µs", "us", "ns", "min", "h"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_never_the_same_twice_and_other_numbers_are() {
        let same = |a: &str, b: &str| assert_eq!(timeless(a), timeless(b));
        let other = |a: &str, b: &str| assert_ne!(timeless(a), timeless(b));
        same("back since 94.959 s", "back since 3.1 s");
        same("after 1.5ms, at 2s", "after 12.25ms, at 3s");
        same("12 µs。", "13 µs。");
        other("2 answers", "3 answers");
        other("00 01 2c", "00 02 2c");
        other("2001:db8::1 s", "2001:db8::2 s");
        other("port 53 says", "port 54 says");
        assert_eq!(timeless("3x s, 4.2 "), "3x s, 4.2 ");
    }
}

//! Days: when a line was opened, which decides whether フレッツ・v6オプション comes with it (guide
//! p.4), and when a scenario plays.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Area;

/// A day of the calendar.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(
    inline,
    extend("pattern" = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "examples" = ["2012-05-29"])
)]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

impl Day {
    /// Returns a day by its numbers; that it exists is up to who writes them.
    pub const fn of(year: u16, month: u8, day: u8) -> Self {
        Self { year, month, day }
    }

    /// Returns whether the option is part of the contract of a line that was opened then, unless
    /// somebody ordered or cancelled it: in the east for lines opened from 2012-05-29 on, in the west never (guide p.4).
    pub fn brings_v6_option(self, area: Area) -> bool {
        match area {
            Area::East => self >= OPTION_SINCE,
            Area::West => false,
        }
    }
}

/// From that day on the option comes with a line in the east (guide p.4).
const OPTION_SINCE: Day = Day::of(2012, 5, 29);

impl Default for Day {
    /// The day of the guide's edition 1.2: a line that was ordered for ONS (inferred).
    fn default() -> Self {
        Self::of(2021, 3, 25)
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split('-');
        let mut part = |digits: usize| {
            let part = parts.next()?;
            let plain = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<u16>().ok().filter(|_| plain)
        };
        let (year, month, day) = (part(4), part(2), part(2));
        let read = || {
            let (year, month, day) = (year?, u8::try_from(month?).ok()?, u8::try_from(day?).ok()?);
            let is_day = (1..=days(year, month)).contains(&day);
            is_day.then_some(Self { year, month, day })
        };
        let rest = parts.next().is_some();
        read()
            .filter(|_| !rest)
            .ok_or_else(|| format!("`{text}` is not a day: write it like `2012-05-29`"))
    }
}

/// Returns how many days a month has; none if it is no month.
fn days(year: u16, month: u8) -> u8 {
    let leaps = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u8::from(leaps),
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => 0,
    }
}

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(opened: Day) -> Self {
        opened.to_string()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_comes_with_newer_lines_of_the_east_alone() {
        for (day, east) in [
            ("2008-03-31", false),
            ("2012-05-28", false),
            ("2012-05-29", true),
            ("2021-03-25", true),
        ] {
            let opened: Day = day.parse().unwrap();
            assert_eq!(opened.brings_v6_option(Area::East), east, "{day}");
            assert!(!opened.brings_v6_option(Area::West), "{day}");
            assert_eq!(opened.to_string(), day);
        }
        assert!(Day::default().brings_v6_option(Area::East));
    }

    #[test]
    fn what_is_no_day_is_told() {
        for text in [
            "",
            "2012",
            "2012-5-29",
            "2012-05-29-",
            "2012-13-01",
            "2013-02-29",
            "2012-04-31",
            "2012-00-10",
            "2012-01-00",
            "+012-01-01",
            "29.5.2012",
        ] {
            assert!(text.parse::<Day>().unwrap_err().contains(text), "{text}");
        }
        assert!("2012-02-29".parse::<Day>().is_ok());
        assert!("1900-02-29".parse::<Day>().is_err());
    }
}

//! Spans of time as files write them: `500ms`, `25s`, `30m`, `4h`, `1d`, `1y`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A span of time with one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(pub Duration);

const UNITS: &[(&str, u64)] = &[
    ("y", 365 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad =
            || format!("`{text}` is not a span of time such as 500ms, 25s, 30m, 4h, 1d or 1y");
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (count, unit) = text.split_at(digits);
        let count: u64 = count.parse().map_err(|_| bad())?;
        let (_, millis) = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(bad)?;
        let millis = count
            .checked_mul(*millis)
            .filter(|millis| *millis <= LONGEST);
        millis
            .map(|millis| Self(Duration::from_millis(millis)))
            .ok_or_else(|| format!("`{text}` is longer than 100y"))
    }
}

impl Period {
    /// Returns the regular expression that it fits in a schema.
    pub(crate) fn pattern() -> String {
        let units: Vec<&str> = UNITS.iter().map(|(name, _)| *name).collect();
        format!("^[0-9]+({})$", units.join("|"))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let (unit, size) = UNITS
            .iter()
            .find(|(_, size)| millis >= *size && millis.is_multiple_of(*size))
            .unwrap_or(&("ms", 1));
        write!(f, "{}{unit}", millis / size)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Period {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A span of time with one unit: 500ms, 25s, 30m, 4h, 1d or 1y.",
            "pattern": Self::pattern(),
            "examples": ["500ms", "25s", "30m", "4h", "1d"],
        })
    }
}

/// World time is counted in nanoseconds, which end after 292 years.
const LONGEST: u64 = 100 * 365 * 86_400_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_reads_back_as_it_was_written() {
        for text in ["500ms", "25s", "30m", "4h", "1d", "1y"] {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
        }
        assert_eq!("90s".parse::<Period>().unwrap().to_string(), "90s");
        assert_eq!("60s".parse::<Period>().unwrap().to_string(), "1m");
    }

    #[test]
    fn a_bad_period_is_named() {
        for text in [
            "",
            "s",
            "10",
            "10 s",
            "-1s",
            "1.5s",
            "10min",
            "200y",
            "99999999999999999999s",
        ] {
            assert!(text.parse::<Period>().unwrap_err().contains(text));
        }
    }
}

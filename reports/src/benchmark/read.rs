//! A benchmark, read back from its JSON, which anybody may have written.

use std::cmp::Ordering;
use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};

use super::{Benchmark, Counts, FORMAT, Measured, Trial};

/// Reads a benchmark; the error says where and why it is not one.
pub fn read(text: &str) -> Result<Benchmark, String> {
    let head = Head::of(text);
    if !head.has_method {
        return Err(match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => "it has no `method`: it is something else".to_owned(),
            Err(error) => broken(&error),
        });
    }
    let writer = match head
        .format
        .map(|found| (found, found.cmp(&u64::from(FORMAT))))
    {
        Some((found, Ordering::Less)) => Some((found, "an older ngnlab")),
        Some((found, Ordering::Greater)) => Some((found, "a newer ngnlab")),
        Some((_, Ordering::Equal)) | None => None,
    };
    if let Some((found, writer)) = writer {
        return Err(format!(
            "it was written by {writer} (benchmark format {found}, where this one reads {FORMAT}); \
             show it with that one, or measure again"
        ));
    }
    let benchmark: Benchmark = serde_json::from_str(text).map_err(|error| broken(&error))?;
    match what_is_wrong(&benchmark) {
        Some(wrong) => Err(wrong),
        None => Ok(benchmark),
    }
}

/// Returns whether a text is the JSON of a benchmark, be it whole or not.
pub fn is_benchmark(text: &str) -> bool {
    // A report may be long, and has none.
    text.contains("\"method\"") && Head::of(text).has_method
}

fn broken(error: &serde_json::Error) -> String {
    match error.is_eof() {
        true => format!("it is cut off at line {}", error.line()),
        false => error.to_string(),
    }
}

/// Returns what cannot be, though it is written as it should be.
fn what_is_wrong(benchmark: &Benchmark) -> Option<String> {
    let method = &benchmark.method;
    let of_method = [
        ("trial-seconds", method.trial_seconds),
        ("resolution", method.resolution),
        ("self-test-factor", method.self_test_factor),
    ];
    negative("method", &of_method).or_else(|| {
        let devices = benchmark.devices.iter().enumerate();
        devices
            .map(|(number, device)| (format!("devices[{number}]"), device))
            .find_map(|(place, device)| wrong_in_device(&place, device))
    })
}

fn wrong_in_device(place: &str, device: &Measured) -> Option<String> {
    let alone = &device.self_test;
    let of_self_test = format!("{place}.self-test");
    let starts = device.cold_start_ms.iter();
    let starts: Vec<_> = starts.map(|one| ("cold-start-ms", *one)).collect();
    negative(place, &starts)
        .or_else(|| negative(&of_self_test, &[("rate", alone.rate)]))
        .or_else(|| wrong_in_trial(&of_self_test, &alone.trial))
        .or_else(|| {
            let series = device.series.iter().enumerate();
            series
                .map(|(number, series)| (format!("{place}.series[{number}]"), series))
                .find_map(|(place, series)| {
                    let cached = series.workload.cached_percent;
                    if cached > 100 {
                        return Some(format!("{place}.workload: {cached} % of names are cached"));
                    }
                    let rates: Vec<_> = series.rates().iter().map(|one| ("rate", *one)).collect();
                    let searched = series.repetitions.iter();
                    let searched = searched.flat_map(|one| [&one.passed, &one.failed]);
                    let shares = series.at_shares.iter().map(|one| &one.trial);
                    let overload = series.overload.iter().map(|one| &one.trial);
                    let alone = series.self_test.iter().map(|one| &one.trial);
                    let trials = searched.flatten().chain(shares).chain(overload);
                    let mut trials = trials.chain(alone);
                    let times = series.overload.iter();
                    let times: Vec<_> = times
                        .flat_map(|one| {
                            let recovered = one.recovered_ms.unwrap_or_default();
                            [("recovered-ms", recovered), ("watched-ms", one.watched_ms)]
                        })
                        .collect();
                    let alone = series.self_test.iter();
                    let alone: Vec<_> = alone.map(|one| ("self-test", one.rate)).collect();
                    negative(&place, &rates)
                        .or_else(|| negative(&place, &times))
                        .or_else(|| negative(&place, &alone))
                        .or_else(|| trials.find_map(|trial| wrong_in_trial(&place, trial)))
                })
        })
}

fn wrong_in_trial(place: &str, trial: &Trial) -> Option<String> {
    let (delay, effort) = (&trial.delay, &trial.effort);
    let values = [
        ("offered", trial.offered),
        ("seconds", trial.seconds),
        ("p50", delay.p50),
        ("p90", delay.p90),
        ("p99", delay.p99),
        ("p999", delay.p999),
        ("max", delay.max),
        ("mean", delay.mean),
        ("sent-rate", effort.sent_rate),
    ];
    let histogram = delay.histogram.iter();
    let histogram: Vec<_> = histogram.map(|(upto, _)| ("histogram", *upto)).collect();
    let slices = trial.timeline.iter();
    let slices: Vec<_> = slices
        .flat_map(|slice| [("at", slice.at), ("slowest", slice.slowest)])
        .collect();
    let counts = &trial.counts;
    if !can_be_counted(counts) {
        return Some(format!(
            "{place}: `counts` add up to more than there can be"
        ));
    }
    if trial.timeline.iter().any(|slice| slice.right > slice.asked) {
        return Some(format!(
            "{place}: `timeline` has more right answers than questions"
        ));
    }
    negative(place, &values)
        .or_else(|| negative(place, &histogram))
        .or_else(|| negative(place, &slices))
}

/// Returns whether no sum of the counts is too great.
fn can_be_counted(counts: &Counts) -> bool {
    let each = [
        counts.from_cache,
        counts.forwarded,
        counts.late,
        counts.wrong,
        counts.lost_before,
        counts.lost_unasked,
        counts.lost_answered,
        counts.lost_upstream,
        counts.lost_behind,
        counts.unconnected,
        counts.refused,
        counts.reset,
        counts.closed,
    ];
    each.iter().all(|count| *count < MOST)
}

fn negative(place: &str, values: &[(&str, f64)]) -> Option<String> {
    let wrong = |value: &f64| value.is_sign_negative() && *value != 0.0 || *value > GREATEST;
    let (name, value) = values.iter().find(|(_, value)| wrong(value))?;
    Some(format!("{place}: `{name}` is {value}, which cannot be"))
}

/// More questions than anybody asks.
const MOST: u64 = 1 << 40;
/// More than any rate or time.
const GREATEST: f64 = 1e10;

/// What stands at the top of a document, as far as it can be read.
#[derive(Debug, Default)]
struct Head {
    format: Option<u64>,
    has_method: bool,
}

impl Head {
    fn of(text: &str) -> Self {
        let mut head = Self::default();
        let mut reader = serde_json::Deserializer::from_str(text);
        // What was read before an error counts.
        let _ = reader.deserialize_map(&mut head);
        head
    }
}

impl<'de> Visitor<'de> for &mut Head {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match &key[..] {
                "format" => self.format = map.next_value()?,
                "method" => {
                    self.has_method = true;
                    map.next_value::<IgnoredAny>()?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

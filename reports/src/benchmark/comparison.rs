//! Two benchmarks held against each other: slower, faster, or no more than chance.
//!
//! What differs between the repetitions of one benchmark is the noise that is known. What differs
//! between two days, no repetition knows: where that matters, measure both on one day.

use serde::Serialize;

use super::found::{Bound, Found};
use super::statistics::change;
use super::{Benchmark, Measured, Method, Series, Workload};
use crate::provenance::{Host, Provenance};

/// The version of such a comparison as JSON; it grows when a reader of the old one would break.
pub const FORMAT: u32 = 1;

/// What changed from one benchmark to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Comparison {
    /// The version of the document, [`FORMAT`].
    pub benchmark_comparison: u32,
    /// What the old benchmark is called.
    pub old: String,
    /// What the new benchmark is called.
    pub new: String,
    /// In what the two differ before any rate is looked at.
    pub differences: Vec<Difference>,
    /// What changed with each workload of each device.
    pub rates: Vec<RateChange>,
    /// What only one of the two is about, in words.
    pub left_over: Vec<String>,
    /// What it comes to, as the exit code says it.
    pub comes_to: Trend,
}

/// Something in which two benchmarks differ before any rate is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it is.
    pub what: &'static str,
    /// What it was.
    pub old: String,
    /// What it is.
    pub new: String,
}

/// What became of the rate of one device with one workload.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RateChange {
    /// The device's name in the new benchmark.
    pub device: String,
    /// What was asked, and how.
    pub workload: Workload,
    /// The old rate.
    pub old: Option<Rate>,
    /// The new one.
    pub new: Option<Rate>,
    /// What became of it.
    pub verdict: Verdict,
}

/// A rate as a comparison shows it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rate {
    /// The median of the repetitions, in questions a second.
    pub median: f64,
    /// Their mean.
    pub mean: f64,
    /// Whether the device may be faster than that.
    pub is_lower_bound: bool,
}

/// What became of a rate.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The device is slower, by more than chance.
    Slower(By),
    /// The device is faster, by more than chance.
    Faster(By),
    /// What differs may be chance.
    NoDifferenceShown(By),
    /// The device failed, and did not before.
    Fails(String),
    /// The two cannot be held against each other, and why.
    CannotBeCompared(String),
}

/// By how much a rate changed, in percent of the old one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct By {
    /// The change; less than nothing is slower.
    pub percent: f64,
    /// How far off that may be, either way, in 95 of 100 cases.
    pub margin: f64,
    /// Whether it is at least so much, since one of the rates is a lower bound.
    pub at_least: bool,
}

/// What a comparison comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trend {
    /// No rate is shown to be less.
    NoWorse,
    /// A device is slower, or fails: the workloads with which it is.
    Worse(Vec<String>),
    /// Something of the old benchmark has nothing to be compared with.
    Unclear(Vec<String>),
}

/// Holds a new benchmark against an old one, each under the name that it is called by. The error
/// says why the two have nothing in common.
pub fn compare(
    (old_name, old): (&str, &Benchmark),
    (new_name, new): (&str, &Benchmark),
) -> Result<Comparison, String> {
    if old.method.family != new.method.family {
        let [of_old, of_new] = [old, new].map(|one| one.method.family.word());
        return Err(format!(
            "the devices of {old_name} were asked over {of_old}, and those of {new_name} over {of_new}"
        ));
    }
    let pairs = pairs(old, new);
    if pairs.is_empty() {
        return Err(format!(
            "{old_name} and {new_name} have no device in common"
        ));
    }
    let obstacle = obstacle(old, new);
    let mut rates = Vec::new();
    let mut left_over = Vec::new();
    for (before, after) in &pairs {
        for series in &before.series {
            let mut others = after.series.iter();
            let other = others.find(|other| other.workload == series.workload);
            let old = Side(before, Some(series), &old.method);
            let new = Side(after, other, &new.method);
            rates.push(RateChange {
                device: after.device.clone(),
                workload: series.workload.clone(),
                old: old.rate(),
                new: new.rate(),
                verdict: verdict(old, new, obstacle.as_deref()),
            });
        }
        let is_new = |workload: &Workload| {
            let mut before = before.series.iter();
            !before.any(|series| series.workload == *workload)
        };
        let more = after
            .series
            .iter()
            .filter(|one| is_new(&one.workload))
            .count();
        if more > 0 {
            let name = &after.device;
            left_over.push(format!("{name}: {more} workloads are only in the new one"));
        }
    }
    let gone = old.devices.iter();
    let gone = gone.filter(|one| !pairs.iter().any(|(old, _)| std::ptr::eq(*old, *one)));
    let gone: Vec<&Measured> = gone.collect();
    let added = new.devices.iter();
    let added = added.filter(|one| !pairs.iter().any(|(_, new)| std::ptr::eq(*new, *one)));
    let gone_names = gone.iter().map(|one| &one.device);
    left_over.extend(gone_names.map(|name| format!("only in the old one: {name}")));
    left_over.extend(added.map(|one| format!("only in the new one: {}", one.device)));
    Ok(Comparison {
        benchmark_comparison: FORMAT,
        old: old_name.to_owned(),
        new: new_name.to_owned(),
        differences: differences(old, new, &pairs),
        comes_to: trend(&rates, &gone),
        rates,
        left_over,
    })
}

/// Returns the devices that both are about, the old one first: those of one name, or the only ones.
fn pairs<'a>(old: &'a Benchmark, new: &'a Benchmark) -> Vec<(&'a Measured, &'a Measured)> {
    if let ([old], [new]) = (&old.devices[..], &new.devices[..]) {
        return vec![(old, new)];
    }
    let of_name = |name: &str| new.devices.iter().find(|one| one.device == name);
    let pairs = old.devices.iter();
    pairs
        .filter_map(|device| Some((device, of_name(&device.device)?)))
        .collect()
}

/// One side of a comparison.
#[derive(Clone, Copy)]
struct Side<'a>(&'a Measured, Option<&'a Series>, &'a Method);

impl Side<'_> {
    fn found(self) -> Option<Found> {
        let Self(device, series, method) = self;
        device.found(series?, method)
    }

    fn rate(self) -> Option<Rate> {
        self.found().map(|found| Rate {
            median: found.rate.median,
            mean: found.rate.mean,
            is_lower_bound: found.bound.is_some(),
        })
    }
}

fn verdict(old: Side<'_>, new: Side<'_>, obstacle: Option<&str>) -> Verdict {
    let no = |why: &str| Verdict::CannotBeCompared(why.to_owned());
    if let (None, Some(failure)) = (&old.0.failure, &new.0.failure) {
        return Verdict::Fails(failure.clone());
    }
    let (Some(before), Some(after)) = (old.found(), new.found()) else {
        return match (old.found(), new.1) {
            (None, _) => no("the old one has no rate"),
            (Some(_), None) => no("the new one did not measure it"),
            (Some(_), Some(_)) => no("the new one has no rate"),
        };
    };
    if let Some(obstacle) = obstacle {
        return no(obstacle);
    }
    let rates = |side: Side<'_>| side.1.map(Series::rates).unwrap_or_default();
    let Some(change) = change(&rates(old), &rates(new)) else {
        return match before.rate.mean > 0.0 {
            true => no("of a single repetition nobody knows how far chance moves it"),
            false => no("at no rate of the old one was everything answered"),
        };
    };
    let by = By {
        percent: change.share * 100.0,
        // The search itself sees no difference that is smaller.
        margin: 100.0 * change.margin.max(old.2.resolution).max(new.2.resolution),
        at_least: before.bound.is_some() || after.bound.is_some(),
    };
    let is_shown = by.percent.abs() > by.margin;
    // A device that is faster than a bound may be faster still, and not slower.
    match (is_shown, by.percent < 0.0, &before.bound, &after.bound) {
        (true, true, _, None) => Verdict::Slower(by),
        (true, false, None, _) => Verdict::Faster(by),
        (false, _, None, None) => Verdict::NoDifferenceShown(by),
        (_, _, _, Some(bound)) => no(limited(bound, true)),
        (_, _, Some(bound), None) => no(limited(bound, false)),
    }
}

fn limited(bound: &Bound, is_new: bool) -> &'static str {
    match (is_new, bound) {
        (true, Bound::Machine(..)) => "the new rate is a lower bound: the machine was busy",
        (true, _) => "the new rate is a lower bound: the tester had its limit first",
        (false, Bound::Machine(..)) => "the old rate is a lower bound: the machine was busy",
        (false, _) => "the old rate is a lower bound: the tester had its limit first",
    }
}

/// Returns why no rates of the two can be held against each other, if so.
fn obstacle(old: &Benchmark, new: &Benchmark) -> Option<String> {
    let same = |pick: fn(&Method) -> f64| {
        let [old, new] = [pick(&old.method), pick(&new.method)];
        (old - new).abs() <= 1e-9 * old.abs().max(new.abs())
    };
    let is_same_machine =
        |pick: fn(&Host) -> (&str, usize)| pick(&old.provenance.host) == pick(&new.provenance.host);
    let why = if !same(|method| method.trial_seconds) {
        "trials are not as long as they were"
    } else if !same(|method| method.timeout_ms as f64) {
        "the time limit is not what it was"
    } else if !same(|method| method.answers_after_ms as f64) {
        "the network does not answer as fast as it did"
    } else if !is_same_machine(|host| (&host.processor, host.processors)) {
        "it is not the machine that it was"
    } else {
        return None;
    };
    Some(why.to_owned())
}

fn differences(
    old: &Benchmark,
    new: &Benchmark,
    pairs: &[(&Measured, &Measured)],
) -> Vec<Difference> {
    let of_call = |what, pick: fn(&Provenance) -> String| {
        (what, pick(&old.provenance), pick(&new.provenance))
    };
    let of_method =
        |what, pick: fn(&Method) -> String| (what, pick(&old.method), pick(&new.method));
    let of_devices = pairs.iter().flat_map(|(old, new)| {
        let firmware = |one: &Measured| one.firmware.clone().unwrap_or_default();
        let file = |one: &Measured| {
            one.file
                .as_ref()
                .map_or(String::new(), |file| file.sha256.clone())
        };
        [
            ("device", old.device.clone(), new.device.clone()),
            ("firmware", firmware(old), firmware(new)),
            ("sha256", file(old), file(new)),
        ]
    });
    [
        of_method("trial", |method| format!("{} s", method.trial_seconds)),
        of_method("repetitions", |method| method.repetitions.to_string()),
        of_method("time limit", |method| format!("{} ms", method.timeout_ms)),
        of_method("answers after", |method| {
            format!("{} ms", method.answers_after_ms)
        }),
        of_method("resolution", |method| method.resolution.to_string()),
        of_call("processor", |call| call.host.processor.clone()),
        of_call("processors", |call| call.host.processors.to_string()),
        of_call("kernel", |call| call.host.kernel.clone()),
        of_call("revision", |call| call.revision.clone()),
        of_call("seed", |call| call.seed.clone()),
    ]
    .into_iter()
    .chain(of_devices)
    .filter(|(_, old, new)| old != new)
    .map(|(what, old, new)| Difference { what, old, new })
    .collect()
}

fn trend(rates: &[RateChange], gone: &[&Measured]) -> Trend {
    let names = |is: fn(&Verdict) -> bool| -> Vec<String> {
        let rates = rates.iter().filter(|rate| is(&rate.verdict));
        let mut names: Vec<String> = rates.map(|rate| rate.device.clone()).collect();
        names.dedup();
        names
    };
    let worse = names(|verdict| matches!(verdict, Verdict::Slower(_) | Verdict::Fails(_)));
    if !worse.is_empty() {
        return Trend::Worse(worse);
    }
    let mut unclear = names(|verdict| matches!(verdict, Verdict::CannotBeCompared(_)));
    unclear.extend(gone.iter().map(|device| device.device.clone()));
    match unclear.is_empty() && !rates.is_empty() {
        true => Trend::NoWorse,
        false => Trend::Unclear(unclear),
    }
}

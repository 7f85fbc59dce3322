//! A scenario made up at random: the stage first, then one step after the other, each drawn again
//! until the reader of scenario files takes it.
//!
//! The same seed, number and bounds give the same scenario, whatever was made up before it.

use std::path::Path;
use std::time::Duration;

use ngnlab_sim::line::{Area, Upstream};
use ngnlab_sim::setup::Mode;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};

use super::file;
use super::texts::{Texts, key};
use super::vocabulary::{Shape, join, vocabulary};
use crate::period::Period;
use crate::scenario::Scenario;

/// What scenarios are made up within.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    /// The only area, if there is one.
    pub(super) area: Option<Area>,
    /// The longest that one lasts.
    pub(super) longest: Duration,
    /// How the device can get its prefix.
    pub(super) modes: Vec<Mode>,
}

/// A scenario that was made up.
pub(super) struct Composed {
    /// What it says, as its file has it.
    pub(super) document: Value,
    /// What the reader of scenario files makes of it.
    pub(super) scenario: Scenario,
    /// Its only area.
    pub(super) area: Area,
    /// How many stages and steps were drawn that cannot be, or can do nothing where they stand.
    pub(super) drawn_again: u64,
}

/// Returns what a scenario is called: nothing else may decide on its randomness.
pub(super) fn name(number: u64) -> String {
    format!("{FAMILY}/run-{number}")
}

/// Makes up a scenario.
pub(super) fn compose(seed: u64, number: u64, bounds: &Bounds) -> Composed {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // Each number has a stream of its own, so that no scenario depends on another.
    rng.set_stream(number);
    let until = length(&mut rng, bounds.longest);
    let terminals = *[1, 1, 1, 2, 3].choose(&mut rng).unwrap_or(&1);
    let mut draw = Draw {
        rng,
        until,
        texts: Texts::of_terminals(terminals),
        drawn_again: 0,
    };
    let (mut document, mut scenario) = draw.stage(seed, number, bounds);
    let area = scenario.line.areas.first().copied().unwrap_or(Area::East);
    draw.texts = draw.texts.on(&scenario.line(area));
    for _ in 0..draw.rng.random_range(1..=MOST_STEPS) {
        if let Some((longer, read)) = draw.with_a_step(number, &document) {
            (document, scenario) = (longer, read);
        }
    }
    Composed {
        document,
        scenario,
        area,
        drawn_again: draw.drawn_again,
    }
}

/// Reads what was made up as a file is read.
pub(super) fn read(number: u64, document: &Value) -> Option<Scenario> {
    let name = name(number);
    Scenario::parse(&name, Path::new(&name), &file::text(document, &[])).ok()
}

struct Draw {
    rng: ChaCha8Rng,
    until: Duration,
    texts: Texts,
    drawn_again: u64,
}

impl Draw {
    /// Draws line, device and terminals.
    fn stage(&mut self, seed: u64, number: u64, bounds: &Bounds) -> (Value, Scenario) {
        loop {
            let area = bounds.area.unwrap_or(match self.rng.random() {
                true => Area::East,
                false => Area::West,
            });
            let mut stage = Map::new();
            for key in vocabulary().keys() {
                let value = match &key.name[..] {
                    "step" => continue,
                    "terminals" => json!(self.texts.terminals()),
                    "until" => json!(Period(self.until)),
                    name if key.required || self.rng.random_bool(chance(name)) => {
                        self.value(&key.shape, name)
                    }
                    _ => continue,
                };
                stage.insert(key.name.clone(), value);
            }
            let [en, ja] = about(seed, number);
            stage.insert("about".to_owned(), json!({ "en": en, "ja": ja }));
            stage.insert("source".to_owned(), json!("made up at random"));
            stage["line"]["areas"] = json!([area.name()]);
            let stage = Value::Object(stage);
            match read(number, &stage).filter(|scenario| can_be(scenario, area, bounds)) {
                Some(scenario) => return (stage, scenario),
                None => self.drawn_again += 1,
            }
        }
    }

    /// Draws one step more; nothing where none came up that can do something.
    fn with_a_step(&mut self, number: u64, document: &Value) -> Option<(Value, Scenario)> {
        let step = vocabulary().key("step")?;
        let kinds = step.key("do")?.keys();
        for _ in 0..KINDS_TRIED {
            let kind = kinds.choose(&mut self.rng)?;
            for _ in 0..TRIES {
                let mut longer = document.clone();
                let drawn = self.step(step, &kind.name, &kind.shape);
                let mut steps: Vec<Value> =
                    document["step"].as_array().cloned().unwrap_or_default();
                steps.push(drawn);
                // A terminal does one thing after the other, in the order of the file.
                steps.sort_by_key(begins_at);
                longer["step"] = steps.into();
                match read(number, &longer) {
                    Some(scenario) => return Some((longer, scenario)),
                    None => self.drawn_again += 1,
                }
            }
        }
        None
    }

    fn step(&mut self, step: &Shape, kind: &str, details: &Shape) -> Value {
        // A step has a time or waits for something.
        let (wanted, unwanted) = match self.rng.random_bool(0.7) {
            true => ("at", ["when", "terminal"]),
            false => ("when", ["at", "at"]),
        };
        let mut drawn = Map::new();
        for key in step.keys().iter().filter(|key| key.name != "do") {
            let is_wanted =
                key.name == wanted || !unwanted.contains(&&*key.name) && self.rng.random_bool(0.1);
            if is_wanted {
                let path = join("step", &key.name);
                drawn.insert(key.name.clone(), self.value(&key.shape, &path));
            }
        }
        let details = self.value(details, &join("step.do", kind));
        drawn.insert("do".to_owned(), json!({ kind: details }));
        Value::Object(drawn)
    }

    /// Draws a value of a form.
    fn value(&mut self, shape: &Shape, path: &str) -> Value {
        match shape {
            Shape::Table(keys) => {
                let mut table = Map::new();
                for key in keys {
                    let path = join(path, &key.name);
                    if key.required || self.rng.random_bool(chance(&path)) {
                        table.insert(key.name.clone(), self.value(&key.shape, &path));
                    }
                }
                if path == "line.lease" {
                    self.put_in_order(&mut table);
                }
                Value::Object(table)
            }
            Shape::One(keys) => match keys.choose(&mut self.rng) {
                Some(key) => {
                    let path = join(path, &key.name);
                    json!({ &key.name: self.value(&key.shape, &path) })
                }
                None => json!({}),
            },
            Shape::List(element) => {
                let count = *[1, 1, 1, 2, 2, 3].choose(&mut self.rng).unwrap_or(&1);
                let mut list: Vec<Value> = Vec::new();
                for _ in 0..count {
                    let value = self.value(element, path);
                    if !list.contains(&value) {
                        list.push(value);
                    }
                }
                list.into()
            }
            Shape::Tuple(forms) => {
                let mut list: Vec<Value> =
                    forms.iter().map(|form| self.value(form, path)).collect();
                // The least comes first.
                list.sort_by_key(length_of);
                list.into()
            }
            Shape::Words(words) => json!(words.choose(&mut self.rng)),
            Shape::Either(forms) => match forms.choose(&mut self.rng) {
                Some(form) => self.value(form, path),
                None => Value::Null,
            },
            Shape::Flag => json!(self.rng.random::<bool>()),
            Shape::Number(range) => {
                let (least, most) = (*range.start(), *range.end());
                json!(match self.rng.random_range(0..8) {
                    0 => least,
                    1 => most,
                    // As many small ones as large ones.
                    _ => {
                        let bits = (most - least).max(1).ilog2();
                        let below = 2 << self.rng.random_range(0..=bits);
                        (least + self.rng.random_range(0..below)).min(most)
                    }
                })
            }
            Shape::Period => json!(self.period(path)),
            Shape::Text => json!(self.texts.draw(path, &mut self.rng)),
        }
    }

    fn period(&mut self, path: &str) -> Period {
        let seconds = Duration::from_secs;
        let millis = Duration::from_millis;
        let end = self.until;
        let span = match key(path) {
            // Half of what happens, happens while the device starts or is not long up.
            "at" if self.rng.random() => self.between(Duration::ZERO, end.min(seconds(90))),
            "at" => self.between(Duration::ZERO, end),
            // A line whose frames take longer than that is one by satellite.
            "by" => self.scaled(millis(1), millis(500)),
            // A trace of more messages than that says no more, and takes minutes to judge.
            "t1" | "t2" | "preferred" | "valid" => {
                self.scaled(seconds(10).max(end / MOST_RENEWALS), seconds(14_400))
            }
            "ra-interval" => self.scaled(seconds(3).max(end / MOST_ADVERTS), seconds(1800)),
            _ => self.scaled(seconds(1), end.min(seconds(600))),
        };
        Period(span)
    }

    /// Draws a span up to a bound, each as likely as any other.
    fn between(&mut self, least: Duration, most: Duration) -> Duration {
        rounded(self.rng.random_range(least..most.max(least + TICK)))
    }

    /// Draws a span of which each order of magnitude is as likely as any other.
    fn scaled(&mut self, least: Duration, most: Duration) -> Duration {
        let (least, most) = (least.as_secs_f64(), most.as_secs_f64());
        let power = self.rng.random_range(0.0..1.0);
        rounded(Duration::from_secs_f64(
            least * (most / least).max(1.0).powf(power),
        ))
    }

    /// Puts the times of a lease in the order that a server gives them (RFC 8415 §21.4, §21.6), but
    /// for one lease in ten.
    fn put_in_order(&mut self, lease: &mut Map<String, Value>) {
        if self.rng.random_bool(0.1) {
            return;
        }
        let mut times: Vec<Value> = lease.values().cloned().collect();
        times.sort_by_key(length_of);
        for (name, time) in ["t1", "t2", "preferred", "valid"].into_iter().zip(times) {
            lease.insert(name.to_owned(), time);
        }
    }
}

/// Whether a stage is one that the device can stand on, and that a line can be.
fn can_be(scenario: &Scenario, area: Area, bounds: &Bounds) -> bool {
    let line = scenario.line(area);
    let has_home_gateway = matches!(
        line.upstream,
        Upstream::HomeGateway | Upstream::RentalRouter
    );
    bounds.modes.contains(&scenario.mode())
        // What a box does that is not there would be counted and never happen.
        && (has_home_gateway || line.quirks.home_gateway.is_empty())
        && (has_home_gateway || line.home_gateway_pppoe.is_empty())
        && (scenario.has_sessions() || line.quirks.pppoe.is_empty())
}

/// How long a scenario lasts: most of them a few minutes, some of them days.
fn length(rng: &mut ChaCha8Rng, longest: Duration) -> Duration {
    let (least, most) = match rng.random_range(0..20) {
        0..12 => (45, 180),
        12..17 => (180, 1800),
        17..19 => (1800, 6 * 3600),
        _ => (6 * 3600, 3 * 86_400),
    };
    let span = Duration::from_secs(rng.random_range(least..most));
    if span <= longest {
        return span;
    }
    let least = SHORTEST.min(longest.as_secs());
    Duration::from_secs(rng.random_range(least..=longest.as_secs()))
}

/// How often a key is there that need not be.
fn chance(path: &str) -> f64 {
    match path {
        "line.quirks" => 0.5,
        "terminal" => 0.2,
        // The line as it is ordered is the one that most people have.
        "device" => 0.1,
        "line.delivery" | "line.service" | "line.upstream" => 0.08,
        "line.customer-id" | "line.applied-id" => 0.03,
        path if path.starts_with("line.quirks.") => 0.3,
        path if path.starts_with("line.") => 0.1,
        path if path.starts_with("step.do.ask.") => 0.15,
        _ => 0.3,
    }
}

/// When a step begins, in the order of the file.
fn begins_at(step: &Value) -> Duration {
    length_of(&step["at"])
}

fn length_of(value: &Value) -> Duration {
    let period: Option<Period> = value.as_str().and_then(|text| text.parse().ok());
    period.map_or(Duration::ZERO, |period| period.0)
}

/// Rounds to what people write: milliseconds below a second, tenths of it below a minute.
fn rounded(span: Duration) -> Duration {
    let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let step = match millis {
        0..1000 => 1,
        1000..60_000 => 100,
        _ => 1000,
    };
    Duration::from_millis(millis / step * step)
}

fn about(seed: u64, number: u64) -> [String; 2] {
    [
        format!("A situation made up at random: number {number} of seed {seed}."),
        format!("無作為に作った状況（シード{seed}の{number}番）。"),
    ]
}

/// Before that a device has hardly started.
const SHORTEST: u64 = 45;
const TICK: Duration = Duration::from_millis(1);
/// More of them hide what each of them does.
const MOST_STEPS: usize = 8;
/// How often a lease is renewed at most, and a router advertised, in one scenario.
const MOST_RENEWALS: u32 = 500;
const MOST_ADVERTS: u32 = 2000;
/// How many kinds of step are tried in one place, and how often each.
const KINDS_TRIED: usize = 8;
const TRIES: usize = 6;
/// The folder of scenarios that were made up.
pub(super) const FAMILY: &str = "explore";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::explore::vocabulary::Said;

    #[test]
    fn the_same_number_gives_the_same_scenario_whatever_came_before() {
        let text = |number| file::text(&compose(7, number, &bounds()).document, &[]);
        let first = text(3);
        assert_ne!(text(1), text(2));
        assert_eq!(text(3), first);
    }

    #[test]
    fn everything_that_a_file_can_say_is_said_within_some_thousand_scenarios() {
        let mut missing: BTreeSet<Said> = vocabulary().sayings("").into_iter().collect();
        for number in 1..=20_000 {
            let composed = compose(1, number, &bounds());
            for said in vocabulary().said_by("", &composed.document) {
                missing.remove(&said);
            }
            if missing.is_empty() {
                return;
            }
        }
        panic!("never said: {missing:?}");
    }

    #[test]
    fn a_device_is_given_what_it_offers_and_no_more_time_than_it_has() {
        let bounds = Bounds {
            area: Some(Area::West),
            longest: Duration::from_secs(120),
            modes: vec![Mode::Ra],
        };
        for number in 1..=50 {
            let composed = compose(1, number, &bounds);
            assert_eq!(composed.area, Area::West);
            assert_eq!(composed.scenario.mode(), Mode::Ra);
            assert!(!composed.scenario.is_long());
        }
    }

    fn bounds() -> Bounds {
        Bounds {
            area: None,
            longest: Duration::MAX,
            modes: vec![Mode::Ra, Mode::Pd, Mode::Bridge],
        }
    }
}

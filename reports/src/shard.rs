//! One of several parts of a run, made wherever, and how all of them become the report of the whole.
//!
//! A shard is no report: what only the whole can tell, such as whether a known failure still fails
//! anywhere, it leaves to whoever has all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::document::once;
use crate::journal::{Apart, Header, Planned, apart};
use crate::provenance::{Host, Provenance};
use crate::stale::{Watched, stale};
use crate::{Case, LeftOut, Report, escape};

/// The version of a shard's file; it grows when a reader of the old one would break.
pub const FORMAT: u32 = 1;

/// Which of how many, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Number {
    /// Which one.
    pub number: u16,
    /// Of how many.
    pub of: u16,
}

/// A part of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shard {
    /// The version of the file, [`FORMAT`].
    pub shard: u32,
    /// Which part.
    pub part: Number,
    /// What the whole run says of itself, without a folder for traces.
    pub run: Header,
    /// How long this part took, in milliseconds.
    pub elapsed_ms: u64,
    /// What came of it with each device.
    pub devices: Vec<Part>,
}

/// What came of a shard with one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The cases that are this shard's.
    pub planned: Vec<Planned>,
    /// Those that have ended.
    pub cases: Vec<Case>,
    /// Those that were broken off, and why.
    pub cut_off: Vec<LeftOut>,
    /// What became of the entries of the device file.
    pub watched: Vec<Watched>,
    /// Where this part comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shard {} of {}", self.number, self.of)
    }
}

/// Returns a shard as its file.
pub fn render(shard: &Shard) -> String {
    let text = serde_json::to_string(shard).expect("a shard has string keys only");
    escape::json(&text).into_owned() + "\n"
}

/// Returns which shard a file is, if it is one of this version or another.
pub fn number(text: &str) -> Option<Number> {
    let head: Head = serde_json::from_str(text).ok()?;
    Some(head.part)
}

/// Reads a shard; the error says where and why it is none.
pub fn parse(text: &str) -> Result<Shard, String> {
    let head: Head = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if head.shard != FORMAT {
        let found = head.shard;
        return Err(format!(
            "shard format {found} is not {FORMAT}; merge it with its own version"
        ));
    }
    let shard: Shard = once::parse(text).map_err(|error| error.to_string())?;
    let Number { number, of } = shard.part;
    if !(1..=of).contains(&number) {
        return Err(format!("there is no {}", shard.part));
    }
    if shard.devices.len() != shard.run.devices.len() {
        return Err("it has not as many devices as its run".to_owned());
    }
    Ok(shard)
}

/// Makes the reports of the whole run, one for each device, of all of its shards, each with the name
/// that it is called by; the error says what they lack.
///
/// The whole has taken as long as its longest shard, since they run side by side.
pub fn merge(shards: &[(String, Shard)]) -> Result<Vec<Report>, String> {
    let (first_name, first) = shards.first().ok_or("there is no shard to merge")?;
    let mut by_number: BTreeMap<u16, &str> = BTreeMap::new();
    for (name, shard) in shards {
        if shard.part.of != first.part.of {
            return Err(format!(
                "{first_name} is {}, and {name} is {}",
                first.part, shard.part
            ));
        }
        if let Some(other) = by_number.insert(shard.part.number, name) {
            return Err(format!("{other} and {name} are both {}", shard.part));
        }
        if let Some(why) = difference(&first.run, &shard.run) {
            return Err(format!(
                "{first_name} and {name} are of different runs: {why}"
            ));
        }
    }
    let missing = (1..=first.part.of).filter(|number| !by_number.contains_key(number));
    let missing: Vec<String> = missing.map(|number| number.to_string()).collect();
    match &missing[..] {
        [] => {}
        [one] => return Err(format!("shard {one} of {} is missing", first.part.of)),
        some => {
            let shown = some[..some.len().min(MOST_NAMED)].join(", ");
            let more = if some.len() > MOST_NAMED { ", …" } else { "" };
            let of = first.part.of;
            return Err(format!(
                "{} of {of} shards are missing: {shown}{more}",
                some.len()
            ));
        }
    }
    let elapsed_ms = shards.iter().map(|(_, shard)| shard.elapsed_ms).max();
    let devices = 0..first.run.devices.len();
    devices
        .map(|device| of_device(shards, device, elapsed_ms.unwrap_or_default()))
        .collect()
}

fn of_device(shards: &[(String, Shard)], device: usize, elapsed_ms: u64) -> Result<Report, String> {
    let run = &shards[0].1.run;
    let plan = &run.devices[device];
    let parts = || {
        shards
            .iter()
            .map(|(name, shard)| (name, &shard.devices[device]))
    };
    let mut owners: BTreeMap<&Planned, &str> = BTreeMap::new();
    let mut ended: BTreeMap<(&str, &str), &Case> = BTreeMap::new();
    for (name, part) in parts() {
        for planned in &part.planned {
            if let Some(other) = owners.insert(planned, name) {
                let case = planned.words();
                return Err(format!("{other} and {name} both have {case}"));
            }
        }
        let own: BTreeSet<(&str, &str)> = part.planned.iter().map(key).collect();
        for case in &part.cases {
            let key = (&*case.scenario, &*case.area);
            if !own.contains(&key) {
                let place = case.place();
                return Err(format!("{name} has {place}, which is not its own"));
            }
            if ended.insert(key, case).is_some() {
                return Err(format!("{name} has {} twice", case.place()));
            }
        }
    }
    let (mut cases, mut left_out) = (Vec::new(), plan.left_out.clone());
    for planned in &plan.cases {
        let cut_off = || {
            let unsaid = planned.left_out("").scenario;
            let mut cut_off = parts().flat_map(|(_, part)| &part.cut_off);
            cut_off.find(|one| one.scenario == unsaid)
        };
        match (ended.get(&key(planned)), owners.get(planned)) {
            (Some(case), _) => cases.push((*case).clone()),
            (None, None) => return Err(format!("no shard has {}", planned.words())),
            (None, Some(owner)) => match cut_off() {
                Some(one) => left_out.push(one.clone()),
                None => {
                    return Err(format!(
                        "{owner} does not say what became of {}",
                        planned.words()
                    ));
                }
            },
        }
    }
    let watched = parts().map(|(_, part)| &part.watched[..]);
    let watched = together(watched, &plan.cases)?;
    Ok(Report {
        provenance: from(parts().filter_map(|(_, part)| part.provenance.as_ref())),
        ..run.report(plan, cases, left_out, stale(&watched), elapsed_ms)
    })
}

/// Says where the whole comes from: when the first of its parts began, with what, and on which kind
/// of machine, if it was one.
fn from<'a>(mut parts: impl Iterator<Item = &'a Provenance>) -> Option<Provenance> {
    let mut whole = parts.next()?.clone();
    for part in parts {
        // RFC 3339 §5.1: times of one zone are in order as texts.
        if part.began < whole.began {
            whole.began.clone_from(&part.began);
        }
        if part.host != whole.host {
            whole.host = Host::default();
        }
    }
    Some(whole)
}

/// Returns what became of each entry of a device file in all shards.
fn together<'a>(
    mut parts: impl Iterator<Item = &'a [Watched]>,
    order: &[Planned],
) -> Result<Vec<Watched>, String> {
    let mut all: Vec<Watched> = parts.next().unwrap_or_default().to_vec();
    let number = |place: &(String, String)| {
        let mut order = order.iter();
        order.position(|one| one.scenario == place.0 && one.area == place.1)
    };
    for part in parts {
        if part.len() != all.len() {
            return Err("the shards know different entries of the device file".to_owned());
        }
        for (all, one) in all.iter_mut().zip(part) {
            all.failed |= one.failed;
            let judged = [all.judged_in.take(), one.judged_in.clone()];
            // The whole run would have named the first of them.
            all.judged_in = judged.into_iter().flatten().min_by_key(&number);
        }
    }
    Ok(all)
}

/// Says what keeps the runs of two shards apart, if anything does.
fn difference(first: &Header, second: &Header) -> Option<String> {
    let words = |apart| match apart {
        Apart::Said(first, second) => format!("the {first} in the one and {second} in the other"),
        Apart::File(path) => format!("{path} is not the same in both"),
        Apart::OnlyFirst(planned) => format!("only the first is to run {}", planned.words()),
        Apart::OnlySecond(planned) => format!("only the second is to run {}", planned.words()),
        Apart::Checks => "their checks are others".to_owned(),
    };
    let hashes = |header: &Header| header.files.values().cloned().collect::<BTreeSet<_>>();
    let plans = || first.devices.iter().zip(&second.devices);
    let left_out = || {
        let mut others = plans().filter(|(a, b)| a.left_out != b.left_out);
        let (a, b) = others.next()?;
        let mut only = a.left_out.iter().filter(|one| !b.left_out.contains(one));
        let mut others = b.left_out.iter().filter(|one| !a.left_out.contains(one));
        let one = only.next().or_else(|| others.next());
        Some(match one {
            Some(one) => format!("one leaves out {}: {}", one.scenario, one.reason),
            None => "they leave out scenarios in another order".to_owned(),
        })
    };
    apart(first, second)
        .map(words)
        .or_else(left_out)
        .or_else(|| {
            let others = hashes(first) != hashes(second);
            others.then(|| "their scenario or device files are not the same".to_owned())
        })
        .or_else(|| {
            let others = plans().any(|(a, b)| a != b);
            others.then(|| "they are to run the scenarios in another order".to_owned())
        })
}

fn key(planned: &Planned) -> (&str, &str) {
    (&planned.scenario, &planned.area)
}

/// What tells a shard from anything else.
#[derive(Deserialize)]
struct Head {
    shard: u32,
    part: Number,
}

/// Of the shards that are missing; more would hide the rest of the line.
const MOST_NAMED: usize = 10;

#[cfg(test)]
mod tests;

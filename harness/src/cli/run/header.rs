//! What a run says of itself before its first case, and whether it goes on with another one.

use std::collections::BTreeMap;
use std::path::Path;

use ngnlab_reports::journal::{self, FORMAT, Header, Planned};
use sha2::{Digest, Sha256};

use super::device::Chosen;
use super::{Plan, arguments, profiles};
use crate::campaign::Entry;
use crate::cli::Run;
use crate::error::Error;
use crate::input;
use crate::job::Device;
use crate::report::check_infos;

/// Returns the header of a run.
pub(super) fn header(args: &Run, devices: &[Chosen], plans: &[Plan]) -> Result<Header, Error> {
    let mut files = BTreeMap::new();
    for entry in plans.iter().flat_map(|plan| &plan.entries) {
        add(&mut files, &entry.job.scenario)?;
        if let Device::File(path) = &entry.job.device {
            add(&mut files, path)?;
        }
    }
    let devices = devices.iter().zip(plans);
    let plan = |(device, plan): (&Chosen, &Plan)| journal::Plan {
        device: device.name.clone(),
        arguments: arguments(args, device),
        profiles: profiles(args, &plan.entries),
        cases: plan.entries.iter().map(planned).collect(),
        left_out: plan.left_out.clone(),
    };
    Ok(Header {
        journal: FORMAT,
        tool: format!("ngnlab {}", env!("CARGO_PKG_VERSION")),
        seed: args.seed,
        out: args.out.as_deref().map(|out| out.display().to_string()),
        files,
        devices: devices.map(plan).collect(),
        checks: check_infos(),
    })
}

/// Returns an entry as journals call it.
pub(super) fn planned(entry: &Entry) -> Planned {
    Planned {
        scenario: entry.scenario.name.clone(),
        area: entry.job.area.name().to_owned(),
    }
}

fn add(files: &mut BTreeMap<String, String>, path: &Path) -> Result<(), Error> {
    let name = path.display().to_string();
    if files.contains_key(&name) {
        return Ok(());
    }
    let text = input::text(path, input::DESCRIPTION)?;
    files.insert(name, format!("{:x}", Sha256::digest(text)));
    Ok(())
}

/// Returns why one run does not go on with another, if it does not.
pub(super) fn difference(before: &Header, now: &Header) -> Option<String> {
    let both = || before.devices.iter().zip(&now.devices);
    differ(program(before), program(now))
        .or_else(|| differ(devices(before), devices(now)))
        .or_else(|| differ(seed(before), seed(now)))
        .or_else(|| differ(folder(before), folder(now)))
        .or_else(|| both().find_map(|(before, now)| differ(said(before), said(now))))
        .or_else(|| changed(before, now))
        .or_else(|| both().find_map(|(before, now)| other_cases(before, now)))
        .or_else(|| both().find_map(|(before, now)| differ(judged(before), judged(now))))
        .or_else(|| {
            let others = before.checks != now.checks;
            others.then(|| "its checks are others than this program's".to_owned())
        })
}

fn differ(before: String, now: String) -> Option<String> {
    (before != now).then(|| format!("its {before}, and this run's {now}"))
}

fn program(header: &Header) -> String {
    format!("program is {}", header.tool)
}

fn devices(header: &Header) -> String {
    let names: Vec<&str> = header.devices.iter().map(|one| &one.device[..]).collect();
    match &names[..] {
        [one] => format!("device is {one}"),
        all => format!("devices are {}", all.join(", ")),
    }
}

fn seed(header: &Header) -> String {
    format!("seed is {}", header.seed)
}

fn folder(header: &Header) -> String {
    match &header.out {
        Some(out) => format!("folder is {out}"),
        None => "traces are not kept".to_owned(),
    }
}

fn said(plan: &journal::Plan) -> String {
    format!("arguments are `{}`", plan.arguments.join(" "))
}

fn judged(plan: &journal::Plan) -> String {
    let names: Vec<&str> = plan.profiles.iter().map(|one| one.name()).collect();
    match &names[..] {
        [one] => format!("profile is {one}"),
        all => format!("profiles are {}", all.join(", ")),
    }
}

fn changed(before: &Header, now: &Header) -> Option<String> {
    let mut files = before.files.iter();
    let changed = files.find(|(path, hash)| now.files.get(*path).is_some_and(|now| now != *hash));
    changed.map(|(path, _)| format!("{path} has changed since"))
}

fn other_cases(before: &journal::Plan, now: &journal::Plan) -> Option<String> {
    let name = |one: &Planned| format!("{} ({})", one.scenario, one.area);
    let more = now.cases.iter().find(|one| !before.cases.contains(one));
    let fewer = before.cases.iter().find(|one| !now.cases.contains(one));
    match (more, fewer) {
        (Some(one), _) => Some(format!("{} was not to be run then", name(one))),
        (None, Some(one)) => Some(format!("{} is not to be run now", name(one))),
        (None, None) => None,
    }
}

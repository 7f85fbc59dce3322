//! What a run says of itself before its first case, and whether it goes on with another one.

use std::collections::BTreeMap;
use std::path::Path;

use ngnlab_reports::journal::{self, Apart, FORMAT, Header, Planned};
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
        firmware: device.firmware.clone(),
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
    journal::apart(before, now).map(|apart| match apart {
        Apart::Said(before, now) => format!("its {before}, and this run's {now}"),
        Apart::File(path) => format!("{path} has changed since"),
        Apart::OnlySecond(one) => format!("{} was not to be run then", one.words()),
        Apart::OnlyFirst(one) => format!("{} is not to be run now", one.words()),
        Apart::Checks => "its checks are others than this program's".to_owned(),
    })
}

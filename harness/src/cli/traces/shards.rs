//! The folders of a run's shards, side by side in one folder, are the folder of the whole run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ngnlab_reports::LeftOut;
use ngnlab_reports::journal::Planned;
use ngnlab_reports::shard::Number;

use super::{KeptDevice, KeptRun, RUN, load};
use crate::error::Error;

/// Says of a case that a shard leaves it to another one: by itself a shard decides nothing.
pub(in crate::cli) fn elsewhere(case: &Planned) -> LeftOut {
    case.left_out(ELSEWHERE)
}

/// Returns the run whose shards lie in a folder, each in a folder of its own; `None` if there are
/// none.
pub(super) fn gathered(folder: &Path) -> Result<Option<KeptRun>, Error> {
    let unread = |source| Error::Read {
        path: folder.to_owned(),
        source,
    };
    let mut places: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(unread)? {
        let place = entry.map_err(unread)?.path();
        // Each has a folder; whoever has more of them than a run has shards has others.
        if place.join(RUN).is_file() && places.len() <= MOST {
            places.push(place);
        }
    }
    places.sort();
    let mut shards: BTreeMap<Number, KeptRun> = BTreeMap::new();
    for place in places {
        let mut run = load(&place)?;
        let Some(shard) = run.shard else {
            return Ok(None);
        };
        let name = place.file_name().unwrap_or_default();
        let cases = run.devices.iter_mut().flat_map(|device| &mut device.cases);
        cases.for_each(|case| case.folder = Path::new(name).join(&case.folder));
        if shards.insert(shard, run).is_some() {
            return Err(unfit(folder, &format!("{shard} is in it twice")));
        }
    }
    whole(shards).map_err(|why| unfit(folder, &why))
}

/// Puts shards together; the error says what does not fit.
fn whole(shards: BTreeMap<Number, KeptRun>) -> Result<Option<KeptRun>, String> {
    let Some(Number { of, .. }) = shards.keys().next().copied() else {
        return Ok(None);
    };
    let missing = (1..=of).find(|number| {
        !shards.contains_key(&Number {
            number: *number,
            of,
        })
    });
    if let Some(number) = missing {
        return Err(format!("shard {number} of {of} is missing"));
    }
    let mut shards = shards.into_iter();
    let Some((first, mut run)) = shards.next() else {
        return Ok(None);
    };
    for (number, shard) in shards {
        if number.of != of || !are_of_one_run(&run, &shard) {
            return Err(format!("{first} and {number} are of different runs"));
        }
        // They ran side by side.
        run.elapsed_ms = run.elapsed_ms.max(shard.elapsed_ms);
        for (device, other) in run.devices.iter_mut().zip(shard.devices) {
            let stopped = other.left_out.into_iter();
            let stopped = stopped.filter(|one| one.cut_off && one.reason != ELSEWHERE);
            device.left_out.extend(stopped);
            device.cases.extend(other.cases);
        }
    }
    run.shard = None;
    for device in &mut run.devices {
        device.left_out.retain(|one| one.reason != ELSEWHERE);
        device.cases.sort_by_key(|case| case.number);
    }
    Ok(Some(run))
}

fn are_of_one_run(one: &KeptRun, other: &KeptRun) -> bool {
    let said = |device: &KeptDevice| {
        (
            device.device.clone(),
            device.arguments.clone(),
            device.profiles.clone(),
            device.file.clone(),
        )
    };
    one.tool == other.tool
        && one.seed == other.seed
        && one
            .devices
            .iter()
            .map(said)
            .eq(other.devices.iter().map(said))
}

fn unfit(folder: &Path, why: &str) -> Error {
    Error::Usage {
        what: format!(
            "{} does not hold the shards of one run: {why}",
            folder.display()
        ),
        help: Some("put the --out folder of each shard into it, each once".to_owned()),
    }
}

const ELSEWHERE: &str = "in another shard";
/// As many shards as a run can have.
const MOST: usize = 10_000;

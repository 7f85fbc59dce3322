//! How many scenarios run at the same time.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::device::Chosen;
use crate::campaign::processors;
use crate::cli::Place;
use crate::error::Error;

/// Returns how many of these runs there may be at the same time: as many as the user says, where he
/// does, and else one for each processor in virtual time; where time is real, any number, since they
/// are paced.
pub(in crate::cli) fn at_once(
    devices: &[Chosen],
    wanted: Option<u16>,
    runs: usize,
) -> Result<usize, Error> {
    let own = match devices.iter().any(|device| device.real_time) {
        true => MOST_AT_ONCE.min(runs.max(1)),
        false => processors(),
    };
    let jobs = wanted.map_or(own, usize::from);
    let limited = devices
        .iter()
        .filter_map(|device| Some((device, device.most_at_once?)));
    match limited.min_by_key(|(_, most)| *most) {
        Some((device, most)) if jobs > most && wanted.is_some() => Err(Error::Usage {
            what: format!("{} runs {most} scenario at a time", device.name),
            help: Some("leave out --jobs".to_owned()),
        }),
        Some((_, most)) => Ok(jobs.min(most)),
        None => Ok(jobs),
    }
}

/// Returns how many of them this process may have files open for, and asks the system for more
/// where it gives them; says so where there are fewer.
pub(in crate::cli) fn that_can_open_files(jobs: usize, place: Place) -> Result<usize, Error> {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return Ok(jobs);
    };
    let needed = FILES + jobs as u64 * FILES_PER_JOB;
    let mut limit = soft;
    // No more than is needed: what runs below has the same limit, and may look at every number.
    if soft < needed && setrlimit(Resource::RLIMIT_NOFILE, needed.min(hard), hard).is_ok() {
        limit = needed.min(hard);
    }
    let possible = possible(limit);
    if possible == 0 {
        return Err(Error::Missing {
            doing: format!("run with {limit} open files"),
            help: format!("allow more: `ulimit -n {needed}`"),
            source: None,
        });
    }
    if possible < jobs {
        (place.announce)(&format!(
            "{possible} at a time instead of {jobs}, since there may be {limit} open files; \
             `ulimit -n {needed}` allows all"
        ));
    }
    Ok(jobs.min(possible))
}

fn possible(limit: u64) -> usize {
    let jobs = limit.saturating_sub(FILES) / FILES_PER_JOB;
    usize::try_from(jobs).unwrap_or(usize::MAX)
}

/// As many as --jobs takes.
const MOST_AT_ONCE: usize = 256;
/// What is open beside all jobs, with some to spare.
const FILES: u64 = 40;
/// What one job holds open while its worker starts, with some to spare.
const FILES_PER_JOB: u64 = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_open_files_mean_few_jobs() {
        assert_eq!(possible(20), 0);
        assert_eq!(possible(52), 1);
        assert_eq!(possible(256), 18);
        assert_eq!(possible(1 << 20), 87_378);
    }
}

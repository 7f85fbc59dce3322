//! What is written into a report of the call that made it.

use std::env::{args_os, consts};
use std::fs;
use std::thread;

use humantime::format_rfc3339_seconds;
use ngnlab_reports::journal::Header;
use ngnlab_reports::provenance::{DeviceFile, Host, Provenance};

use super::Run;
use crate::built_in;
use crate::dut::description::Description;
use crate::job::Device;

mod date;

/// Returns what is known of this call before anything is done; `revision` is the program's.
pub fn here(revision: &str) -> Provenance {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let command = args_os().map(|word| word.to_string_lossy().into_owned());
    Provenance {
        began: format_rfc3339_seconds(date::now()).to_string(),
        revision: revision.to_owned(),
        command: command.collect(),
        host: Host {
            kernel: format!("Linux {}", kernel.trim()),
            processor: consts::ARCH.to_owned(),
            processors: thread::available_parallelism().map_or(0, usize::from),
        },
        ..Provenance::default()
    }
}

/// Returns what is known of a run with one device.
pub(super) fn of_run(call: Provenance, args: &Run, device: &Device, header: &Header) -> Provenance {
    let folder = args.scenarios.folder();
    let file = match device {
        Device::Reference(_) => None,
        Device::File(path) => Some(DeviceFile {
            file: built_in::name(path),
            about: Description::load(path).map_or(String::new(), |one| one.about),
            sha256: header
                .files
                .get(&path.display().to_string())
                .cloned()
                .unwrap_or_default(),
        }),
    };
    Provenance {
        seed: args.seed.to_string(),
        scenarios: match built_in::is_inside(&folder) {
            true => "the scenarios inside the program".to_owned(),
            false => folder.display().to_string(),
        },
        device: file,
        ..call
    }
}

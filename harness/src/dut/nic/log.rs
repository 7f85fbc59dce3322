//! What the commands of a device file write: a file that they fill, read as it grows, so that each
//! line has its time.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ngnlab_sim::link::clock;

use crate::dut::lines::{Line, Lines};

/// The log of all commands of a device; clones are of the same one.
#[derive(Clone, Debug)]
pub(super) struct Log {
    path: PathBuf,
    read: Arc<Mutex<Progress>>,
}

/// How far it was read.
#[derive(Debug)]
struct Progress {
    until: u64,
    lines: Lines,
}

impl Log {
    /// Makes one that goes on at the end of a file.
    pub(super) fn new(path: PathBuf) -> Self {
        let until = path.metadata().map_or(0, |there| there.len());
        let lines = Lines::default();
        Self {
            path,
            read: Arc::new(Mutex::new(Progress { until, lines })),
        }
    }

    /// Returns where it lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it for a command to write into.
    pub(super) fn open(&self) -> io::Result<File> {
        let mut how = OpenOptions::new();
        how.create(true).append(true).open(&self.path)
    }

    /// Reads what has come since the last time.
    pub(super) fn look(&self) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let mut come = Vec::new();
        let at = clock::reading();
        // Without what cannot be read the run is what it is, all the same.
        let Ok(mut file) = File::open(&self.path) else {
            return;
        };
        if file.seek(SeekFrom::Start(read.until)).is_ok() {
            let _ = file.take(AT_ONCE).read_to_end(&mut come);
        }
        read.until += come.len() as u64;
        read.lines.take_in(&come, at);
    }

    /// Hands out the lines that have come.
    pub(super) fn lines(&self) -> Vec<Line> {
        self.look();
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.lines.hand_out(NAME)
    }
}

/// What it is called in a trace; its file is `commands.log`.
const NAME: &str = "commands";
const AT_ONCE: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_line_has_the_time_at_which_it_came_and_what_was_there_before_is_none_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("commands.log");
        std::fs::write(&path, "of another run\n").unwrap();
        let log = Log::new(path);
        let mut file = log.open().unwrap();
        let before = clock::reading();
        writeln!(file, "power off").unwrap();
        log.clone().look();
        let between = clock::reading();
        write!(file, "power on").unwrap();
        let lines = log.lines();
        let [off, on] = &lines[..] else {
            panic!("{lines:?}");
        };
        assert_eq!((&*off.log, &*off.text), ("commands", "power off"));
        assert!(before <= off.at && off.at <= between, "{off:?}");
        assert_eq!(on.text, "power on");
        assert!(between <= on.at, "{on:?}");
        assert_eq!(log.lines(), []);
    }
}

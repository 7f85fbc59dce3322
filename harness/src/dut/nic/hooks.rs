//! Commands of the user that switch and configure a router, each within a bound.

use std::io;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::time::Time;

use super::log::Log;

/// One script.
#[derive(Clone, Debug)]
pub(super) struct Hook {
    /// What it is for.
    pub(super) name: String,
    /// What the shell runs.
    pub(super) script: String,
    /// Where what it writes goes.
    pub(super) log: Log,
    /// How long it may take.
    pub(super) within: Duration,
}

/// How far a script is.
pub(super) enum Progress {
    /// It runs.
    Running,
    /// It has ended with success.
    Ended,
}

/// A script that runs; dropping it ends it.
pub(super) struct Running {
    process: Child,
    log: Log,
    clock: Clock,
    within: Duration,
}

impl Hook {
    /// Starts the script.
    pub(super) fn start(&self) -> io::Result<Running> {
        let log = self.log.open()?;
        let process = Command::new("setpriv")
            // It ends with this worker.
            .args(["--pdeathsig", "KILL", "/bin/sh", "-e", "-c"])
            .arg(&self.script)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        Ok(Running {
            process,
            log: self.log.clone(),
            clock: Clock::starting_at(Time::ZERO),
            within: self.within,
        })
    }

    /// Runs the script to its end.
    pub(super) fn run(&self) -> io::Result<()> {
        let mut running = self.start()?;
        while let Progress::Running = running.progress()? {
            pause();
        }
        Ok(())
    }
}

impl Running {
    /// Looks how far it is; one that fails or takes too long is an error.
    pub(super) fn progress(&mut self) -> io::Result<Progress> {
        let ended = self.process.try_wait()?;
        self.log.look();
        match ended {
            Some(status) if status.success() => Ok(Progress::Ended),
            Some(status) => Err(io::Error::other(format!("ended with {status}"))),
            None if self.clock.now().since(Time::ZERO) > self.within => Err(io::Error::other(
                format!("did not end within {:?}", self.within),
            )),
            None => Ok(Progress::Running),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a script of the user is waited for"
)]
fn pause() {
    sleep(LOOK_EVERY);
}

const LOOK_EVERY: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_ends_well_badly_or_too_late() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::new(folder.path().join("commands.log"));
        let hook = |script: &str| Hook {
            name: "power on".to_owned(),
            script: script.to_owned(),
            log: log.clone(),
            within: Duration::from_millis(500),
        };
        hook("echo on").run().unwrap();
        let error = hook("echo out of order >&2; false").run().unwrap_err();
        assert_eq!(error.to_string(), "ended with exit status: 1");
        let error = hook("sleep 60").run().unwrap_err();
        assert_eq!(error.to_string(), "did not end within 500ms");
        let text = std::fs::read_to_string(log.path()).unwrap();
        assert_eq!(text, "on\nout of order\n");
        let lines = log.lines();
        assert_eq!(
            lines.iter().map(|line| &*line.text).collect::<Vec<_>>(),
            ["on", "out of order"]
        );
    }
}

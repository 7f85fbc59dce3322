//! Ctrl-C and its like: the user has had enough, but what is finished is still written.

use std::fs;
use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::UNDETERMINED;

/// Returns a flag that Ctrl-C, a termination or the end of the terminal sets, so that what is
/// finished is still written; another one ends this process at once.
pub(super) fn stop_at_signals() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build();
    let Ok(runtime) = runtime else {
        return flag;
    };
    // Taken before anything is started, so that no signal comes too early.
    if let Ok(mut signals) = runtime.block_on(async { Signals::take() }) {
        let stop = Arc::clone(&flag);
        thread::spawn(move || {
            runtime.block_on(signals.next());
            stop.store(true, Ordering::Relaxed);
            runtime.block_on(signals.next());
            // The workers end with this process, and what it leaves is swept at the next start.
            process::exit(UNDETERMINED.into());
        });
    }
    flag
}

/// The signals that end a run.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Option<Signal>,
}

impl Signals {
    fn take() -> io::Result<Self> {
        let hang_up = || signal(SignalKind::hangup());
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            // Below `nohup` the run outlives its terminal.
            hang_up: (!ignores_hang_up()).then(hang_up).transpose()?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            Some(_) = recv(&mut self.hang_up) => {}
        }
    }
}

async fn recv(signal: &mut Option<Signal>) -> Option<()> {
    signal.as_mut()?.recv().await
}

/// Returns whether this process was started to ignore that its terminal hangs up.
fn ignores_hang_up() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let ignored = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // Signals are counted from 1.
    let bit = 1 << (SignalKind::hangup().as_raw_value() - 1);
    ignored.is_some_and(|mask| mask & bit != 0)
}

//! Ctrl-C: the user has had enough, but what is finished is still written.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::signal::unix::{SignalKind, signal};

/// Returns a flag that Ctrl-C or a termination sets, so that what is finished is still written.
pub(super) fn stop_at_ctrl_c() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build();
    let Ok(runtime) = runtime else {
        return flag;
    };
    // Taken before anything is started, so that no signal comes too early.
    let signals = runtime.block_on(async {
        let interrupt = signal(SignalKind::interrupt())?;
        Ok::<_, io::Error>((interrupt, signal(SignalKind::terminate())?))
    });
    if let Ok((mut interrupt, mut terminate)) = signals {
        let stop = Arc::clone(&flag);
        thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            });
            stop.store(true, Ordering::Relaxed);
        });
    }
    flag
}

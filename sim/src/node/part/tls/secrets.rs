//! The secrets of this thread's TLS sessions, so that a capture can be read in clear.
//!
//! rustls shares its configuration across threads; a world never leaves its own. So each thread
//! keeps its own list, and no lock is needed.

use std::cell::RefCell;
use std::fmt::Write;

use rustls::KeyLog;

thread_local! {
    static SECRETS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Takes out the secrets the servers of this thread's worlds have logged, as NSS key log lines.
///
/// Call it before a run to start afresh, and after it for [`Header::tls_secrets`].
///
/// [`Header::tls_secrets`]: crate::trace::Header::tls_secrets
pub fn take_secrets() -> Vec<String> {
    SECRETS.take()
}

/// Logs into the list of whichever thread the session runs in.
#[derive(Debug)]
pub(super) struct ThreadLog;

impl KeyLog for ThreadLog {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        SECRETS.with_borrow_mut(|secrets| {
            if secrets.len() < MAX_SECRETS {
                secrets.push(format!("{label} {} {}", hex(client_random), hex(secret)));
            }
        });
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let written = write!(text, "{byte:02x}");
        debug_assert!(written.is_ok(), "a string takes everything");
        text
    })
}

const MAX_SECRETS: usize = 10_000;

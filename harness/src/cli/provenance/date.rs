//! The date, for what is written down beside a run. Nothing that happens depends on it.

use std::time::SystemTime;

/// Returns the date and time of this machine.
#[expect(
    clippy::disallowed_methods,
    reason = "what is handed on says when it was made, and the monotonic clock knows no date"
)]
pub(super) fn now() -> SystemTime {
    SystemTime::now()
}

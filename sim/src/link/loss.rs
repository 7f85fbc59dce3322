//! What becomes of a frame that an interface does not take.

use std::io;

/// Returns whether a frame that could not be sent is lost, as on a wire with nobody at its end.
pub(super) fn is_loss(error: &io::Error) -> bool {
    // A full queue, an interface that is down, or one that was deleted. EINVAL is a frame too
    // short for an interface.
    matches!(
        error.raw_os_error(),
        Some(libc::EAGAIN | libc::EIO | libc::EINVAL | libc::ENOBUFS | libc::ENOMEM | libc::EBADFD)
    )
}

//! The descriptors that this process was born with.
#![expect(
    unsafe_code,
    reason = "descriptors that were inherited are known by their number alone"
)]

use std::io;

/// Closes every descriptor that this process inherited, but the standard ones.
///
/// It must come before this process opens anything itself.
pub fn close_inherited() -> io::Result<()> {
    let (first, last, flags) = (3_u32, u32::MAX, 0_u32);
    // SAFETY: nothing in this process owns a descriptor yet.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

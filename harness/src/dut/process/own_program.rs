//! This program's own file, which all processes of a sandbox but the device's are started from, and
//! which a device shall not change.

use std::env;
use std::path::Path;

use nix::mount::{MntFlags, MsFlags, umount2};
use nix::sched::{CloneFlags, unshare};

use crate::namespaces::mounts::{self, attach};

/// Shows this program read-only in a mount namespace of this process, over a file that nobody reads
/// there; a device that gets hold of it can change nothing of it then.
pub(super) fn cover() -> Option<&'static str> {
    // By its path: what `/proc` leads to is mounted in another namespace than the new one. Where
    // that cannot be followed, the file is not this user's either.
    let own = env::current_exe().ok()?;
    unshare(CloneFlags::CLONE_NEWNS).ok()?;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    attach(None, "/", None, private, None).ok()?;
    attach(own.to_str(), COVERED, None, MsFlags::MS_BIND, None).ok()?;
    let options = mounts::table(Path::new("/proc")).ok()?;
    let covered = Path::new(COVERED);
    let (_, options) = options.iter().rev().find(|(point, _)| point == covered)?;
    mounts::make_read_only(covered, options).ok()?;
    Some(COVERED)
}

/// Takes the program off the file that it was shown over, in a mount namespace of this process.
pub(super) fn uncover() {
    // Without, it was never shown.
    let _ = unshare(CloneFlags::CLONE_NEWNS).and_then(|()| umount2(COVERED, MntFlags::MNT_DETACH));
}

/// This program, wherever its file may be and whoever may look there.
pub(super) const OWN_PROGRAM: &str = "/proc/self/exe";
const COVERED: &str = "/etc/passwd";

//! What a real terminal sees: the host's files, read-only, with private places on top.

use std::fs;
use std::path::{Path, PathBuf};

use nix::mount::MsFlags;
use nix::sched::{CloneFlags, unshare};

use crate::namespaces::mounts::{Trouble, attach, make_read_only, put, table};

/// Makes a mount namespace and everything that is mounted in it.
pub(super) fn enter(private: &[&str]) -> Result<(), Trouble> {
    unshare(CloneFlags::CLONE_NEWNS)
        .map_err(|errno| ("make a mount namespace".to_owned(), errno.into()))?;
    // Before anything else, so that nothing of this reaches the host.
    attach(None, "/", None, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None)?;
    // Before /run is covered: it often is a link into it.
    let resolv_conf = fs::canonicalize(RESOLV_CONF).ok();
    protect_the_host()?;
    for place in places(private) {
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        attach(Some("tmpfs"), place, Some("tmpfs"), flags, Some(TMPFS))?;
    }
    let inside = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    attach(Some("proc"), "/proc", Some("proc"), inside, None)?;
    let read_only = inside | MsFlags::MS_RDONLY;
    attach(Some("sysfs"), "/sys", Some("sysfs"), read_only, None)?;
    fs::create_dir_all(RUN_DIR).map_err(|error| (format!("make {RUN_DIR}"), error))?;
    if let Some(path) = resolv_conf {
        put(&path, b"", 0o644, Path::new(RUN_DIR))?;
    }
    Ok(())
}

/// Writes a file, be it in a private place or over one of the host.
pub(super) fn write(path: &str, text: &str) -> Result<(), Trouble> {
    put(Path::new(path), text.as_bytes(), 0o644, Path::new(RUN_DIR))
}

/// Makes every mount of the host read-only, since root's files are root's inside, too.
fn protect_the_host() -> Result<(), Trouble> {
    for (point, options) in table(Path::new("/proc"))? {
        let kernel = ["/proc", "/sys", "/dev"];
        if kernel.iter().any(|top| point.starts_with(top)) && point != Path::new("/dev/shm") {
            continue;
        }
        let done = make_read_only(&point, &options);
        // A mount that is covered or of an odd kind may refuse; the root must not.
        if point == Path::new("/") {
            done?;
        }
    }
    Ok(())
}

fn places(private: &[&str]) -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> = vec!["/run".into(), "/dev/shm".into()];
    places.extend(private.iter().map(PathBuf::from));
    // A link such as /var/run is /run already.
    places.retain(|place| place.is_dir() && !place.is_symlink());
    places.sort();
    places.dedup();
    places
}

/// The terminal's own directory.
pub(super) const RUN_DIR: &str = "/run/ngnlab";
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// A terminal that fills its disk does not fill the host's memory.
const TMPFS: &str = "size=64m,mode=0755";

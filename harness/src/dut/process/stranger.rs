//! Who root becomes before a device runs: a user of the host to whom nothing belongs.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{OpenOptionsExt, chown, lchown};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::mount::MsFlags;
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::unistd::{Gid, Uid, geteuid, setgroups, setresgid, setresuid};

use super::messages::Entry;
use crate::namespaces::mounts::attach;

/// An ordinary user that root can become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stranger(u32);

impl Stranger {
    /// Returns who it is, if this process is root's and there is such a user.
    pub(crate) fn of_root() -> Option<Self> {
        if !geteuid().is_root() {
            return None;
        }
        let maps = ["uid_map", "gid_map"]
            .map(|name| fs::read_to_string(Path::new("/proc/self").join(name)).unwrap_or_default());
        let mut users = USERS.iter().copied();
        let there = users.find(|user| maps.iter().all(|map| maps_user(map, *user)));
        there.map(Self)
    }

    /// Gives a file or folder of ours to it.
    pub(crate) fn own(self, path: &Path) -> io::Result<()> {
        chown(path, Some(self.0), Some(self.0))
    }

    /// Makes this process one of its, which still can show a device what root alone may see.
    pub(super) fn become_them(self, entry: &mut Entry) -> io::Result<()> {
        if !entry.sees.is_empty() || entry.root.is_some() {
            self.lend(entry)?;
        }
        let (user, group) = (Uid::from_raw(self.0), Gid::from_raw(self.0));
        setgroups(&[])?;
        setresgid(group, group, group)?;
        setresuid(user, user, user)?;
        // Else `/proc/self` stays root's.
        prctl::set_dumpable(true)?;
        Ok(())
    }

    /// Shows what the device sees where everybody may look, in a mount namespace of this process.
    fn lend(self, entry: &mut Entry) -> io::Result<()> {
        unshare(CloneFlags::CLONE_NEWNS)?;
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        attached(None, Path::new("/"), None, private, None)?;
        // Opened before the place where they are shown covers one of them.
        let mut sees = Vec::new();
        for seen in &mut entry.sees {
            let file = held(&seen.host)?;
            sees.push((&mut seen.host, file));
        }
        let root = entry.root.as_deref().map(held).transpose()?;
        let counter = LENT.iter().map(Path::new).find(|path| path.is_dir());
        let counter = counter.ok_or(ErrorKind::NotFound)?;
        let options = Some("size=256m,mode=0755");
        attached(
            Some("tmpfs"),
            counter,
            Some("tmpfs"),
            MsFlags::empty(),
            options,
        )?;
        for (number, (path, file)) in sees.into_iter().enumerate() {
            let shown = counter.join(number.to_string());
            match file.metadata()?.is_dir() {
                true => fs::create_dir(&shown)?,
                false => drop(File::create(&shown)?),
            }
            let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
            attached(Some(&by_number(&file)), &shown, None, flags, None)?;
            *path = shown;
        }
        if let Some(root) = root {
            entry.root = Some(self.lend_root(&root, counter)?);
            entry.root_is_layered = true;
        }
        Ok(())
    }

    /// Lays a layer over a root, in which everything belongs to this user.
    fn lend_root(self, root: &File, counter: &Path) -> io::Result<PathBuf> {
        let [upper, work, whole] = ["upper", "work", "root"].map(|name| counter.join(name));
        for folder in [&upper, &work, &whole] {
            fs::create_dir(folder)?;
        }
        let options = format!(
            "lowerdir={},upperdir={},workdir={}",
            by_number(root),
            upper.display(),
            work.display()
        );
        // Files stay where they are, and only who owns them is written anew.
        let by_metadata = format!("{options},metacopy=on");
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        let overlay = |options: &str| {
            attached(
                Some("overlay"),
                &whole,
                Some("overlay"),
                flags,
                Some(options),
            )
        };
        overlay(&by_metadata).or_else(|_| overlay(&options))?;
        self.own_all(&whole)?;
        Ok(whole)
    }

    fn own_all(self, path: &Path) -> io::Result<()> {
        lchown(path, Some(self.0), Some(self.0))?;
        if !fs::symlink_metadata(path)?.is_dir() {
            return Ok(());
        }
        fs::read_dir(path)?.try_for_each(|entry| self.own_all(&entry?.path()))
    }
}

/// Holds a file or folder open, to find it whatever comes over it.
fn held(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    let opened = options
        .read(true)
        .custom_flags(OFlag::O_PATH.bits())
        .open(path);
    opened.map_err(|error| io::Error::new(error.kind(), format!("see {}: {error}", path.display())))
}

fn by_number(file: &File) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

fn attached(
    source: Option<&str>,
    target: &Path,
    kind: Option<&str>,
    flags: MsFlags,
    options: Option<&str>,
) -> io::Result<()> {
    attach(source, target, kind, flags, options)
        .map_err(|(doing, error)| io::Error::new(error.kind(), format!("{doing}: {error}")))
}

/// Returns whether a map of a user namespace knows a user.
fn maps_user(map: &str, user: u32) -> bool {
    map.lines().any(|line| {
        let mut numbers = line.split_ascii_whitespace().map(str::parse::<u64>);
        let (Some(Ok(first)), Some(Ok(count))) = (numbers.next(), numbers.nth(1)) else {
            return false;
        };
        (first..first + count).contains(&u64::from(user))
    })
}

/// The last of those that systemd sets aside for containers, and nobody where there are few.
const USERS: [u32; 2] = [0x6FFF_FFFF, 65534];
/// Where something can be shown to everybody: folders that every system has.
const LENT: [&str; 3] = ["/mnt", "/media", "/srv"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_looked_for_in_the_map() {
        assert!(maps_user("         0          0 4294967295\n", 0x6FFF_FFFF));
        let few = "0 100000 1000\n1000 1000 1\n1001 101000 64535\n";
        assert!(!maps_user(few, 0x6FFF_FFFF));
        assert!(maps_user(few, 65534));
        assert!(!maps_user("0 1000 1\n", 65534));
        assert!(!maps_user("", 65534));
    }
}

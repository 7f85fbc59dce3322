//! The root of the sandbox: what router programs need of the host, read-only, and places of their
//! own.
//!
//! Runs in pid 1 of the sandbox while it still is a process of the namespace that owns the mounts.
//! The programs live in a namespace below, so that nothing of this can be undone there: what is
//! read-only stays so, and what is covered stays covered.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::pivot_root;

use super::messages::Entry;
use super::within::{self, Last};
use crate::dut::description::programs::{RUN_DIR, USER_TABLES, lacking_user};
use crate::namespaces::mounts::{self, Trouble, attach};

/// Moves this process into a mount namespace with the device's own root.
pub(super) fn enter(entry: &Entry) -> Result<(), Trouble> {
    unshare(CloneFlags::CLONE_NEWNS)
        .map_err(|errno| ("make a mount namespace".to_owned(), errno.into()))?;
    // Before anything else, so that nothing of this reaches the host.
    attach(None, "/", None, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None)?;
    let resolv_conf = fs::canonicalize(RESOLV_CONF).ok();
    let root = Root::begin()?;
    match &entry.root {
        Some(own) if entry.root_is_layered => root.take_as_it_is(own)?,
        Some(own) => root.lay_over(own)?,
        None => root.take_from_host()?,
    }
    root.make_private(entry)?;
    for seen in &entry.sees {
        root.show(&seen.host, &seen.at)?;
    }
    root.mount_devices()?;
    root.mount_kernel_views()?;
    if let (Some(path), None) = (resolv_conf, &entry.root) {
        root.put(&path, b"")?;
    }
    root.rewrite_users(&entry.root_users)?;
    root.finish(entry.root.is_none())
}

/// The new root while it is made; the host's is at [`HOST`] until it is finished.
struct Root {
    at: &'static Path,
}

impl Root {
    /// Makes room for a root, and moves the host's aside.
    fn begin() -> Result<Self, Trouble> {
        // Every system has it, and what it holds is back a moment later, below the host's root.
        let base = Path::new("/tmp");
        attach(Some("tmpfs"), base, Some("tmpfs"), OWN, Some("mode=0755"))?;
        let aside = base.join(HOST.trim_start_matches('/'));
        make_folder(&aside)?;
        pivot_root(base, &aside)
            .map_err(|errno| ("move the host's root aside".to_owned(), errno.into()))?;
        enter_folder(Path::new("/"))?;
        let at = Path::new(NEW);
        make_folder(at)?;
        Ok(Self { at })
    }

    /// Shows the parts of the host that programs live in.
    fn take_from_host(&self) -> Result<(), Trouble> {
        attach(Some("tmpfs"), self.at, Some("tmpfs"), OWN, Some(ROOT_TMPFS))?;
        for name in FROM_HOST {
            let host = on_host(Path::new("/").join(name));
            let inside = self.at.join(name);
            match fs::read_link(&host) {
                Ok(to) => link(&to, &inside)?,
                Err(_) if host.is_dir() => {
                    make_folder(&inside)?;
                    bind(&host, &inside)?;
                }
                Err(_) => {}
            }
        }
        for name in EMPTY {
            make_folder(&self.at.join(name))?;
        }
        link(Path::new("/run"), &self.at.join("var/run"))?;
        link(Path::new("/run/lock"), &self.at.join("var/lock"))
    }

    /// Takes a root file system of the device's own, and keeps what is written in a layer above.
    fn lay_over(&self, own: &Path) -> Result<(), Trouble> {
        let layer = Path::new(LAYER);
        make_folder(layer)?;
        attach(Some("tmpfs"), layer, Some("tmpfs"), OWN, Some(LAYER_TMPFS))?;
        let (upper, work) = (layer.join("upper"), layer.join("work"));
        make_folder(&upper)?;
        make_folder(&work)?;
        let lower = on_host(own);
        let options = format!(
            "lowerdir={},upperdir={},workdir={}",
            escaped(&lower),
            upper.display(),
            work.display()
        );
        // Where user attributes can be kept, folders can be replaced and renamed, too.
        let with_attributes = format!("{options},userxattr");
        let overlay = |options: &str| {
            attach(
                Some("overlay"),
                self.at,
                Some("overlay"),
                OWN,
                Some(options),
            )
        };
        overlay(&with_attributes)
            .or_else(|_| overlay(&options))
            .map_err(|(_, error)| {
                let doing = format!("lay a writable layer over {}", own.display());
                (doing, error)
            })
    }

    /// Takes a root file system whose layer is there already.
    fn take_as_it_is(&self, own: &Path) -> Result<(), Trouble> {
        let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
        attach(on_host(own).to_str(), self.at, None, flags, None)
    }

    fn make_private(&self, entry: &Entry) -> Result<(), Trouble> {
        for place in entry.places() {
            let inside = match within::find(self.at, &place, Last::Folder) {
                Ok(inside) => inside,
                // A folder of the host's that is not there cannot be made private.
                Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => continue,
                Err(error) => return Err((format!("make {}", place.display()), error)),
            };
            attach(Some("tmpfs"), &inside, Some("tmpfs"), OWN, Some(TMPFS))?;
        }
        self.folder(Path::new(RUN_DIR)).map(drop)
    }

    /// Shows a file or folder of the host where the device file asks for it.
    fn show(&self, host: &Path, at: &Path) -> Result<(), Trouble> {
        let host = on_host(host);
        let there =
            fs::metadata(&host).map_err(|error| (format!("see {}", at.display()), error))?;
        let inside = match there.is_dir() {
            true => self.folder(at)?,
            false => self.file(at)?,
        };
        bind(&host, &inside)
    }

    /// Makes `/dev` with the nodes that programs need, and none of the host's hardware.
    fn mount_devices(&self) -> Result<(), Trouble> {
        let dev = self.folder(Path::new("/dev"))?;
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
        attach(Some("tmpfs"), &dev, Some("tmpfs"), flags, Some(DEV_TMPFS))?;
        for name in NODES {
            let host = on_host(Path::new("/dev").join(name));
            if !host.exists() {
                continue;
            }
            // Read-only is the node, whose owner and times are the host's; not what is behind it.
            bind(&host, &self.file(&Path::new("/dev").join(name))?)?;
        }
        for (name, to) in [
            ("fd", "/proc/self/fd"),
            ("stdin", "/proc/self/fd/0"),
            ("stdout", "/proc/self/fd/1"),
            ("stderr", "/proc/self/fd/2"),
            ("ptmx", "pts/ptmx"),
        ] {
            link(Path::new(to), &dev.join(name))?;
        }
        let terminals = self.folder(Path::new("/dev/pts"))?;
        attach(
            Some("devpts"),
            &terminals,
            Some("devpts"),
            flags,
            Some(DEVPTS),
        )?;
        let shared = self.folder(Path::new("/dev/shm"))?;
        attach(Some("tmpfs"), &shared, Some("tmpfs"), OWN, Some(TMPFS))
    }

    fn mount_kernel_views(&self) -> Result<(), Trouble> {
        let inside = OWN | MsFlags::MS_NOEXEC;
        let proc = self.folder(Path::new("/proc"))?;
        attach(Some("proc"), &proc, Some("proc"), inside, None)?;
        // Of an empty network namespace; the device's own comes over it.
        let sys = self.folder(Path::new("/sys"))?;
        let read_only = inside | MsFlags::MS_RDONLY;
        attach(Some("sysfs"), &sys, Some("sysfs"), read_only, None)
    }

    /// Makes some users user 0.
    fn rewrite_users(&self, names: &[String]) -> Result<(), Trouble> {
        if names.is_empty() {
            return Ok(());
        }
        let mut tables = Vec::new();
        for table in USER_TABLES {
            let path = Path::new(table);
            let told = |error| (format!("read {table}"), error);
            let inside = within::find(self.at, path, Last::Nothing).map_err(told)?;
            tables.push((path, fs::read_to_string(inside).map_err(told)?));
        }
        let texts: Vec<&str> = tables.iter().map(|(_, text)| text.as_str()).collect();
        if let Some(name) = lacking_user(names, &texts) {
            let doing = format!("make `{name}` of `root-users` user 0");
            let why = "neither /etc/passwd nor /etc/group of the device has it";
            return Err((doing, io::Error::new(ErrorKind::NotFound, why)));
        }
        for (path, text) in &tables {
            self.put(path, as_root(text, names).as_bytes())?;
        }
        Ok(())
    }

    /// Writes a file, or lays it over one of the host's.
    fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
        let told = |error| (format!("write {}", path.display()), error);
        let inside = within::find(self.at, path, Last::Nothing).map_err(told)?;
        let own = self.folder(Path::new(RUN_DIR))?;
        mounts::put(&inside, bytes, 0o644, &own)
    }

    fn folder(&self, path: &Path) -> Result<PathBuf, Trouble> {
        let found = within::find(self.at, path, Last::Folder);
        found.map_err(|error| (format!("make {}", path.display()), error))
    }

    fn file(&self, path: &Path) -> Result<PathBuf, Trouble> {
        let found = within::find(self.at, path, Last::File);
        found.map_err(|error| (format!("make {}", path.display()), error))
    }

    /// Makes the new root the only one.
    fn finish(&self, read_only: bool) -> Result<(), Trouble> {
        if read_only {
            let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY | OWN;
            attach(None, self.at, None, flags, None)?;
        }
        enter_folder(self.at)?;
        let told = |errno: nix::errno::Errno| ("enter the device's root".to_owned(), errno.into());
        // The old root lands on the new one, and is taken off it.
        pivot_root(".", ".").map_err(told)?;
        umount2(".", MntFlags::MNT_DETACH).map_err(told)?;
        enter_folder(Path::new("/"))
    }
}

/// Returns whether every device sees a path of the host.
pub(super) fn is_seen(path: &Path) -> bool {
    FROM_HOST
        .iter()
        .any(|name| path.starts_with(Path::new("/").join(name)))
}

fn on_host(path: impl AsRef<Path>) -> PathBuf {
    let path = path.as_ref();
    Path::new(HOST).join(path.strip_prefix("/").unwrap_or(path))
}

/// Shows a file, or a folder with everything that is mounted in it, read-only.
fn bind(host: &Path, inside: &Path) -> Result<(), Trouble> {
    let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
    attach(host.to_str(), inside, None, flags, None)?;
    let table = mounts::table(&Path::new(HOST).join("proc"))?;
    for (point, options) in table.iter().filter(|(point, _)| point.starts_with(inside)) {
        let Err((doing, error)) = mounts::make_read_only(point, options) else {
            continue;
        };
        if !point.is_dir() {
            return Err((doing, error));
        }
        // What cannot be protected is covered.
        let flags = OWN | MsFlags::MS_RDONLY;
        attach(Some("tmpfs"), point, Some("tmpfs"), flags, Some("size=4k"))?;
    }
    Ok(())
}

fn make_folder(path: &Path) -> Result<(), Trouble> {
    fs::create_dir_all(path).map_err(|error| (format!("make {}", path.display()), error))
}

fn link(to: &Path, path: &Path) -> Result<(), Trouble> {
    symlink(to, path).map_err(|error| (format!("make {}", path.display()), error))
}

fn enter_folder(path: &Path) -> Result<(), Trouble> {
    std::env::set_current_dir(path)
        .map_err(|error: io::Error| (format!("enter {}", path.display()), error))
}

/// Gives number 0 to the rows of these names; group 0 follows for users.
fn as_root(table: &str, names: &[String]) -> String {
    let row = |line: &str| {
        let mut fields: Vec<&str> = line.split(':').collect();
        if names
            .iter()
            .any(|name| fields.first() == Some(&name.as_str()))
        {
            let numbers = if fields.len() > 4 { 2..4 } else { 2..3 };
            if let Some(numbers) = fields.get_mut(numbers) {
                numbers.fill("0");
            }
        }
        fields.join(":") + "\n"
    };
    table.lines().map(row).collect()
}

/// Writes a path as an option of overlayfs, where `:` and `,` part others.
fn escaped(path: &Path) -> String {
    let mut text = String::new();
    for letter in path.display().to_string().chars() {
        if [':', ',', '\\'].contains(&letter) {
            text.push('\\');
        }
        text.push(letter);
    }
    text
}

const HOST: &str = "/.host";
const NEW: &str = "/.new";
const LAYER: &str = "/.layer";
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// Where programs, what they are linked with, and their settings live.
const FROM_HOST: &[&str] = &[
    "bin", "etc", "lib", "lib32", "lib64", "libx32", "opt", "sbin", "usr",
];
/// What programs expect to be there.
const EMPTY: &[&str] = &["home", "mnt", "root", "srv", "tmp", "var/tmp"];
/// What needs no hardware; TAP and PPP interfaces belong to the network namespace.
const NODES: &[&str] = &[
    "full", "net/tun", "null", "ppp", "random", "tty", "urandom", "zero",
];
const OWN: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV);
const ROOT_TMPFS: &str = "size=1m,mode=0755";
const DEV_TMPFS: &str = "size=1m,mode=0755";
const DEVPTS: &str = "newinstance,ptmxmode=0666,mode=0620";
/// A device that fills its disk does not fill the host's memory.
const TMPFS: &str = "size=64m,nr_inodes=16k,mode=0755";
const LAYER_TMPFS: &str = "size=256m,nr_inodes=64k,mode=0755";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_that_insists_becomes_user_0() {
        let users = "root:x:0:0:root:/root:/bin/sh\nnet:x:998:997::/:/sbin/nologin\n";
        let expected = "root:x:0:0:root:/root:/bin/sh\nnet:x:0:0::/:/sbin/nologin\n";
        assert_eq!(as_root(users, &["net".to_owned()]), expected);
        assert_eq!(as_root("net:x:997:\n", &["net".to_owned()]), "net:x:0:\n");
        assert_eq!(as_root("broken\n", &["broken".to_owned()]), "broken\n");
    }
}

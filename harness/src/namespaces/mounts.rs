//! Mounting, and files over files of the host.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};

/// What could not be done, and why.
pub(crate) type Trouble = (String, io::Error);

/// Writes a file into a private place, or over a file of the host in this namespace only, for which
/// it is kept in a folder of its own.
pub(crate) fn put(path: &Path, bytes: &[u8], mode: u32, own: &Path) -> Result<(), Trouble> {
    let told = |error| (format!("write {}", path.display()), error);
    match write_file(path, bytes, mode) {
        Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => {}
        other => return other.map_err(told),
    }
    if !path.is_file() {
        let text = "it is neither in a private directory nor a file of the host";
        return Err(told(io::Error::new(ErrorKind::NotFound, text)));
    }
    let name = path.display().to_string().replace('/', "-");
    let own = own.join(format!(".over{name}"));
    write_file(&own, bytes, mode).map_err(told)?;
    let own = own.display().to_string();
    attach(Some(&own), path, None, MsFlags::MS_BIND, None)
}

fn write_file(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    if let Some(folder) = path.parent()
        && !folder.exists()
    {
        fs::create_dir_all(folder)?;
    }
    let mut options = File::options();
    // A pipe that a device has put there must not keep us waiting.
    let options = options.write(true).create(true).truncate(true);
    let mut file = options.custom_flags(libc::O_NONBLOCK).open(path)?;
    file.write_all(bytes)?;
    file.set_permissions(fs::Permissions::from_mode(mode))
}

/// Makes one mount with these options read-only.
pub(crate) fn make_read_only(point: &Path, options: &str) -> Result<(), Trouble> {
    let mut flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
    // A flag that the host set is locked here and has to be repeated.
    for option in options.split(',') {
        flags |= match option {
            "nosuid" => MsFlags::MS_NOSUID,
            "nodev" => MsFlags::MS_NODEV,
            "noexec" => MsFlags::MS_NOEXEC,
            "noatime" => MsFlags::MS_NOATIME,
            "nodiratime" => MsFlags::MS_NODIRATIME,
            "relatime" => MsFlags::MS_RELATIME,
            _ => MsFlags::empty(),
        };
    }
    attach(None, point, None, flags, None)
}

/// Returns every mount of this process with its options, as a `/proc` shows them.
pub(crate) fn table(proc: &Path) -> Result<Vec<(PathBuf, String)>, Trouble> {
    let path = proc.join("self/mountinfo");
    let text =
        fs::read_to_string(&path).map_err(|error| (format!("read {}", path.display()), error))?;
    let rows = text.lines().filter_map(mount_line);
    Ok(rows
        .map(|(point, options)| (point, options.to_owned()))
        .collect())
}

/// Returns the mount point and the options of a line of mountinfo.
fn mount_line(line: &str) -> Option<(PathBuf, &str)> {
    let mut fields = line.split(' ').skip(4);
    let point = fields.next()?;
    let point = point.replace("\\040", " ").replace("\\011", "\t");
    Some((point.into(), fields.next()?))
}

/// Mounts.
pub(crate) fn attach(
    source: Option<&str>,
    target: impl AsRef<Path>,
    kind: Option<&str>,
    flags: MsFlags,
    data: Option<&str>,
) -> Result<(), Trouble> {
    let target = target.as_ref();
    mount(source, target, kind, flags, data).map_err(|errno| {
        let what = kind.or(source).unwrap_or("it");
        (
            format!("mount {what} on {}", target.display()),
            errno.into(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_point_with_a_blank_is_read() {
        let line = r"36 35 98:0 / /mnt/a\040b rw,noatime master:1 - ext3 /dev/root rw";
        let expected = (PathBuf::from("/mnt/a b"), "rw,noatime");
        assert_eq!(mount_line(line), Some(expected));
        assert_eq!(mount_line("36 35"), None);
    }
}

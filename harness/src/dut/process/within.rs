//! Paths below the root of a device, which links in it cannot lead out of.
//!
//! A firmware may bring its root along, and links in that are the firmware's. Nothing of the device
//! runs yet while they are followed.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

/// What the last part of a path is made into where it is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Last {
    /// A folder.
    Folder,
    /// An empty file.
    File,
    /// Nothing.
    Nothing,
}

/// Returns the path of the host for one of a root, free of links; missing folders are made.
pub(super) fn find(root: &Path, path: &Path, last: Last) -> io::Result<PathBuf> {
    let mut rest: VecDeque<OsString> = parts(path).collect();
    let mut at = root.to_owned();
    let mut links = 0;
    while let Some(part) = rest.pop_front() {
        if part == ".." {
            if at != root {
                at.pop();
            }
            continue;
        }
        let next = at.join(part);
        match fs::symlink_metadata(&next) {
            Ok(there) if there.is_symlink() => {
                links += 1;
                if links > MOST_LINKS {
                    return Err(io::Error::from_raw_os_error(libc::ELOOP));
                }
                let to = fs::read_link(&next)?;
                if to.is_absolute() {
                    at = root.to_owned();
                }
                for part in parts(&to).collect::<Vec<_>>().into_iter().rev() {
                    rest.push_front(part);
                }
                continue;
            }
            Ok(_) => {}
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            Err(_) if !rest.is_empty() || last == Last::Folder => fs::create_dir(&next)?,
            Err(_) if last == Last::File => drop(File::create_new(&next)?),
            Err(_) => {}
        }
        at = next;
    }
    Ok(at)
}

fn parts(path: &Path) -> impl Iterator<Item = OsString> + '_ {
    path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}

/// As many as the kernel follows.
const MOST_LINKS: u32 = 40;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn no_link_leads_out() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("root");
        fs::create_dir_all(root.join("real")).unwrap();
        fs::create_dir(place.path().join("outside")).unwrap();
        let outside = place.path().join("outside");
        for (name, to) in [
            ("absolute", outside.to_str().unwrap()),
            ("above", "../outside"),
            ("far-above", "real/../../../../outside"),
            ("loop", "loop"),
        ] {
            symlink(to, root.join(name)).unwrap();
        }
        let find = |path: &str| find(&root, Path::new(path), Last::Folder);
        assert_eq!(find("/real/new").unwrap(), root.join("real/new"));
        assert_eq!(find("/above/new").unwrap(), root.join("outside/new"));
        assert_eq!(
            find("/far-above/other").unwrap(),
            root.join("outside/other")
        );
        let inside = root.join(outside.strip_prefix("/").unwrap());
        assert_eq!(find("/absolute/new").unwrap(), inside.join("new"));
        assert!(find("/loop").is_err());
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    }

    #[test]
    fn what_is_missing_is_made_as_it_is_wanted() {
        let place = tempfile::tempdir().unwrap();
        let find = |path: &str, last| find(place.path(), Path::new(path), last).unwrap();
        assert!(find("/a/file", Last::File).is_file());
        assert!(find("/b/folder", Last::Folder).is_dir());
        assert!(!find("/c/nothing", Last::Nothing).exists());
        assert!(place.path().join("c").is_dir());
    }
}

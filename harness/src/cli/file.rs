//! Files that are written whole or not at all.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::Builder;

use crate::error::Error;

/// Writes a file, and the folder it goes into. Whoever reads it sees the old or the new one.
pub(super) fn write(path: &Path, content: &str) -> Result<(), Error> {
    write_bytes(path, content.as_bytes())
}

/// Writes a file like [`write`], of any bytes.
pub(super) fn write_bytes(path: &Path, content: &[u8]) -> Result<(), Error> {
    let written = match is_plain(path) {
        true => replace(path, |file| file.write_all(content)),
        // A pipe or a terminal must stay what it is.
        false => fs::write(path, content),
    };
    written.map_err(failed(path))
}

/// Writes a file like [`write`], of all that `from` still has.
pub(super) fn write_from(path: &Path, from: &mut impl io::Read) -> Result<(), Error> {
    let mut copy = |to: &mut File| io::copy(from, to).map(drop);
    let written = match is_plain(path) {
        true => replace(path, copy),
        false => File::create(path).and_then(|mut to| copy(&mut to)),
    };
    written.map_err(failed(path))
}

/// Looks whether a file can be written there, without writing it.
pub(super) fn try_out(path: &Path) -> Result<(), Error> {
    let tried = match path.is_dir() {
        true => Err(io::ErrorKind::IsADirectory.into()),
        false if is_plain(path) => {
            make_folder(path).and_then(|folder| tempfile::tempfile_in(folder).map(drop))
        }
        false => Ok(()),
    };
    tried.map_err(failed(path))
}

/// Returns whether there is a file of the ordinary kind, or may be.
pub(super) fn is_plain(path: &Path) -> bool {
    fs::symlink_metadata(path).map_or_else(
        |error| error.kind() != io::ErrorKind::PermissionDenied,
        |there| there.is_file(),
    )
}

/// Makes a folder and all above it.
pub(super) fn make_folder_at(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(failed(path))
}

fn replace(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let mut file = Builder::new()
        .prefix(".ngnlab-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(make_folder(path)?)?;
    fill(file.as_file_mut())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Returns the folder of a file, which is made unless it is there.
fn make_folder(path: &Path) -> io::Result<&Path> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            fs::create_dir_all(folder)?;
            Ok(folder)
        }
        Some(_) | None => Ok(Path::new(".")),
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> Error + '_ {
    |source| Error::Write {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_stays_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/report.json");
        try_out(&path).unwrap();
        for text in ["one", "two"] {
            write(&path, text).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        let around = fs::read_dir(path.parent().unwrap()).unwrap();
        assert_eq!(around.count(), 1);
    }

    #[test]
    fn what_is_no_plain_file_is_written_into_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write(&link, "text").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "text");
        assert!(link.is_symlink());
        write(Path::new("/dev/null"), "text").unwrap();
        assert!(!is_plain(Path::new("/dev/null")));
        assert!(try_out(folder.path()).is_err());
    }
}

//! Files of the user's: read only where they are files, and no longer than they can sensibly be.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::built_in;
use crate::error::Error;

/// Opens a file; what is none, as a pipe or a device that never ends, is refused unopened.
pub fn open(path: &Path) -> Result<File, Error> {
    opened(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })
}

/// Reads a text of so many bytes at most, from the disk or from inside the program.
pub fn text(path: &Path, most: u64) -> Result<String, Error> {
    let read = || {
        if let Some(inside) = built_in::read(path) {
            return String::from_utf8(inside.into_owned()).map_err(io::Error::other);
        }
        let file = opened(path)?;
        let mut text = String::new();
        if file.metadata()?.len() <= most {
            // It may grow.
            file.take(most + 1).read_to_string(&mut text)?;
        }
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        if fs::metadata(path)?.len() > most || length > most {
            let message = format!("it has more than {most} bytes, the most such a file can have");
            return Err(io::Error::new(ErrorKind::FileTooLarge, message));
        }
        Ok(text)
    };
    read().map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })
}

fn opened(path: &Path) -> io::Result<File> {
    let file_only = |data: fs::Metadata| match data.is_file() {
        true => Ok(()),
        false if data.is_dir() => Err(io::Error::from(ErrorKind::IsADirectory)),
        false => Err(io::Error::other(
            "it is a pipe, a socket or a device, and no file",
        )),
    };
    file_only(fs::metadata(path)?)?;
    // A pipe that has taken its place since must not keep us waiting.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)?;
    file_only(file.metadata()?)?;
    Ok(file)
}

/// The most bytes of a scenario or a device file; the largest have a tenth.
pub const DESCRIPTION: u64 = 256 << 10;
/// The most bytes of a report; one of a device over all scenarios has a tenth.
pub const REPORT: u64 = 512 << 20;

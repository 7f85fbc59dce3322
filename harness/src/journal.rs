//! The journal on disk: one run holds it at a time, and writes each case into it as it ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ngnlab_reports::journal::{Ended, Header, line};

use crate::error::Error;

/// A journal that this process holds until it ends, however it ends.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// How many bytes of it are whole lines.
    whole: Mutex<u64>,
}

impl Journal {
    /// Opens or makes the journal of a path; `None` if another process holds it.
    pub fn hold(path: &Path) -> Result<Option<Self>, Error> {
        let fail = |source| Error::Write {
            path: path.to_owned(),
            source,
        };
        loop {
            let mut options = OpenOptions::new();
            let options = options.read(true).append(true).create(true);
            let file = options.open(path).map_err(fail)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(source)) => return Err(fail(source)),
            }
            // Whoever held it until now may have taken it away.
            if is_at(&file, path).map_err(fail)? {
                return Ok(Some(Self {
                    path: path.to_owned(),
                    file,
                    whole: Mutex::new(0),
                }));
            }
        }
    }

    /// Reads all of it.
    pub fn read(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let read = (&self.file).read_to_end(&mut bytes);
        read.map_err(|source| Error::Read {
            path: self.path.clone(),
            source,
        })?;
        Ok(bytes)
    }

    /// Begins it anew.
    pub fn begin(&self, header: &Header) -> Result<(), Error> {
        self.cut(0)?;
        self.append(&line(header))
    }

    /// Goes on behind so many bytes of whole lines, and takes away what was cut.
    pub fn go_on(&self, whole: usize) -> Result<(), Error> {
        self.cut(whole as u64)
    }

    /// Writes a case that has ended, whole or not at all.
    pub fn keep(&self, ended: &Ended) -> Result<(), Error> {
        self.append(&line(ended))
    }

    /// Takes it away: there is nothing to go on with.
    pub fn remove(self) -> Result<(), Error> {
        fs::remove_file(&self.path).map_err(|source| self.failed(source))
    }

    fn cut(&self, at: u64) -> Result<(), Error> {
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        self.file.set_len(at).map_err(|error| self.failed(error))?;
        *whole = at;
        Ok(())
    }

    fn append(&self, line: &[u8]) -> Result<(), Error> {
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        match (&self.file).write_all(line) {
            Ok(()) => {
                *whole += line.len() as u64;
                Ok(())
            }
            Err(error) => {
                // Half a line must not stand before the next one.
                let _ = self.file.set_len(*whole);
                Err(self.failed(error))
            }
        }
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Write {
            path: self.path.clone(),
            source,
        }
    }
}

/// Returns whether a path leads to an open file.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let ours = file.metadata()?;
    match fs::metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (ours.dev(), ours.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_it_at_a_time_and_nobody_holds_one_that_was_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let first = Journal::hold(&path).unwrap().unwrap();
        assert!(Journal::hold(&path).unwrap().is_none());
        first.remove().unwrap();
        let second = Journal::hold(&path).unwrap().unwrap();
        assert!(path.is_file());
        drop(second);
        assert!(Journal::hold(&path).unwrap().is_some());
    }

    #[test]
    fn a_line_that_was_cut_is_taken_away_before_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        fs::write(&path, "{\"journal\":1}\n{\"device\":0,\"ca").unwrap();
        let journal = Journal::hold(&path).unwrap().unwrap();
        journal.go_on(14).unwrap();
        journal.append(b"{}\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"{\"journal\":1}\n{}\n");
    }
}

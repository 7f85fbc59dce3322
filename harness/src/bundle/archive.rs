//! The archive itself: files are added with their sums, and read no further than they may be long.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};

use ngnlab_reports::escape;
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{MANIFEST, SIGNATURE};
use crate::error::Error;

/// An archive in the making.
pub(super) struct Packer<W: Write + Seek> {
    zip: ZipWriter<W>,
    sums: BTreeMap<String, String>,
}

impl<W: Write + Seek> Packer<W> {
    pub(super) fn new(to: W) -> Self {
        Self {
            zip: ZipWriter::new(to),
            sums: BTreeMap::new(),
        }
    }

    /// Adds a file.
    pub(super) fn add(&mut self, path: &str, content: &[u8]) -> io::Result<()> {
        self.put(path, content)?;
        self.sums
            .insert(path.to_owned(), format!("{:x}", Sha256::digest(content)));
        Ok(())
    }

    /// Adds the manifest, and what `sign` makes of it; then the archive is whole.
    pub(super) fn finish(
        mut self,
        sign: impl FnOnce(&[u8]) -> Result<Option<Vec<u8>>, Error>,
    ) -> Result<W, Error> {
        let lines = self.sums.iter();
        let lines = lines.map(|(path, sum)| format!("{sum}  {path}\n"));
        let manifest = lines.collect::<String>();
        let signature = sign(manifest.as_bytes())?;
        let mut end = || {
            self.put(MANIFEST, manifest.as_bytes())?;
            match &signature {
                Some(signature) => self.put(SIGNATURE, signature),
                None => Ok(()),
            }
        };
        end().map_err(unpacked)?;
        self.zip.finish().map_err(|error| unpacked(error.into()))
    }

    fn put(&mut self, path: &str, content: &[u8]) -> io::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            // ZIP has no time zone, and when it was made is written inside.
            .last_modified_time(zip::DateTime::default());
        self.zip.start_file(path, options)?;
        self.zip.write_all(content)
    }
}

/// An archive that somebody has sent: nothing in it is believed.
pub(super) struct Opened {
    zip: ZipArchive<File>,
    names: BTreeMap<String, usize>,
}

impl Opened {
    /// Opens one; whatever two programs could read differently is refused.
    pub(super) fn new(mut file: File) -> Result<Self, String> {
        let ends = ends_with_its_directory(&mut file).map_err(|error| error.to_string())?;
        let mut zip = ZipArchive::new(file).map_err(|error| error.to_string())?;
        if zip.offset() > 0 || !ends {
            return Err("there is something before or behind the archive".to_owned());
        }
        if zip.len() > MOST_FILES {
            return Err(format!("it has more than {MOST_FILES} files"));
        }
        if zip.has_duplicate_names() {
            return Err("two files in it have the same name".to_owned());
        }
        match zip.has_overlapping_entries() {
            Ok(false) => {}
            Ok(true) => return Err("two files in it share the same bytes".to_owned()),
            Err(error) => return Err(error.to_string()),
        }
        zip.validate_header_consistency()
            .map_err(|error| error.to_string())?;
        let mut names = BTreeMap::new();
        for index in 0..zip.len() {
            let file = zip.by_index(index).map_err(|error| error.to_string())?;
            let name = file.name().map_err(|error| error.to_string())?.into_owned();
            if !file.is_file() {
                return Err(format!("{name} in it is no plain file"));
            }
            if !stays_inside(&name) {
                return Err(format!("{name} in it leads elsewhere"));
            }
            names.insert(name, index);
        }
        match clash(names.keys()) {
            Some(name) => Err(format!("{name} in it has the place of another file")),
            None => Ok(Self { zip, names }),
        }
    }

    /// Returns the names of all files.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        self.names.keys().map(String::as_str).collect()
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.names.contains_key(path)
    }

    /// Returns what is in a file, unless it is too long.
    pub(super) fn read(&mut self, path: &str) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        self.stream(path)?.read_to_end(&mut content)?;
        if u64::try_from(content.len()).unwrap_or(u64::MAX) > LONGEST_FILE {
            return Err(too_long(path));
        }
        Ok(content)
    }

    /// Returns the text in a file.
    pub(super) fn text(&mut self, path: &str) -> io::Result<String> {
        String::from_utf8(self.read(path)?).map_err(io::Error::other)
    }

    /// Returns a file's sum, and how long it is.
    pub(super) fn sum(&mut self, path: &str) -> io::Result<(String, u64)> {
        let mut hash = Sha256::new();
        let length = io::copy(&mut self.stream(path)?, &mut hash)?;
        match length > LONGEST_FILE {
            true => Err(too_long(path)),
            false => Ok((format!("{:x}", hash.finalize()), length)),
        }
    }

    fn stream(&mut self, path: &str) -> io::Result<impl Read + '_> {
        let index = self.names.get(path).copied();
        let index = index.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(self.zip.by_index(index)?.take(LONGEST_FILE + 1))
    }
}

/// Says that a bundle cannot be made.
pub(super) fn unpacked(source: io::Error) -> Error {
    Error::Write {
        path: PathBuf::from("the bundle"),
        source,
    }
}

fn too_long(path: &str) -> io::Error {
    let message = format!("{path} has more than {LONGEST_FILE} bytes");
    io::Error::new(io::ErrorKind::FileTooLarge, message)
}

/// Returns whether nothing stands behind the end of the central directory, not even a comment (PKWARE
/// APPNOTE.TXT §4.3.16: 22 bytes without one).
fn ends_with_its_directory(file: &mut File) -> io::Result<bool> {
    let mut end = [0; 22];
    if file.metadata()?.len() < 22 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-22))?;
    file.read_exact(&mut end)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(end.starts_with(b"PK\x05\x06") && end.ends_with(&[0, 0]))
}

/// Returns a file that has the place of another one, where capitals do not count, or of its folder.
fn clash<'a>(names: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    let mut places = BTreeSet::new();
    let mut folders = BTreeSet::new();
    let names: Vec<&String> = names.collect();
    for name in &names {
        let folded = name.to_lowercase();
        let above = Path::new(&folded).ancestors().skip(1);
        folders.extend(above.map(|folder| folder.display().to_string()));
    }
    names.into_iter().find(|name| {
        let folded = name.to_lowercase();
        folders.contains(&folded) || !places.insert(folded)
    })
}

/// Returns whether a name stays in the folder that an archive is unpacked into, wherever that is, and
/// shows what it is.
fn stays_inside(name: &str) -> bool {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    let ends_oddly = |part: &str| part.ends_with(['.', ' ']);
    if name.split('/').any(ends_oddly) || escape::line(name) != name {
        return false;
    }
    !name.contains(['\\', ':', '\0', '\n', '\r']) && Path::new(name).components().all(is_plain)
}

/// The largest run known has a hundredth of it.
const MOST_FILES: usize = 1 << 18;
/// As long as a report may be.
const LONGEST_FILE: u64 = crate::input::REPORT;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_out_of_a_folder_is_seen() {
        for name in ["a", "runs/dns/odd-east/trace.jsonl", "a b/ü"] {
            assert!(stays_inside(name), "{name}");
        }
        for name in [
            "/a",
            "../a",
            "a/../b",
            "C:\\a",
            "a\\b",
            "a\nb",
            "a.",
            "a /b",
            "\u{202e}gnp",
        ] {
            assert!(!stays_inside(name), "{name}");
        }
    }

    #[test]
    fn two_files_in_one_place_are_seen() {
        let clash = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            clash(names.iter()).cloned()
        };
        assert_eq!(clash(&["a/b", "a/c", "b"]), None);
        assert_eq!(clash(&["A/b", "a/B"]).as_deref(), Some("a/B"));
        assert_eq!(clash(&["a", "a/b"]).as_deref(), Some("a"));
    }
}

//! The scenarios and device examples that the program has inside, for whoever has no checkout.
//!
//! Their paths begin with `built-in:`, which is on no disk. Whatever reads a scenario or device file,
//! in this process or in a worker, reads one of these by its path like any other.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use rust_embed::Embed;

#[derive(Embed)]
#[folder = "../scenarios"]
struct Scenarios;

#[derive(Embed)]
#[folder = "devices"]
struct Devices;

/// A file inside the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside {
    /// Its path below the folder that they are written out to.
    pub path: PathBuf,
    /// What is in it.
    pub content: Cow<'static, [u8]>,
}

/// Returns the folder of the scenarios.
pub fn scenarios() -> PathBuf {
    Path::new(ROOT).join(SCENARIOS)
}

/// Returns the folder of the device examples.
pub fn devices() -> PathBuf {
    Path::new(ROOT).join(DEVICES)
}

/// Returns whether a path is that of something inside.
pub fn is_inside(path: &Path) -> bool {
    path.starts_with(ROOT)
}

/// Returns the device example of a name, if there is one.
pub fn device(name: &str) -> Option<PathBuf> {
    let path = devices().join(format!("{name}.toml"));
    read(&path).map(|_| path)
}

/// Returns what a path is called on the command line: a device example by its name.
pub fn name(path: &Path) -> String {
    let example = path.strip_prefix(devices()).ok();
    let name = example
        .and_then(|name| name.file_stem())
        .unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// Returns what is in a file inside; nothing for a path of the disk.
pub fn read(path: &Path) -> Option<Cow<'static, [u8]>> {
    let path = path.strip_prefix(ROOT).ok()?;
    let mut parts = path.components();
    let folder = parts.next()?.as_os_str();
    let rest = parts.as_path().to_str()?;
    let file = match folder.to_str()? {
        SCENARIOS => Scenarios::get(rest),
        DEVICES => Devices::get(rest),
        IMAGES if rest == IMAGE_NAME => return Some(Cow::Borrowed(IMAGE)),
        _ => None,
    };
    file.map(|file| file.data)
}

/// Returns the paths of all files below a folder inside; nothing for a folder of the disk.
pub fn below(folder: &Path) -> Option<Vec<PathBuf>> {
    is_inside(folder).then(|| {
        let mut paths: Vec<PathBuf> = paths().collect();
        paths.retain(|path| path.starts_with(folder));
        paths.sort();
        paths
    })
}

/// Returns all files, as they are written out: with the places that they name in that folder.
pub fn written_out() -> Vec<Inside> {
    let inside = paths().filter_map(|path| {
        let content = match read(&path)? {
            // All of ours are texts.
            Cow::Borrowed(bytes) => match str::from_utf8(bytes) {
                Ok(text) if text.contains(CHECKOUT) => {
                    Cow::Owned(text.replace(CHECKOUT, "").into_bytes())
                }
                Ok(_) | Err(_) => Cow::Borrowed(bytes),
            },
            owned => owned,
        };
        let path = path.strip_prefix(ROOT).ok()?.to_owned();
        Some(Inside { path, content })
    });
    inside.collect()
}

fn paths() -> impl Iterator<Item = PathBuf> {
    let below = |folder: &'static str| {
        move |name: Cow<'static, str>| Path::new(ROOT).join(folder).join(&*name)
    };
    let scenarios = Scenarios::iter().map(below(SCENARIOS));
    let devices = Devices::iter().map(below(DEVICES));
    let image = Path::new(ROOT).join(IMAGES).join(IMAGE_NAME);
    scenarios.chain(devices).chain([image])
}

/// What the path of everything inside begins with.
const ROOT: &str = "built-in:";
const SCENARIOS: &str = "scenarios";
const DEVICES: &str = "devices";
const IMAGES: &str = "images";
const IMAGE_NAME: &str = "debian.sh";
/// What builds the image that a device file names; the image itself stays outside.
const IMAGE: &[u8] = include_bytes!("../images/debian.sh");
/// Where devices and images are in the checkout.
const CHECKOUT: &str = "harness/";

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_scenario_and_device_of_the_checkout_is_inside() {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
        for (ours, theirs) in [
            (scenarios(), checkout.join("../scenarios")),
            (devices(), checkout.join("devices")),
        ] {
            let inside = below(&ours).unwrap();
            let mut count = 0;
            for path in &inside {
                let file = theirs.join(path.strip_prefix(&ours).unwrap());
                assert_eq!(
                    read(path).unwrap(),
                    fs::read(&file).unwrap(),
                    "{}",
                    path.display()
                );
                count += 1;
            }
            assert_eq!(count, files(&theirs), "{}", theirs.display());
        }
        assert!(read(Path::new("built-in:/images/debian.sh")).is_some());
    }

    #[test]
    fn what_is_on_the_disk_is_not_inside() {
        assert_eq!(read(Path::new("scenarios/README.md")), None);
        assert_eq!(read(Path::new("./built-in:/scenarios/README.md")), None);
        assert_eq!(read(Path::new("built-in:/scenarios")), None);
        assert_eq!(read(Path::new("built-in:/../Cargo.toml")), None);
        assert_eq!(below(Path::new("scenarios")), None);
        assert_eq!(device("../scenarios/README"), None);
        assert_eq!(name(&device("dnsmasq-dhcpcd").unwrap()), "dnsmasq-dhcpcd");
        assert_eq!(name(Path::new("a/b.toml")), "a/b.toml");
    }

    #[test]
    fn what_is_written_out_names_no_place_of_the_checkout() {
        for file in written_out() {
            let text = str::from_utf8(&file.content).unwrap();
            assert!(!text.contains("harness/"), "{}", file.path.display());
        }
    }

    /// Counts the files below a folder.
    fn files(folder: &Path) -> usize {
        let entries = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        entries
            .map(|path| if path.is_dir() { files(&path) } else { 1 })
            .sum()
    }
}

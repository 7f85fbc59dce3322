//! What the tests stand on: a folder of its own for each, and a look at the processes below.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ngnlab_harness::error::Error;
use ngnlab_harness::job::{Device, Job};
use ngnlab_harness::play::Run;
use ngnlab_sim::line::Area;
use tempfile::TempDir;

/// The set-up of a device whose kernel says that it is there, and that does nothing else.
pub(crate) const LINKS_UP: &str = "ip link set wan0 up; ip link set lan0 up";

/// Returns the folder of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A folder with a short and a lasting scenario on a PD line, and room for a device file.
pub(crate) struct Bench {
    pub(crate) folder: PathBuf,
    _scratch: Option<TempDir>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().to_owned();
        let family = folder.join("test");
        fs::create_dir(&family).unwrap();
        for (name, until) in [("short", "3s"), ("lasting", "100s")] {
            let scenario = format!(
                "about = {{ en = \"Nothing happens.\", ja = \"何も起こらない。\" }}\nsource = \"none\"\nline = {{ preset = \"next-pd\" }}\n\
                until = \"{until}\"\n"
            );
            fs::write(family.join(name).with_extension("toml"), scenario).unwrap();
        }
        Self {
            folder,
            _scratch: Some(scratch),
        }
    }

    /// A folder that another bench has made.
    pub(crate) fn at(folder: PathBuf) -> Self {
        Self {
            folder,
            _scratch: None,
        }
    }

    pub(crate) fn device(&self, rest: &str) -> String {
        let head = "driver = \"process\"\nname = \"test\"\nneeds = []\n\
            offers = { modes = [\"pd\"] }\n";
        head.to_owned() + &rest.replace("@marker@", &marker(&self.folder))
    }

    pub(crate) fn run(&self, rest: &str) -> Result<Run, Error> {
        self.run_text(&self.device(rest))
    }

    pub(crate) fn run_text(&self, text: &str) -> Result<Run, Error> {
        self.job(text).run()
    }

    /// Writes the device file, and returns its run in the short scenario.
    pub(crate) fn job(&self, text: &str) -> Job {
        Job {
            scenario: self.folder.join("test/short.toml"),
            area: Area::East,
            delivery: None,
            seed: 1,
            pace: None,
            device: Device::File(self.write_device(text)),
            prepared: None,
            out: None,
        }
    }

    /// Writes the device file.
    pub(crate) fn write_device(&self, text: &str) -> PathBuf {
        let device = self.folder.join("device.toml");
        fs::write(&device, text).unwrap();
        device
    }
}

/// Returns a word that is in no other test.
pub(crate) fn marker(folder: &Path) -> String {
    folder.file_name().unwrap().to_str().unwrap().to_owned()
}

/// Returns every process that was started with a word.
pub(crate) fn processes_with(marker: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let with = entries.filter(|entry| {
        let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&words).into_owned();
        words.contains(marker)
    });
    with.map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Returns every process below another one.
pub(crate) fn children_of(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let mut below = Vec::new();
    for thread in threads.flatten() {
        let text = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        for child in text.split_whitespace().filter_map(|word| word.parse().ok()) {
            below.push(child);
            below.extend(children_of(child));
        }
    }
    below
}

/// Waits until something holds, for so long at most; false if it never did.
pub(crate) fn eventually(within: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let turns = within.as_millis() / TURN.as_millis();
    (0..turns).any(|_| {
        let held = holds();
        if !held {
            pause(TURN);
        }
        held
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test that waits for other processes to end"
)]
fn pause(span: Duration) {
    std::thread::sleep(span);
}

const TURN: Duration = Duration::from_millis(20);

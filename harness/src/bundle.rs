//! A bundle: a report with everything that somebody needs who is to believe it, in one archive.
//!
//! It is a ZIP file that any program opens, with a manifest that `sha256sum -c` reads and, if
//! somebody stands for it, a signature of the manifest. What is in it and where:
//!
//! | path | what |
//! |---|---|
//! | `README.txt` | what this is, for who never heard of it |
//! | `bundle.json` | by which program it was made, and when |
//! | `report.json`, `report.html`, `report.pdf` | the report |
//! | `devices/`, `scenarios/` | the files that it was made of |
//! | `runs/<scenario>-<area>/` | traces, captures, logs; with several devices one folder each |
//! | `manifest.sha256`, `manifest.sha256.sig` | the sum of every other file, and its signature |

use serde::{Deserialize, Serialize};

mod archive;
mod book;
mod pack;
pub mod pdf;
pub mod signature;
mod verify;

pub use pack::{Contents, Packed, Sign, pack};
pub use verify::{Difference, Unpack, Verified, verify};

/// What a bundle says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct About {
    /// The version of the form, [`FORMAT`].
    pub bundle: u32,
    /// The program and its version.
    pub tool: String,
    /// The revision of the source of the program that judged it.
    pub revision: String,
    /// When it was made, in UTC, as RFC 3339 has it.
    pub made: String,
    /// Whether what gives people away was mapped to something else.
    pub redacted: bool,
    /// The language in which its page opens: `ja` or `en`.
    pub lang: String,
}

/// The version of the form; it grows when a reader of the old one would break.
pub const FORMAT: u32 = 1;

const README: &str = "README.txt";
const ABOUT: &str = "bundle.json";
const REPORT: &str = "report.json";
const PAGE: &str = "report.html";
const PAPER: &str = "report.pdf";
const DEVICES: &str = "devices";
const SCENARIOS: &str = "scenarios";
const RUNS: &str = "runs";
const MANIFEST: &str = "manifest.sha256";
const SIGNATURE: &str = "manifest.sha256.sig";

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

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

mod archive;
mod book;
mod difference;
mod pack;
pub mod pdf;
pub mod signature;
mod verify;

pub use difference::Difference;
pub use pack::{Contents, Packed, Sign, pack};
pub use verify::{Unpack, Verified, verify};

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

/// Returns the folder of the runs of one device, of so many.
fn runs(number: usize, of: usize) -> PathBuf {
    match of {
        1 => PathBuf::from(RUNS),
        _ => Path::new(RUNS).join(format!("{}", number + 1)),
    }
}

/// What `README.txt` says.
const READ_ME: &str = "\
This archive holds the conformance report of a router, made by ngnlab, and all it was made of.
ngnlab が作成したルータの適合性の報告と、その根拠となる資料一式です。

  report.html      the report for a browser, offline; report.pdf for printing
                   報告（ブラウザで開く。通信は発生しない）。印刷用は report.pdf
  report.json      the same for programs
                   同じ内容（プログラム用）
  runs/            what was seen in each run: trace, capture for Wireshark, the device's logs
                   各実行の記録：トレース、Wireshark 用キャプチャ、機器のログ
  devices/         the device file / 装置ファイル
  scenarios/       the scenarios / シナリオ
  bundle.json      when and by what this was made / 作成日時と作成したプログラム

Is it whole, and does the report follow from the traces?
改ざんの有無と、報告が記録どおりかの確認：

  ngnlab verify FILE.zip
  sha256sum -c manifest.sha256         (unpacked, and without ngnlab / 展開後、ngnlab なしで)
";

//! Where a report comes from: when and by what it was made, so that somebody else can make it again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is known of the call of the program that made a report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case")]
pub struct Provenance {
    /// When it began, in UTC, as RFC 3339 has it.
    pub began: String,
    /// The revision of the program's source, as `git describe` has it, or `unknown`.
    pub revision: String,
    /// The whole command line, word by word.
    pub command: Vec<String>,
    /// The run's seed, which a reader of JSON may not take for a number that it can round.
    pub seed: String,
    /// Where the scenarios are from.
    pub scenarios: String,
    /// The file of the device, if it has one.
    pub device: Option<DeviceFile>,
    /// The machine.
    pub host: Host,
    /// The call that judged the traces again, if another one did; all else is of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged: Option<Box<Self>>,
}

/// The file that describes a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceFile {
    /// As it was named.
    pub file: String,
    /// The SHA-256 of what is in it, in hexadecimal.
    pub sha256: String,
    /// What the device is, as the file says.
    #[serde(default)]
    pub about: String,
}

/// What of the machine can matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// The kernel and its version.
    pub kernel: String,
    /// The kind of processor.
    pub processor: String,
    /// How many of them the program could use.
    pub processors: usize,
}

impl Provenance {
    /// Returns what is known, each with its label, as people read it.
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let command = self.words();
        let machine = self.host.words();
        let device = self.device.as_ref();
        let rows = [
            ("began", self.began.clone()),
            ("revision", self.revision.clone()),
            ("command", command),
            ("seed", self.seed.clone()),
            ("from", self.scenarios.clone()),
            ("file", device.map_or(String::new(), |one| one.file.clone())),
            (
                "sha256",
                device.map_or(String::new(), |one| one.sha256.clone()),
            ),
            ("host", machine),
            (
                "rejudged",
                self.judged
                    .as_ref()
                    .map_or(String::new(), |call| judging(call)),
            ),
        ];
        let known = rows.into_iter().filter(|(_, value)| !value.is_empty());
        known.collect()
    }

    /// Returns the command line, as a shell takes it back.
    fn words(&self) -> String {
        let words: Vec<String> = self.command.iter().map(|word| quoted(word)).collect();
        words.join(" ")
    }
}

impl Host {
    fn words(&self) -> String {
        match self.processors {
            0 => String::new(),
            count => format!("{}, {} x {}", self.kernel, count, self.processor),
        }
    }
}

/// Returns when and by what traces were judged again, in one row: it is no part of the run.
fn judging(call: &Provenance) -> String {
    let known = [
        call.began.clone(),
        call.revision.clone(),
        call.words(),
        call.host.words(),
    ];
    let known = known.into_iter().filter(|word| !word.is_empty());
    known.collect::<Vec<_>>().join(", ")
}

/// Returns a word as a shell takes it back.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./:=,@%+".contains(letter);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_the_command_back_and_what_is_unknown_is_left_out() {
        let words = ["ngnlab", "run", "--scenario", "dns/*", "", "it's"];
        let provenance = Provenance {
            command: words.map(str::to_owned).into(),
            ..Provenance::default()
        };
        let command = "ngnlab run --scenario 'dns/*' '' 'it'\\''s'".to_owned();
        assert_eq!(provenance.rows(), [("command", command)]);
        assert!(Provenance::default().rows().is_empty());
    }

    #[test]
    fn who_judged_it_again_is_one_row_of_its_own() {
        let run = Provenance {
            began: "2026-01-01T00:00:00Z".to_owned(),
            ..Provenance::default()
        };
        let judging = Provenance {
            began: "2027-01-01T00:00:00Z".to_owned(),
            revision: "abc".to_owned(),
            command: ["ngnlab", "judge", "out"].map(str::to_owned).into(),
            ..Provenance::default()
        };
        let both = Provenance {
            judged: Some(Box::new(judging)),
            ..run.clone()
        };
        let mut rows = both.rows();
        let said = "2027-01-01T00:00:00Z, abc, ngnlab judge out".to_owned();
        assert_eq!(rows.pop(), Some(("rejudged", said)));
        assert_eq!(rows, run.rows());
    }

    #[test]
    fn what_another_version_knew_less_of_is_read_all_the_same() {
        let read: Provenance =
            serde_json::from_str(r#"{"began": "2026-01-01T00:00:00Z"}"#).unwrap();
        assert_eq!(read.rows().len(), 1);
    }
}

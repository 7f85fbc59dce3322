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
}

/// The file that describes a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceFile {
    /// As it was named.
    pub file: String,
    /// The SHA-256 of what is in it, in hexadecimal.
    pub sha256: String,
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
        let words: Vec<String> = self.command.iter().map(|word| quoted(word)).collect();
        let host = &self.host;
        let machine = match host.processors {
            0 => String::new(),
            count => format!("{}, {} x {}", host.kernel, count, host.processor),
        };
        let device = self.device.as_ref();
        let rows = [
            ("began", self.began.clone()),
            ("revision", self.revision.clone()),
            ("command", words.join(" ")),
            ("seed", self.seed.clone()),
            ("from", self.scenarios.clone()),
            ("file", device.map_or(String::new(), |one| one.file.clone())),
            (
                "sha256",
                device.map_or(String::new(), |one| one.sha256.clone()),
            ),
            ("host", machine),
        ];
        let known = rows.into_iter().filter(|(_, value)| !value.is_empty());
        known.collect()
    }
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
    fn what_another_version_knew_less_of_is_read_all_the_same() {
        let read: Provenance =
            serde_json::from_str(r#"{"began": "2026-01-01T00:00:00Z"}"#).unwrap();
        assert_eq!(read.rows().len(), 1);
    }
}

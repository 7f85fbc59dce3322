//! What is done at a real computer on the LAN: a command, or a user at a browser.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::terminal::Url;

/// Which command, and what is promised of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Run {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Programs that it uses, beside the first word of the command.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The exit status that is promised.
    #[serde(default)]
    pub exit: i32,
    /// What its output contains.
    #[serde(default)]
    pub prints: Vec<String>,
    /// Whether the root certificate of ONS is installed.
    #[serde(default = "installed")]
    pub trusts_ons_root: bool,
}

/// What the user of a browser does, and what is promised to be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Browse {
    /// The page to open.
    pub url: Url,
    /// What is written into fields, by the words beside them, wherever such fields are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fill: BTreeMap<String, String>,
    /// The words on the buttons to press, one after the other.
    #[serde(default)]
    pub press: Vec<String>,
    /// What the pages say.
    #[serde(default)]
    pub shows: Vec<String>,
    /// Whether the root certificate of ONS is installed.
    #[serde(default = "installed")]
    pub trusts_ons_root: bool,
}

fn installed() -> bool {
    true
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {}", self.command.join(" "))
    }
}

impl fmt::Display for Browse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "open {} in a real browser", self.url.0)?;
        for words in &self.press {
            write!(f, ", press {words}")?;
        }
        Ok(())
    }
}

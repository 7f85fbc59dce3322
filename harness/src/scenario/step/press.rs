//! `do.press`: what a user fills in on the page that is shown, and the button or link pressed then.

use std::collections::BTreeMap;
use std::fmt;

use ngnlab_sim::trace::Screen;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which button or link, and what is written before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Press {
    /// The terminal; the first one, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The words on the button or link.
    pub button: String,
    /// What is written into fields, by the words beside them; a choice is made by any text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fill: BTreeMap<String, String>,
    /// Whether it is greyed, and that is all that is promised.
    #[serde(default, skip_serializing_if = "is_no")]
    pub greyed: bool,
    /// The screen that is promised to come of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shows: Option<Screen>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_no(yes: &bool) -> bool {
    !yes
}

impl fmt::Display for Press {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.greyed {
            true => write!(f, "find {} greyed", self.button),
            false => write!(f, "press {}", self.button),
        }
    }
}

//! What a user does at a terminal.

use std::fmt;

use ngnlab_sim::line::Area;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::target::Target;
use crate::period::Period;

/// Nothing but the terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct From {
    /// The terminal; the first one, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// Which page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Open {
    /// The terminal; the first one, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The page.
    pub url: Url,
}

/// An address of a page, `https://` or `http://`; `{area}` stands for `east` or `west`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(
    inline,
    extend("pattern" = "^https?://[^/]", "examples" = ["https://www.lineauth.mnw/"])
)]
pub struct Url(pub String);

impl Url {
    /// Returns it with the area's name in the place of `{area}`: some hosts differ in that alone.
    pub fn in_area(&self, area: Area) -> String {
        self.0.replace("{area}", area.name())
    }

    /// Returns the host's name.
    pub fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        rest.split(['/', ':', '?', '#']).next().unwrap_or_default()
    }
}

impl TryFrom<String> for Url {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        if rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/')) {
            Ok(Self(text))
        } else {
            Err(format!(
                "`{text}` is not an address such as https://www.lineauth.mnw/"
            ))
        }
    }
}

/// Which button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Consent {
    /// The terminal; the first one, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The button.
    pub choice: Choice,
}

/// A button of the consent screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// 希望する.
    Accept,
    /// 希望しない.
    Refuse,
}

/// Where to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Ping {
    /// The terminal; the first one, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The destination.
    pub to: Target,
    /// The hop limit, 64 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hop_limit: Option<u8>,
}

/// How long a connection is silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Hold {
    /// The terminal; the first one, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The silence.
    pub idle: Period,
    /// How many connections at the same time; one, unless given.
    #[serde(default = "one")]
    pub count: u8,
}

fn one() -> u8 {
    1
}

impl Choice {
    /// Returns the words on the button (ngn-facts §5.8).
    pub fn label(self) -> &'static str {
        match self {
            Self::Accept => "希望する",
            Self::Refuse => "希望しない",
        }
    }
}

impl fmt::Display for Ping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ping {}", self.to)?;
        match self.hop_limit {
            Some(limit) => write!(f, " with hop limit {limit}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            1 => write!(f, "hold a connection silent for {}", self.idle),
            count => write!(f, "hold {count} connections silent for {}", self.idle),
        }
    }
}

//! What line authentication knows of a prefix.

use serde::{Deserialize, Serialize};

/// The line-authentication state of a prefix, ngn-facts §5.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineState {
    /// The line's service may not use ONS (M5).
    Ineligible,
    /// The customer ID was not applied for, or belongs to another line (M7).
    Unregistered,
    /// Ready for consent.
    Registered,
    /// Authenticated.
    Authenticated,
}

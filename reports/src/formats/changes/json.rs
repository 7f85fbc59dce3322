//! The comparison as JSON; its `comparison` field is the version.

use super::Shown;
use crate::comparison::Comparison;
use crate::escape;

/// Renders a comparison, whole, whatever is asked for.
pub(super) fn render(comparison: &Comparison, _shown: Shown) -> String {
    let text = serde_json::to_string_pretty(comparison).expect("a comparison has string keys only");
    escape::json(&text).into_owned() + "\n"
}

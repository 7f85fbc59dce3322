//! A benchmark as JSON; its `format` field is the version.

use crate::benchmark::Benchmark;
use crate::escape;
use crate::formats::Look;

/// Renders a benchmark, which speaks English as data, however it is to look.
pub(super) fn render(benchmark: &Benchmark, _look: Look<'_>) -> String {
    let text = serde_json::to_string_pretty(benchmark).expect("plain values are serializable");
    escape::json(&text).into_owned() + "\n"
}

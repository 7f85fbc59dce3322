//! How bytes, times and flags are written in fields.

use std::fmt::Write as _;

/// Returns bytes in hexadecimal; of many bytes the first.
pub(super) fn hex(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(LONGEST_HEX)];
    let mut words = String::with_capacity(shown.len() * 3 + 16);
    for byte in shown {
        let space = if words.is_empty() { "" } else { " " };
        let _ = write!(words, "{space}{byte:02x}");
    }
    if shown.len() < bytes.len() {
        let _ = write!(words, " … ({} bytes)", bytes.len());
    }
    words
}

/// Returns text as it is, with what is not text escaped; of a long text the beginning.
pub(super) fn text(bytes: &[u8]) -> String {
    let words = String::from_utf8_lossy(bytes);
    let mut chars = words.chars();
    let mut shown: String = chars.by_ref().take(LONGEST_TEXT).collect();
    if chars.next().is_some() {
        let _ = write!(shown, " … ({} bytes)", bytes.len());
    }
    shown
}

/// Returns a number of seconds, of which the largest means without end (RFC 8415 §7.7,
/// RFC 4861 §4.6.2).
pub(super) fn seconds(seconds: u32) -> String {
    match seconds {
        u32::MAX => "infinity".to_owned(),
        seconds => format!("{seconds} s"),
    }
}

/// Returns a flag in words.
pub(super) fn flag(is_set: bool) -> &'static str {
    if is_set { "set" } else { "not set" }
}

/// Returns a number with its name.
pub(super) fn named(number: impl Into<u32>, name: Option<&str>) -> String {
    let number = number.into();
    match name {
        Some(name) => format!("{name} ({number})"),
        None => number.to_string(),
    }
}

/// Returns "1 byte" or "n bytes".
pub(super) fn bytes(count: usize) -> String {
    match count {
        1 => "1 byte".to_owned(),
        count => format!("{count} bytes"),
    }
}

const LONGEST_HEX: usize = 64;
const LONGEST_TEXT: usize = 1000;

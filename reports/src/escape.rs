//! Text from a device, a file or an argument is shown, never obeyed.
//!
//! What moves a cursor, starts a command of the terminal, turns the reading direction or is not to
//! be seen at all comes out as Rust writes it: `\u{1b}`, `\r`, `\u{202e}`. A backslash stays as it
//! is, so this is for people to read, not for programs to read back.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

/// Returns a text that stays on its line.
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c.escape_default().to_string(), |_| false)
}

/// Returns a text whose line breaks are kept, for where each line is marked as part of it.
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c.escape_default().to_string(), |c| c == '\n')
}

/// Returns JSON that means the same and has only line breaks between its values.
pub fn json(text: &str) -> Cow<'_, str> {
    let units = |c: char| {
        let mut units = [0; 2];
        let units = c.encode_utf16(&mut units).iter();
        units.fold(String::new(), |mut text, unit| {
            let _ = write!(text, "\\u{unit:04x}");
            text
        })
    };
    escaped(text, units, |c| c == '\n')
}

/// Returns whether a character does anything but stand there.
pub fn is_unseen(c: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator};
    match c.general_category() {
        Control | Format | LineSeparator | ParagraphSeparator => true,
        // Letters that fill a place with nothing; the first joins what it stands between.
        _ => matches!(
            c,
            '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
        ),
    }
}

fn escaped(
    text: &str,
    escape: impl Fn(char) -> String,
    is_kept: impl Fn(char) -> bool,
) -> Cow<'_, str> {
    let is_wrong = |c: char| !is_kept(c) && is_unseen(c);
    if !text.contains(is_wrong) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match is_wrong(c) {
            true => shown.push_str(&escape(c)),
            false => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_a_terminal_or_hides_text_is_shown() {
        assert_eq!(line("\x1b[2J\x1b]0;x\x07"), r"\u{1b}[2J\u{1b}]0;x\u{7}");
        assert_eq!(line("a\r\n\tb\x08\x7f"), r"a\r\n\tb\u{8}\u{7f}");
        assert_eq!(line("\u{9b}31m"), r"\u{9b}31m");
        assert_eq!(
            line("a\u{202e}b\u{2066}\u{200f}\u{61c}"),
            r"a\u{202e}b\u{2066}\u{200f}\u{61c}"
        );
        assert_eq!(
            line("\u{2028}\u{2029}\u{200b}\u{feff}"),
            r"\u{2028}\u{2029}\u{200b}\u{feff}"
        );
        assert_eq!(line("\u{ad}\u{e0041}\u{3164}"), r"\u{ad}\u{e0041}\u{3164}");
        assert_eq!(lines("a\n\x1b\r"), "a\n\\u{1b}\\r");
    }

    #[test]
    fn japanese_and_a_backslash_stay_as_they_are() {
        // With an ideographic space, a combining mark, a variation selector and a letter of a
        // vendor's own.
        for text in [
            "ひかり電話\u{3000}ルータ",
            "か\u{3099}",
            "葛\u{e0100}",
            "\u{e000}",
            r"C:\n",
        ] {
            assert_eq!(line(text), text);
        }
    }

    #[test]
    fn json_means_the_same() {
        let text = serde_json::to_string("a\u{9b}\u{202e}\u{e0041}\x1b\n").unwrap();
        let shown = json(&text);
        assert!(shown.is_ascii(), "{shown}");
        let read: String = serde_json::from_str(&shown).unwrap();
        assert_eq!(read, "a\u{9b}\u{202e}\u{e0041}\x1b\n");
    }
}

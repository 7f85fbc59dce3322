//! A page of text: all that is written on it is escaped, so that colours are ours alone.

use std::borrow::Cow;

use textwrap::{Options, WordSeparator, WordSplitter, wrap};

use crate::escape;

/// A page that is being written.
pub(super) struct Page {
    text: String,
    colour: bool,
}

/// How a piece of a line stands out, where colour is asked for.
#[derive(Clone, Copy)]
pub(super) enum Style {
    Plain,
    Bold,
    Red,
    Green,
    Yellow,
}

impl Page {
    /// Begins a page.
    pub(super) fn new(colour: bool) -> Self {
        Self {
            text: String::new(),
            colour,
        }
    }

    /// Returns what was written.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Writes one line of these pieces.
    pub(super) fn line(&mut self, pieces: &[(Style, &str)]) {
        for (style, text) in pieces {
            let text = escape::line(text);
            let code = if self.colour { style.code() } else { None };
            let painted = code.map(|code| format!("\x1b[{code}m{text}\x1b[0m"));
            self.text.push_str(&painted.map_or(text, Cow::Owned));
        }
        self.text.push('\n');
    }

    /// Writes one line without colour.
    pub(super) fn plain(&mut self, text: &str) {
        self.line(&[(Style::Plain, text)]);
    }

    /// Writes an empty line.
    pub(super) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// Writes a value beside its name; each line of it is set in, so that none looks like another
    /// field.
    pub(super) fn field(&mut self, name: &str, value: &str) {
        let first = format!("  {name:<9} ");
        self.wrapped(value, &first, "            ");
    }

    /// Writes a value over as many lines as it takes, each after an indent of ours.
    pub(super) fn wrapped(&mut self, value: &str, first: &str, rest: &str) {
        // Names such as `line-auth/succeeds` stay whole; Japanese has no spaces to break at.
        let separator = match value.is_ascii() {
            true => WordSeparator::AsciiSpace,
            false => WordSeparator::UnicodeBreakProperties,
        };
        let options = Options::new(COLUMNS)
            .word_separator(separator)
            .word_splitter(WordSplitter::NoHyphenation)
            .initial_indent(first)
            .subsequent_indent(rest);
        for (number, line) in wrap(&escape::lines(value), options).iter().enumerate() {
            // An empty line would look like the end of it.
            if number == 0 || !line.trim().is_empty() {
                self.plain(line.trim_end());
            }
        }
    }
}

impl Style {
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Bold => Some("1"),
            Self::Red => Some("31"),
            Self::Green => Some("32"),
            Self::Yellow => Some("33"),
        }
    }
}

const COLUMNS: usize = 80;

//! A page of text: all that is written on it is escaped, so that colours are ours alone.

use std::borrow::Cow;

use textwrap::core::Word;
use textwrap::{Options, WordSeparator, WordSplitter, wrap};
use unicode_width::UnicodeWidthStr as _;

use super::Look;
use crate::escape;
use crate::words::Lang;

/// A page that is being written.
pub(super) struct Page {
    text: String,
    colour: bool,
    pub(super) lang: Lang,
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
    pub(super) fn new(look: Look<'_>) -> Self {
        Self {
            text: String::new(),
            colour: look.colour,
            lang: look.lang,
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
        let first = format!("  {} ", self.name(name, 9));
        self.wrapped(value, &first, "            ");
    }

    /// Writes a sentence of ours beside its name, in the language of the page.
    pub(super) fn field_said(&mut self, name: &str, value: &str) {
        self.field(name, &self.lang.say(value));
    }

    /// Writes a sentence of ours on a line of its own, in the language of the page.
    pub(super) fn said(&mut self, sentence: &str) {
        self.plain(&self.lang.say(sentence));
    }

    /// Writes a line of the summary; its name stands in a column.
    pub(super) fn row(&mut self, name: &str, value: &str) {
        let first = format!("{} ", self.name(name, self.column()));
        self.wrapped(&self.lang.say(value), &first, &self.below());
    }

    /// Returns how wide the names of the summary are.
    pub(super) fn column(&self) -> usize {
        match self.lang {
            Lang::En => 10,
            Lang::Ja => 14,
        }
    }

    /// Returns what stands in that column where no name does.
    pub(super) fn below(&self) -> String {
        " ".repeat(self.column() + 1)
    }

    /// Returns a name in the language of the page, as wide as its column.
    pub(super) fn name(&self, name: &str, width: usize) -> String {
        let name = self.lang.say(name);
        let blanks = width.saturating_sub(name.width());
        format!("{name}{:blanks$}", "")
    }

    /// Writes a value over as many lines as it takes, each after an indent of ours.
    pub(super) fn wrapped(&mut self, value: &str, first: &str, rest: &str) {
        for line in folded(value, first, rest) {
            self.plain(&line);
        }
    }

    /// Writes what heads the lines below it.
    pub(super) fn title(&mut self, text: &str) {
        for line in folded(text, "", "  ") {
            self.line(&[(Style::Bold, &line)]);
        }
    }

    /// Writes the first lines of a value beside its name in the summary's column; where there are
    /// more, the last of them says so.
    pub(super) fn cut(&mut self, (style, name): (Style, &str), value: &str, most: usize) {
        let first = format!("{} ", self.name(name, self.column()));
        let below = self.below();
        let lines = cut(folded(value, &first, &below), most, [&first, &below]);
        for line in &lines {
            match line.strip_prefix(&first) {
                Some(value) => self.line(&[(style, &first), (Style::Plain, value)]),
                None => self.plain(line),
            }
        }
    }

    /// Returns how many lines a value takes in the summary's column.
    pub(super) fn lines(&self, value: &str) -> usize {
        folded(value, &self.below(), &self.below()).len()
    }
}

/// Returns a value as the lines it takes, each after an indent of ours.
fn folded(value: &str, first: &str, rest: &str) -> Vec<String> {
    let separator = match value.is_ascii() {
        true => WordSeparator::AsciiSpace,
        false => WordSeparator::Custom(words),
    };
    let options = Options::new(COLUMNS)
        .word_separator(separator)
        .word_splitter(WordSplitter::NoHyphenation)
        .initial_indent(first)
        .subsequent_indent(rest);
    let escaped = escape::lines(value);
    let lines = wrap(&escaped, options).into_iter().enumerate();
    // An empty line would look like the end of it.
    let lines = lines.filter(|(number, line)| *number == 0 || !line.trim().is_empty());
    lines.map(|(_, line)| line.trim_end().to_owned()).collect()
}

/// Returns the first of these lines; where there are more, the last of them ends with `…`, and no
/// name is torn for its sake. What the first line begins with stays, and so does the indent of the
/// others.
fn cut(mut lines: Vec<String>, most: usize, [first, rest]: [&str; 2]) -> Vec<String> {
    let is_cut = lines.len() > most;
    lines.truncate(most);
    let kept = if lines.len() == 1 { first } else { rest }.len();
    if let Some(last) = lines.last_mut().filter(|_| is_cut) {
        if last.width() >= COLUMNS {
            let word = words(last).last().map_or(0, |word| word.word.len());
            last.truncate(last.len() - word);
        }
        let end = last.trim_end_matches([' ', ',', ';', '、', '；']).len();
        last.truncate(end.max(kept));
        last.push('…');
    }
    lines
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

/// Breaks a line where Japanese may be broken, which has no spaces; names such as
/// `line-auth/succeeds` stay whole.
fn words(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    let pieces = WordSeparator::UnicodeBreakProperties.find_words(line);
    let mut ends = Vec::new();
    let mut end = 0;
    for piece in pieces {
        end += piece.word.len() + piece.whitespace.len();
        ends.push(end);
    }
    let is_within = |end: usize| {
        let before = line[..end].chars().next_back();
        let after = line[end..].chars().next();
        let is_part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_graphic());
        is_part(before) && is_part(after)
    };
    ends.retain(|end| !is_within(*end));
    let mut from = 0;
    let words = ends.into_iter().map(move |end| {
        let word = Word::from(&line[from..end]);
        from = end;
        word
    });
    Box::new(words)
}

const COLUMNS: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_keeps_what_its_line_begins_with() {
        let lines = |value| {
            cut(
                folded(value, "first  ", "       "),
                2,
                ["first  ", "       "],
            )
        };
        assert_eq!(lines("x\n,\ny"), ["first  x", "       …"]);
        assert_eq!(lines("x\ny, \nz"), ["first  x", "       y…"]);
        let one = cut(
            folded(",\nx", "first  ", "       "),
            1,
            ["first  ", "       "],
        );
        assert_eq!(one, ["first  …"]);
    }
}

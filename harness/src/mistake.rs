//! Mistakes in a file of the user's: what, where, and the nearest right word.

use std::ops::Range;
use std::path::Path;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use ngnlab_reports::escape;
use ngnlab_reports::words::Lang;

mod reader;

/// Everything that is wrong with one file, in the order of the file.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.summary())]
pub struct Mistakes {
    file: NamedSource<String>,
    list: Vec<Mistake>,
    /// How many there are beyond those of the list.
    more: usize,
    /// Whether the lines they stand on can be shown.
    is_short: bool,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where in the file, in bytes.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Mistake {
    /// Makes a mistake without advice.
    pub fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
            help: None,
        }
    }

    /// Makes a mistake about a word that is none of `known`.
    pub fn unknown<'a>(
        span: Range<usize>,
        what: &str,
        word: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let help = advice(word, &known.into_iter().collect::<Vec<_>>());
        Self {
            span,
            message: format!("unknown {what} `{word}`"),
            help,
        }
    }

    /// Reads what the TOML reader says, and looks for the nearest right word.
    pub fn from_toml(error: &toml::de::Error, text: &str) -> Self {
        Self::from_toml_with(error, text, &[])
    }

    /// Reads what the TOML reader says of a part of a table, which also has `other_keys`.
    pub fn from_toml_with(error: &toml::de::Error, text: &str, other_keys: &[&str]) -> Self {
        let span = error.span().unwrap_or(0..0);
        let message = error.message();
        let Some(rest) = message.strip_prefix("unknown ") else {
            let message = reader::in_our_words(message, &span, text);
            return Self::new(span, message.unwrap_or_else(|| error.message().to_owned()));
        };
        // serde says: unknown field `a`, expected one of `b`, `c`
        let mut quoted = rest.split('`').skip(1).step_by(2);
        let word = quoted.next().unwrap_or_default().to_owned();
        let known: Vec<&str> = quoted.chain(other_keys.iter().copied()).collect();
        let what = match rest.split_whitespace().next() {
            Some("variant") => "word",
            _ => "key",
        };
        let span = within(span, &word, text);
        Self::unknown(span, what, &word, known)
    }
}

impl Mistakes {
    /// Collects the mistakes of the file at `path`.
    pub fn new(path: &Path, text: &str, mut list: Vec<Mistake>) -> Self {
        list.sort_by_key(|mistake| mistake.span.start);
        let more = list.len().saturating_sub(MOST_SHOWN);
        list.truncate(MOST_SHOWN);
        for mistake in &mut list {
            shorten(&mut mistake.message);
        }
        let name = escape::line(&path.to_string_lossy()).into_owned();
        let file = NamedSource::new(name, text.to_owned());
        Self {
            file: file.with_language("TOML"),
            list,
            more,
            is_short: text.lines().all(|line| line.len() <= LONGEST_LINE),
        }
    }

    /// Returns the mistakes in the order of the file.
    pub fn list(&self) -> &[Mistake] {
        &self.list
    }

    /// Returns line and column of a mistake, both counted from 1, the column in characters.
    pub fn position(&self, mistake: &Mistake) -> (usize, usize) {
        let text = self.file.inner();
        let before = text.get(..mistake.span.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        (line, column)
    }

    /// Returns them as what may be meant: a line for each, and what to do if it is.
    pub fn as_warnings(&self, lang: Lang) -> String {
        let lines = self.list.iter().map(|one| {
            let (line, column) = self.position(one);
            let place = format!("{}:{line}:{column}", self.file.name());
            let help = one.help.as_deref();
            let help = help.map(|help| format!("{}{}", lang.semicolon(), lang.say(help)));
            let (warning, message) = (lang.say("warning"), lang.say(&one.message));
            let (colon, help) = (lang.colon(), help.unwrap_or_default());
            format!("{warning}{colon}{place}{colon}{message}{help}\n")
        });
        lines.collect()
    }

    fn summary(&self) -> String {
        let lines = self.list.iter().map(|mistake| {
            let (line, column) = self.position(mistake);
            format!("{}:{line}:{column}: {}", self.file.name(), mistake.message)
        });
        let more = (self.more > 0).then(|| format!("and {} mistakes more", self.more));
        lines.chain(more).collect::<Vec<_>>().join("\n")
    }
}

impl Diagnostic for Mistakes {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        let advice: Vec<&str> = self
            .list
            .iter()
            .filter_map(|one| one.help.as_deref())
            .collect();
        if advice.is_empty() {
            return None;
        }
        Some(Box::new(advice.join("\n")))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.is_short.then_some(&self.file as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = |mistake: &Mistake| {
            let length = mistake.span.len().max(1);
            LabeledSpan::new(Some("here".to_owned()), mistake.span.start, length)
        };
        Some(Box::new(self.list.iter().map(label)))
    }
}

/// Returns the nearest right word, or all of them if none is near.
pub fn advice(word: &str, known: &[&str]) -> Option<String> {
    if known.is_empty() || word.len() > LONGEST_WORD {
        return None;
    }
    let distance = |other: &str| strsim::damerau_levenshtein(word, other);
    let nearest = known.iter().min_by_key(|other| distance(other))?;
    let far = word
        .chars()
        .count()
        .max(nearest.chars().count())
        .div_ceil(2);
    if distance(nearest) < far.max(2) {
        return Some(format!("did you mean `{nearest}`?"));
    }
    if known.len() > MANY {
        return None;
    }
    if let [only] = known {
        return Some(format!("it can only be `{only}`"));
    }
    Some(format!("it is one of {}", known.join(", ")))
}

/// Cuts what a message quotes at length.
fn shorten(message: &mut String) {
    if let Some((at, _)) = message.char_indices().nth(LONGEST_MESSAGE) {
        message.truncate(at);
        message.push('…');
    }
}

/// Narrows a span to the first mention of `word` in it.
fn within(span: Range<usize>, word: &str, text: &str) -> Range<usize> {
    let Some(part) = text.get(span.clone()) else {
        return span;
    };
    match part.find(word) {
        Some(at) => span.start + at..span.start + at + word.len(),
        None => span,
    }
}

/// A longer list is no advice.
const MANY: usize = 24;
/// Who has made more has made the first ones, too.
const MOST_SHOWN: usize = 20;
/// In characters.
const LONGEST_MESSAGE: usize = 1000;
/// No word of ours is near a longer one.
const LONGEST_WORD: usize = 200;
/// A longer line is not shown with its mistakes.
const LONGEST_LINE: usize = 2000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_offered() {
        let known = ["resolve", "open", "authenticate"];
        assert_eq!(advice("resolv", &known).unwrap(), "did you mean `resolve`?");
        assert_eq!(
            advice("zzz", &known).unwrap(),
            "it is one of resolve, open, authenticate"
        );
        assert_eq!(
            advice("zzz", &["resolve"]).unwrap(),
            "it can only be `resolve`"
        );
        assert_eq!(advice("x", &[]), None);
    }

    #[test]
    fn many_and_long_mistakes_are_told_briefly() {
        let text = format!("a = \"{}\"\n", "x".repeat(10_000));
        let mistake = Mistake::new(0..1, "y".repeat(10_000));
        let mistakes = Mistakes::new(Path::new("a\n.toml"), &text, vec![mistake; 1000]);
        let told = mistakes.to_string();
        assert_eq!(told.lines().count(), 21, "{told}");
        assert!(told.starts_with("a\\n.toml:1:1: yyy"), "{told}");
        assert!(told.ends_with("\nand 980 mistakes more"), "{told}");
        assert!(mistakes.source_code().is_none());
    }
}

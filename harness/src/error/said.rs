//! An error as it is said in the language of the reader.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use miette::{Diagnostic, LabeledSpan, SourceCode};
use ngnlab_reports::words::Lang;

/// A diagnostic in another language, with the same places in the same file.
#[derive(Debug)]
pub(super) struct Said<'a> {
    said: &'a dyn Diagnostic,
    lang: Lang,
    cause: Option<Cause>,
}

impl<'a> Said<'a> {
    /// Says an error in this language.
    pub(super) fn new(said: &'a dyn Diagnostic, lang: Lang) -> Self {
        let cause = said.source().map(|cause| Cause::new(cause, lang));
        Self { said, lang, cause }
    }
}

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&in_lines(&self.said.to_string(), self.lang))
    }
}

impl Error for Said<'_> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as &dyn Error)
    }
}

impl Diagnostic for Said<'_> {
    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        let help = in_lines(&self.said.help()?.to_string(), self.lang);
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.said.source_code()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let labels = self.said.labels()?.map(|label| {
            let words = label.label().map(|words| in_lines(words, self.lang));
            LabeledSpan::new(words, label.offset(), label.len())
        });
        Some(Box::new(labels))
    }
}

/// Why an error came, and why that did.
#[derive(Debug)]
struct Cause {
    said: String,
    cause: Option<Box<Self>>,
}

impl Cause {
    fn new(cause: &(dyn Error + 'static), lang: Lang) -> Self {
        let further = cause.source().map(|cause| Box::new(Self::new(cause, lang)));
        Self {
            said: in_lines(&cause.to_string(), lang),
            cause: further,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &dyn Error)
    }
}

/// Says a text line by line, where each is known, or as a whole.
fn in_lines(text: &str, lang: Lang) -> String {
    let lines: Vec<_> = text.split('\n').map(|line| lang.say(line)).collect();
    let is_known = |(line, said): (&str, &Cow<'_, str>)| line != said;
    match text.split('\n').zip(&lines).all(is_known) {
        true => lines.join("\n"),
        false => {
            let whole = lang.say(text);
            match whole == text {
                true => lines.join("\n"),
                false => whole.into_owned(),
            }
        }
    }
}

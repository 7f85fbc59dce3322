//! The templates of a device file, filled in with one set of variables.
//!
//! They are bounded: in what they may say, in their steps, and in the text they come to.

use std::cell::Cell;
use std::io;
use std::ops::Range;

use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};
use toml::Spanned;

use super::variables::Variables;
use crate::mistake::Mistake;

mod filters;
mod language;

/// Fills in the templates of one device.
pub(in crate::dut) struct Templates<'a> {
    variables: &'a Variables,
    /// The steps that are left to all of them together.
    fuel: Cell<u64>,
    /// The bytes that are left.
    room: Cell<usize>,
}

impl<'a> Templates<'a> {
    /// Makes one that knows these variables.
    pub(in crate::dut) fn new(variables: &'a Variables) -> Self {
        Self {
            variables,
            fuel: Cell::new(MOST_STEPS),
            room: Cell::new(LONGEST_TEXT),
        }
    }

    /// Returns a template's text; a mistake tells why that of this key cannot be.
    pub(in crate::dut) fn fill(
        &self,
        key: &str,
        template: &Spanned<String>,
    ) -> Result<String, Mistake> {
        self.filled(template).map_err(|mut mistake| {
            mistake.message = format!("`{key}`: {}", mistake.message);
            mistake
        })
    }

    fn filled(&self, template: &Spanned<String>) -> Result<String, Mistake> {
        let source = template.get_ref().as_str();
        let fail = |message: String, help: &str| {
            let mut mistake = Mistake::new(template.span(), message);
            mistake.help = Some(help.to_owned());
            Err(mistake)
        };
        if source.len() > LONGEST_TEMPLATE {
            let message = format!("a template has {LONGEST_TEMPLATE} bytes at most");
            return fail(message, "put what is fixed into a file of its own");
        }
        // Before it is compiled, since constants are computed then.
        if let Some((line, what)) = language::stranger(source) {
            let message = format!("the template uses {what} in its line {line}");
            return fail(message, language::HELP);
        }
        let mut text = Bounded {
            bytes: Vec::new(),
            room: self.room.get(),
            is_full: false,
        };
        let filled = self.render(source, &mut text);
        self.room.set(text.room - text.bytes.len());
        match filled {
            Ok(()) => Ok(String::from_utf8_lossy(&text.bytes).into_owned()),
            Err(_) if text.is_full => {
                let message =
                    format!("the templates of one device come to {LONGEST_TEXT} bytes at most");
                fail(
                    message,
                    "what is large comes into a device by a `setup` command",
                )
            }
            Err(error) => {
                let part = error
                    .range()
                    .filter(|part| source.get(part.clone()).is_some())
                    .map(|part| match error.kind() {
                        ErrorKind::UndefinedError => filtered(source, part),
                        _ => part,
                    });
                let words = part.clone().and_then(|part| source.get(part));
                let mut mistake = Mistake::new(template.span(), told(&error, words));
                mistake.span = part.map_or(mistake.span, |part| place(template, &part));
                mistake.help = Some(help(&error).to_owned());
                Err(mistake)
            }
        }
    }

    fn render(&self, source: &str, text: &mut Bounded) -> Result<(), Error> {
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_keep_trailing_newline(true);
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.set_fuel(Some(self.fuel.get()));
        filters::add_to(&mut environment);
        let template = environment.template_from_str(source)?;
        language::check(&template)?;
        let filled = template.render_captured_to(self.variables, text)?;
        let left = filled.state().fuel_levels().map_or(0, |(_, left)| left);
        self.fuel.set(left);
        Ok(())
    }
}

/// What a template has come to, within bounds.
struct Bounded {
    bytes: Vec<u8>,
    room: usize,
    is_full: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.room {
            self.is_full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns where the variable is that a part of a template, if that is a filter, is about.
fn filtered(source: &str, part: Range<usize>) -> Range<usize> {
    let before = source[..part.start].trim_end().strip_suffix('|');
    let Some(before) = before.map(str::trim_end) else {
        return part;
    };
    let is_of_a_name = |letter: char| letter.is_alphanumeric() || "_.[]".contains(letter);
    let name = before.trim_end_matches(is_of_a_name).len();
    match name < before.len() {
        true => name..before.len(),
        false => part,
    }
}

/// Returns where a part of a template is in its file; where the template is, if it is written in a
/// way that does not tell.
fn place(template: &Spanned<String>, part: &Range<usize>) -> Range<usize> {
    let (source, span) = (template.get_ref(), template.span());
    let around = span.len().saturating_sub(source.len());
    let before = match around {
        2 => "\"".len(),
        6 => "\"\"\"".len(),
        // The end of the first line is no part of the text.
        7 => "\"\"\"\n".len(),
        8 => "\"\"\"\r\n".len(),
        _ => return span,
    };
    // Between single quotes these take another letter each, and the sum may be the same.
    let escaped = source.matches(['\n', '"', '\\']).count();
    if around > 2 && around == 2 + escaped {
        return span;
    }
    let start = span.start + before;
    start + part.start..start + part.end
}

fn told(error: &Error, words: Option<&str>) -> String {
    let at = error
        .line()
        .map_or(String::new(), |line| format!(" in its line {line}"));
    let what = match error.kind() {
        ErrorKind::UndefinedError => "the template names a variable that does not exist",
        ErrorKind::OutOfFuel => {
            return format!(
                "the templates of one device take {MOST_STEPS} steps at most; this one takes \
                 more{at}"
            );
        }
        _ => "the template cannot be filled in",
    };
    let words = words.map(|words| format!(": `{words}`"));
    let detail = error.detail().map(|detail| format!(": {detail}"));
    let (words, detail) = (words.unwrap_or_default(), detail.unwrap_or_default());
    format!("{what}{at}{words}{detail}")
}

fn help(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::UndefinedError => VARIABLES,
        ErrorKind::OutOfFuel => "take a loop out of a loop",
        _ => language::HELP,
    }
}

const VARIABLES: &str = "the variables are area, mode, wan.name, wan.mac, wan.link_local, \
    lan.name, lan.mac, lan.link_local, duid_ll, dns.default, dns.domains (each with name and \
    servers), run_dir and measured";
/// A device with a hundred domains takes a tenth.
const MOST_STEPS: u64 = 100_000;
const LONGEST_TEMPLATE: usize = 64 << 10;
const LONGEST_TEXT: usize = 1 << 20;

#[cfg(test)]
mod tests;

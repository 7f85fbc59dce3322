//! Reads the command line; what is wrong with it is told, and shown rather than obeyed.

use std::ffi::OsString;

use clap::{ArgMatches, FromArgMatches as _, ValueEnum as _};
use ngnlab_reports::escape;
use ngnlab_reports::words::Lang;

use super::spoken::{self, HELP};
use super::{Cli, LangName};

impl Cli {
    /// Reads the arguments, the program's name first; an error quotes none that a terminal obeys.
    pub fn read(arguments: &[OsString], lang: Lang) -> Result<Self, clap::Error> {
        parse(arguments, lang).map_err(|error| {
            let shown = arguments.iter().map(|argument| argument.to_string_lossy());
            let shown = shown.map(|argument| escape::line(&argument).into_owned().into());
            // What is wrong stays wrong; arguments that are no text are not quoted at all.
            let shown: Vec<OsString> = shown.collect();
            parse(&shown, lang).err().unwrap_or(error)
        })
    }
}

fn parse(arguments: &[OsString], lang: Lang) -> Result<Cli, clap::Error> {
    let matches = spoken::command(lang).try_get_matches_from(arguments)?;
    if let Some(asked) = help(&matches) {
        let name = arguments.first().cloned().unwrap_or_default();
        let asked = asked.into_iter().map(OsString::from);
        let again = [name].into_iter().chain(asked).chain(["--help".into()]);
        spoken::command(lang).try_get_matches_from(again)?;
    }
    Cli::from_arg_matches(&matches)
}

/// Returns the command whose help is asked for by the command for that.
fn help(matches: &ArgMatches) -> Option<Vec<String>> {
    let (mut path, mut matches) = (Vec::new(), matches);
    while let Some((name, below)) = matches.subcommand() {
        if name == HELP {
            let whose = below.try_get_many::<String>(HELP).ok().flatten();
            path.extend(whose.into_iter().flatten().cloned());
            return Some(path);
        }
        path.push(name.to_owned());
        matches = below;
    }
    None
}

/// Returns the language that arguments ask for, whatever else is wrong with them.
pub fn lang(arguments: &[OsString]) -> Option<Lang> {
    let mut words = arguments.iter().map(|argument| argument.to_string_lossy());
    let mut last = None;
    while let Some(word) = words.next() {
        let named = match word.strip_prefix("--lang") {
            Some("") => words.next().map(|name| name.into_owned()),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        last = named.or(last);
    }
    LangName::from_str(&last?, false).ok().map(Lang::from)
}

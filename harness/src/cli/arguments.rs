//! Reads the command line; what is wrong with it is told, and shown rather than obeyed.

use std::ffi::OsString;

use clap::Parser;
use ngnlab_reports::escape;

use super::Cli;

impl Cli {
    /// Reads the arguments, the program's name first; an error quotes none that a terminal obeys.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        Self::try_parse_from(&arguments).map_err(|error| {
            let shown = arguments.iter().map(|argument| argument.to_string_lossy());
            let shown = shown.map(|argument| escape::line(&argument).into_owned());
            // What is wrong stays wrong; arguments that are no text are not quoted at all.
            Self::try_parse_from(shown).err().unwrap_or(error)
        })
    }
}

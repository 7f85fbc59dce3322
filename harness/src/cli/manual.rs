//! `ngnlab completions` and `ngnlab man`: what a shell and a manual say of the command line.

use clap::CommandFactory;

use super::{Answer, Cli, Completions, Man, file};
use crate::error::Error;

pub(super) fn completions(args: &Completions) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), NAME, &mut script);
    Answer::text(String::from_utf8_lossy(&script))
}

pub(super) fn pages(args: &Man) -> Result<Answer, Error> {
    file::make_folder_at(&args.folder)?;
    let written = clap_mangen::generate_to(Cli::command(), &args.folder);
    written.map_err(|source| Error::Write {
        path: args.folder.clone(),
        source,
    })?;
    Ok(Answer::text(format!(
        "the pages are in {0}: `man {0}/{NAME}.1`\n",
        args.folder.display()
    )))
}

/// What the program is called, whatever its file is.
const NAME: &str = "ngnlab";

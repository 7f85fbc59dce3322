//! `ngnlab completions` and `ngnlab man`: what a shell and a manual say of the command line.

use clap::CommandFactory;
use ngnlab_reports::words::Lang;

use super::{Answer, Cli, Completions, Man, file};
use crate::error::Error;

pub(super) fn completions(args: &Completions) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), NAME, &mut script);
    Answer::text(String::from_utf8_lossy(&script))
}

pub(super) fn pages(args: &Man, lang: Lang) -> Result<Answer, Error> {
    file::make_folder_at(&args.folder)?;
    let written = clap_mangen::generate_to(Cli::command(), &args.folder);
    written.map_err(|source| Error::Write {
        path: args.folder.clone(),
        source,
    })?;
    let folder = args.folder.display();
    let told = format!("the pages are in {folder}: `man {folder}/{NAME}.1`");
    Ok(Answer::text(lang.say(&told).into_owned() + "\n"))
}

/// What the program is called, whatever its file is.
const NAME: &str = "ngnlab";

//! `ngnlab completions` and `ngnlab man`: what a shell and a manual say of the command line.

use std::path::Path;

use clap::{Command, CommandFactory};
use ngnlab_reports::words::Lang;

use super::{Answer, Cli, Completions, Man, file, spoken};
use crate::error::Error;

pub(super) fn completions(args: &Completions) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), NAME, &mut script);
    Answer::text(String::from_utf8_lossy(&script))
}

pub(super) fn pages(args: &Man, lang: Lang) -> Result<Answer, Error> {
    file::make_folder_at(&args.folder)?;
    let mut command = spoken::command(lang).disable_help_subcommand(true);
    command.build();
    write(&command, &args.folder, lang)?;
    let folder = args.folder.display();
    let told = format!("the pages are in {folder}: `man {folder}/{NAME}.1`");
    Ok(Answer::text(lang.say(&told).into_owned() + "\n"))
}

/// Writes the page of a command, and those of all below it.
fn write(command: &Command, folder: &Path, lang: Lang) -> Result<(), Error> {
    let mut shown = command.clone();
    for below in command.get_subcommands() {
        match below.get_name() {
            // In a manual, every page is help.
            spoken::HELP => shown = shown.mut_subcommand(spoken::HELP, |help| help.hide(true)),
            _ => write(below, folder, lang)?,
        }
    }
    let page = clap_mangen::Man::new(shown);
    let mut text = Vec::new();
    page.render(&mut text)
        .expect("memory takes what is written");
    let mut text = String::from_utf8_lossy(&text).into_owned();
    for heading in HEADINGS {
        let said = lang.say(heading);
        text = text.replace(&format!(".SH {heading}\n"), &format!(".SH {said}\n"));
    }
    file::write(&folder.join(page.get_filename()), &text)
}

/// What clap calls the parts of a page by itself.
const HEADINGS: [&str; 5] = ["NAME", "SYNOPSIS", "DESCRIPTION", "EXTRA", "VERSION"];
/// What the program is called, whatever its file is.
const NAME: &str = "ngnlab";

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::*;

    #[test]
    fn there_are_the_same_pages_in_japanese_and_clap_says_nothing_in_english() {
        let [english, japanese] = [Lang::En, Lang::Ja].map(written);
        let names = |pages: &BTreeMap<String, String>| pages.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&japanese), names(&english));
        assert!(english.len() > 20 && english.contains_key("ngnlab-bench-dns.1"));
        for (name, page) in japanese {
            for said in page.lines().filter_map(|line| line.strip_prefix(".SH ")) {
                assert!(!said.is_ascii(), "{said} in {name}");
            }
            for word in ["Possible values", "[default: ", "Print help", "\\-help(1)"] {
                assert!(!page.contains(word), "{word} in {name}");
            }
        }
        assert!(english["ngnlab-run.1"].contains(".SH NAME\n"));
    }

    fn written(lang: Lang) -> BTreeMap<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let man = Man {
            folder: folder.path().to_owned(),
        };
        pages(&man, lang).unwrap();
        let pages = fs::read_dir(folder.path()).unwrap().map(|page| {
            let page = page.unwrap();
            let name = page.file_name().to_string_lossy().into_owned();
            (name, fs::read_to_string(page.path()).unwrap())
        });
        pages.collect()
    }
}

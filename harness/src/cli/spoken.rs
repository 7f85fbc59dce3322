//! The command line in the reader's language: what `--help` says, and what is wrong with the
//! arguments. clap speaks English; in another language its texts come from the table of words, as
//! all that is said does.

use clap::builder::PossibleValue;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, CommandFactory as _};
use ngnlab_reports::words::Lang;

use super::Cli;
use crate::error::Error;

/// Returns what can be asked, in a language.
pub(super) fn command(lang: Lang) -> Command {
    match lang {
        Lang::En => Cli::command(),
        Lang::Ja => version(said(Cli::command(), lang), lang),
    }
}

/// The name of the command that shows help, and of what it is told.
pub(super) const HELP: &str = "help";

/// Says a command and all below it.
fn said(command: Command, lang: Lang) -> Command {
    let texts = [command.get_about(), command.get_long_about()];
    let [about, long_about] = texts.map(|text| text.map(|text| text_of(lang, &text.to_string())));
    let below = command.get_after_help().map(ToString::to_string);
    let mut command = command
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .subcommand_help_heading(lang.say("Commands").into_owned())
        .help_template(template(lang))
        .mut_args(|arg| argument(arg, lang))
        .mut_subcommands(|command| said(command, lang))
        .arg(flag("help", 'h', ArgAction::Help, "Print help", lang));
    if let Some(text) = about {
        command = command.about(text);
    }
    if let Some(text) = long_about {
        command = command.long_about(text);
    }
    if let Some(text) = below {
        command = command.after_help(after_help(&text, lang));
    }
    if command.has_subcommands() {
        command = command.subcommand(help(lang));
    }
    command
}

fn version(command: Command, lang: Lang) -> Command {
    let version = flag("version", 'V', ArgAction::Version, "Print version", lang);
    command.disable_version_flag(true).arg(version)
}

/// Makes the command that shows the help of another one.
fn help(lang: Lang) -> Command {
    let about = "Print this message or the help of the given subcommand(s)";
    let whose = Arg::new(HELP)
        .num_args(..)
        .value_name("COMMAND")
        .help(lang.say("Whose help").into_owned())
        .help_heading(lang.say("Arguments").into_owned());
    Command::new(HELP)
        .about(lang.say(about).into_owned())
        .disable_help_flag(true)
        .help_template(template(lang))
        .arg(whose)
}

fn flag(name: &'static str, short: char, action: ArgAction, help: &str, lang: Lang) -> Arg {
    Arg::new(name)
        .short(short)
        .long(name)
        .action(action)
        .help(lang.say(help).into_owned())
        .help_heading(lang.say("Options").into_owned())
}

fn template(lang: Lang) -> String {
    let usage = lang.say("Usage");
    format!(
        "{{before-help}}{{about-with-newline}}\n{usage}: {{usage}}\n\n{{all-args}}{{after-help}}\n"
    )
}

/// Says an argument, with what clap would add to its help.
fn argument(arg: Arg, lang: Lang) -> Arg {
    let heading = match arg.is_positional() {
        true => "Arguments",
        false => "Options",
    };
    let help = arg
        .get_help()
        .map(|text| lang_text(lang, &text.to_string()));
    let mut help = help.unwrap_or_default();
    let takes_values = arg.get_action().takes_values();
    let defaults = arg.get_default_values().iter().filter(|_| takes_values);
    let defaults: Vec<_> = defaults.map(|value| value.to_string_lossy()).collect();
    let values = arg.get_possible_values();
    let values: Vec<String> = values
        .iter()
        .filter(|_| takes_values)
        .map(|value| value_said(value, lang))
        .collect();
    for (what, all) in [
        ("default", defaults.join(" ")),
        ("possible values", values.join("、")),
    ] {
        if !all.is_empty() {
            help = format!("{help} [{}]", lang.say(&format!("{what}: {all}")));
        }
    }
    let arg = arg
        .help(folded(&help))
        .help_heading(lang.say(heading).into_owned());
    match takes_values {
        true => arg.hide_default_value(true).hide_possible_values(true),
        false => arg,
    }
}

fn value_said(value: &PossibleValue, lang: Lang) -> String {
    match value.get_help() {
        Some(help) => {
            let help = lang_text(lang, &help.to_string());
            format!("{}（{help}）", value.get_name())
        }
        None => value.get_name().to_owned(),
    }
}

/// Says what stands below the arguments: examples, each with what it is good for, and paragraphs.
fn after_help(text: &str, lang: Lang) -> String {
    let parts = parts_below(text).into_iter().map(|part| match part {
        Below::Examples(examples) => {
            let mut said = format!("{}:", lang.say("Examples"));
            let width = examples.iter().filter(|(_, what)| !what.is_empty());
            let width = width.map(|(command, _)| command.chars().count());
            let width = width.max().unwrap_or_default();
            for (command, what) in &examples {
                let line = format!("{command:<width$}  {}", lang.say(what));
                said.push_str(&format!("\n  {}", line.trim_end()));
            }
            said
        }
        Below::Paragraph(text) => text_of(lang, &text),
    });
    parts.collect::<Vec<_>>().join("\n\n")
}

/// A part of what stands below the arguments.
enum Below {
    /// Commands, each with what it is good for.
    Examples(Vec<(String, String)>),
    /// Anything else.
    Paragraph(String),
}

fn parts_below(text: &str) -> Vec<Below> {
    let parts = text.split("\n\n").map(|part| {
        let Some(lines) = part.strip_prefix("Examples:\n") else {
            return Below::Paragraph(part.lines().collect::<Vec<_>>().join(" "));
        };
        let mut examples: Vec<(String, String)> = Vec::new();
        for line in lines.lines() {
            let goes_on = line.starts_with(DEEP);
            match examples.last_mut().filter(|_| goes_on) {
                Some((_, what)) => what.push_str(&format!(" {}", line.trim())),
                None => {
                    let line = line.trim();
                    let (command, what) = line.split_once("   ").unwrap_or((line, ""));
                    examples.push((command.to_owned(), what.trim().to_owned()));
                }
            }
        }
        Below::Examples(examples)
    });
    parts.collect()
}

/// Says a text, in lines that a terminal of 100 columns shows whole.
fn text_of(lang: Lang, english: &str) -> String {
    folded(&lang_text(lang, english))
}

fn folded(text: &str) -> String {
    textwrap::fill(text, COLUMNS)
}

/// Says a text; the list of formats has each of them said.
fn lang_text(lang: Lang, english: &str) -> String {
    let Some((head, list)) = english.split_once(": `").filter(|_| english.ends_with(')')) else {
        return lang.say(english).into_owned();
    };
    let formats = list.split(", `").map(|format| {
        let about = format.split_once("` (").and_then(|(name, about)| {
            let about = about.strip_suffix(')')?;
            Some(format!("`{name}`（{}）", lang.say(about)))
        });
        about.unwrap_or_else(|| format!("`{format}"))
    });
    let formats = formats.collect::<Vec<_>>().join("、");
    lang.say(&format!("{head}: {formats}")).into_owned()
}

/// Returns what is wrong with the arguments, unless clap says it as well, or nothing is.
pub fn complaint(error: &clap::Error, lang: Lang) -> Option<String> {
    if lang == Lang::En {
        return None;
    }
    let (what, help) = wrong(error)?;
    let mut text = Error::Usage { what, help }.pretty(lang);
    if let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) {
        let usage = usage.to_string();
        let usage = usage.trim().strip_prefix("Usage:").unwrap_or(&usage);
        text.push_str(&format!("\n{}: {}\n", lang.say("Usage"), usage.trim()));
    }
    text.push_str(&format!("\n{}\n", lang.say("`--help` tells more")));
    Some(text)
}

/// Returns what is wrong, and what helps.
fn wrong(error: &clap::Error) -> Option<(String, Option<String>)> {
    let one = |kind| error.get(kind).map(named);
    let arg = one(ContextKind::InvalidArg).unwrap_or_default();
    let value = one(ContextKind::InvalidValue).unwrap_or_default();
    let what = match error.kind() {
        ErrorKind::UnknownArgument => format!("there is no option or argument `{arg}`"),
        ErrorKind::InvalidSubcommand => {
            let name = one(ContextKind::InvalidSubcommand).unwrap_or_default();
            format!("there is no command `{name}`")
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("`{arg}` needs a value"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("`{value}` is no value of `{arg}`")
        }
        ErrorKind::NoEquals => format!("`{arg}` needs a value"),
        ErrorKind::TooManyValues => format!("`{value}` is one value too many for `{arg}`"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("`{arg}` has too few values, or too many")
        }
        ErrorKind::ArgumentConflict => match one(ContextKind::PriorArg) {
            Some(prior) if prior == arg => format!("`{arg}` cannot be used more than once"),
            Some(prior) => format!("`{arg}` cannot be used together with `{prior}`"),
            None => format!("`{arg}` cannot be used with what is given besides"),
        },
        ErrorKind::MissingRequiredArgument => format!("this is missing: {arg}"),
        ErrorKind::MissingSubcommand => "a command is missing".to_owned(),
        ErrorKind::InvalidUtf8 => "an argument is no text".to_owned(),
        _ => return None,
    };
    let near = [
        ContextKind::SuggestedArg,
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedValue,
    ];
    let near = near
        .into_iter()
        .find_map(one)
        .filter(|near| !near.is_empty());
    let known = [ContextKind::ValidValue, ContextKind::ValidSubcommand];
    let known = known
        .into_iter()
        .find_map(one)
        .filter(|all| !all.is_empty());
    let why = std::error::Error::source(error).map(ToString::to_string);
    let help = near
        .map(|near| format!("did you mean `{near}`?"))
        .or(why)
        .or(known.map(|known| format!("it is one of {known}")));
    Some((what, help))
}

/// Returns what clap names, as a list if it names several.
fn named(value: &ContextValue) -> String {
    match value {
        ContextValue::String(name) => name.clone(),
        ContextValue::Strings(names) => names.join(", "),
        ContextValue::StyledStr(name) => name.to_string(),
        ContextValue::StyledStrs(names) => {
            let names = names.iter().map(ToString::to_string);
            names.collect::<Vec<_>>().join(", ")
        }
        ContextValue::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// What begins so goes on with the line above.
const DEEP: &str = "                    ";
/// So that a text stands beside the names of arguments.
const COLUMNS: usize = 80;

#[cfg(test)]
mod tests {
    use ngnlab_reports::words::{is_the_same, japanese};

    use super::*;

    #[test]
    fn everything_that_help_says_is_there_in_japanese() {
        let mut english = Vec::new();
        texts(&Cli::command(), &mut english);
        assert!(english.len() > 100, "{}", english.len());
        let missing = english.iter().filter(|text| {
            let said = lang_text(Lang::Ja, text);
            let untold = said == **text && !is_the_same(text) && japanese(text).is_none();
            untold || said.contains(" the ")
        });
        assert_eq!(missing.collect::<Vec<_>>(), Vec::<&String>::new());
    }

    #[test]
    fn help_in_japanese_is_whole_and_has_no_english_of_claps() {
        let mut command = command(Lang::Ja);
        command.clone().debug_assert();
        command.build();
        let mut all = vec![command];
        while let Some(mut command) = all.pop() {
            let help = command.render_long_help().to_string();
            for word in [
                "Usage:",
                "Options:",
                "Arguments:",
                "Commands:",
                "[default",
                "Print ",
            ] {
                assert!(!help.contains(word), "{word} in {help}");
            }
            assert!(help.contains("使い方: "), "{help}");
            all.extend(command.get_subcommands().cloned());
        }
    }

    /// Collects what a command and all below it say.
    fn texts(command: &Command, to: &mut Vec<String>) {
        let about = [command.get_about(), command.get_long_about()];
        to.extend(about.into_iter().flatten().map(ToString::to_string));
        for arg in command.get_arguments() {
            to.extend(arg.get_help().map(ToString::to_string));
            to.extend(arg.get_long_help().map(ToString::to_string));
            let values = arg.get_possible_values();
            let values = values.iter().filter(|_| arg.get_action().takes_values());
            to.extend(values.filter_map(|value| value.get_help().map(ToString::to_string)));
        }
        if let Some(below) = command.get_after_help() {
            for part in parts_below(&below.to_string()) {
                match part {
                    Below::Paragraph(text) => to.push(text),
                    Below::Examples(all) => {
                        to.extend(
                            all.into_iter()
                                .map(|(_, what)| what)
                                .filter(|what| !what.is_empty()),
                        );
                    }
                }
            }
        }
        command.get_subcommands().for_each(|one| texts(one, to));
    }
}

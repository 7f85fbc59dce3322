//! `ngnlab explain`: why a check is there, what a scenario does, what a defect breaks, what a
//! profile asks for, what a diagnosis means; and what a technician holds: a code, a screen, a page
//! or question of the guide.

use std::fmt::Write as _;

use ngnlab_reports::Profile;
use ngnlab_reports::words::Lang;
use ngnlab_sim::line::{QUIRK_WORDS, QuirkWords};
use ngnlab_sim::node::part::screens;
use ngnlab_sim::node::router::defect::Defect;

use super::{Answer, Explain, Place, select};
use crate::checks::{self, Check};
use crate::diagnosis;
use crate::error::Error;
use crate::guide::{PASSAGES, Passage};
use crate::mistake::advice;
use crate::promises;
use crate::scenario::step::words::{STEP_WORDS, StepWords};
use crate::scenario::{Scenario, name_of};

mod held;
mod judging;
mod proven;
mod situation;
mod words;

pub(super) fn answer(args: &Explain, place: Place) -> Result<Answer, Error> {
    let mut scenarios = Vec::new();
    let mut remarks = String::new();
    for path in select::files(&args.scenarios.folder())? {
        match promises::load(&path) {
            Ok(scenario) => scenarios.push(scenario),
            // Whoever asks for this one learns why; for all others one less is known.
            Err(error) if name_of(&path).is_ok_and(|name| plain(&name) == plain(&args.id)) => {
                return Err(error);
            }
            Err(_) => {
                let remark = format!(
                    "{} cannot be read and is left out; `ngnlab lint` says why",
                    path.display()
                );
                let _ = writeln!(remarks, "{}", place.lang().say(&remark));
            }
        }
    }
    let things = Thing::meant(&args.id, &scenarios);
    if things.is_empty() {
        return Err(unknown(&args.id, &scenarios));
    }
    let explained = things
        .iter()
        .map(|thing| thing.explained(&scenarios, place.lang));
    Ok(Answer {
        text: explained.collect::<Vec<_>>().join("\n"),
        remarks,
        ..Answer::default()
    })
}

/// What can be explained.
enum Thing<'a> {
    Scenario(&'a Scenario),
    Check(&'static Check),
    Defect(Defect),
    Profile(Profile),
    Diagnosis(&'static str),
    Screen(&'static screens::Text),
    Warning,
    Passage(&'static Passage),
    Quirk(&'static QuirkWords),
    Step(&'static StepWords),
}

impl<'a> Thing<'a> {
    /// Returns everything that a word can mean, as it stands or without what is said around it.
    fn meant(id: &str, scenarios: &'a [Scenario]) -> Vec<Self> {
        let things = Self::all(id, scenarios);
        match bare(id) {
            Some(bare) if things.is_empty() => Self::all(&bare, scenarios),
            _ => things,
        }
    }

    /// Returns everything that is called so; a step and a screen may share a name.
    fn all(id: &str, scenarios: &'a [Scenario]) -> Vec<Self> {
        let word = plain(id);
        let named = |name: &str| plain(name) == word;
        let scenarios = scenarios.iter().filter(|one| named(&one.name));
        let mut things: Vec<Self> = scenarios.map(Self::Scenario).collect();
        things.extend(checks::find(&word).map(Self::Check));
        things.extend(Defect::from_name(&word).map(Self::Defect));
        let profiles = Profile::ALL.into_iter().filter(|one| named(one.name()));
        things.extend(profiles.map(Self::Profile));
        things.extend(diagnosis::ids().filter(|id| named(id)).map(Self::Diagnosis));
        things.extend(shown(&word).into_iter().map(Self::Screen));
        if named(WARNING) || screens::WARNING.iter().any(|words| begins(words, &word)) {
            things.push(Self::Warning);
        }
        things.extend(Passage::find(&word).map(Self::Passage));
        let quirks = QUIRK_WORDS.iter().filter(|one| named(one.name));
        things.extend(quirks.map(Self::Quirk));
        let steps = STEP_WORDS.iter().filter(|one| {
            let bare = word.strip_prefix("do.").unwrap_or(&word);
            one.name == bare
        });
        things.extend(steps.map(Self::Step));
        things
    }

    /// Explains it.
    fn explained(&self, scenarios: &[Scenario], lang: Option<Lang>) -> String {
        match self {
            Self::Scenario(scenario) => situation::situation(scenario, lang),
            Self::Check(check) => judging::check(check, scenarios, lang),
            Self::Defect(defect) => judging::defect(*defect, scenarios, lang),
            Self::Profile(profile) => judging::profile(*profile, lang),
            Self::Diagnosis(id) => judging::diagnosed(id, scenarios, lang),
            Self::Screen(text) => held::screen(text, scenarios, lang),
            Self::Warning => held::warning(scenarios, lang),
            Self::Passage(passage) => held::passage(passage, scenarios, lang),
            Self::Quirk(quirk) => held::quirk(quirk, scenarios, lang),
            Self::Step(step) => held::step(step, scenarios, lang),
        }
    }
}

/// Returns the screens of a name, of a code, or of the words that one begins with; of the latter
/// all of a heading, if there is one, count alone.
fn shown(word: &str) -> Vec<&'static screens::Text> {
    let texts = screens::all;
    let code = |one: &screens::Text| one.code().is_some_and(|code| plain(code) == word);
    let exact: Vec<_> = texts()
        .filter(|one| one.screen.name() == word || code(one) || plain(one.heading) == word)
        .collect();
    if !exact.is_empty() {
        return exact;
    }
    let is_button = [screens::ACCEPT, screens::REFUSE].contains(&word);
    let says = |one: &&screens::Text| {
        let mut lines = one.body.iter().copied().chain([one.heading]);
        lines.any(|line| begins(line, word)) || is_button && one.heading == CONSENT
    };
    texts().filter(says).collect()
}

/// Returns whether a Japanese text begins with these words, enough of them to tell.
fn begins(text: &str, words: &str) -> bool {
    words.chars().count() >= FEWEST && !words.is_ascii() && plain(text).starts_with(words)
}

/// Returns a word as it is compared: small, half-width, without what stands around it.
fn plain(word: &str) -> String {
    let half_width = |letter: char| match letter {
        '！'..='～' => char::from_u32(u32::from(letter) - FULL_WIDTH).unwrap_or(letter),
        _ => letter,
    };
    let word = word.trim().trim_matches(['「', '」', '。']);
    let word = word.chars().map(half_width);
    word.flat_map(char::to_lowercase).collect()
}

/// Returns a code or the name of a screen without the words around it: `画面 M5`, `M5画面`,
/// `エラーコード P11019`, `screen M 5`.
fn bare(id: &str) -> Option<String> {
    let word = plain(id).replace([' ', '　', ':', '(', ')'], "");
    let mut bare = &word[..];
    while let Some(rest) = AROUND.iter().find_map(|said| {
        let rest = bare.strip_prefix(said).or(bare.strip_suffix(said))?;
        (!rest.is_empty()).then_some(rest)
    }) {
        bare = rest;
    }
    (bare != id).then(|| bare.to_owned())
}

fn unknown(id: &str, scenarios: &[Scenario]) -> Error {
    let names = scenarios.iter().map(|scenario| scenario.name.clone());
    let checks = checks::all().map(|check| check.id);
    let diagnoses = diagnosis::ids();
    let words = checks
        .chain(Defect::all().map(Defect::name))
        .chain(Profile::ALL.iter().map(|one| one.name()))
        .chain(diagnoses)
        .chain(screens::all().filter_map(screens::Text::code))
        .chain(screens::all().map(|one| one.heading))
        .chain([WARNING, screens::ACCEPT])
        .chain(PASSAGES.iter().map(|one| one.place))
        .chain(QUIRK_WORDS.iter().map(|one| one.name))
        .chain(STEP_WORDS.iter().map(|one| one.name));
    let screens = screens::all().map(|one| one.screen.name().to_owned());
    let known: Vec<String> = names
        .chain(words.map(str::to_owned))
        .chain(screens)
        .collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    if let Some(known) = Passage::others(&plain(id)) {
        return Error::Usage {
            what: format!("nothing of `{id}` is known"),
            help: Some(format!("known of the guide are {known}")),
        };
    }
    // Codes and questions are written large, most names small.
    let written = [id.to_owned(), plain(id), plain(id).to_uppercase()];
    let nearest = written.iter().find_map(|word| advice(word, &known));
    Error::Usage {
        what: format!("nothing that can be explained is called `{id}`"),
        help: nearest.or_else(|| Some(ELSE.to_owned())),
    }
}

/// What to do where no word is near.
const ELSE: &str = "`ngnlab list` names the scenarios; `list --checks`, `--defects`, `--profiles` \
    and `--diagnoses` name others, and `explain --help` shows what else there is";
/// What is said around a code or a screen's name.
const AROUND: [&str; 8] = [
    "errorcode",
    "エラーコード",
    "error",
    "エラー",
    "code",
    "コード",
    "screen",
    "画面",
];
/// The browser's warning, among the screens of the guide.
const WARNING: &str = "m10";
/// The heading of the screen with buttons.
const CONSENT: &str = "通知意思確認画面";
/// Fewer letters of a screen tell nothing.
const FEWEST: usize = 3;
/// How far Unicode's full-width forms lie from ASCII.
const FULL_WIDTH: u32 = 0xfee0;

#[cfg(test)]
mod tests;

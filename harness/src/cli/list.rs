//! `ngnlab list`: what can happen, what is checked, what can be wrong, what can be tested.

use std::fmt::Write as _;
use std::path::Path;

use ngnlab_reports::escape::line;
use ngnlab_reports::words::Lang;
use ngnlab_reports::{Level, Profile, Text};
use ngnlab_sim::node::router::defect::Defect;

use super::{Answer, List, Place, select};
use crate::built_in;
use crate::checks;
use crate::diagnosis;
use crate::dut::description::Description;
use crate::dut::reference;
use crate::error::Error;

mod as_json;

impl List {
    /// Returns whether nothing else is asked for.
    fn lists_scenarios(&self) -> bool {
        let others = self.checks || self.defects || self.profiles || self.diagnoses;
        !others && self.devices.is_none()
    }
}

pub(super) fn answer(args: &List, place: Place) -> Result<Answer, Error> {
    if args.json {
        return as_json::all(args).map(Answer::text);
    }
    let lang = place.lang;
    let mut text = String::new();
    if args.checks {
        list_checks(&mut text, lang);
    }
    if args.defects {
        list_defects(&mut text, lang);
    }
    if args.profiles {
        list_profiles(&mut text, lang);
    }
    if args.diagnoses {
        list_diagnoses(&mut text, lang);
    }
    if let Some(folder) = &args.devices {
        list_devices(&select::devices(folder.as_deref()), &mut text, place.lang())?;
    }
    if args.lists_scenarios() {
        for found in select::scenarios(&args.scenarios.folder(), &[])? {
            let scenario = &found.scenario;
            let _ = writeln!(text, "{} ({})", scenario.name, scenario.until);
            told(&mut text, "    ", &scenario.about, lang);
        }
    }
    Ok(Answer::text(text))
}

/// Writes a text in this language, or in both.
fn told(text: &mut String, indent: &str, words: &Text, lang: Option<Lang>) {
    let lines = match lang {
        Some(lang) => vec![lang.of(words)],
        None => vec![&*words.en, &*words.ja],
    };
    for one in lines {
        let _ = writeln!(text, "{indent}{}", line(one));
    }
}

fn list_checks(text: &mut String, lang: Option<Lang>) {
    for check in checks::all() {
        let level = match check.level {
            Level::Must => "must",
            Level::Should => "should",
        };
        let _ = writeln!(text, "{level:<6} {}", check.id);
        told(text, "       ", &check.title, lang);
    }
}

fn list_profiles(text: &mut String, lang: Option<Lang>) {
    for profile in Profile::ALL {
        let of = |level| {
            checks::all()
                .filter(|check| check.level == level && check.profiles.contains(&profile))
                .count()
        };
        let (must, should) = (of(Level::Must), of(Level::Should));
        let name = profile.name();
        let _ = writeln!(text, "{name} ({must} MUST, {should} SHOULD)");
        told(text, "    ", &profile.about(), lang);
    }
}

fn list_diagnoses(text: &mut String, lang: Option<Lang>) {
    for end in diagnosis::ids().filter_map(diagnosis::meaning) {
        let heading = format!("{} ({})", end.id, end.flow().place(end.step));
        let _ = writeln!(text, "{}", lang.unwrap_or_default().say(&heading));
        told(text, "    ", &end.finding, lang);
    }
}

fn list_defects(text: &mut String, lang: Option<Lang>) {
    for defect in Defect::all() {
        let _ = writeln!(text, "{defect}");
        told(text, "    ", &Text::new(defect.ja(), defect.en()), lang);
    }
}

fn list_devices(folder: &Path, text: &mut String, lang: Lang) -> Result<(), Error> {
    let _ = writeln!(text, "{} (ra, pd)", reference::NAME);
    let about = "The built-in router, in memory and in virtual time.";
    let _ = writeln!(text, "    {}", lang.say(about));
    for path in select::device_files(folder)? {
        let device = Description::load(&path)?;
        let modes = device.offers.modes.iter().map(|mode| mode.word());
        let modes = modes.collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "{} ({modes})", line(&built_in::name(&path)));
        let about = format!("{}: {}", device.name, device.about);
        let _ = writeln!(text, "    {}", line(&about));
    }
    Ok(())
}

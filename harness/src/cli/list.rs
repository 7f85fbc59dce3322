//! `ngnlab list`: what can happen, what is checked, what can be wrong, what can be tested.

use std::fmt::Write as _;
use std::path::Path;

use ngnlab_reports::escape::line;
use ngnlab_reports::{Level, Profile};
use ngnlab_sim::node::router::defect::Defect;

use super::{Answer, List, select};
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

pub(super) fn answer(args: &List) -> Result<Answer, Error> {
    if args.json {
        return as_json::all(args).map(Answer::text);
    }
    let mut text = String::new();
    if args.checks {
        list_checks(&mut text);
    }
    if args.defects {
        list_defects(&mut text);
    }
    if args.profiles {
        list_profiles(&mut text);
    }
    if args.diagnoses {
        list_diagnoses(&mut text);
    }
    if let Some(folder) = &args.devices {
        list_devices(&select::devices(folder.as_deref()), &mut text)?;
    }
    if args.lists_scenarios() {
        for found in select::scenarios(&args.scenarios.folder(), &[])? {
            let scenario = &found.scenario;
            let _ = writeln!(text, "{} ({})", scenario.name, scenario.until);
            let _ = writeln!(text, "    {}", line(&scenario.about.en));
            let _ = writeln!(text, "    {}", line(&scenario.about.ja));
        }
    }
    Ok(Answer::text(text))
}

fn list_checks(text: &mut String) {
    for check in checks::all() {
        let level = match check.level {
            Level::Must => "must",
            Level::Should => "should",
        };
        let _ = writeln!(text, "{level:<6} {}", check.id);
        let _ = writeln!(text, "       {}", check.title.en);
        let _ = writeln!(text, "       {}", check.title.ja);
    }
}

fn list_profiles(text: &mut String) {
    for profile in Profile::ALL {
        let of = |level| {
            checks::all()
                .filter(|check| check.level == level && check.profiles.contains(&profile))
                .count()
        };
        let (must, should) = (of(Level::Must), of(Level::Should));
        let name = profile.name();
        let _ = writeln!(text, "{name} ({must} MUST, {should} SHOULD)");
        let _ = writeln!(text, "    {}", profile.about().en);
        let _ = writeln!(text, "    {}", profile.about().ja);
    }
}

fn list_diagnoses(text: &mut String) {
    for end in diagnosis::ids().filter_map(diagnosis::meaning) {
        let _ = writeln!(text, "{} (guide p.30, step {})", end.id, end.step);
        let _ = writeln!(text, "    {}", end.finding.en);
        let _ = writeln!(text, "    {}", end.finding.ja);
    }
}

fn list_defects(text: &mut String) {
    for defect in Defect::all() {
        let _ = writeln!(text, "{defect}");
        let _ = writeln!(text, "    {}", defect.en());
        let _ = writeln!(text, "    {}", defect.ja());
    }
}

fn list_devices(folder: &Path, text: &mut String) -> Result<(), Error> {
    let _ = writeln!(text, "{} (ra, pd)", reference::NAME);
    let _ = writeln!(
        text,
        "    The built-in router, in memory and in virtual time."
    );
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

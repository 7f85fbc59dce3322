//! A comparison as Markdown, for the summary that CI shows beside a run.

use std::fmt::Write as _;

use super::{Shown, heading, places, runs, subject, told};
use crate::comparison::{Change, Comparison, Decides, DeviceChanges, State, Trend};
use crate::formats::markdown::{code, folded, prose};

/// Renders a comparison, without colour, whatever is asked for.
pub(super) fn render(comparison: &Comparison, shown: Shown) -> String {
    let (mark, word, reasons) = match &comparison.comes_to {
        Trend::NoWorse if comparison.is_empty() => ("✅", "no change", &[][..]),
        Trend::NoWorse => ("✅", "no worse", &[][..]),
        Trend::Worse(reasons) if comparison.rules.strict => ("❌", "not as before", &reasons[..]),
        Trend::Worse(reasons) => ("❌", "worse", &reasons[..]),
        Trend::Unclear(reasons) => ("❔", "cannot tell", &reasons[..]),
    };
    let (old, new) = (code(&comparison.old), code(&comparison.new));
    let lang = shown.lang;
    let heading = format!("{new} against {old}: {word}");
    let mut text = format!("## {mark} {}\n\n", lang.say(&heading));
    for reason in reasons {
        let _ = writeln!(text, "- {}", code(&lang.say(reason)));
    }
    let gone = comparison.gone_devices.iter();
    let gone = gone.map(|name| format!("gone device: {}", code(name)));
    let new = comparison.new_devices.iter();
    let new = new.map(|name| format!("new device: {}", code(name)));
    let still = match comparison.still_failing() {
        0 => None,
        count => Some(format!("fails as it did: {count}")),
    };
    for line in gone.chain(new).chain(still) {
        let _ = writeln!(text, "- {}", lang.say(&line));
    }
    for device in &comparison.devices {
        of_device(&mut text, device, shown);
    }
    text
}

fn of_device(text: &mut String, device: &DeviceChanges, shown: Shown) {
    let lang = shown.lang;
    let both = format!("{}: {} in both", code(&device.device), runs(device.in_both));
    let _ = writeln!(text, "\n{}\n", lang.say(&both));
    for one in &device.differences {
        let (old, new) = (code(&one.old), code(&one.new));
        let line = format!("{}: {old}, now {new}", one.what);
        let _ = writeln!(text, "- {}", lang.say(&line));
    }
    let (deciding, others): (Vec<&Change>, Vec<&Change>) = device
        .changes
        .iter()
        .partition(|one| one.decides != Decides::Nothing);
    let mut last = None;
    for change in deciding {
        if last != Some(change.kind) {
            let _ = writeln!(text, "\n### {}\n", lang.say(heading(change.kind)));
            last = Some(change.kind);
        }
        let _ = writeln!(text, "- {}", line(change, shown));
    }
    for of_kind in others.chunk_by(|a, b| a.kind == b.kind) {
        let lines: Vec<String> = of_kind.iter().map(|one| line(one, shown)).collect();
        let what = format!("{}, does not count", heading(of_kind[0].kind));
        folded(text, &lang.say(&what), &lines);
    }
    let stale = device.newly_stale.iter();
    let stale: Vec<String> = stale
        .map(|one| format!("{}: {}", code(&one.check), code(&one.reason)))
        .collect();
    folded(text, &lang.say("newly stale in the device file"), &stale);
    let gone = device.gone_runs.iter().map(|one| match &one.because {
        Some(why) => format!("{}: {}", code(&one.place.words()), code(&lang.say(why))),
        None => code(&one.place.words()),
    });
    folded(text, &lang.say("runs gone"), &gone.collect::<Vec<_>>());
    let new = device.new_runs.iter().map(|one| code(&one.words()));
    folded(text, &lang.say("runs new"), &new.collect::<Vec<_>>());
    let names = |ids: &[String]| ids.iter().map(|id| code(id)).collect::<Vec<_>>();
    folded(text, &lang.say("checks gone"), &names(&device.gone_checks));
    folded(text, &lang.say("checks new"), &names(&device.new_checks));
}

fn line(change: &Change, shown: Shown) -> String {
    let lang = shown.lang;
    let (word, name) = subject(change);
    let cause = change.because.as_deref().filter(|_| !shown.all);
    let told = told(change, cause.map(code).as_deref(), lang);
    let mut line = format!("{} {} {told}", lang.say(word), code(&lang.say(name)));
    if cause.is_some() {
        return line;
    }
    let said = |words: &str| code(&lang.say(words));
    let evidence = change.places.first().and_then(|at| match &at.is {
        State::Failed { expected, seen, .. } => {
            Some(format!("expected {}, seen {}", said(expected), said(seen)))
        }
        State::Missing(why) | State::NotJudged(why) | State::Unclear(why) => Some(said(why)),
        State::Ends(id) => Some(format!("now {}", said(id.as_deref().unwrap_or("none")))),
        State::Passed | State::Absent => None,
    });
    if let Some(evidence) = evidence {
        let _ = write!(line, "{}{}", lang.colon(), lang.say(&evidence));
    }
    let places = places(&change.places, shown.all);
    let _ = write!(line, " ({})", prose(&lang.say(&places)));
    line
}

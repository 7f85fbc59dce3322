//! A comparison as Markdown, for the summary that CI shows beside a run.

use std::fmt::Write as _;

use super::{Shown, heading, places, runs, subject};
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
    let mut text = format!("## {mark} {new} against {old}: {word}\n\n");
    for reason in reasons {
        let _ = writeln!(text, "- {}", code(reason));
    }
    for name in &comparison.gone_devices {
        let _ = writeln!(text, "- gone device {}", code(name));
    }
    for name in &comparison.new_devices {
        let _ = writeln!(text, "- new device {}", code(name));
    }
    if comparison.still_failing() > 0 {
        let _ = writeln!(text, "- fails as it did: {}", comparison.still_failing());
    }
    for device in &comparison.devices {
        of_device(&mut text, device, shown.all);
    }
    text
}

fn of_device(text: &mut String, device: &DeviceChanges, all: bool) {
    let _ = writeln!(
        text,
        "\n{}: {} in both\n",
        code(&device.device),
        runs(device.in_both)
    );
    for one in &device.differences {
        let (old, new) = (code(&one.old), code(&one.new));
        let _ = writeln!(text, "- {}: {old}, now {new}", one.what);
    }
    let (deciding, others): (Vec<&Change>, Vec<&Change>) = device
        .changes
        .iter()
        .partition(|one| one.decides != Decides::Nothing);
    let mut last = None;
    for change in deciding {
        if last != Some(change.kind) {
            let _ = writeln!(text, "\n### {}\n", heading(change.kind));
            last = Some(change.kind);
        }
        let _ = writeln!(text, "- {}", line(change, all));
    }
    for of_kind in others.chunk_by(|a, b| a.kind == b.kind) {
        let lines: Vec<String> = of_kind.iter().map(|one| line(one, all)).collect();
        let what = format!("{}, does not count", heading(of_kind[0].kind));
        folded(text, &what, &lines);
    }
    let stale = device.newly_stale.iter();
    let stale: Vec<String> = stale
        .map(|one| format!("{}: {}", code(&one.check), code(&one.reason)))
        .collect();
    folded(text, "newly stale in the device file", &stale);
    let gone = device.gone_runs.iter().map(|one| match &one.because {
        Some(why) => format!("{}: {}", code(&one.place.words()), code(why)),
        None => code(&one.place.words()),
    });
    folded(text, "runs gone", &gone.collect::<Vec<_>>());
    let new = device.new_runs.iter().map(|one| code(&one.words()));
    folded(text, "runs new", &new.collect::<Vec<_>>());
    let names = |ids: &[String]| ids.iter().map(|id| code(id)).collect::<Vec<_>>();
    folded(text, "checks gone", &names(&device.gone_checks));
    folded(text, "checks new", &names(&device.new_checks));
}

fn line(change: &Change, all: bool) -> String {
    let (word, name) = subject(change);
    let count = runs(change.places.len());
    let known = if change.known {
        ", as the device file says"
    } else {
        ""
    };
    let mut line = format!("{word} {} in {count}{known}", code(name));
    if let Some(cause) = change.because.as_ref().filter(|_| !all) {
        let _ = write!(line, ", because of {}", code(cause));
        return line;
    }
    let evidence = change.places.first().and_then(|at| match &at.is {
        State::Failed { expected, seen, .. } => {
            Some(format!("expected {}, seen {}", code(expected), code(seen)))
        }
        State::Missing(why) | State::NotJudged(why) | State::Unclear(why) => Some(code(why)),
        State::Ends(id) => Some(format!("now {}", code(id.as_deref().unwrap_or("none")))),
        State::Passed | State::Absent => None,
    });
    if let Some(evidence) = evidence {
        let _ = write!(line, ": {evidence}");
    }
    let _ = write!(line, " ({})", prose(&places(&change.places, all)));
    line
}

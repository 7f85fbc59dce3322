//! What a page says of verdicts that scenarios promise: those that are missing, and those that the
//! device file gives up.

use super::page::{Page, Style};
use crate::conclusion::Conclusion;
use crate::exercises::Lost;
use crate::{Case, Level, Outcome, Report};

/// Writes which verdicts are missing: a paragraph for each check that a chosen profile asks for, a
/// line for each of the others, and a line for each that the device file excuses.
pub(super) fn write(report: &Report, conclusion: &Conclusion, page: &mut Page) {
    let lost = report.lost_for_chosen();
    // Where something certainly failed, what is missing is mostly its consequence, and does not
    // decide.
    if matches!(conclusion, Conclusion::NotConformant(_)) {
        in_one_paragraph(&lost, page);
    } else {
        for of_one in lost.chunk_by(|a, b| a.check == b.check) {
            paragraph(report, of_one, page);
        }
    }
    let others = report.lost_for_others();
    if !others.is_empty() {
        page.said("not judged, too, but counts for none of the chosen profiles:");
        for one in &others {
            let line = format!("{} in {}", one.check, one.place());
            page.wrapped(&page.lang.say(&line), "  ", "    ");
        }
        page.gap();
    }
    excused(report, page);
}

fn in_one_paragraph(lost: &[Lost], page: &mut Page) {
    if lost.is_empty() {
        return;
    }
    page.said("not judged beside that, though scenarios exercise it:");
    for of_one in lost.chunk_by(|a, b| a.check == b.check) {
        let places: Vec<String> = of_one.iter().take(MOST_PLACES).map(Lost::place).collect();
        let more = match of_one.len().saturating_sub(MOST_PLACES) {
            0 => String::new(),
            more => format!(" and in {more} scenarios more"),
        };
        let line = format!("{} in {}{more}", of_one[0].check, places.join(", "));
        page.wrapped(&page.lang.say(&line), "  ", "    ");
    }
    page.gap();
}

fn paragraph(report: &Report, lost: &[Lost], page: &mut Page) {
    let Some(first) = lost.first() else {
        return;
    };
    let (style, level) = match first.level {
        Level::Must => (Style::Red, "MUST"),
        Level::Should => (Style::Yellow, "SHOULD"),
    };
    let pieces = [(Style::Plain, "  "), (Style::Bold, &first.check)];
    let word = page.lang.say("NOT JUDGED");
    page.line(&[&[(style, &*word)], &pieces[..]].concat());
    let info = report.checks.get(&first.check);
    if let Some(info) = info {
        page.field("", page.lang.of(&info.title));
        let is_meant = |case: &&Case| {
            let mut lost = lost.iter();
            lost.any(|one| one.scenario == case.scenario && one.areas.contains(&case.area))
        };
        let profiles = report.counts_for(&info.id, report.cases.iter().filter(is_meant));
        let names: Vec<&str> = profiles.iter().map(|profile| profile.name()).collect();
        page.field_said("counts", &format!("{level} of {}", names.join(", ")));
    }
    page.field_said("expected", "a verdict, since these scenarios exercise it");
    for one in lost.iter().take(MOST_PLACES) {
        page.field_said("where", &one.place());
        page.field_said("because", &one.because);
    }
    let more = lost.len().saturating_sub(MOST_PLACES);
    if more > 0 {
        page.field_said("", &format!("and in {more} scenarios more"));
    }
    page.gap();
}

/// Names what the device file gives up, so that nothing of it is swallowed.
fn excused(report: &Report, page: &mut Page) {
    let mut lines = Vec::new();
    for case in &report.cases {
        if case.outcome != Outcome::Judged {
            continue;
        }
        for exercise in &case.exercises {
            let (check, scenario, area) = (&exercise.check, &case.scenario, &case.area);
            let (said, reason) = match &exercise.excuse {
                Some(excuse) => {
                    let wavers = match (excuse.wavers, case.is_judged(check)) {
                        (true, true) => ", judged this time",
                        (true, false) => ", not judged this time",
                        (false, _) => "",
                    };
                    (wavers, &excuse.reason)
                }
                None => match case.known_and_not_judged(check) {
                    Some(reason) => (", where it is known to fail", reason),
                    None => continue,
                },
            };
            lines.push(format!("{check} in {scenario} ({area}){said}: {reason}"));
        }
    }
    if lines.is_empty() {
        return;
    }
    page.said("need not be judged, as the device file says:");
    for line in &lines {
        page.wrapped(&page.lang.say(line), "  ", "    ");
    }
    page.gap();
}

/// Of the scenarios in which one check is missing; `render --format excuses` names them all.
const MOST_PLACES: usize = 4;

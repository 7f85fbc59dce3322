//! A comparison for people: 80 columns, what decides first, the verdict last.

use super::{Shown, heading, places, runs, several, subject, told};
use crate::comparison::{
    At, Change, Comparison, Decides, DeviceChanges, Kind, State, Subject, Trend,
};
use crate::formats::Look;
use crate::formats::page::{Page, Style};

/// Renders a comparison, with colour for a terminal if that is set.
pub(super) fn render(comparison: &Comparison, shown: Shown) -> String {
    let mut told = Told {
        page: Page::new(Look {
            colour: shown.colour,
            lang: shown.lang,
            ..Look::PLAIN
        }),
        all: shown.all,
        is_worse: matches!(comparison.comes_to, Trend::Worse(_)),
    };
    for (number, device) in comparison.devices.iter().enumerate() {
        if number > 0 {
            told.page.gap();
        }
        told.device(comparison, device);
    }
    for (names, said) in [
        (&comparison.gone_devices, "gone device"),
        (&comparison.new_devices, "new device"),
    ] {
        for name in names {
            let line = format!("{said}: {name}");
            told.page.wrapped(&shown.lang.say(&line), "", "  ");
        }
    }
    told.page.gap();
    told.conclusion(comparison);
    told.page.into_text()
}

/// A comparison that is being told.
struct Told {
    page: Page,
    all: bool,
    is_worse: bool,
}

impl Told {
    fn device(&mut self, comparison: &Comparison, device: &DeviceChanges) {
        let Comparison { old, new, .. } = comparison;
        let of = match comparison.devices.len() {
            1 => String::new(),
            _ => format!("{}: ", device.device),
        };
        let runs = runs(device.in_both);
        self.labelled("compared", &format!("{of}{old} with {new}, {runs} in both"));
        for one in &device.differences {
            let said = format!("{}: {}, now {}", one.what, one.old, one.new);
            self.labelled("differ in", &said);
        }
        let mut last = None;
        let mut folded = Vec::new();
        for change in &device.changes {
            if !self.all && is_by_chance(change) {
                folded.push(change);
                continue;
            }
            if last != Some(change.kind) {
                self.page.gap();
                let heading = self.page.lang.say(heading(change.kind));
                self.page.line(&[(Style::Bold, &heading)]);
                last = Some(change.kind);
            }
            self.change(change);
        }
        self.by_chance(&folded);
        self.others(device);
    }

    fn change(&mut self, change: &Change) {
        let (word, name) = subject(change);
        let style = match (change.decides, change.kind) {
            (Decides::Worse | Decides::Open, _) => Style::Red,
            (_, Kind::NewlyPassing | Kind::NewlyJudged) => Style::Green,
            _ => Style::Yellow,
        };
        let lang = self.page.lang;
        let (word, name) = (lang.say(word), lang.say(name));
        let told = format!(" {}", told(change, change.because.as_deref(), lang));
        if change.because.is_some() && !self.all {
            let line = format!("{word}  {name}{told}");
            self.page.wrapped(&line, "  ", "            ");
            return;
        }
        self.page.line(&[
            (Style::Plain, "  "),
            (style, &word),
            (Style::Plain, "  "),
            (Style::Bold, &name),
            (Style::Plain, &told),
        ]);
        if change.kind == Kind::OtherDiagnosis {
            let shown = if self.all {
                change.places.len()
            } else {
                super::MOST_PLACES
            };
            for at in change.places.iter().take(shown) {
                let told = format!("{}, was {}", ends(&at.is), ends(&at.was));
                let (place, colon) = (at.place.words(), lang.colon());
                self.page
                    .field("where", &format!("{place}{colon}{}", lang.say(&told)));
            }
            let more = change.places.len().saturating_sub(shown);
            if more > 0 {
                self.page.field_said("", &format!("and {more} more"));
            }
            return;
        }
        // Where it became worse, what is no longer judged is mostly the consequence.
        let follows = self.is_worse && change.kind == Kind::NoLongerJudged;
        if !self.all && follows {
            return;
        }
        if let Some(at) = change.places.first() {
            self.states(at, change.kind);
        }
        self.page
            .field_said("where", &places(&change.places, self.all));
    }

    fn states(&mut self, at: &At, kind: Kind) {
        match (&at.was, &at.is) {
            (State::Failed { expected, seen, .. }, State::Failed { .. })
                if kind == Kind::OtherEvidence =>
            {
                self.page.field_said("expected", expected);
                self.page.field_said("seen then", seen);
            }
            (_, State::Failed { .. }) if at.was != State::Passed => {
                self.page.field_said("before", &said(&at.was));
            }
            (State::Failed { seen, .. }, _) => self.page.field_said("seen then", seen),
            _ => {}
        }
        match &at.is {
            State::Failed {
                expected,
                seen,
                known,
                ..
            } => {
                self.page.field_said("expected", expected);
                self.page.field_said("seen", seen);
                if let Some(reason) = known {
                    self.page.field("known", reason);
                }
            }
            State::Missing(why) | State::NotJudged(why) => self.page.field_said("because", why),
            State::Unclear(why) => self.page.field_said("unclear", why),
            State::Passed | State::Absent | State::Ends(_) => {}
        }
    }

    /// Says how many verdicts come and go where nothing asks for them.
    fn by_chance(&mut self, changes: &[&Change]) {
        let count = |kind| {
            let meant = changes.iter().filter(|one| one.kind == kind);
            meant.map(|one| one.places.len()).sum::<usize>()
        };
        let (lost, found) = (count(Kind::NoLongerJudged), count(Kind::NewlyJudged));
        if lost + found == 0 {
            return;
        }
        self.page.gap();
        let lost = several(lost, "verdict is no more", "verdicts are no more");
        let found = several(found, "is new and passes", "are new and pass");
        let line = format!("{lost} and {found} where that does not count; --all names them");
        self.page.wrapped(&self.page.lang.say(&line), "", "  ");
    }

    fn others(&mut self, device: &DeviceChanges) {
        let gone = device.gone_runs.iter().map(|one| match &one.because {
            Some(why) => format!("{}: {why}", one.place.words()),
            None => one.place.words(),
        });
        let new = device.new_runs.iter().map(|one| one.words());
        let lists = [
            self.list("gone run", "gone runs", &gone.collect::<Vec<_>>()),
            self.list("new run", "new runs", &new.collect::<Vec<_>>()),
            self.list("gone check", "gone checks", &device.gone_checks),
            self.list("new check", "new checks", &device.new_checks),
        ];
        let newly = device.newly_stale.iter().map(|one| (one, "newly stale"));
        let no_longer = device.no_longer_stale.iter();
        let no_longer = no_longer.map(|one| (one, "no longer stale"));
        let stale = newly.chain(no_longer).map(|(one, said)| {
            let place = match &one.excused_in {
                Some(place) => format!(", judged in {place}"),
                None => String::new(),
            };
            format!(
                "{said} in the device file: {}{place} ({})",
                one.check, one.reason
            )
        });
        let lines: Vec<String> = lists.into_iter().flatten().chain(stale).collect();
        for (number, line) in lines.iter().enumerate() {
            if number == 0 {
                self.page.gap();
            }
            self.page.wrapped(&self.page.lang.say(line), "", "  ");
        }
    }

    fn list(&self, one: &str, many: &str, names: &[String]) -> Option<String> {
        let shown = if self.all {
            names.len()
        } else {
            super::MOST_PLACES
        };
        let more = match names.len().saturating_sub(shown) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let names_shown: Vec<&str> = names.iter().take(shown).map(|name| &**name).collect();
        let count = several(names.len(), one, many);
        (!names.is_empty()).then(|| format!("{count}: {}{more}", names_shown.join(", ")))
    }

    fn conclusion(&mut self, comparison: &Comparison) {
        let before = match comparison.still_failing() {
            0 => None,
            1 => Some("1 thing fails as it did, and does not count".to_owned()),
            count => Some(format!("{count} things fail as they did, and do not count")),
        };
        let old = &comparison.old;
        let (came, reasons) = match &comparison.comes_to {
            Trend::NoWorse if comparison.is_empty() => (format!("none since {old}"), &[][..]),
            Trend::NoWorse
                if comparison
                    .devices
                    .iter()
                    .any(|one| !one.gone_runs.is_empty()) =>
            {
                (format!("where both were run, no worse than {old}"), &[][..])
            }
            Trend::NoWorse => (format!("no worse than {old}"), &[][..]),
            Trend::Worse(reasons) if comparison.rules.strict => {
                (format!("not as {old}"), &reasons[..])
            }
            Trend::Worse(reasons) => (format!("worse than {old}"), &reasons[..]),
            Trend::Unclear(reasons) => (
                format!("cannot tell whether it is worse than {old}"),
                &reasons[..],
            ),
        };
        let lang = self.page.lang;
        let mut line = lang.say(&came).into_owned();
        let mut link = match reasons.is_empty() {
            true => lang.semicolon(),
            false => lang.colon(),
        };
        for part in reasons.iter().chain(&before) {
            line = format!("{line}{link}{}", lang.say(part));
            link = lang.semicolon();
        }
        self.labelled("change", &line);
    }

    fn labelled(&mut self, label: &str, value: &str) {
        self.page.row(label, value);
    }
}

/// Returns whether a verdict comes or goes where nothing asks for it.
fn is_by_chance(change: &Change) -> bool {
    let comes_or_goes = matches!(change.kind, Kind::NoLongerJudged | Kind::NewlyJudged);
    // Of a run that is not judged there is a reason, and all its verdicts are missing.
    comes_or_goes && change.decides == Decides::Nothing && change.subject != Subject::Run
}

/// Says where the flow ends.
fn ends(state: &State) -> String {
    match state {
        State::Ends(None) => "no diagnosis".to_owned(),
        other => said(other),
    }
}

fn said(state: &State) -> String {
    match state {
        State::Passed => "passed".to_owned(),
        State::Failed {
            seen,
            known: Some(_),
            ..
        } => format!("failed as known: {seen}"),
        State::Failed { seen, .. } => format!("failed: {seen}"),
        State::Unclear(why) => format!("unclear: {why}"),
        State::Missing(why) => format!("not judged: {why}"),
        State::NotJudged(why) => format!("not judged: {why}"),
        State::Absent => "it was not run or not asked".to_owned(),
        State::Ends(None) => "none".to_owned(),
        State::Ends(Some(id)) => id.clone(),
    }
}

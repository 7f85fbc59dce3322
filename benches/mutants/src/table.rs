//! What the trials came to: a table by file, what went unnoticed, and whether the bars are met.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ngnlab_reports::Level;

use crate::cause;
use crate::mutant::Mutant;
use crate::reviewed::{Reason, Reviewed};
use crate::trial::Fate;

/// A fault, and what became of it.
pub(crate) type Tried<'a> = (&'a Mutant, Fate);

/// Sums of the faults of one file, or of all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sums {
    tried: usize,
    /// Noticed, by exit code: 1, 3, 0.
    not_conformant: usize,
    undetermined: usize,
    conformant: usize,
    fell_over: usize,
    never_reached: usize,
    same_traces: usize,
    other_traces: usize,
    not_observable: usize,
    allowed: usize,
    not_covered: usize,
    not_looked_at: usize,
    names_the_cause: usize,
    musts_without_code: usize,
}

impl Sums {
    fn add(&mut self, mutant: &Mutant, fate: &Fate, reviewed: &Reviewed) {
        self.tried += 1;
        match fate {
            Fate::Noticed {
                code, first, level, ..
            } => {
                match code {
                    1 => self.not_conformant += 1,
                    0 => self.conformant += 1,
                    _ => self.undetermined += 1,
                }
                self.musts_without_code += usize::from(*code == 0 && *level == Some(Level::Must));
                self.names_the_cause += usize::from(names_the_cause(mutant, first, reviewed));
            }
            Fate::Crashed { .. } | Fate::Hung => self.fell_over += 1,
            Fate::Survived {
                reached, parting, ..
            } => {
                match (reached, parting) {
                    (false, _) => self.never_reached += 1,
                    (true, None) => self.same_traces += 1,
                    (true, Some(_)) => self.other_traces += 1,
                }
                match reviewed.survivor(mutant).map(|one| one.reason) {
                    Some(Reason::NotObservable) => self.not_observable += 1,
                    Some(Reason::Allowed) => self.allowed += 1,
                    Some(Reason::NotCovered) => self.not_covered += 1,
                    None => self.not_looked_at += 1,
                }
            }
        }
    }

    fn noticed(&self) -> usize {
        self.not_conformant + self.undetermined + self.conformant
    }

    /// Those that a check could notice, and that are wrong.
    fn observable(&self) -> usize {
        self.tried - self.fell_over - self.not_observable - self.allowed
    }

    /// Returns whether enough is noticed.
    pub(crate) fn holds(&self) -> bool {
        self.noticed() * 100 >= self.observable() * NOTICED
            && self.not_observable * 100 <= self.tried * NOT_OBSERVABLE
            && self.names_the_cause * 100 >= self.noticed() * NAMED
            && self.musts_without_code == 0
    }
}

/// Sums up all trials.
pub(crate) fn sums(tried: &[Tried<'_>], reviewed: &Reviewed) -> Sums {
    let mut sums = Sums::default();
    for (mutant, fate) in tried {
        sums.add(mutant, fate, reviewed);
    }
    sums
}

/// Returns whether the first finding is about what was changed.
pub(crate) fn names_the_cause(mutant: &Mutant, first: &str, reviewed: &Reviewed) -> bool {
    let looked = reviewed.names_the_cause(mutant, first);
    looked.unwrap_or_else(|| cause::is_named_by(&mutant.file, first))
}

/// Renders everything for people.
pub(crate) fn render(tried: &[Tried<'_>], reviewed: &Reviewed) -> String {
    let mut page = String::new();
    unnoticed(&mut page, tried, reviewed);
    misleading(&mut page, tried, reviewed);
    by_file(&mut page, tried, reviewed);
    bars(&mut page, &sums(tried, reviewed));
    page
}

fn unnoticed(page: &mut String, tried: &[Tried<'_>], reviewed: &Reviewed) {
    let _ = writeln!(page, "Not noticed:");
    for (mutant, fate) in tried {
        let Fate::Survived {
            reached,
            parting,
            lost,
        } = fate
        else {
            continue;
        };
        let review = reviewed.survivor(mutant);
        let reason = review.map_or("not looked at", |one| one.reason.words());
        head(page, mutant);
        let seen = match (reached, parting) {
            (false, _) => "no scenario comes there".to_owned(),
            (true, None) => "every trace stays the same".to_owned(),
            (true, Some(parting)) => format!(
                "{} traces differ, {} from record {} on",
                parting.cases, parting.first, parting.record
            ),
        };
        let _ = writeln!(page, "      {seen}; {reason}");
        if let Some(review) = review {
            let _ = writeln!(page, "      {}", review.because);
        }
        if !lost.is_empty() {
            let _ = writeln!(page, "      no longer judged: {}", lost.join(", "));
        }
    }
}

fn misleading(page: &mut String, tried: &[Tried<'_>], reviewed: &Reviewed) {
    let _ = writeln!(
        page,
        "\nNoticed, but the first finding does not name the cause:"
    );
    for (mutant, fate) in tried {
        if let Fate::Noticed {
            code, first, all, ..
        } = fate
            && !names_the_cause(mutant, first, reviewed)
        {
            head(page, mutant);
            let others: Vec<&str> = all.iter().skip(1).take(4).map(|one| &**one).collect();
            let _ = writeln!(
                page,
                "      exit {code}: {first}; then {}",
                others.join(", ")
            );
        }
    }
    let fell = |fate: &Fate| match fate {
        Fate::Crashed { message } => Some(message.clone()),
        Fate::Hung => Some("it never came to an end".to_owned()),
        Fate::Noticed { .. } | Fate::Survived { .. } => None,
    };
    let _ = writeln!(page, "\nFell over, which says nothing of the checks:");
    for (mutant, fate) in tried {
        if let Some(how) = fell(fate) {
            head(page, mutant);
            let _ = writeln!(page, "      {how}");
        }
    }
}

fn head(page: &mut String, mutant: &Mutant) {
    let (place, change) = (mutant.place(), mutant.change());
    let _ = writeln!(page, "  {:>5} {place} {}", mutant.number, mutant.function);
    let _ = writeln!(page, "      {}: {change}", mutant.operator);
}

fn by_file(page: &mut String, tried: &[Tried<'_>], reviewed: &Reviewed) {
    let mut files: BTreeMap<&str, Sums> = BTreeMap::new();
    for (mutant, fate) in tried {
        files
            .entry(&mutant.file)
            .or_default()
            .add(mutant, fate, reviewed);
    }
    let _ = writeln!(
        page,
        "\n{:38} {:>5} | {:>6} {:>6} {:>6} | {:>5} | {:>7} {:>6} {:>6} | {:>6} {:>7} {:>7} {:>6}",
        "",
        "tried",
        "exit 1",
        "exit 3",
        "exit 0",
        "fell",
        "never",
        "same",
        "other",
        "not ob",
        "allowed",
        "not cov",
        "not"
    );
    let _ = writeln!(
        page,
        "{:38} {:>5} | {:>6} {:>6} {:>6} | {:>5} | {:>7} {:>6} {:>6} | {:>6} {:>7} {:>7} {:>6}",
        "file",
        "",
        "",
        "",
        "",
        "over",
        "reached",
        "traces",
        "traces",
        "serv.",
        "",
        "ered",
        "looked"
    );
    for (name, sums) in files {
        row(page, name, &sums);
    }
    row(page, "all", &sums(tried, reviewed));
}

fn row(page: &mut String, name: &str, sums: &Sums) {
    let _ = writeln!(
        page,
        "{name:38} {:>5} | {:>6} {:>6} {:>6} | {:>5} | {:>7} {:>6} {:>6} | {:>6} {:>7} {:>7} {:>6}",
        sums.tried,
        sums.not_conformant,
        sums.undetermined,
        sums.conformant,
        sums.fell_over,
        sums.never_reached,
        sums.same_traces,
        sums.other_traces,
        sums.not_observable,
        sums.allowed,
        sums.not_covered,
        sums.not_looked_at,
    );
}

fn bars(page: &mut String, sums: &Sums) {
    let percent = |part: usize, of: usize| 100.0 * part as f64 / of.max(1) as f64;
    let lines = [
        (
            "of the observable are noticed",
            sums.noticed(),
            sums.observable(),
            NOTICED,
            true,
        ),
        (
            "of the noticed have a first finding that names the cause",
            sums.names_the_cause,
            sums.noticed(),
            NAMED,
            true,
        ),
        (
            "are called not observable",
            sums.not_observable,
            sums.tried,
            NOT_OBSERVABLE,
            false,
        ),
    ];
    let _ = writeln!(page);
    for (what, part, of, bar, at_least) in lines {
        let bound = if at_least { "at least" } else { "at most" };
        let share = percent(part, of);
        let _ = writeln!(
            page,
            "{share:5.1} % {what} ({part} of {of}), {bound} {bar} % are wanted"
        );
    }
    let _ = writeln!(
        page,
        "{} MUSTs failed without an exit code that says so",
        sums.musts_without_code
    );
    let word = if sums.holds() { "enough" } else { "not enough" };
    let _ = writeln!(page, "result: {word}");
}

/// How many in a hundred of the observable must be noticed.
const NOTICED: usize = 85;
/// How many in a hundred of those noticed must have a first finding that names the cause.
const NAMED: usize = 90;
/// How many in a hundred may be called not observable.
const NOT_OBSERVABLE: usize = 15;

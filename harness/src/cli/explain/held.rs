//! What a technician holds, explained: a code, a screen, a page or question of the guide; and what
//! a scenario is written with, oddities of the network and steps.

use std::net::Ipv6Addr;

use ngnlab_reports::Text;
use ngnlab_reports::words::Lang;
use ngnlab_sim::line::{Area, LineAuthQuirk, ONS_DOMAINS, QuirkWords};
use ngnlab_sim::node::part::screens;
use ngnlab_sim::trace::Screen;

use super::words::{Sheet, lines, names, titles, what_to_do};
use crate::checks::{self, Check};
use crate::diagnosis;
use crate::guide::{PASSAGES, Passage};
use crate::scenario::Scenario;
use crate::scenario::step::Action;
use crate::scenario::step::words::StepWords;

/// Explains a screen of the line-authentication site or of the portal.
pub(super) fn screen(shown: &screens::Text, scenarios: &[Scenario], lang: Option<Lang>) -> String {
    let mut text = Sheet::new(lang);
    let name = shown.screen.name();
    text.heading(&format!("{name} (a screen)"));
    text.both(&Text::new(shown.when_ja, shown.when_en));
    let says: Vec<&str> = [&[shown.heading][..], shown.body].concat();
    text.row("says", &says);
    text.row("code", shown.code().as_slice());
    text.row("source", &[shown.source]);
    let led_to = diagnosis::of_screen(shown.screen);
    match led_to.and_then(diagnosis::meaning) {
        Some(end) => {
            for remedy in end.remedies {
                text.row("what to do", &what_to_do(remedy, lang));
            }
            text.row("diagnosis", &[end.id]);
        }
        None => text.row("what to do", &lines(&after(shown.screen), lang)),
    }
    let showing = |one: &Scenario| {
        one.expect.screen == Some(shown.screen) || led_to.is_some_and(|id| one.expects(id))
    };
    text.row("seen in", &names(scenarios, showing));
    let asked = PASSAGES.iter().filter(|one| one.place.starts_with('Q'));
    let asked: Vec<&Passage> = asked.filter(|one| one.is_in(shown.source)).collect();
    let cited = |source| asked.iter().any(|one| one.is_in(source));
    let judging = checks::all().filter(|check| cited(check.source));
    text.row("judged by", &titles(judging, lang));
    text.into_text()
}

/// What to do where nothing is the matter.
fn after(screen: Screen) -> Text {
    match screen {
        Screen::M2 | Screen::M2b => Text::new(
            "対処は不要です。それでもポータルに接続できないときは問い合わせてください（ガイドFAQ 16、FAQ 17）。",
            "Nothing; if the portal still does not answer, contact the desk (guide Q16, Q17).",
        ),
        _ => Text::new(
            "問題ありません。そのまま進んでください（ガイドp.17、p.18）。",
            "Nothing is the matter; go on (guide p.17, p.18).",
        ),
    }
}

/// Explains the browser's warning, which comes in place of a screen.
pub(super) fn warning(scenarios: &[Scenario], lang: Option<Lang>) -> String {
    let mut text = Sheet::new(lang);
    text.heading("m10 (the browser's warning)");
    let Some(end) = diagnosis::meaning(CERTIFICATE) else {
        return text.into_text();
    };
    text.both(&end.finding);
    text.row("says", &screens::WARNING);
    text.row("source", &["guide p.16, Q8"]);
    for remedy in end.remedies {
        text.row("what to do", &what_to_do(remedy, lang));
    }
    text.row("diagnosis", &[end.id]);
    let warned = |one: &Scenario| {
        one.expects(CERTIFICATE) || one.terminal_specs.iter().any(|spec| !spec.trusts_ons_root)
    };
    text.row("seen in", &names(scenarios, warned));
    text.into_text()
}

/// Explains a page or a question of the guide.
pub(super) fn passage(passage: &Passage, scenarios: &[Scenario], lang: Option<Lang>) -> String {
    let mut text = Sheet::new(lang);
    let kind = match passage.place.starts_with('Q') {
        true => "a question of the guide's FAQ",
        false => "a page of the guide",
    };
    text.heading(&format!("{} ({kind})", passage.place));
    text.both(&passage.says);
    let source = format!(
        "オンライン資格確認等システム 接続ガイド 1.2版, {}",
        passage.place
    );
    text.row("source", &[source]);
    if let Some(remedy) = &passage.remedy {
        text.row("what to do", &lines(remedy, lang));
    }
    if passage.place == DNS_TABLE {
        dns_table(&mut text);
    }
    if passage.place == FLOW {
        let ends = diagnosis::ids().filter_map(diagnosis::meaning);
        let ends = ends.flat_map(|end| {
            let finding = lines(&end.finding, lang);
            let finding = finding.into_iter().map(|line| format!("  {line}"));
            let id = format!("{} (step {})", end.id, end.step);
            [id].into_iter().chain(finding).collect::<Vec<_>>()
        });
        text.row("ends in", &ends.collect::<Vec<_>>());
    }
    let screens = screens::TEXTS
        .iter()
        .filter(|one| passage.is_in(one.source));
    let screens = screens.map(|one| format!("{:<17} {}", one.screen.name(), one.heading));
    text.row("screens", &screens.collect::<Vec<_>>());
    let showing = names(scenarios, |one| passage.is_in(&one.source));
    text.row("seen in", &showing);
    let judging = checks::all().filter(|check| passage.is_in(check.source));
    text.row("judged by", &titles(judging, lang));
    text.into_text()
}

/// Writes the servers of each area.
fn dns_table(text: &mut Sheet) {
    for area in Area::ALL {
        let values = area.values();
        let servers = |[first, second]: [Ipv6Addr; 2]| format!("{first}, then {second}");
        let lines = [
            format!("{}: {}", values.ngn_domain, servers(values.ngn_dns)),
            format!("{}: {}", ONS_DOMAINS.join(", "), servers(values.ons_dns)),
        ];
        text.row(area.name(), &lines);
    }
}

/// Explains an oddity of the network.
pub(super) fn quirk(quirk: &QuirkWords, scenarios: &[Scenario], lang: Option<Lang>) -> String {
    let mut text = Sheet::new(lang);
    let QuirkWords { node, name, .. } = quirk;
    text.heading(&format!("{name} (a quirk of {node})"));
    text.both(&Text::new(quirk.ja, quirk.en));
    text.row("source", &[quirk.source]);
    let written = format!("line.quirks = {{ {node} = [\"{name}\"] }}");
    text.row("written", &[written]);
    let has = |one: &Scenario| {
        let quirks = serde_json::to_value(&one.line.quirks).unwrap_or_default();
        let named = quirks[*node].as_array();
        let is_put_on = one.steps().any(|step| match &step.action {
            Action::LineAuth(step) => *node == LINE_AUTH && is_called(step.mood, name),
            _ => false,
        });
        is_put_on || named.is_some_and(|names| names.iter().any(|one| one == name))
    };
    shown(&mut text, scenarios, has);
    text.into_text()
}

/// Explains a step.
pub(super) fn step(step: &StepWords, scenarios: &[Scenario], lang: Option<Lang>) -> String {
    let mut text = Sheet::new(lang);
    text.heading(&format!("{} (a step)", step.name));
    text.both(&Text::new(step.ja, step.en));
    text.row("written", &[step.example]);
    text.row("source", &["scenarios/README.md, Steps"]);
    let does = |one: &Scenario| one.steps().any(|one| one.action.name() == step.name);
    shown(&mut text, scenarios, does);
    text.into_text()
}

/// Writes which scenarios show something, and, if they are few enough to be about it, which checks
/// must find something to judge in them.
fn shown(text: &mut Sheet, scenarios: &[Scenario], shows: impl Fn(&Scenario) -> bool) {
    let showing = names(scenarios, &shows);
    text.row("seen in", &showing);
    if showing.len() > ABOUT_IT {
        return;
    }
    let is_judged = |check: &&Check| {
        let mut showing = scenarios.iter().filter(|one| shows(one));
        showing.any(|one| one.exercises(check.id))
    };
    let judging = checks::all().filter(is_judged).map(|check| check.id);
    text.row("judged there", &judging.collect::<Vec<_>>());
}

fn is_called(mood: LineAuthQuirk, name: &str) -> bool {
    serde_json::to_value(mood).is_ok_and(|mood| mood == name)
}

/// Scenarios that show what many others do are about something else.
const ABOUT_IT: usize = 8;
/// The node whose oddities a step can put on.
const LINE_AUTH: &str = "line-auth";
/// The page with the flow of the diagnoses.
const FLOW: &str = "p.30";
/// The page with the servers of each domain.
const DNS_TABLE: &str = "p.7";
/// The diagnosis of a browser that warns.
const CERTIFICATE: &str = "certificate";

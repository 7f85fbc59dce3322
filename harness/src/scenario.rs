//! Scenario files: the stage, what happens when, and what is promised.
//!
//! Unknown keys are mistakes, and a mistake names file, line, column and the nearest right word.

use std::path::Path;
use std::time::Duration;

use ngnlab_reports::Text;
use ngnlab_sim::line::{Area, Isp, LeaseTimes, Line, Opened, Quirks, Service, Upstream};
use ngnlab_sim::node::router::defect::Defect;
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::time::Time;
use ngnlab_sim::trace::Screen;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::error::Error;
use crate::input;
use crate::mistake::{Mistake, Mistakes};
use crate::named::{CheckId, DefectName, DiagnosisId};
use crate::period::Period;

pub mod delivery;
mod idle;
mod place;
pub mod setup;
mod spans;
pub mod step;
mod terminal;
mod validate;

use delivery::Delivery;
pub(crate) use place::{MOST_ENTRIES, entries, segment};
pub use place::{files, name_of};
pub use setup::DnsChoice;
use spans::Spans;
use step::{Action, Step};
pub use terminal::{TerminalDns, TerminalSpec};
pub(crate) use validate::{MOST_REAL_TERMINALS, is_domain};

/// One situation, as its file describes it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Scenario {
    /// `family/name`, from the file's place.
    #[serde(skip)]
    pub name: String,
    /// What happens, in one or two sentences.
    pub about: Text,
    /// Where it stands: a page or question of the guide, a section of an RFC, a field report.
    pub source: String,
    /// The line.
    pub line: LineSpec,
    /// How the device is configured.
    #[serde(default)]
    pub device: DeviceSpec,
    /// The names of the terminals; the first one is meant where a step names none.
    #[serde(default = "one_terminal")]
    #[schemars(with = "Vec<String>")]
    pub terminals: Vec<Spanned<String>>,
    /// How single terminals differ from what the guide asks for.
    #[serde(default, rename = "terminal")]
    pub terminal_specs: Vec<TerminalSpec>,
    /// When the run ends.
    pub until: Period,
    /// The checks that must find something to judge here.
    #[serde(default)]
    #[schemars(with = "Vec<CheckId>")]
    pub exercises: Vec<Spanned<String>>,
    /// The defects of the reference router that some check must notice here.
    #[serde(default)]
    #[schemars(with = "Vec<DefectName>")]
    pub notices: Vec<Spanned<String>>,
    /// What the scenario itself promises.
    #[serde(default)]
    pub expect: Expect,
    /// What happens when.
    #[serde(default, rename = "step")]
    #[schemars(with = "Vec<Step>")]
    pub steps: Vec<Spanned<Step>>,
}

/// The line of a scenario: a preset, and what differs from it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LineSpec {
    /// A name of [`Line::PRESETS`].
    #[schemars(
        with = "String",
        description = "The line that the scenario begins with.",
        extend("enum" = Line::PRESETS)
    )]
    pub preset: Spanned<String>,
    /// Whether the preset's way of delivering the prefix matters.
    #[schemars(with = "Option<Delivery>")]
    pub delivery: Option<Spanned<Delivery>>,
    /// The areas the scenario is run for.
    #[serde(default = "both_areas")]
    pub areas: Vec<Area>,
    /// The product of the contract.
    #[schemars(with = "Option<Service>")]
    pub service: Option<Spanned<Service>>,
    /// Whether ひかり電話 is part of the contract.
    pub hikari_denwa: Option<bool>,
    /// When the line was opened, which decides about the v6 option.
    pub opened: Option<Opened>,
    /// Whether フレッツ・v6オプション is part of the contract, whenever the line was opened.
    pub v6_option: Option<bool>,
    /// The customer ID the network has for the line.
    #[schemars(with = "Option<String>")]
    pub customer_id: Option<Spanned<String>>,
    /// The customer ID that was applied for, or `none`; the line's own unless given.
    #[schemars(with = "Option<String>")]
    pub applied_id: Option<Spanned<String>>,
    /// Who brings the prefix.
    pub isp: Option<Isp>,
    /// What stands between line and device, where the preset does not say it.
    pub upstream: Option<Upstream>,
    /// ONS domains beyond the six of the guide.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub extra_domains: Vec<Spanned<String>>,
    /// The least and the most time between unsolicited Router Advertisements.
    #[schemars(with = "Option<(Period, Period)>")]
    pub ra_interval: Option<Spanned<(Period, Period)>>,
    /// Lifetimes and timers of the delegation; the network's own, unless given.
    pub lease: Option<LeaseSpec>,
    /// Oddities of the nodes.
    #[serde(default)]
    pub quirks: Quirks,
}

/// Lifetimes and timers of a delegation, in whole seconds.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LeaseSpec {
    /// When to renew.
    pub t1: Period,
    /// When to rebind.
    pub t2: Period,
    /// How long addresses are preferred.
    pub preferred: Period,
    /// How long addresses are valid.
    pub valid: Period,
}

/// How the device is configured.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DeviceSpec {
    /// RA, PD or a bridge; what the line delivers, unless given.
    pub mode: Option<Mode>,
    /// Which DNS servers it is given.
    #[serde(default)]
    pub dns: DnsChoice,
    /// What is wrong on purpose; follows from the other keys unless given.
    pub wrong_on_purpose: Option<Vec<Aspect>>,
}

/// What a scenario promises beyond its checks.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Expect {
    /// Where the guide's flow of p.30 ends.
    #[schemars(with = "Option<DiagnosisId>")]
    pub diagnosis: Option<Spanned<String>>,
    /// The last screen that a terminal sees.
    pub screen: Option<Screen>,
}

impl Scenario {
    /// Reads the scenario in `text`, which stands in the file at `path`.
    pub fn parse(name: &str, path: &Path, text: &str) -> Result<Self, Box<Mistakes>> {
        Self::parse_and(name, path, text, |_| Vec::new())
    }

    /// Reads a scenario like [`Scenario::parse`], and has `more` mistakes looked for in it.
    fn parse_and(
        name: &str,
        path: &Path,
        text: &str,
        more: impl Fn(&Self) -> Vec<Mistake>,
    ) -> Result<Self, Box<Mistakes>> {
        let fail = |list| Err(Box::new(Mistakes::new(path, text, list)));
        let mut scenario: Self = match toml::from_str(text) {
            Ok(scenario) => scenario,
            Err(error) => return fail(vec![Mistake::from_toml(&error, text)]),
        };
        scenario.name = name.to_owned();
        let mut mistakes = validate::overlong(&scenario);
        // One mistake in each of a million is no help.
        if mistakes.is_empty() {
            mistakes = validate::mistakes(&scenario, &Spans::of(text));
            mistakes.extend(more(&scenario));
        }
        if mistakes.is_empty() {
            Ok(scenario)
        } else {
            fail(mistakes)
        }
    }

    /// Reads the scenario file at `path`; its name is that of its folder and its own.
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::load_and(path, |_| Vec::new())
    }

    /// Reads a scenario file like [`Scenario::load`], and has `more` mistakes looked for in it.
    pub fn load_and(path: &Path, more: impl Fn(&Self) -> Vec<Mistake>) -> Result<Self, Error> {
        let text = input::text(path, input::DESCRIPTION)?;
        Ok(Self::parse_and(&name_of(path)?, path, &text, more)?)
    }

    /// Returns the line in an area.
    pub fn line(&self, area: Area) -> Line {
        let spec = &self.line;
        let mut line = Line::preset(spec.preset.get_ref(), area)
            .expect("the preset's name was validated with the file");
        line.service = spec
            .service
            .as_ref()
            .map_or(line.service, |named| *named.get_ref());
        line.upstream = spec.upstream.unwrap_or(line.upstream);
        line.hikari_denwa = spec.hikari_denwa.unwrap_or(line.hikari_denwa);
        line.opened = spec.opened.unwrap_or(line.opened);
        // Guide p.4: what comes with the line, unless somebody ordered otherwise.
        let brought = line.opened.brings_v6_option(area);
        line.v6_option = spec.v6_option.unwrap_or(brought);
        line.isp = spec.isp.unwrap_or(line.isp);
        line.lease = spec.lease.map(LeaseSpec::times);
        line.quirks = spec.quirks.clone();
        let extra = spec.extra_domains.iter();
        line.extra_domains = extra.map(|name| name.get_ref().clone()).collect();
        line.ra_interval = spec.ra_interval.as_ref().map(|interval| {
            let (least, most) = interval.get_ref();
            (least.0, most.0)
        });
        if let Some(id) = &spec.customer_id {
            line.customer_id.clone_from(id.get_ref());
            line.applied_id = Some(line.customer_id.clone());
        }
        if let Some(id) = &spec.applied_id {
            line.applied_id = Some(id.get_ref().clone()).filter(|id| id != "none");
        }
        line
    }

    /// Returns when the run ends.
    pub fn end(&self) -> Time {
        Time::ZERO + self.until.0
    }

    /// Returns whether it takes more than two minutes in real time.
    pub fn is_long(&self) -> bool {
        self.until.0 > LONG
    }

    /// Returns whether a real computer runs a command here, which takes real time.
    pub fn has_real_terminals(&self) -> bool {
        let real = |step: &Step| matches!(step.action, Action::Run(_) | Action::Browse(_));
        self.steps().any(real)
    }

    /// Returns the steps in the order of the file.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().map(Spanned::get_ref)
    }

    /// Returns how a terminal differs from what the guide asks for, if it does.
    pub fn terminal_spec(&self, name: &str) -> Option<&TerminalSpec> {
        let mut specs = self.terminal_specs.iter();
        specs.find(|spec| spec.name.get_ref() == name)
    }

    /// Returns the defects that some check must notice here.
    pub fn notices(&self) -> impl Iterator<Item = Defect> {
        let names = self.notices.iter();
        names.filter_map(|name| Defect::from_name(name.get_ref()))
    }

    /// Returns whether a check must find something to judge here.
    pub fn exercises(&self, id: &str) -> bool {
        self.exercises.iter().any(|name| name.get_ref() == id)
    }

    /// Returns whether the guide's flow is to end here with a diagnosis.
    pub fn expects(&self, diagnosis: &str) -> bool {
        let promised = self.expect.diagnosis.as_ref();
        promised.is_some_and(|id| id.get_ref() == diagnosis)
    }

    /// Returns the names of the terminals.
    pub fn terminals(&self) -> impl Iterator<Item = &str> {
        self.terminals.iter().map(|name| name.get_ref().as_str())
    }
}

impl LeaseSpec {
    fn times(self) -> LeaseTimes {
        let secs = |period: Period| u32::try_from(period.0.as_secs()).unwrap_or(u32::MAX);
        LeaseTimes {
            t1: secs(self.t1),
            t2: secs(self.t2),
            preferred: secs(self.preferred),
            valid: secs(self.valid),
        }
    }
}

fn one_terminal() -> Vec<Spanned<String>> {
    vec![Spanned::new(0..0, "pc".to_owned())]
}

fn both_areas() -> Vec<Area> {
    Area::ALL.to_vec()
}

/// Issue-wide bound: longer ones run in real time only when asked for.
const LONG: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_reads_as_the_house_writes_it() {
        let scenario = parse(GOOD).unwrap();
        assert_eq!(scenario.name, "dns/test");
        assert_eq!(scenario.steps.len(), 2);
        assert_eq!(scenario.line(Area::West).area, Area::West);
        assert!(!scenario.is_long());
    }

    #[test]
    fn each_mistake_names_its_place_and_the_nearest_word() {
        let cases = [
            ("source", "suorce", "2:1: unknown key `suorce`", "`source`"),
            (
                "next-pd",
                "next-dp",
                "3:24: unknown preset `next-dp`",
                "`next-pd`",
            ),
            (
                "\"west\"",
                "\"wset\"",
                "3:53: unknown word `wset`",
                "`west`",
            ),
            (
                "do.resolve",
                "do.resolv",
                "14:4: unknown word `resolv`",
                "`resolve`",
            ),
            (
                "from = \"pc\"",
                "from = \"pd\"",
                "14:23: unknown terminal `pd`",
                "`pc`",
            ),
            (
                "lasting",
                "lastign",
                "10:36: unknown key `lastign`",
                "`lasting`",
            ),
            (
                "\"10s\"",
                "10",
                "10:46: `lasting`: the number `10` stands where a text in quotes",
                "",
            ),
            ("\"10s\"", "\"10\"", "10:46: `10` is not a span of time", ""),
            (
                "at = \"21s\"",
                "at = \"61s\"",
                "13:6: the run ends at 1m",
                "",
            ),
            (
                "ons-dns-1",
                "ons-dns-3",
                "10:24: unknown word `ons-dns-3`",
                "`ons-dns-1`",
            ),
            (
                "[\"east\", \"west\"]",
                "[\"west\"], service = \"family-giga-line\"",
                "3:63: there is no `family-giga-line` in the west",
                "areas = [\"east\"]",
            ),
            (
                "[\"east\", \"west\"]",
                "[\"west\"], customer-id = \"COP12345678\"",
                "3:67: `COP12345678` is not a customer ID in the west",
                "IDs with COP exist in the east only",
            ),
            (
                "[\"east\", \"west\"]",
                "[\"east\"], ra-interval = [\"30s\", \"10s\"]",
                "3:67: the least time comes first",
                "",
            ),
            (
                "[[step]]",
                "[[terminal]]\nname = \"laptop\"\n\n[[step]]",
                "9:8: unknown terminal `laptop`",
                "",
            ),
            (
                "[[step]]",
                "[[terminal]]\nname = \"pc\"\ndns = \"onss\"\n\n[[step]]",
                "10:8: unknown word `onss`",
                "`ons`",
            ),
        ];
        for (right, wrong, place, help) in cases {
            let text = GOOD.replacen(right, wrong, 1);
            let mistakes = parse(&text).unwrap_err();
            let said = mistakes.to_string();
            assert!(said.contains(place), "{said} does not say {place}");
            let advice = mistakes.list()[0].help.clone().unwrap_or_default();
            assert!(advice.contains(help), "{advice} does not say {help}");
        }
    }

    fn parse(text: &str) -> Result<Scenario, Box<Mistakes>> {
        Scenario::parse("dns/test", Path::new("scenarios/dns/test.toml"), text)
    }

    const GOOD: &str = r#"about     = { en = "The DNS server goes silent.", ja = "DNSサーバが応答しなくなる。" }
source    = "guide p.7"
line      = { preset = "next-pd", areas = ["east", "west"] }
terminals = ["pc"]
until     = "60s"
exercises = []

[[step]]
at         = "20s"
do.silence = { node = "ons-dns-1", lasting = "10s" }

[[step]]
at = "21s"
do.resolve = { from = "pc", name = "www.lineauth.mnw" }
"#;
}

//! Scenario files: the stage, what happens when, and what is promised.
//!
//! Unknown keys are mistakes, and a mistake names file, line, column and the nearest right word.

use std::path::Path;
use std::time::Duration;

use ngnlab_reports::Text;
use ngnlab_sim::line::Area;
use ngnlab_sim::node::router::defect::Defect;
use ngnlab_sim::node::terminal::Ipv4Config;
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
mod dialled;
mod idle;
mod line;
mod place;
pub mod setup;
mod spans;
pub mod step;
mod terminal;
mod validate;

pub use dialled::Dialled;
pub use line::{LeaseSpec, LineSpec};
pub(crate) use place::{MOST_ENTRIES, entries, segment};
pub use place::{files, name_of};
pub use setup::DnsChoice;
use spans::Spans;
use step::{Action, Step};
pub use terminal::{TerminalDns, TerminalIpv4, TerminalSpec};
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

/// How the device is configured.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DeviceSpec {
    /// RA, PD or a bridge; what the line delivers, unless given.
    pub mode: Option<Mode>,
    /// Which DNS servers it is given.
    #[serde(default)]
    pub dns: DnsChoice,
    /// The PPPoE sessions that it dials, beside IPv6.
    #[serde(default = "none_dialled")]
    #[schemars(with = "Vec<Dialled>", length(max = 5))]
    pub pppoe: Spanned<Vec<Dialled>>,
    /// Whether the session to the service information site is entered with its domain
    /// (ドメインルーティング).
    #[serde(default = "usual")]
    pub domain_routing: bool,
    /// Whether each session is bound to a terminal's IPv4 address: 192.168.1.101, .102 and so on
    /// (送信元 IP アドレス, as an RT-S300SE has it).
    #[serde(default)]
    pub source_bound: bool,
    /// Whether PPPoE of terminals that dial themselves passes between LAN and line (PPPoEパススルー,
    /// PPPoEブリッジ).
    #[serde(default)]
    pub pppoe_pass_through: bool,
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

    /// Returns whether anybody dials a PPPoE session: the device, a terminal, or a home gateway.
    pub fn has_sessions(&self) -> bool {
        let mut terminals = self.terminal_specs.iter();
        let gateway = self.line.home_gateway_pppoe.get_ref();
        !gateway.is_empty()
            || !self.device.pppoe.get_ref().is_empty()
            || terminals.any(|spec| spec.dials.is_some())
    }

    /// Returns how a terminal gets its IPv4 address in an area, if at all.
    pub fn terminal_ipv4(&self, name: &str, area: Area) -> Option<Ipv4Config> {
        let spec = self.terminal_spec(name);
        if let Some(dialled) = spec.and_then(|spec| spec.dials.as_ref()) {
            return Some(Ipv4Config::Dialled(dialled.get_ref().by_terminal(area)));
        }
        let spec = spec.and_then(|spec| spec.ipv4);
        let dials = !self.device.pppoe.get_ref().is_empty();
        let usual = match dials {
            true => TerminalIpv4::Automatic,
            false => TerminalIpv4::Off,
        };
        spec.unwrap_or(usual).config()
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

fn usual() -> bool {
    true
}

impl Default for DeviceSpec {
    fn default() -> Self {
        Self {
            mode: None,
            dns: DnsChoice::default(),
            pppoe: none_dialled(),
            domain_routing: usual(),
            source_bound: false,
            pppoe_pass_through: false,
            wrong_on_purpose: None,
        }
    }
}

fn none_dialled() -> Spanned<Vec<Dialled>> {
    Spanned::new(0..0, Vec::new())
}

fn one_terminal() -> Vec<Spanned<String>> {
    vec![Spanned::new(0..0, "pc".to_owned())]
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

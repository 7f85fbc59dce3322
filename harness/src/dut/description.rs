//! The device file: what the files of all drivers have in common, and the table of drivers.
//!
//! A file is one table whose key `driver` decides which other keys it may have. Strict: an unknown
//! key, or a template that names an unknown variable, is a mistake, told with its place before
//! anything is started.
//!
//! A driver adds a variant to [`Driver`] and to `Word`, and what its keys mean as a [`Part`]; what it
//! does is a row of the table in `launch/drivers.rs`.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use ngnlab_reports::Promise;
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::setup::{Macs, Mode, Setup};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use super::{DutError, Failure};
use crate::checks;
use crate::error::Error;
use crate::input;
use crate::mistake::{Mistake, Mistakes};
use crate::named::{CheckId, one_of};
use cabled::Cabled;
use excuse::Excuse;
use machine::Machine;
use part::Part;
use programs::Programs;
use variables::Samples;

pub mod cabled;
pub mod excuse;
mod form;
pub mod machine;
pub mod part;
pub mod programs;
pub(super) mod templates;
pub mod variables;

/// A device as its file describes it.
#[derive(Clone, Debug)]
pub struct Description {
    /// The name in traces and reports.
    pub name: String,
    /// The version of its firmware, for reports.
    pub firmware: Option<String>,
    /// What the device is, in one sentence.
    pub about: String,
    /// The programs of this machine that it takes, as they are called.
    pub needs: Vec<String>,
    /// The MAC addresses of its interfaces.
    pub macs: Macs,
    /// What the device can do.
    pub offers: Offers,
    /// What is known to be wrong with it.
    pub known: Vec<Known>,
    /// What need not be judged with it.
    pub excuses: Vec<Excuse>,
    /// How it is driven.
    pub driver: Driver,
    /// Whether its speed is measured, which its file does not say.
    pub measured: bool,
}

/// The driver a device file asks for, and what the file says to it.
#[derive(Clone, Debug)]
pub enum Driver {
    /// Programs in namespaces of their own.
    Process(Programs),
    /// A machine that QEMU plays.
    Qemu(Box<Machine>),
    /// Two network interfaces of this machine.
    Nic(Box<Cabled>),
}

impl Driver {
    /// Returns what the file says to it.
    pub fn part(&self) -> &dyn Part {
        match self {
            Self::Process(programs) => programs,
            Self::Qemu(machine) => machine.as_ref(),
            Self::Nic(cabled) => cabled.as_ref(),
        }
    }

    fn part_mut(&mut self) -> &mut dyn Part {
        match self {
            Self::Process(programs) => programs,
            Self::Qemu(machine) => machine.as_mut(),
            Self::Nic(cabled) => cabled.as_mut(),
        }
    }
}

/// What a device can do.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Offers {
    /// How it can get its prefix.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub modes: Vec<Mode>,
    /// Whether it dials PPPoE sessions beside IPv6.
    #[serde(default)]
    pub pppoe: bool,
    /// Whether it lets PPPoE of terminals that dial themselves pass (PPPoEパススルー, PPPoEブリッジ).
    #[serde(default)]
    pub pppoe_pass_through: bool,
}

/// A failure that is known already.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("oneOf" = one_of(&["check", "expect", "device"])))]
pub struct Known {
    /// The check that fails; a failure is of a check, of a promise, or of the device itself.
    #[schemars(with = "Option<CheckId>")]
    pub check: Option<Spanned<String>>,
    /// The promise of the scenarios that is not kept.
    pub expect: Option<Promise>,
    /// The way in which the device fails, so that nothing is judged.
    pub device: Option<Failure>,
    /// The scenarios it fails in; all without.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub scenarios: Vec<Spanned<String>>,
    /// Whether it passes by chance, too, so that a run without a failure proves nothing.
    #[serde(default)]
    pub wavers: bool,
    /// Why.
    #[schemars(with = "String")]
    pub reason: Spanned<String>,
}

impl Known {
    fn mistake(&self) -> Option<Mistake> {
        let span = self.reason.span();
        match (&self.check, self.expect, self.device) {
            (None, Some(_), None) => None,
            (None, None, Some(_)) if self.scenarios.is_empty() => Some(Mistake {
                span,
                message: "a device that fails is known for certain scenarios".to_owned(),
                help: Some("name them, as `scenarios = [\"family/name\"]`".to_owned()),
            }),
            (None, None, Some(_)) => None,
            (Some(id), None, None) if checks::find(id.get_ref()).is_some() => None,
            (Some(id), None, None) => {
                let known = checks::all().map(|check| check.id);
                Some(Mistake::unknown(id.span(), "check", id.get_ref(), known))
            }
            (check, ..) => Some(Mistake::new(
                check.as_ref().map_or(span, Spanned::span),
                "a known failure has one of `check`, `expect` and `device`",
            )),
        }
    }
}

/// The keys that every device file may have.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct Common {
    /// The name in traces and reports.
    name: String,
    /// The version of its firmware, which stands in reports beside the name.
    firmware: Option<String>,
    /// What the device is, in one sentence.
    #[serde(default)]
    about: String,
    /// The programs of this machine that it takes, as they are called.
    #[serde(default)]
    needs: Vec<String>,
    /// The MAC addresses of its interfaces.
    macs: Option<Macs>,
    /// What the device can do.
    offers: Offers,
    /// What is known to be wrong with it.
    #[serde(default)]
    known: Vec<Known>,
    /// What need not be judged with it.
    #[serde(default)]
    excuse: Vec<Excuse>,
}

/// The key that decides which others there are.
#[derive(Deserialize)]
struct Head {
    driver: Word,
}

/// A driver's name.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Process,
    Qemu,
    Nic,
}

impl Description {
    /// Reads a device file.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = input::text(path, input::DESCRIPTION)?;
        Ok(Self::parse(path, &text).map_err(Box::new)?)
    }

    /// Reads the text of a device file; `path` is for messages only.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Mistakes> {
        Self::read(text)
            .map(|description| description.resolved(path))
            .and_then(Self::checked)
            .map_err(|mut mistakes| {
                for mistake in &mut mistakes {
                    mistake.span.end = mistake.span.end.min(text.len());
                }
                Mistakes::new(path, text, mistakes)
            })
    }

    /// Returns whether the device offers what it is to be set up for.
    pub fn offers(&self, setup: &Setup) -> bool {
        self.must_offer(setup).is_ok()
    }

    /// Refuses what the device does not offer.
    pub(crate) fn must_offer(&self, setup: &Setup) -> Result<(), DutError> {
        if !self.offers.modes.contains(&setup.mode) {
            let mode = serde_json::to_string(&setup.mode).unwrap_or_default();
            return Err(DutError::NotOffered(format!("mode {mode}")));
        }
        if !setup.pppoe.is_empty() && !self.offers.pppoe {
            return Err(DutError::NotOffered("PPPoE".to_owned()));
        }
        if setup.pppoe_pass_through && !self.offers.pppoe_pass_through {
            return Err(DutError::NotOffered("PPPoE pass-through".to_owned()));
        }
        Ok(())
    }

    /// Says of a template that it cannot be filled in for this scenario.
    pub(crate) fn unfit(&self, mistake: Mistake) -> Error {
        Error::Device {
            path: self.name.clone().into(),
            message: mistake.message,
            help: mistake.help,
        }
    }

    /// Returns a bound on how long the device takes to get ready or to fail.
    pub fn ready_within(&self) -> Duration {
        self.driver.part().ready_within()
    }

    fn read(text: &str) -> Result<Self, Vec<Mistake>> {
        let whole = DeTable::parse(text).map_err(|error| vec![Mistake::from_toml(&error, text)])?;
        let span = whole.span();
        let (mut head, mut common, mut own) = (DeTable::new(), DeTable::new(), DeTable::new());
        for (key, value) in whole.into_inner() {
            let table = match key.get_ref().as_ref() {
                "driver" => &mut head,
                name if COMMON_KEYS.contains(&name) => &mut common,
                _ => &mut own,
            };
            table.insert(key, value);
        }
        let read = Reader { text, span };
        let Head { driver } = read.table(head).map_err(|mistake| vec![mistake])?;
        let common: Result<Common, _> = read.table(common);
        if let (Word::Nic, None) = (driver, &common.as_ref().ok().and_then(|common| common.macs)) {
            let message = "a router on cables has its own `macs`: { wan = \"…\", lan = \"…\" }";
            return Err(vec![Mistake::new(0..0, message)]);
        }
        let driver = match driver {
            Word::Process => read.table(own).map(Driver::Process),
            Word::Qemu => read.table(own).map(Driver::Qemu),
            Word::Nic => read.table(own).map(|own| Driver::Nic(Box::new(own))),
        };
        match (common, driver) {
            (Ok(common), Ok(driver)) => Ok(Self {
                name: common.name,
                firmware: common.firmware,
                measured: false,
                about: common.about,
                needs: common.needs,
                macs: common.macs.unwrap_or_else(default_macs),
                offers: common.offers,
                known: common.known,
                excuses: common.excuse,
                driver,
            }),
            (common, driver) => Err(common.err().into_iter().chain(driver.err()).collect()),
        }
    }

    /// Returns what the templates are tried with.
    fn samples(&self) -> Samples<'_> {
        Samples {
            macs: self.macs,
            modes: &self.offers.modes,
            dials: self.offers.pppoe,
            passes: self.offers.pppoe_pass_through,
        }
    }

    /// Makes relative paths start at the file that names them.
    fn resolved(mut self, path: &Path) -> Self {
        let folder = path.parent().unwrap_or(Path::new(""));
        self.driver.part_mut().resolve(folder);
        self
    }

    fn checked(self) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        if self.offers.modes.is_empty() {
            mistakes.push(Mistake::new(0..0, "the device offers no mode"));
        }
        if self.offers.modes.len() > MODES {
            let message = "`offers.modes` names a mode twice";
            return Err(vec![Mistake::new(0..0, message)]);
        }
        // Each is looked for among all checks, and a few of them are enough.
        let wrong = self.known.iter().filter_map(Known::mistake);
        mistakes.extend(wrong.take(MOST_WRONG));
        let wrong = self.excuses.iter().filter_map(Excuse::mistake);
        mistakes.extend(wrong.take(MOST_WRONG));
        mistakes.extend(self.driver.part().mistakes(self.samples()));
        if mistakes.is_empty() {
            return Ok(self);
        }
        Err(mistakes)
    }
}

/// Reads parts of the one table that a file is.
struct Reader<'a> {
    text: &'a str,
    span: Range<usize>,
}

impl Reader<'_> {
    fn table<T: DeserializeOwned>(&self, table: DeTable<'_>) -> Result<T, Mistake> {
        let keys: Vec<Range<usize>> = table.keys().map(Spanned::span).collect();
        let read = T::deserialize(Deserializer::from(Spanned::new(self.span.clone(), table)));
        read.map_err(|error| {
            let is_of_the_file = error.span().is_some_and(|span| keys.contains(&span));
            let others = if is_of_the_file { COMMON_KEYS } else { &[] };
            Mistake::from_toml_with(&error, self.text, others)
        })
    }
}

fn default_macs() -> Macs {
    // Locally administered, so nobody's, and not those of the reference router.
    Macs {
        wan: Mac([0x02, 0x00, 0x5e, 0x20, 0x00, 0x01]),
        lan: Mac([0x02, 0x00, 0x5e, 0x20, 0x00, 0x02]),
    }
}

const MOST_WRONG: usize = 20;
/// RA and PD.
const MODES: usize = 2;
/// The fields of [`Common`].
const COMMON_KEYS: &[&str] = &[
    "name", "firmware", "about", "needs", "macs", "offers", "known", "excuse",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_from_all_that_a_file_may_have() {
        let told = |text: &str| {
            let mistakes = Description::parse(Path::new("d.toml"), text).unwrap_err();
            let list = mistakes.list().iter();
            let told = list.map(|one| {
                let (line, column) = mistakes.position(one);
                let help = one.help.clone().unwrap_or_default();
                format!("{line}:{column}: {} {help}", one.message)
            });
            told.collect::<Vec<_>>().join("\n")
        };
        let head = "driver = \"process\"\nname = \"one\"\noffers = { modes = [\"pd\"] }\n";
        // A common key and one of the driver's.
        let common = told(&head.replace("name", "nam"));
        assert!(
            common.contains("2:1: unknown key `nam` did you mean `name`?"),
            "{common}"
        );
        assert!(common.contains("the key `name` is missing"), "{common}");
        let own = told(&format!("{head}privat = []\n"));
        assert_eq!(own, "4:1: unknown key `privat` did you mean `private`?");
        // A key further down is none of the file's.
        let deep = told(&format!("{head}[[run]]\nnams = \"\"\n"));
        assert_eq!(deep, "5:1: unknown key `nams` did you mean `name`?");
        let known = told(&format!("{head}[[known]]\nneeds = \"\"\n"));
        assert!(!known.contains("mean"), "{known}");
        let driver = told(&head.replace("process", "proces"));
        assert_eq!(
            driver,
            "1:11: unknown word `proces` did you mean `process`?"
        );
        assert!(told("name = \"one\"\n").contains("the key `driver` is missing"));
    }

    #[test]
    fn what_a_template_says_of_sessions_is_tried_before_anything_is_started() {
        let head = "driver = \"process\"\nname = \"one\"\n";
        let run = "[[run]]\nsetup = '{% for one in pppoe %}dial {{ one.user }}{% endfor %}'\n";
        let told = |offers: &str| {
            let text = format!("{head}offers = {{ modes = [\"pd\"]{offers} }}\n{run}");
            Description::parse(Path::new("d.toml"), &text).err()
        };
        assert!(told("").is_none(), "nobody dials");
        let mistakes = told(", pppoe = true").unwrap();
        let said = &mistakes.list()[0].message;
        assert!(said.contains("user"), "{said}");
    }

    #[test]
    fn openwrt_is_configured_with_what_its_image_has() {
        let text = include_str!("../../devices/qemu-openwrt.toml");
        assert!(Description::parse(Path::new("d.toml"), text).is_ok());
        assert!(!text.contains("stty"), "its busybox has no such program");
        assert!(text.contains("dnsmasq[0].strictorder='1'"));
    }
}

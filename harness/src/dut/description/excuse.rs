//! What a device file gives up: a check that finds nothing to judge with this device in a scenario
//! that exercises it.

use ngnlab_sim::line::Area;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::checks;
use crate::mistake::Mistake;
use crate::named::CheckId;

/// A verdict that need not be there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Excuse {
    /// The scenario, `family/name`.
    #[schemars(with = "String", extend("pattern" = "^[^/*]+/[^/*]+$"))]
    pub scenario: Spanned<String>,
    /// The check that it exercises.
    #[schemars(with = "CheckId")]
    pub check: Spanned<String>,
    /// The area, if something is judged in the other one.
    pub area: Option<Area>,
    /// Whether there is something to judge by chance, so that a verdict proves nothing.
    #[serde(default)]
    pub wavers: bool,
    /// Why.
    #[schemars(with = "String")]
    pub reason: Spanned<String>,
}

impl Excuse {
    /// Returns whether it speaks of this check in this scenario and area.
    pub fn is_about(&self, check: &str, scenario: &str, area: Area) -> bool {
        self.check.get_ref() == check
            && self.scenario.get_ref() == scenario
            && self.area.is_none_or(|only| only == area)
    }

    /// Returns what is wrong with it by itself.
    pub(super) fn mistake(&self) -> Option<Mistake> {
        let (check, scenario) = (&self.check, &self.scenario);
        if checks::find(check.get_ref()).is_none() {
            let known = checks::all().map(|check| check.id);
            return Some(Mistake::unknown(
                check.span(),
                "check",
                check.get_ref(),
                known,
            ));
        }
        let named = scenario.get_ref().split('/').collect::<Vec<_>>();
        let is_name = matches!(named[..], [family, name] if !family.is_empty() && !name.is_empty());
        if !is_name || scenario.get_ref().contains('*') {
            let message = "an excuse is for one scenario, as `family/name`";
            return Some(Mistake::new(scenario.span(), message));
        }
        if self.reason.get_ref().trim().is_empty() {
            return Some(Mistake {
                span: self.reason.span(),
                message: "an excuse needs its reason".to_owned(),
                help: Some(
                    "say what the device does that leaves the check nothing to judge".to_owned(),
                ),
            });
        }
        None
    }
}

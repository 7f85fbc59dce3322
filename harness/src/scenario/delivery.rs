//! How the line delivers the prefix where a scenario does not care: `delivery = "any"`.
//!
//! Such a scenario keeps its preset as long as the device offers that, so that devices that offer
//! both are compared on the same line; only a device that does not is given the other one.

use ngnlab_sim::line::Area;
use ngnlab_sim::setup::Mode;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Scenario;
use super::setup::right_mode;

/// Whether a scenario depends on how the line delivers the prefix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// It does, or was not looked at: the line is as the preset says.
    #[default]
    Preset,
    /// It does not: nothing in its steps or in what it exercises is about RA or PD.
    Any,
}

impl Delivery {
    /// The presets whose delivery can be another one: each with its counterpart, or with itself
    /// where the line delivers either way and the device's mode decides.
    pub(super) const PRESETS: [(&'static str, &'static str); 3] = [
        ("next-ra", "next-pd"),
        ("next-pd", "next-ra"),
        // A ひかり電話ルータ advertises and delegates (ngn-facts §0).
        ("hgw-pd", "hgw-pd"),
    ];
}

impl Scenario {
    /// Returns how the device gets its prefix here.
    pub fn mode(&self) -> Mode {
        // An area has values of its own, and no delivery.
        let area = self.line.areas.first().copied().unwrap_or(Area::East);
        self.device
            .mode
            .unwrap_or_else(|| right_mode(&self.line(area)))
    }

    /// Returns whether it runs with either delivery.
    pub fn takes_any_delivery(&self) -> bool {
        self.line
            .delivery
            .as_ref()
            .is_some_and(|delivery| *delivery.get_ref() == Delivery::Any)
    }

    /// Returns how the prefix is to be delivered for a device that offers these modes, if that is
    /// left open: as is wished if it can be, else as the preset has it, else as can be.
    pub fn delivery_for(&self, offered: &[Mode], wished: Option<Mode>) -> Option<Mode> {
        if !self.takes_any_delivery() {
            return None;
        }
        let own = self.mode();
        let in_turn = [wished, Some(own), own.other()];
        let can = |mode: &Mode| offered.contains(mode);
        in_turn.into_iter().flatten().find(can).or(Some(own))
    }

    /// Returns the scenario with its prefix delivered in one of the ways that it leaves open; as
    /// its file has it without one, or where it leaves none.
    pub fn delivered_by(mut self, mode: Option<Mode>) -> Self {
        let Some(mode) = mode.filter(|mode| self.takes_any_delivery() && *mode != self.mode())
        else {
            return self;
        };
        let preset = self.line.preset.get_ref();
        let found = Delivery::PRESETS.into_iter().find(|(own, _)| own == preset);
        match found {
            Some((own, other)) if own == other => self.device.mode = Some(mode),
            Some((_, other)) => *self.line.preset.get_mut() = other.to_owned(),
            None => {}
        }
        self
    }

    /// Returns the scenario in each way that it can be run.
    pub(super) fn in_each_delivery(&self) -> Vec<Self> {
        let mut ways = vec![self.clone()];
        if self.takes_any_delivery() {
            ways.push(self.clone().delivered_by(self.mode().other()));
        }
        ways
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ngnlab_sim::message::packet::Mac;
    use ngnlab_sim::setup::Macs;

    use super::*;

    #[test]
    fn a_device_that_offers_what_the_preset_has_is_given_that() {
        let scenario = parse("preset = \"next-pd\", delivery = \"any\"").unwrap();
        for offered in [
            &[Mode::Ra, Mode::Pd][..],
            &[Mode::Pd, Mode::Ra],
            &[Mode::Pd],
        ] {
            assert_eq!(scenario.delivery_for(offered, None), Some(Mode::Pd));
        }
        let same = scenario.clone().delivered_by(Some(Mode::Pd));
        assert_eq!(same.line(Area::East), scenario.line(Area::East));
    }

    #[test]
    fn a_device_that_offers_the_other_delivery_alone_is_given_a_line_with_it() {
        for (preset, offered) in [
            ("next-pd", Mode::Ra),
            ("next-ra", Mode::Pd),
            ("hgw-pd", Mode::Ra),
        ] {
            let scenario = parse(&format!("preset = \"{preset}\", delivery = \"any\"")).unwrap();
            let delivery = scenario.delivery_for(&[offered], None);
            let other = scenario.delivered_by(delivery);
            assert_eq!(other.mode(), offered, "{preset}");
            let setup = other.setup(Area::West, MACS);
            assert_eq!(
                (setup.mode, &setup.wrong_on_purpose[..]),
                (offered, &[][..])
            );
        }
    }

    #[test]
    fn a_wish_is_heard_where_the_device_and_the_scenario_can() {
        let any = parse("preset = \"next-pd\", delivery = \"any\"").unwrap();
        let both = [Mode::Pd, Mode::Ra];
        assert_eq!(any.delivery_for(&both, Some(Mode::Ra)), Some(Mode::Ra));
        assert_eq!(
            any.delivery_for(&[Mode::Pd], Some(Mode::Ra)),
            Some(Mode::Pd)
        );
        let fixed = parse("preset = \"next-pd\"").unwrap();
        assert_eq!(fixed.delivery_for(&both, Some(Mode::Ra)), None);
        assert_eq!(fixed.delivered_by(Some(Mode::Ra)).mode(), Mode::Pd);
    }

    #[test]
    fn what_settles_the_delivery_does_not_go_with_any() {
        let cases = [
            (
                "preset = \"cross\"",
                "`cross` delivers the prefix in one way alone",
            ),
            (
                "preset = \"next-ra\", hikari-denwa = true",
                "`hikari-denwa` settles",
            ),
            (
                "preset = \"next-pd\", lease = { t1 = \"20s\", t2 = \"35s\", preferred = \"50s\", valid = \"70s\" }",
                "`lease` settles",
            ),
        ];
        for (line, wrong) in cases {
            let said = parse(&format!("{line}, delivery = \"any\"")).unwrap_err();
            assert!(said.contains(wrong), "{said}");
        }
        let mode = "preset = \"hgw-pd\", delivery = \"any\" }\ndevice = { mode = \"ra\"";
        let said = parse(mode).unwrap_err();
        assert!(said.contains("`mode` of the device settles"), "{said}");
    }

    fn parse(line: &str) -> Result<Scenario, String> {
        let text = format!(
            "about.en = \"a\"\nabout.ja = \"a\"\nsource = \"s\"\nline = {{ {line} }}\n\
             until = \"60s\"\n"
        );
        Scenario::parse("dns/test", Path::new("test.toml"), &text)
            .map_err(|mistakes| mistakes.to_string())
    }

    const MACS: Macs = Macs {
        wan: Mac([2, 0, 0, 0, 0, 1]),
        lan: Mac([2, 0, 0, 0, 0, 2]),
    };
}

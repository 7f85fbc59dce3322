//! What a device file says to the `nic` driver: which interfaces, and how things are switched.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::part::Part;
use super::templates::Templates;
use super::variables::{Names, Samples};
use crate::mistake::Mistake;
use crate::period::Period;

/// A router on two cables.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cabled {
    /// Our interface whose cable goes into the router's WAN socket.
    pub wan: Socket,
    /// Our interface whose cable goes into one of the router's LAN sockets.
    pub lan: Socket,
    /// A template of a script that configures the router, before each scenario.
    #[schemars(with = "Option<String>")]
    pub configure: Option<Spanned<String>>,
    /// How its power is switched; it is, before each scenario, where this is given.
    pub power: Option<Power>,
    /// A template of a script that ends when the router is ready.
    #[schemars(with = "Option<String>")]
    pub ready: Option<Spanned<String>>,
    /// How long each script may take.
    #[serde(default = "default_within")]
    pub within: Period,
    /// Whether the interfaces are used even though this machine uses them, too.
    #[serde(default)]
    pub shared_with_host: bool,
}

/// One of our interfaces.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Socket {
    /// Its name.
    #[schemars(with = "String")]
    pub interface: Spanned<String>,
    /// The VLAN whose tag frames have on it; none without.
    #[schemars(with = "Option<u16>", range(min = 1, max = 4094))]
    pub vlan: Option<Spanned<u16>>,
    /// How its carrier is switched; the interface is set down and up, unless given.
    pub carrier: Option<Carrier>,
}

/// Templates of scripts that switch carrier; they should be quick, for the network waits for them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Carrier {
    /// Takes it away.
    #[schemars(with = "String")]
    pub down: Spanned<String>,
    /// Gives it back.
    #[schemars(with = "String")]
    pub up: Spanned<String>,
}

/// Templates of scripts that switch power.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Power {
    /// Takes it away.
    #[schemars(with = "String")]
    pub off: Spanned<String>,
    /// Gives it back.
    #[schemars(with = "String")]
    pub on: Spanned<String>,
}

impl Cabled {
    /// Returns what templates call things: the interfaces are this machine's, for the device's are
    /// unknown.
    pub(in crate::dut) fn names(&self) -> Names {
        Names {
            wan: self.wan.interface.get_ref().clone(),
            lan: self.lan.interface.get_ref().clone(),
            run_dir: "/tmp".to_owned(),
        }
    }

    /// Returns every script with its key.
    fn scripts(&self) -> impl Iterator<Item = (&str, &Spanned<String>)> {
        let carriers = [&self.wan.carrier, &self.lan.carrier].into_iter().flatten();
        let carriers =
            carriers.flat_map(|one| [("carrier.down", &one.down), ("carrier.up", &one.up)]);
        let power = self.power.iter();
        let power = power.flat_map(|one| [("power.off", &one.off), ("power.on", &one.on)]);
        let configure = self.configure.iter().map(|script| ("configure", script));
        let ready = self.ready.iter().map(|script| ("ready", script));
        carriers.chain(power).chain(configure).chain(ready)
    }
}

impl Part for Cabled {
    fn ready_within(&self) -> Duration {
        self.within.0 * SCRIPTS
    }

    fn mistakes(&self, samples: Samples<'_>) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        for vlan in [&self.wan.vlan, &self.lan.vlan].into_iter().flatten() {
            if !(1..=LAST_VLAN).contains(vlan.get_ref()) {
                let message = format!("a VLAN has a number from 1 to {LAST_VLAN}");
                mistakes.push(Mistake::new(vlan.span(), message));
            }
        }
        let number = |socket: &Socket| socket.vlan.as_ref().map(|vlan| *vlan.get_ref());
        let same = self.wan.interface.get_ref() == self.lan.interface.get_ref();
        if same && number(&self.wan) == number(&self.lan) {
            let message = "both cables are the same one";
            let mut mistake = Mistake::new(self.lan.interface.span(), message);
            mistake.help = Some("name another interface, or give each a `vlan`".to_owned());
            mistakes.push(mistake);
        }
        let wrong = samples.with(self.names()).find_map(|sample| {
            let templates = Templates::new(&sample);
            let filled = self
                .scripts()
                .map(|(key, script)| templates.fill(key, script));
            let wrong: Vec<Mistake> = filled.filter_map(Result::err).collect();
            (!wrong.is_empty()).then_some(wrong)
        });
        mistakes.extend(wrong.into_iter().flatten());
        mistakes
    }

    fn most_at_once(&self) -> Option<usize> {
        // A router on two cables is there once.
        Some(1)
    }
}

fn default_within() -> Period {
    Period(Duration::from_secs(120))
}

/// As many as are run before a scenario: configure, off, on, ready, and carrier four times.
const SCRIPTS: u32 = 8;
/// IEEE 802.1Q §9.6: 0 and 4095 are no VLANs.
const LAST_VLAN: u16 = 4094;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::dut::description::Description;

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let told = |from: &str, to: &str| {
            let text = GOOD.replacen(from, to, 1);
            let mistakes = Description::parse(Path::new("d.toml"), &text).unwrap_err();
            mistakes.to_string()
        };
        assert!(Description::parse(Path::new("d.toml"), GOOD).is_ok());
        let same = told("\"eth2\"", "\"eth1\", vlan = 101");
        assert!(
            same.contains("d.toml:7:21: both cables are the same"),
            "{same}"
        );
        let vlan = told("101", "4095");
        assert!(
            vlan.contains("d.toml:6:36: a VLAN has a number from 1"),
            "{vlan}"
        );
        let template = told("{{ area }}", "{{ aera }}");
        assert!(
            template.contains("variable that does not exist"),
            "{template}"
        );
        let west = "{% if area == 'west' %}{{ aera }}{% endif %}";
        assert!(told("{{ area }}", west).contains("variable that does not exist"));
        let key = told("power", "powr");
        assert!(key.contains("unknown key `powr`"), "{key}");
        let macs = told("macs   =", "#");
        assert!(macs.contains("macs"), "{macs}");
    }

    const GOOD: &str = r#"driver = "nic"
name   = "one"
macs   = { wan = "00:00:5e:00:53:01", lan = "00:00:5e:00:53:02" }
offers = { modes = ["pd"] }
configure = "configure --area {{ area }}"
wan = { interface = "eth1", vlan = 101 }
lan = { interface = "eth2" }
power = { off = "pdu off 3", on = "pdu on 3" }
"#;
}

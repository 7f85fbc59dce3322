//! What a device file says to the `qemu` driver: the machine, its image, and what to type on its
//! serial console.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ngnlab_sim::setup::Mode;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::part::{Cost, Part};
use super::variables::{Names, Samples};
use crate::built_in;
use crate::error::Error;
use crate::mistake::Mistake;
use crate::period::Period;
use script::Script;

pub(in crate::dut) mod script;

/// A machine that QEMU plays.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Machine {
    /// The program that plays it.
    #[serde(default = "default_emulator")]
    pub emulator: String,
    /// The kind of machine, as `-M` takes it.
    #[serde(default = "default_machine")]
    pub machine: String,
    /// Whether the processor is emulated.
    #[serde(default)]
    pub accel: Accel,
    /// The kind of processor, as `-cpu` takes it.
    pub cpu: Option<String>,
    /// The memory in MiB.
    #[serde(default = "default_memory")]
    pub memory: u32,
    /// A kernel, relative to the device file.
    pub kernel: Option<PathBuf>,
    /// The initial RAM file system that goes with the kernel.
    pub initrd: Option<PathBuf>,
    /// The kernel's command line.
    #[serde(default)]
    pub append: String,
    /// A disk image, relative to the device file; it is never written to.
    pub disk: Option<PathBuf>,
    /// The format of the disk image.
    #[serde(default = "default_disk_format")]
    pub disk_format: String,
    /// How to get the image: a command, or where to download it.
    #[serde(default)]
    pub image_from: String,
    /// More words for QEMU's command line.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// The network interfaces, in the order in which the guest finds them.
    #[serde(default = "default_nics")]
    #[schemars(with = "Vec<Nic>")]
    pub nic: Spanned<Vec<Nic>>,
    /// Whether the image keeps its configuration without power, so that only `boot` is gone
    /// through after a power cut.
    #[serde(default)]
    pub remembers: bool,
    /// How long an Enter on the console may stay unanswered; `0s` never asks.
    #[serde(default = "default_hung_after")]
    pub hung_after: Period,
    /// Words on the console that tell of a panic.
    #[serde(default = "default_panics")]
    pub panics: Vec<String>,
    /// Words on the console that tell of a full disk.
    #[serde(default = "default_disk_full")]
    pub disk_full: Vec<String>,
    /// What leads from power-on to a console that takes commands; the same for every scenario.
    #[serde(default)]
    pub boot: Vec<StepEntry>,
    /// What configures the router for a scenario.
    #[serde(default)]
    pub configure: Vec<StepEntry>,
}

/// How the processor is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Accel {
    /// Emulated: everywhere the same.
    #[default]
    Tcg,
    /// By the machine's own, where it can.
    Kvm,
}

impl Accel {
    /// Returns the accelerator as `-accel` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcg => "tcg",
            Self::Kvm => "kvm",
        }
    }
}

/// One network interface of the machine.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Nic {
    /// Where its cable goes.
    pub port: NicPort,
    /// What the guest calls it.
    pub name: String,
    /// The kind of interface, as `-device` takes it.
    #[serde(default = "default_model")]
    pub model: String,
}

/// Where a cable goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NicPort {
    /// To the line.
    Wan,
    /// To the terminals.
    Lan,
}

impl NicPort {
    /// Returns the name of its network in QEMU.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wan => "wan",
            Self::Lan => "lan",
        }
    }
}

/// One step on the console: `wait` for words and `send` a line, or `run` commands.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StepEntry {
    /// Words to wait for.
    #[schemars(with = "Option<String>")]
    pub wait: Option<Spanned<String>>,
    /// A line to type then.
    #[schemars(with = "Option<String>")]
    pub send: Option<Spanned<String>>,
    /// Commands of a POSIX shell, which must end with success.
    #[schemars(with = "Option<String>")]
    pub run: Option<Spanned<String>>,
    /// How long the words may take to come, or the commands to end.
    #[serde(default = "default_within")]
    pub within: Period,
    /// The modes it is for; all without.
    pub modes: Option<Vec<Mode>>,
}

impl Machine {
    /// Returns the files of its image.
    pub fn image(&self) -> impl Iterator<Item = &Path> {
        let files = [&self.kernel, &self.initrd, &self.disk];
        files.into_iter().flatten().map(PathBuf::as_path)
    }

    /// Returns what the guest calls its interfaces.
    pub(in crate::dut) fn names(&self) -> Names {
        let name = |port| {
            let mut nics = self.nic.get_ref().iter();
            let nic = nics.find(|nic| nic.port == port);
            nic.map(|nic| nic.name.clone()).unwrap_or_default()
        };
        Names {
            wan: name(NicPort::Wan),
            lan: name(NicPort::Lan),
            run_dir: RUN_DIR.to_owned(),
        }
    }
}

impl Part for Machine {
    fn ready_within(&self) -> Duration {
        let steps = self.boot.iter().chain(&self.configure);
        let steps = steps.map(|step| step.within.0);
        steps.sum::<Duration>() + START_WITHIN * 3
    }

    fn resolve(&mut self, folder: &Path) {
        let paths = [&mut self.kernel, &mut self.initrd, &mut self.disk];
        for path in paths.into_iter().flatten() {
            *path = folder.join(&*path);
        }
    }

    fn programs(&self) -> Vec<&str> {
        let layer_maker = self.disk.iter().map(|_| LAYER_MAKER);
        let emulator = [self.emulator.as_str()];
        emulator.into_iter().chain(layer_maker).collect()
    }

    fn mistakes(&self, samples: Samples<'_>) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        if self.image().next().is_none() {
            let message = "a machine needs an image: `kernel` with `initrd`, or `disk`";
            mistakes.push(Mistake::new(0..0, message));
        }
        let nics = self.nic.get_ref();
        let count = |port| nics.iter().filter(|nic| nic.port == port).count();
        if count(NicPort::Wan) != 1 || count(NicPort::Lan) != 1 {
            let message = "a machine has one `nic` with port `wan` and one with port `lan`";
            mistakes.push(Mistake::new(self.nic.span(), message));
        }
        if self.boot.is_empty() {
            let message = "without a step in `boot` nobody knows when the machine has booted";
            mistakes.push(Mistake::new(0..0, message));
        }
        mistakes.extend(self.boot.iter().filter_map(StepEntry::boot_mistake));
        let steps = self.boot.iter().chain(&self.configure);
        mistakes.extend(steps.filter_map(StepEntry::mistake));
        if mistakes.is_empty() {
            let mut samples = samples.with(self.names());
            mistakes.extend(samples.find_map(|sample| Script::configure(self, &sample).err()));
        }
        mistakes
    }

    fn check_machine(&self, name: &str) -> Result<(), Error> {
        if let Some(path) = self.image().find(|path| !path.is_file()) {
            let help = match self.image_from.as_str() {
                _ if built_in::is_inside(path) => {
                    "an image is on a disk, beside its device file: `ngnlab init DIR` writes both \
                     that and what gets the image; then --device DIR/devices/NAME.toml"
                        .to_owned()
                }
                "" => "`kernel`, `initrd` and `disk` are relative to the device file".to_owned(),
                from => format!("get it with: {from}"),
            };
            return Err(Error::Missing {
                doing: format!("run {name}: there is no {}", path.display()),
                help,
                source: None,
            });
        }
        if self.accel == Accel::Kvm {
            let mut options = OpenOptions::new();
            let opened = options.read(true).write(true).open(KVM);
            opened.map_err(|error| Error::Missing {
                doing: format!("open {KVM}, which {name} asks for"),
                help: "leave out `accel = \"kvm\"`, or become a member of the group `kvm`"
                    .to_owned(),
                source: Some(error),
            })?;
        }
        Ok(())
    }

    fn cost(&self) -> Cost {
        Cost {
            memory: Cost::default().memory + (u64::from(self.memory) << 20),
            // Measured on an emulated processor: 3 to 3.7 s for a guest that goes on from its state.
            start: Duration::from_secs(4),
        }
    }
}

impl StepEntry {
    fn mistake(&self) -> Option<Mistake> {
        match (&self.wait, &self.send, &self.run) {
            (None, None, Some(_)) | (Some(_), _, None) | (None, Some(_), None) => None,
            (wait, send, run) => {
                let some = run.as_ref().or(wait.as_ref()).or(send.as_ref());
                let span = some.map_or(0..0, Spanned::span);
                let message = "a step has `wait`, `send` or both, or it has `run`";
                Some(Mistake::new(span, message))
            }
        }
    }

    fn boot_mistake(&self) -> Option<Mistake> {
        let texts = [&self.wait, &self.send, &self.run];
        let mut texts = texts.into_iter().flatten();
        let template = texts.find(|text| {
            ["{{", "{%"]
                .iter()
                .any(|mark| text.get_ref().contains(mark))
        });
        if let Some(template) = template {
            let message =
                "a step of `boot` knows no scenario, so templates belong into `configure`";
            return Some(Mistake::new(template.span(), message));
        }
        self.modes.as_ref()?;
        let message = "a step of `boot` knows no scenario, so it has no `modes`";
        Some(Mistake::new(0..0, message))
    }
}

fn default_emulator() -> String {
    "qemu-system-x86_64".to_owned()
}

fn default_machine() -> String {
    "q35".to_owned()
}

fn default_memory() -> u32 {
    256
}

fn default_disk_format() -> String {
    "raw".to_owned()
}

fn default_model() -> String {
    // It pushes back where others lose frames.
    "virtio-net-pci".to_owned()
}

fn default_nics() -> Spanned<Vec<Nic>> {
    let nic = |port, name: &str| Nic {
        port,
        name: name.to_owned(),
        model: default_model(),
    };
    let nics = vec![nic(NicPort::Wan, "eth0"), nic(NicPort::Lan, "eth1")];
    Spanned::new(0..0, nics)
}

fn default_hung_after() -> Period {
    Period(Duration::from_secs(30))
}

fn default_panics() -> Vec<String> {
    vec!["Kernel panic".to_owned()]
}

fn default_disk_full() -> Vec<String> {
    vec!["No space left on device".to_owned()]
}

fn default_within() -> Period {
    Period(Duration::from_secs(60))
}

/// The program that makes a layer above a disk image.
pub(in crate::dut) const LAYER_MAKER: &str = "qemu-img";
/// How long QEMU itself may take to start, and to read a saved state.
pub(in crate::dut) const START_WITHIN: Duration = Duration::from_secs(30);
/// A directory that every Linux has.
const KVM: &str = "/dev/kvm";
const RUN_DIR: &str = "/tmp";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dut::description::{Description, Driver};

    #[test]
    fn a_machine_is_read_with_its_defaults() {
        let description = Description::parse(Path::new("devices/d.toml"), DEVICE).unwrap();
        let Driver::Qemu(machine) = &description.driver else {
            panic!("{description:?}");
        };
        assert_eq!(machine.accel, Accel::Tcg);
        assert_eq!(
            machine.disk.as_deref(),
            Some(Path::new("devices/router.img"))
        );
        assert_eq!(machine.names().wan, "eth0");
        let mut samples = description.samples().with(machine.names());
        let variables = samples.next().unwrap();
        let script = Script::configure(machine, &variables).unwrap();
        assert_eq!(script.steps.len(), 1);
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let told = |from: &str, to: &str| {
            let text = DEVICE.replacen(from, to, 1);
            let error = Description::parse(Path::new("d.toml"), &text).unwrap_err();
            error.to_string()
        };
        let both = told("wait = \"login: \"", "wait = \"login: \"\nrun = \"true\"");
        assert!(both.contains("`wait`, `send` or both"), "{both}");
        let template = told("login: ", "{{ area }}");
        assert!(template.starts_with("d.toml:6:"), "{template}");
        assert!(template.contains("knows no scenario"), "{template}");
        let variable = told("wan.name", "wan.nam");
        assert!(
            variable.contains("variable that does not exist"),
            "{variable}"
        );
        let image = told("disk", "# disk");
        assert!(image.contains("needs an image"), "{image}");
        let nics = told(
            "[[boot]]",
            "[[nic]]\nport = \"wan\"\nname = \"e\"\n[[boot]]",
        );
        assert!(nics.contains("one `nic` with port"), "{nics}");
    }

    const DEVICE: &str = r#"driver = "qemu"
name = "one"
disk = "router.img"
offers = { modes = ["pd"] }
[[boot]]
wait = "login: "
send = "root"
[[configure]]
run = "ip link set {{ wan.name }} up"
"#;
}

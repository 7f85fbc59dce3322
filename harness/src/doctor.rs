//! What this machine can do for real devices, what it lacks, and the command that mends it.
//!
//! Everything is tried rather than looked up, and nothing of the machine is changed by it.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use crate::built_in;
use crate::dut::description::{Description, Driver};
use crate::dut::needs;
use crate::dut::process::group::Group;
use crate::dut::process::wall;
use crate::error::Error;
use crate::installed;
use crate::launch;
use crate::scratch::Scratch;

mod kvm;
mod ppp;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub what: String,
    /// How it is.
    pub state: State,
    /// What it is good for, or why it is not.
    pub detail: String,
    /// The command that mends it.
    pub mend: Option<String>,
}

/// How one thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It works.
    Fine,
    /// It does not, and something that was asked for needs it.
    Missing,
    /// It does not, and nothing that was asked for needs it.
    Spare,
}

/// Looks at everything that real devices need, and at the programs of these device files.
pub fn look(files: &[PathBuf]) -> Result<Vec<Finding>, Error> {
    let mut found = sandbox()?;
    found.extend(walls());
    found.push(packet_sockets());
    found.push(ppp::look());
    found.extend(qemu());
    found.extend(terminals());
    for file in files {
        found.push(device(file)?);
    }
    Ok(found)
}

impl Finding {
    fn fine(what: &str, detail: impl Into<String>) -> Self {
        Self {
            what: what.to_owned(),
            state: State::Fine,
            detail: detail.into(),
            mend: None,
        }
    }

    fn lacking(what: &str, state: State, detail: impl Into<String>, mend: &str) -> Self {
        Self {
            what: what.to_owned(),
            state,
            detail: detail.into(),
            mend: (!mend.is_empty()).then(|| mend.to_owned()),
        }
    }
}

/// Makes the namespaces and interfaces of a device without programs.
fn sandbox() -> Result<Vec<Finding>, Error> {
    let folder = Scratch::new()?;
    let path = folder.path().join("doctor.toml");
    fs::write(&path, NO_PROGRAMS).map_err(|source| Error::Write {
        path: path.clone(),
        source,
    })?;
    let tap = tap();
    // Without TAP interfaces a device does not come so far as to need namespaces.
    if tap.state != State::Fine {
        return Ok(vec![tap]);
    }
    let (state, detail, mend) = match launch::attempt(&path) {
        Ok(()) => (
            State::Fine,
            "a device gets its own".to_owned(),
            String::new(),
        ),
        Err(Error::Missing {
            doing,
            help,
            source,
        }) => {
            let why = source.map_or(String::new(), |source| format!(": {source}"));
            (State::Missing, format!("cannot {doing}{why}"), help)
        }
        Err(error) => (State::Missing, error.with_causes(), String::new()),
    };
    let namespaces = Finding {
        what: "user namespaces".to_owned(),
        state,
        detail,
        mend: (!mend.is_empty()).then_some(mend),
    };
    Ok(vec![namespaces, tap])
}

fn tap() -> Finding {
    const WHAT: &str = "TAP interfaces";
    let opened = OpenOptions::new().read(true).write(true).open(TUN);
    match opened.map_err(|error| error.kind()) {
        Ok(_) => Finding::fine(WHAT, format!("{TUN} opens")),
        Err(ErrorKind::PermissionDenied) => Finding::lacking(
            WHAT,
            State::Missing,
            format!("{TUN} is closed to ordinary users"),
            "`sudo chmod 0666 /dev/net/tun`",
        ),
        Err(kind) => Finding::lacking(
            WHAT,
            State::Missing,
            format!("{TUN}: {kind}"),
            "`sudo modprobe tun`; a container is given it with `--device /dev/net/tun`",
        ),
    }
}

/// Looks for what stands around a device beside its namespaces.
fn walls() -> [Finding; 2] {
    const LANDLOCK: &str = "Landlock";
    const GROUPS: &str = "control groups";
    let landlock = match wall::is_offered() {
        true => Finding::fine(
            LANDLOCK,
            "a device can mount nothing, nor write outside its places",
        ),
        false => Finding::lacking(
            LANDLOCK,
            State::Spare,
            "the kernel has no Landlock switched on; namespaces alone keep a device from the host",
            "add `landlock` to `lsm=` on the kernel's command line, from Linux 5.13 on",
        ),
    };
    let groups = match Group::make() {
        Some(_) => Finding::fine(GROUPS, "the kernel bounds a device's memory and processes"),
        None => Finding::lacking(
            GROUPS,
            State::Spare,
            "this user may make none; a device's memory and processes are watched all the same",
            "",
        ),
    };
    [landlock, groups]
}

/// Opens a packet socket, which devices on network cards need.
fn packet_sockets() -> Finding {
    const WHAT: &str = "packet sockets";
    let opened = socket(
        AddressFamily::Packet,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        None,
    );
    match opened {
        Ok(_) => Finding::fine(WHAT, "a device on two network cards can be tested"),
        Err(Errno::EPERM) => Finding::lacking(
            WHAT,
            State::Spare,
            "a device on two network cards needs CAP_NET_RAW",
            "`sudo setcap cap_net_raw,cap_net_admin+ep \"$(command -v ngnlab)\"`",
        ),
        Err(errno) => Finding::lacking(WHAT, State::Spare, errno.desc(), ""),
    }
}

fn qemu() -> Vec<Finding> {
    const KVM: &str = "KVM";
    let Some(qemu) = installed::find(QEMU) else {
        let mend = installed::install(&[QEMU]);
        let detail = "router images cannot be run";
        return vec![Finding::lacking("QEMU", State::Spare, detail, &mend)];
    };
    let found = Finding::fine("QEMU", qemu.display().to_string());
    let opened = OpenOptions::new().read(true).write(true).open("/dev/kvm");
    let kvm = match opened.map_err(|error| error.kind()) {
        Ok(_) => match kvm::runs_a_guest(&qemu) {
            Ok(true) => Finding::fine(KVM, "a guest runs; a device file may ask for it"),
            Ok(false) => Finding::lacking(
                KVM,
                State::Spare,
                "opens, but a guest hangs; QEMU emulates the processor unless told otherwise",
                "",
            ),
            Err(error) => Finding::lacking(KVM, State::Spare, error.to_string(), ""),
        },
        Err(ErrorKind::PermissionDenied) => Finding::lacking(
            KVM,
            State::Spare,
            "/dev/kvm is closed to this user; QEMU emulates the processor",
            "`sudo usermod -aG kvm \"$USER\"`, and log in again",
        ),
        Err(_) => Finding::lacking(
            KVM,
            State::Spare,
            "there is no /dev/kvm; QEMU emulates the processor",
            "",
        ),
    };
    vec![found, kvm]
}

/// Looks for the programs that run as real terminals.
fn terminals() -> impl Iterator<Item = Finding> {
    TERMINALS
        .iter()
        .map(|program| match installed::find(program) {
            Some(path) => Finding::fine(program, path.display().to_string()),
            None => Finding::lacking(
                program,
                State::Spare,
                "real terminals cannot run it",
                &installed::install(&[program]),
            ),
        })
}

fn device(file: &Path) -> Result<Finding, Error> {
    let description = Description::load(file)?;
    let what = built_in::name(file);
    let missing = needs::missing(&description);
    if missing.is_empty() {
        return match needs::check(&description) {
            Err(Error::Missing { doing, help, .. }) => {
                let state = match description.driver {
                    // The machine could: an image is for the user to get.
                    Driver::Qemu(_) => State::Spare,
                    Driver::Process(_) | Driver::Nic(_) => State::Missing,
                };
                let detail = format!("cannot {doing}");
                Ok(Finding::lacking(&what, state, detail, &help))
            }
            other => other.map(|()| Finding::fine(&what, description.name)),
        };
    }
    let detail = format!("there is no {}", missing.join(", no "));
    let mend = installed::install(&missing);
    Ok(Finding::lacking(&what, State::Missing, detail, &mend))
}

const TUN: &str = "/dev/net/tun";
const QEMU: &str = "qemu-system-x86_64";
const TERMINALS: &[&str] = &["dig", "curl", "chromium", "certutil"];
const NO_PROGRAMS: &str =
    "driver = \"process\"\nname = \"no programs\"\noffers = { modes = [\"pd\"] }\n";

//! Attacks on the processes around a device: who watches it, and who started it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, IoSliceMut, Write};
use std::path::{Path, PathBuf};
use std::thread::park_timeout;
use std::time::Duration;

use keyutils::keytypes::User;
use keyutils::{Keyring, SpecialKeyring};
use nix::sched::{CloneFlags, setns};
use nix::sys::ptrace;
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::{Signal, kill};
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::unistd::Pid;

use super::Scene;
use super::attacks::{Attack, any, found};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "trace-a-process-outside",
        make: |scene| {
            let victim = Pid::from_raw(scene.victim);
            ptrace::seize(victim, ptrace::Options::empty())?;
            // It runs on, so it cannot be detached; it is free once this process ends.
            Ok(())
        },
        succeeds_without_a_sandbox: true,
    },
    Attack {
        name: "write-a-process-s-memory",
        make: |scene| {
            let path = of_victim(scene, "mem");
            OpenOptions::new().write(true).open(path).map(drop)
        },
        succeeds_without_a_sandbox: true,
    },
    Attack {
        name: "read-a-process-s-memory",
        make: |scene| {
            let mut byte = [0];
            let local = &mut [IoSliceMut::new(&mut byte)];
            // Any address will do: who may not look is told before.
            let remote = [RemoteIoVec {
                base: 0x1000,
                len: 1,
            }];
            match process_vm_readv(Pid::from_raw(scene.victim), local, &remote) {
                Ok(_) | Err(nix::errno::Errno::EFAULT) => Ok(()),
                Err(errno) => Err(errno.into()),
            }
        },
        succeeds_without_a_sandbox: true,
    },
    Attack {
        name: "read-a-process-s-environment",
        make: |scene| fs::read(of_victim(scene, "environ")).map(drop),
        succeeds_without_a_sandbox: true,
    },
    Attack {
        name: "look-into-a-process-s-root",
        make: |scene| fs::read_dir(of_victim(scene, "root")).map(drop),
        succeeds_without_a_sandbox: true,
    },
    Attack {
        name: "open-a-process-s-descriptors",
        make: open_descriptors,
        succeeds_without_a_sandbox: true,
    },
    Attack {
        name: "plant-beside-a-descriptor",
        make: plant_beside_descriptors,
        succeeds_without_a_sandbox: false,
    },
    Attack {
        name: "find-a-descriptor-that-was-left-open",
        make: left_open,
        succeeds_without_a_sandbox: false,
    },
    Attack {
        name: "enter-a-process-s-namespaces",
        make: |scene| {
            any(["mnt", "user", "pid", "net"].map(|kind| {
                let namespace = File::open(of_victim(scene, "ns").join(kind))?;
                setns(namespace, CloneFlags::empty())?;
                Ok(())
            }))
        },
        succeeds_without_a_sandbox: true,
    },
    Attack {
        name: "see-processes-of-the-host",
        make: |_| {
            // Whatever runs here was started by this device, and there is little of it.
            let names = fs::read_dir("/proc")?.flatten();
            let pids = names.filter_map(|name| name.file_name().to_str()?.parse::<u32>().ok());
            found(pids.max().unwrap_or_default() > 1000)
        },
        succeeds_without_a_sandbox: false,
    },
    Attack {
        name: "read-the-caller-s-keys",
        make: |scene| {
            let keys = Keyring::attach(SpecialKeyring::Session).map_err(io::Error::other)?;
            let key = keys.search_for_key::<User, _, _>(scene.word(), None);
            key.and_then(|key| key.read())
                .map(drop)
                .map_err(io::Error::other)
        },
        succeeds_without_a_sandbox: true,
    },
    Attack {
        name: "type-on-the-user-s-terminal",
        make: |_| OpenOptions::new().write(true).open("/dev/tty").map(drop),
        succeeds_without_a_sandbox: false,
    },
    Attack {
        name: "have-a-core-written",
        make: |_| {
            let (soft, _) = getrlimit(Resource::RLIMIT_CORE)?;
            found(soft > 1)
        },
        succeeds_without_a_sandbox: false,
    },
    Attack {
        name: "tell-the-judge-lies",
        make: tell_lies,
        succeeds_without_a_sandbox: false,
    },
    // It ends the victim, so it comes last.
    Attack {
        name: "end-a-process-outside",
        make: |scene| {
            kill(Pid::from_raw(scene.victim), Signal::SIGKILL)?;
            park_timeout(Duration::from_millis(200));
            let status = fs::read_to_string(of_victim(scene, "stat")).unwrap_or_default();
            found(status.is_empty() || status.contains(") Z"))
        },
        succeeds_without_a_sandbox: true,
    },
];

fn of_victim(scene: &Scene, name: &str) -> PathBuf {
    Path::new("/proc").join(scene.victim.to_string()).join(name)
}

/// Returns the descriptors of every process that is none of this program's.
fn descriptors_of_others() -> Vec<PathBuf> {
    let names = fs::read_dir("/proc").into_iter().flatten().flatten();
    let others = names.filter(|name| {
        let program = fs::read(name.path().join("cmdline")).unwrap_or_default();
        !String::from_utf8_lossy(&program).contains("hostile-")
    });
    let folders = others.map(|name| name.path().join("fd"));
    // Those that cannot be listed are guessed.
    folders
        .flat_map(|folder| (0..16).map(move |number| folder.join(number.to_string())))
        .collect()
}

fn open_descriptors(scene: &Scene) -> io::Result<()> {
    let folder = of_victim(scene, "fd");
    any((0..16).map(|number| {
        let path = folder.join(number.to_string());
        fs::read_link(&path)?;
        OpenOptions::new().write(true).open(path).map(drop)
    }))
}

fn plant_beside_descriptors(_: &Scene) -> io::Result<()> {
    any(descriptors_of_others()
        .into_iter()
        .map(|path| fs::write(path.join("../planted"), "")))
}

/// Looks at the descriptors that this process was started with.
fn left_open(_: &Scene) -> io::Result<()> {
    let names = fs::read_dir("/proc/self/fd")?.flatten();
    let links = names.filter_map(|name| fs::read_link(name.path()).ok());
    let strange = links.filter(|link| {
        let known = ["pipe:", "/dev/null", "/proc/"];
        !known
            .iter()
            .any(|known| link.to_string_lossy().starts_with(known))
    });
    found(strange.count() > 0)
}

/// Writes what a supervisor would tell wherever it can; the judge shows whether it was believed.
fn tell_lies(scene: &Scene) -> io::Result<()> {
    let lies = [
        "{\"Failed\":{\"how\":\"hung\",\"message\":\"forged\",\"log\":null}}\n",
        "{\"Starved\":{\"secs\":9,\"nanos\":0}}\n",
        "{\"Ended\":{\"pid\":2,\"status\":9}}\n",
        "nonsense\n",
    ];
    // Its own output is a log, which may hold anything.
    let mut own = io::stdout();
    for lie in lies {
        let _ = own.write_all(lie.as_bytes());
    }
    if scene.victim != 1 {
        return Err(ErrorKind::Unsupported.into());
    }
    any(descriptors_of_others().into_iter().map(|path| {
        let mut file = OpenOptions::new().write(true).open(path)?;
        lies.iter()
            .try_for_each(|lie| file.write_all(lie.as_bytes()))
    }))
}

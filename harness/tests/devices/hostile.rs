//! A device that attacks the machine it is tested on, and the harness that judges it.
//!
//! This test binary plays it: each attack is first made without a sandbox, where most succeed, so
//! that one that is withstood proves something.

use std::env;
use std::fs;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use keyutils::keytypes::User;
use keyutils::{Keyring, SpecialKeyring};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getgid, getuid};

use ngnlab_harness::play::Ending;

use crate::Test;
use crate::bench::{Bench, marker};

mod attacks;
mod files;
mod hoards;
mod place;
mod processes;
mod sockets;

pub(crate) fn tests() -> Vec<Test> {
    let own: &[Test] = &[
        ("no_attack_of_a_hostile_device_succeeds", no_attack_succeeds),
        (
            "most_attacks_succeed_without_a_sandbox",
            most_attacks_succeed_without_a_sandbox,
        ),
        (
            "a_device_that_mounts_things_cannot_reach_the_host_either",
            a_device_that_mounts_things,
        ),
    ];
    [own, hoards::TESTS, place::TESTS].concat()
}

/// What an attack is told: where to plant files, and whom to attack.
pub(crate) struct Scene {
    /// A folder of the host.
    pub(crate) folder: PathBuf,
    /// A process that is none of the device's.
    pub(crate) victim: i32,
}

impl Scene {
    /// Returns the file that an attack wants to plant.
    pub(crate) fn planted(&self, name: &str) -> PathBuf {
        self.folder.join(format!("planted-{name}"))
    }

    /// Returns a file with a secret.
    pub(crate) fn secret(&self) -> PathBuf {
        self.folder.join("secret")
    }

    /// Returns a word that names sockets and keys of this scene alone.
    pub(crate) fn word(&self) -> String {
        marker(&self.folder)
    }
}

/// Plays the hostile device, if this process was started as one.
pub(crate) fn hidden_command() -> Option<ExitCode> {
    let mut words = env::args().skip(1);
    let part = words.next()?;
    let folder = PathBuf::from(words.next()?);
    match part.as_str() {
        HOSTILE => attacks::play(&Scene { folder, victim: 1 }),
        UNPROTECTED => {
            become_user_0_and_mount();
            let mut victim = Command::new("sleep").arg("60").spawn().unwrap();
            attacks::play(&Scene {
                folder,
                victim: i32::try_from(victim.id()).unwrap(),
            });
            let _ = victim.kill();
            let _ = victim.wait();
        }
        attacks::ONE => return Some(attacks::make_one(folder, words)),
        name => hoards::hidden_command(name)?,
    }
    Some(ExitCode::SUCCESS)
}

/// Gives this process the powers that a device has, and no walls.
fn become_user_0_and_mount() {
    let (uid, gid) = (getuid(), getgid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS).unwrap();
    fs::write("/proc/self/setgroups", "deny").unwrap();
    fs::write("/proc/self/uid_map", format!("0 {uid} 1")).unwrap();
    fs::write("/proc/self/gid_map", format!("0 {gid} 1")).unwrap();
}

/// Things of the host that an attack may reach; they are there as long as this is.
struct Bait {
    _listeners: [UnixListener; 2],
}

impl Bait {
    fn lay(scene: &Scene) -> Self {
        fs::write(scene.secret(), "a secret").unwrap();
        let name = SocketAddr::from_abstract_name(scene.word()).unwrap();
        let abstract_one = UnixListener::bind_addr(&name).unwrap();
        let path = UnixListener::bind(scene.folder.join("socket")).unwrap();
        let mut keys = Keyring::attach_or_create(SpecialKeyring::Session).unwrap();
        let key = keys.add_key::<User, _, _>(scene.word(), b"a secret".as_slice());
        key.unwrap();
        Self {
            _listeners: [abstract_one, path],
        }
    }
}

fn no_attack_succeeds() {
    withstood("");
}

fn a_device_that_mounts_things() {
    // Without Landlock there is one wall less, and the others stand.
    withstood("mounts = true\n");
}

fn withstood(keys: &str) {
    let bench = Bench::new();
    let scene = Scene {
        folder: bench.folder.clone(),
        victim: 1,
    };
    let _bait = Bait::lay(&scene);
    let told = told_by_device(&bench, keys);
    let missing: Vec<&str> = attacks::names()
        .filter(|name| {
            !told
                .iter()
                .any(|line| line.starts_with(&format!("{name}: ")))
        })
        .collect();
    assert!(missing.is_empty(), "never tried: {missing:?}\n{told:#?}");
    let succeeded: Vec<&String> = told
        .iter()
        .filter(|line| line.ends_with(SUCCEEDED))
        .collect();
    assert!(succeeded.is_empty(), "{succeeded:#?}");
    for name in attacks::names() {
        assert!(!scene.planted(name).exists(), "{name} planted a file");
    }
    assert_eq!(fs::read_to_string(scene.secret()).unwrap(), "a secret");
}

fn most_attacks_succeed_without_a_sandbox() {
    let bench = Bench::new();
    let scene = Scene {
        folder: bench.folder.clone(),
        victim: 0,
    };
    let _bait = Bait::lay(&scene);
    let output = Command::new(env::current_exe().unwrap())
        .args([Path::new(UNPROTECTED), &scene.folder])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for name in attacks::names_that_succeed_without_a_sandbox() {
        assert!(
            text.contains(&format!("{name}: {SUCCEEDED}")),
            "{name}\n{text}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// Lets this binary play a device, and returns the lines that it wrote.
fn told_by_device(bench: &Bench, keys: &str) -> Vec<String> {
    let mut job = bench.job(&bench.device(&format!("{keys}{}", device(HOSTILE, bench))));
    job.out = Some(bench.folder.join("out"));
    let run = job.run().unwrap();
    assert_eq!(run.ending, Ending::Complete);
    let log = fs::read_to_string(bench.folder.join("out/logs/hostile.log")).unwrap();
    log.lines().map(str::to_owned).collect()
}

/// Returns the part of a device file that starts this binary.
fn device(part: &str, bench: &Bench) -> String {
    let own = env::current_exe().unwrap();
    format!(
        "[[run]]\nsetup = \"ip link set wan0 up; ip link set lan0 up\"\n\
        [[run]]\nname = \"hostile\"\ndaemon = [{:?}, {part:?}, {:?}]\n",
        own.to_str().unwrap(),
        bench.folder.to_str().unwrap()
    )
}

const HOSTILE: &str = "hostile-device";
const UNPROTECTED: &str = "hostile-without-a-sandbox";
const SUCCEEDED: &str = "SUCCEEDED";

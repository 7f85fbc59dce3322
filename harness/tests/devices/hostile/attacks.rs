//! The table of attacks, and how they are made.

use std::env;
use std::io::{self, ErrorKind, Write, stdout};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::thread::park_timeout;
use std::time::Duration;

use super::{SUCCEEDED, Scene, files, processes, sockets};

/// Something that a device must not be able to do; it returns without an error if it could.
pub(super) struct Attack {
    pub(super) name: &'static str,
    pub(super) make: fn(&Scene) -> io::Result<()>,
    /// Whether it succeeds as user 0 of a namespace without further walls, on any machine.
    pub(super) succeeds_without_a_sandbox: bool,
}

/// Makes every attack in a process of its own, says how it went, and stays.
pub(super) fn play(scene: &Scene) {
    for attack in all() {
        let went = match one(scene, attack.name) {
            Ok(()) => SUCCEEDED.to_owned(),
            Err(error) => format!("withstood, {error}"),
        };
        let _ = writeln!(stdout(), "{}: {went}", attack.name);
    }
    if scene.victim == 1 {
        // A device that ends has crashed.
        loop {
            park_timeout(Duration::from_secs(60));
        }
    }
}

fn one(scene: &Scene, name: &str) -> io::Result<()> {
    let output = Command::new(env::current_exe()?)
        .arg(ONE)
        .arg(&scene.folder)
        .args([name, &scene.victim.to_string()])
        .stdin(Stdio::null())
        .output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(io::Error::other(
            String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        )),
    }
}

/// Makes the attack that the arguments name.
pub(super) fn make_one(folder: PathBuf, mut words: impl Iterator<Item = String>) -> ExitCode {
    let name = words.next().unwrap();
    let victim = words.next().unwrap().parse().unwrap();
    let attack = all().find(|attack| attack.name == name).unwrap();
    match (attack.make)(&Scene { folder, victim }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = write!(stdout(), "{error}");
            ExitCode::FAILURE
        }
    }
}

/// The part of one attack.
pub(super) const ONE: &str = "hostile-attack";

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    all().map(|attack| attack.name)
}

pub(super) fn names_that_succeed_without_a_sandbox() -> impl Iterator<Item = &'static str> {
    all()
        .filter(|attack| attack.succeeds_without_a_sandbox)
        .map(|attack| attack.name)
}

fn all() -> impl Iterator<Item = &'static Attack> {
    [files::ATTACKS, sockets::ATTACKS, processes::ATTACKS]
        .into_iter()
        .flatten()
}

/// Turns what was found into the outcome of an attack.
pub(super) fn found(it: bool) -> io::Result<()> {
    match it {
        true => Ok(()),
        false => Err(ErrorKind::NotFound.into()),
    }
}

/// Makes several attempts, of which one is enough; else returns the first error.
pub(super) fn any(attempts: impl IntoIterator<Item = io::Result<()>>) -> io::Result<()> {
    let mut first = Err(ErrorKind::NotFound.into());
    for (number, attempt) in attempts.into_iter().enumerate() {
        match attempt {
            Ok(()) => return Ok(()),
            Err(error) if number == 0 => first = Err(error),
            Err(_) => {}
        }
    }
    first
}

//! The page on paper, by the browser that people have.

use std::fs;
use std::io;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};

use crate::error::Error;
use crate::installed;
use crate::scratch::Scratch;

/// Prints a page as PDF; an error says why that cannot be done here.
pub fn print(page: &str) -> Result<Vec<u8>, Error> {
    installed::check("a browser that prints", vec![BROWSER])?;
    let place = Scratch::new()?;
    let (from, to) = (
        place.path().join("report.html"),
        place.path().join("report.pdf"),
    );
    let failed = |source: io::Error| Error::Missing {
        doing: "print the page with chromium".to_owned(),
        help: "the page itself prints as well, from any browser".to_owned(),
        source: Some(source),
    };
    fs::write(&from, page).map_err(failed)?;
    let program = installed::find(BROWSER).unwrap_or_else(|| BROWSER.into());
    let mut command = Command::new(program);
    command
        .args(SWITCHES)
        .arg(format!(
            "--user-data-dir={}",
            place.path().join("profile").display()
        ))
        .arg(format!("--print-to-pdf={}", to.display()))
        .arg(format!("file://{}", from.display()))
        .env("HOME", place.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // Root has no sandbox there; what it prints is our own page alone.
    if geteuid().is_root() {
        command.arg("--no-sandbox");
    }
    let mut browser = command.spawn().map_err(failed)?;
    let number = browser.id();
    let (sender, ended) = channel();
    let waiter = thread::spawn(move || {
        let _ = sender.send(browser.wait());
    });
    let status = ended.recv_timeout(WITHIN);
    if status.is_err() {
        // Nobody has waited for it, so the number is still its own.
        let number = i32::try_from(number).map(Pid::from_raw);
        let _ = number.map(|number| kill(number, Signal::SIGKILL));
    }
    let _ = waiter.join();
    match status {
        Ok(Ok(status)) if status.success() => fs::read(&to).map_err(failed),
        Ok(Ok(status)) => Err(failed(io::Error::other(format!("it ended with {status}")))),
        Ok(Err(error)) => Err(failed(error)),
        Err(_) => Err(failed(io::ErrorKind::TimedOut.into())),
    }
}

const BROWSER: &str = "chromium";
const SWITCHES: &[&str] = &[
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-pdf-header-footer",
    "--virtual-time-budget=20000",
];
/// A page of two thousand runs takes a few seconds.
const WITHIN: Duration = Duration::from_secs(120);

//! Signatures by OpenSSH, which people have: a key that opens a server also signs a bundle.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::error::Error;
use crate::installed;
use crate::scratch::Scratch;

/// What is known of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// There is none.
    None,
    /// It fits the manifest, by a key that nobody was named for: whose it is, is not known.
    OfSomeKey(String),
    /// It is by somebody whom the user trusts, as `ssh-keygen` says it.
    Good(String),
    /// It does not fit, or is by nobody whom the user trusts.
    Bad(String),
}

/// Signs a manifest with a key: a private one, or a public one whose private one an agent holds.
pub fn sign(manifest: &[u8], key: &Path) -> Result<Vec<u8>, Error> {
    let key = key.as_os_str();
    let words = ["-Y", "sign", "-n", NAMESPACE, "-f"];
    let mut command = keygen()?;
    // It asks for a passphrase at the terminal, so that stays as it is.
    command.args(words).arg(key).stderr(Stdio::inherit());
    let signed = fed(command, manifest)?;
    if !signed.status.success() || signed.stdout.is_empty() {
        return Err(Error::Usage {
            what: format!("{PROGRAM} could not sign with {}", key.display()),
            help: Some("name a private key, or a public one that the agent holds".to_owned()),
        });
    }
    Ok(signed.stdout)
}

/// Checks the signature of a manifest; `signers` is a file of those who are trusted, in the form of
/// ALLOWED SIGNERS in ssh-keygen(1).
pub fn check(
    manifest: &[u8],
    signature: &[u8],
    signers: Option<&Path>,
) -> Result<Signature, Error> {
    let place = Scratch::new()?;
    let file = place.path().join("signature");
    let unwritten = |source| Error::Write {
        path: file.clone(),
        source,
    };
    fs::write(&file, signature).map_err(unwritten)?;
    let Some(signers) = signers else {
        let mut command = keygen()?;
        command
            .args(["-Y", "check-novalidate", "-n", NAMESPACE, "-s"])
            .arg(&file);
        let checked = fed(command, manifest)?;
        return Ok(match checked.status.success() {
            true => Signature::OfSomeKey(said(&checked.stdout)),
            false => Signature::Bad(said(&checked.stderr)),
        });
    };
    let mut command = keygen()?;
    command
        .args(["-Y", "find-principals", "-s"])
        .arg(&file)
        .arg("-f")
        .arg(signers);
    let found = fed(command, b"")?;
    let principals = said(&found.stdout);
    let Some(principal) = principals.lines().next().filter(|_| found.status.success()) else {
        return Ok(Signature::Bad(format!(
            "it is by nobody whom {} names",
            signers.display()
        )));
    };
    // A principal may be a list; any of it will do.
    let principal = principal.split(',').next().unwrap_or(principal);
    let mut command = keygen()?;
    command
        .args(["-Y", "verify", "-n", NAMESPACE, "-I", principal, "-s"])
        .arg(&file)
        .arg("-f")
        .arg(signers);
    let checked = fed(command, manifest)?;
    Ok(match checked.status.success() {
        true => Signature::Good(said(&checked.stdout)),
        false => Signature::Bad(said(&checked.stderr)),
    })
}

fn keygen() -> Result<Command, Error> {
    installed::check("a signature", vec![PROGRAM])?;
    Ok(Command::new(PROGRAM))
}

fn fed(mut command: Command, input: &[u8]) -> Result<Output, Error> {
    let failed = |source: io::Error| Error::Missing {
        doing: format!("run {PROGRAM}"),
        help: installed::install(&[PROGRAM]),
        source: Some(source),
    };
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = command.spawn().map_err(failed)?;
    if let Some(mut stdin) = running.stdin.take() {
        // It may have had enough, and says so itself.
        let _ = stdin.write_all(input);
    }
    running.wait_with_output().map_err(failed)
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// The program that signs and checks.
pub const PROGRAM: &str = "ssh-keygen";
/// So that a signature on something else is none on a bundle.
const NAMESPACE: &str = "ngnlab-bundle";

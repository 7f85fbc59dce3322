//! Pid 1 of a real terminal: makes its files, runs the command, tells what it writes and how it
//! ends, and keeps the files that it leaves.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, PipeReader, Read, pipe, stdin, stdout};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use nix::fcntl::{FcntlArg, OFlag, fcntl, open, openat};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::write;

use super::{Errand, Told, browser, root};
use crate::installed::PATH;
use crate::namespaces::mounts::Trouble;

/// The hidden subcommand that pid 1 of a real terminal runs as.
pub(super) const COMMAND: &str = "real-terminal-init";

/// Serves as pid 1; its standard output is the socket to the world.
pub(super) fn main() -> ExitCode {
    let Err((doing, error)) = serve() else {
        return ExitCode::SUCCESS;
    };
    let _ = tell(&Told::Cannot {
        doing: format!("{doing}: {error}"),
        help: String::new(),
    });
    ExitCode::FAILURE
}

fn serve() -> Result<(), Trouble> {
    let errand = assignment().map_err(|error| ("read its errand".to_owned(), error))?;
    let folder = match &errand.files {
        // Before the mounts, which may cover it.
        Some(path) => Some(opened(path).map_err(|error| told(path, error))?),
        None => None,
    };
    furnish(&errand)?;
    let program = errand.words.first().cloned().unwrap_or_default();
    let (status, cut) = run(&errand).map_err(|error| (format!("run {program}"), error))?;
    let files = keep(folder.as_ref()).map_err(|error| told(Path::new(FILES), error))?;
    tell(&Told::Ended {
        status: status.code(),
        signal: status.signal(),
        files,
        cut,
    })
    .map_err(|error| ("tell the world".to_owned(), error))
}

fn told(path: &Path, error: io::Error) -> Trouble {
    (format!("keep files in {}", path.display()), error)
}

fn assignment() -> io::Result<Errand> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    Ok(serde_json::from_reader(stdin().lock())?)
}

fn opened(folder: &Path) -> io::Result<OwnedFd> {
    fs::create_dir_all(folder)?;
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    Ok(open(folder, flags, Mode::empty())?)
}

/// Makes the computer's own files: private places, resolv.conf, and what it trusts.
fn furnish(errand: &Errand) -> Result<(), Trouble> {
    let bundles = BUNDLES.iter();
    // Before the mounts, which may cover them.
    let bundles: Vec<_> = bundles
        .filter_map(|path| Some((*path, fs::read_to_string(path).ok()?)))
        .collect();
    root::enter(&["/tmp", "/var/lib", "/var/log"])?;
    root::write("/etc/resolv.conf", &errand.resolv_conf)?;
    for folder in [HOME, FILES] {
        fs::create_dir_all(folder).map_err(|error| (format!("make {folder}"), error))?;
    }
    let Some(certificate) = &errand.root_pem else {
        return Ok(());
    };
    root::write(ROOT, certificate)?;
    for (path, others) in bundles {
        root::write(path, &format!("{others}\n{certificate}"))?;
    }
    trust_in_browsers().map_err(|error| ("install the root certificate".to_owned(), error))
}

/// Installs the root certificate where Chromium looks for it.
fn trust_in_browsers() -> io::Result<()> {
    let folder = format!("{HOME}/.pki/nssdb");
    let store = format!("sql:{folder}");
    let steps: [&[&str]; 2] = [
        &["-N", "--empty-password"],
        &["-A", "-t", "C,,", "-n", "ONS", "-i", ROOT],
    ];
    fs::create_dir_all(&folder)?;
    for step in steps {
        let mut certutil = Command::new(browser::CERTUTIL);
        let certutil = certutil.args(["-d", &store]).args(step).env("PATH", PATH);
        match certutil.stdin(Stdio::null()).output() {
            Ok(output) if output.status.success() => {}
            Ok(output) => {
                let words = String::from_utf8_lossy(&output.stderr).into_owned();
                return Err(io::Error::other(words));
            }
            // Without it there is no browser here: its steps ask for it.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Runs the command to its end; says whether it wrote more than is told.
fn run(errand: &Errand) -> io::Result<(ExitStatus, bool)> {
    let (mut output, end) = pipe()?;
    fcntl(&output, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    let (program, arguments) = errand.words.split_first().ok_or(ErrorKind::InvalidInput)?;
    // The path of this program may be covered here.
    let program = if program == browser::COMMAND {
        "/proc/self/exe"
    } else {
        program
    };
    let own = if program == "/proc/self/exe" {
        &errand.words[..]
    } else {
        arguments
    };
    let child = Command::new(program)
        .args(own)
        .env_clear()
        .envs([("PATH", PATH), ("HOME", HOME), ("LANG", "C.UTF-8")])
        .env("NGNLAB_ROUTER", &errand.router)
        .current_dir(FILES)
        .stdin(Stdio::null())
        .stdout(end.try_clone()?)
        .stderr(end)
        .spawn()?;
    let pid = i32::try_from(child.id()).unwrap_or(i32::MAX);
    let mut teller = Teller::default();
    loop {
        let ended = reaped(pid);
        // What it wrote last is still in the pipe.
        teller.read(&mut output)?;
        if let Some(status) = ended {
            return Ok((status, teller.cut));
        }
        let mut fds = [PollFd::new(output.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, PollTimeout::from(TICK)) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Takes in which processes have ended, and returns how the one with this number did.
fn reaped(pid: i32) -> Option<ExitStatus> {
    let mut ended = None;
    while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
        let (of, raw) = match status {
            WaitStatus::Exited(of, code) => (of, code << 8),
            WaitStatus::Signaled(of, signal, _) => (of, signal as i32),
            _ => break,
        };
        if of.as_raw() == pid {
            ended = Some(ExitStatus::from_raw(raw));
        }
    }
    ended
}

/// Tells the world what the command writes, up to a bound.
#[derive(Default)]
struct Teller {
    told: usize,
    /// The beginning of a character whose rest has not come.
    begun: Vec<u8>,
    cut: bool,
}

impl Teller {
    fn read(&mut self, output: &mut PipeReader) -> io::Result<()> {
        let mut bytes = [0; 8 * 1024];
        for _ in 0..READS_PER_TURN {
            match output.read(&mut bytes) {
                Ok(0) => return Ok(()),
                Ok(length) => self.take_in(&bytes[..length])?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn take_in(&mut self, bytes: &[u8]) -> io::Result<()> {
        let room = LONGEST_OUTPUT.saturating_sub(self.told);
        self.cut |= bytes.len() > room;
        let bytes = &bytes[..bytes.len().min(room)];
        self.told += bytes.len();
        self.begun.extend(bytes);
        let text = characters(&mut self.begun);
        if text.is_empty() {
            return Ok(());
        }
        tell(&Told::Output(text))
    }
}

/// Takes whole characters from the front; what can be none is replaced.
fn characters(bytes: &mut Vec<u8>) -> String {
    let mut whole = bytes.len();
    if let Err(error) = std::str::from_utf8(bytes)
        && error.error_len().is_none()
    {
        whole = error.valid_up_to();
    }
    let rest = bytes.split_off(whole);
    let text = String::from_utf8_lossy(bytes).into_owned();
    *bytes = rest;
    text
}

/// Copies the files of the working directory into a folder of the host; returns their names.
fn keep(folder: Option<&OwnedFd>) -> io::Result<Vec<String>> {
    let Some(folder) = folder else {
        return Ok(Vec::new());
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(FILES)?.take(MOST_FILES) {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !entry.file_type()?.is_file() {
            continue;
        }
        // What still runs may have put something else in its place.
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
            .open(entry.path());
        let mut file = match opened {
            Ok(file) if file.metadata()?.is_file() => file,
            Err(error) if error.raw_os_error() != Some(libc::ELOOP) => return Err(error),
            Ok(_) | Err(_) => continue,
        };
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_TRUNC | OFlag::O_NOFOLLOW;
        let mode = Mode::from_bits_truncate(0o644);
        let mut copy: File = openat(folder, name.as_str(), flags | OFlag::O_CLOEXEC, mode)?.into();
        // The disk of the computer bounds it.
        io::copy(&mut file, &mut copy)?;
        names.push(name);
    }
    names.sort();
    Ok(names)
}

fn tell(told: &Told) -> io::Result<()> {
    let bytes = serde_json::to_vec(told)?;
    write(stdout(), &bytes)?;
    Ok(())
}

const HOME: &str = "/run/ngnlab/home";
const FILES: &str = "/run/ngnlab/files";
const ROOT: &str = "/run/ngnlab/ons-root.pem";
/// Where Debian's and Red Hat's programs look for what they trust.
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
];
const LONGEST_OUTPUT: usize = 64 << 10;
const READS_PER_TURN: usize = 64;
const MOST_FILES: usize = 64;
/// Milliseconds between two looks.
const TICK: u16 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_told_whole() {
        let text = "希望".as_bytes();
        let mut begun = text[..4].to_vec();
        assert_eq!(characters(&mut begun), "希");
        begun.extend(&text[4..]);
        assert_eq!(characters(&mut begun), "望");
        let mut spoilt = b"a\xffb".to_vec();
        assert_eq!(characters(&mut spoilt), "a\u{fffd}b");
        assert!(spoilt.is_empty());
    }
}

//! The computer of a real terminal: a process that enters namespaces of its own, gets online as
//! any host does, and runs a command.

use std::env;
use std::fs;
use std::io::{self, stdin};
use std::os::fd::AsFd;
use std::process::{Command, ExitCode, Stdio};

use ngnlab_sim::link::Link as _;
use ngnlab_sim::link::lent_tap;
use ngnlab_sim::link::tap::{self, Tap};
use ngnlab_sim::message::packet::Mac;
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{getppid, read, write};

use super::online::{self, Online};
use super::{Assignment, Errand, INTERFACE, Told, command};
use crate::error::Error;
use crate::namespaces::isolate;

/// The hidden subcommand that a real terminal runs as.
pub const COMMAND: &str = "real-terminal";

/// Serves as a real terminal; its standard input is the socket to the world.
pub fn main() -> ExitCode {
    let Err(error) = serve() else {
        return ExitCode::SUCCESS;
    };
    let (doing, help) = explained(error);
    // The world may be gone already.
    let _ = tell(&Told::Cannot { doing, help });
    ExitCode::FAILURE
}

fn serve() -> Result<(), Error> {
    let mut bytes = vec![0; LONGEST_ASSIGNMENT];
    let length = read(stdin(), &mut bytes)
        .map_err(|errno| cannot("read the assignment of a real terminal", errno))?;
    let assignment: Assignment = serde_json::from_slice(&bytes[..length])
        .map_err(|error| cannot("understand the assignment of a real terminal", error))?;
    enter(assignment.parent)?;
    let plugged = serde_json::to_vec(&Told::Plugged).expect("it is plain data");
    plug_in(INTERFACE, assignment.mac, &plugged)?;
    let online = online::get(INTERFACE, assignment.mac)
        .map_err(|error| cannot("get a real terminal online", error))?;
    let errand = Errand {
        resolv_conf: online.resolv_conf(),
        router: online.router(),
        ..assignment.errand
    };
    tell(&Told::Online(online)).map_err(|error| cannot("tell the world", error))?;
    run(&errand).map_err(|error| cannot("run a command in a real terminal", error))
}

/// Enters namespaces of its own, in a process that does not outlive its parent.
pub(super) fn enter(parent: i32) -> Result<(), Error> {
    isolate()?;
    // Only now: writing the id maps and changing credentials clears it.
    prctl::set_pdeathsig(Signal::SIGKILL)
        .map_err(|errno| cannot("tie a real terminal to its parent", errno))?;
    if getppid().as_raw() != parent {
        return Err(cannot(
            "start a real terminal",
            io::Error::other("its parent has ended"),
        ));
    }
    Ok(())
}

/// Makes an interface and hands its other end to the world, with a message.
pub(super) fn plug_in(interface: &str, mac: Mac, message: &[u8]) -> Result<(), Error> {
    let mut tap = Tap::open(interface, mac).map_err(|error| Error::Missing {
        doing: error.to_string(),
        help: error.advice().to_owned(),
        source: None,
    })?;
    let doing = "bring up the interface of a real terminal";
    let failed = |error: io::Error| cannot(doing, error);
    tap.set_carrier(true).map_err(failed)?;
    lent_tap::lend(stdin().as_fd(), message, &tap).map_err(failed)?;
    // As the guide's terminals do (RFC 8981). Where /proc/sys is closed, it has none.
    let _ = fs::write(
        format!("/proc/sys/net/ipv6/conf/{interface}/use_tempaddr"),
        "2",
    );
    for name in ["lo", interface] {
        tap::set_up(name, true).map_err(failed)?;
    }
    Ok(())
}

/// Runs the command as everything that there is in a process namespace, and waits for its end.
fn run(errand: &Errand) -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWPID)?;
    let mut child = Command::new(env::current_exe()?)
        .arg(command::COMMAND)
        .stdin(Stdio::piped())
        .stdout(Stdio::from(stdin().as_fd().try_clone_to_owned()?))
        .stderr(Stdio::null())
        .spawn()?;
    let errand = serde_json::to_vec(errand)?;
    let mut input = child.stdin.take().expect("it is piped");
    io::Write::write_all(&mut input, &errand)?;
    drop(input);
    child.wait().map(drop)
}

fn tell(told: &Told) -> io::Result<()> {
    let bytes = serde_json::to_vec(told)?;
    write(stdin(), &bytes)?;
    Ok(())
}

/// Returns what could not be done, and what to do about it.
pub(super) fn explained(error: Error) -> (String, String) {
    match error {
        Error::Missing {
            doing,
            help,
            source,
        } => match source {
            Some(source) => (format!("{doing}: {source}"), help),
            None => (doing, help),
        },
        other => (other.with_causes(), String::new()),
    }
}

pub(super) fn cannot(doing: &str, source: impl Into<io::Error>) -> Error {
    Error::Missing {
        doing: doing.to_owned(),
        help: String::new(),
        source: Some(source.into()),
    }
}

impl Online {
    /// Returns what resolv.conf says (RFC 4007 §11 for the zone).
    fn resolv_conf(&self) -> String {
        let mut text = String::new();
        for server in &self.servers {
            let zone = if server.is_unicast_link_local() {
                format!("%{INTERFACE}")
            } else {
                String::new()
            };
            text.push_str(&format!("nameserver {server}{zone}\n"));
        }
        if !self.search.is_empty() {
            text.push_str(&format!("search {}\n", self.search.join(" ")));
        }
        text
    }

    fn router(&self) -> String {
        format!("{}%{INTERFACE}", self.router)
    }
}

pub(super) const LONGEST_ASSIGNMENT: usize = 128 << 10;

#[cfg(test)]
mod tests {
    use ngnlab_sim::trace::DnsSource;

    use super::*;

    #[test]
    fn a_link_local_name_server_is_written_with_its_zone() {
        let online = Online {
            addresses: Vec::new(),
            router: "fe80::1".parse().unwrap(),
            servers: vec!["fe80::1".parse().unwrap(), "2001:db8::1".parse().unwrap()],
            search: vec!["example.jp".to_owned()],
            by: DnsSource::Rdnss,
        };
        let expected = "nameserver fe80::1%eth0\nnameserver 2001:db8::1\nsearch example.jp\n";
        assert_eq!(online.resolv_conf(), expected);
        assert_eq!(online.router(), "fe80::1%eth0");
    }
}

//! Real terminals: commands that run on computers of their own on the LAN segment.
//!
//! Such a computer is a network namespace with a TAP interface, whose other end is a cable of the
//! world. It lives in a process of its own, which makes the namespaces and hands the interface
//! over, so that it works with every driver; whoever ends takes everything below with it. The
//! kernel forms the addresses; name servers are learnt as [`online`] says.

use std::env;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio, id};

use ngnlab_sim::link::lent_tap::{self, LentTap};
use ngnlab_sim::message::packet::Mac;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::unistd::write;
use serde::{Deserialize, Serialize};

pub mod browser;
mod command;
pub mod computer;
pub mod online;
pub mod pinger;
mod root;

use online::Online;

/// Serves as a part of a real terminal, if this process was started as one.
pub fn hidden_command(name: &str) -> Option<ExitCode> {
    match name {
        computer::COMMAND => Some(computer::main()),
        command::COMMAND => Some(command::main()),
        browser::COMMAND => Some(browser::main()),
        pinger::COMMAND => Some(pinger::main()),
        _ => None,
    }
}

/// A computer that is to run one command.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Assignment {
    /// The MAC address of its interface.
    pub mac: Mac,
    /// What it runs.
    pub errand: Errand,
    /// The process it must not outlive.
    parent: i32,
}

/// What a computer runs, and what it knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Errand {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// The root certificate that is installed, if any.
    pub root_pem: Option<String>,
    /// Where files go that the command leaves in its working directory.
    pub files: Option<PathBuf>,
    /// What resolv.conf says; the computer learns it.
    pub resolv_conf: String,
    /// The link-local address of its router; the computer learns it.
    pub router: String,
}

/// What a real terminal tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Told {
    /// Its interface is there; it comes with this.
    Plugged,
    /// It has an address, a router and a name server, and begins with its command.
    Online(Online),
    /// The command has written this; all of it is bounded.
    Output(String),
    /// The command has ended.
    Ended {
        /// Its status, if it ended by itself.
        status: Option<i32>,
        /// The signal that ended it.
        signal: Option<i32>,
        /// The files it left.
        files: Vec<String>,
        /// Whether it wrote more than was told.
        cut: bool,
    },
    /// We could not do our part.
    Cannot {
        /// What was tried.
        doing: String,
        /// What to do about it.
        help: String,
    },
}

/// A real terminal that runs; dropping it ends everything in it.
pub struct RealTerminal {
    process: Child,
    socket: OwnedFd,
}

impl RealTerminal {
    /// Starts a computer; its interface comes with what it tells first.
    pub fn start(mac: Mac, errand: Errand) -> io::Result<Self> {
        let kind = SockType::SeqPacket;
        let (ours, theirs) = socketpair(AddressFamily::Unix, kind, None, SockFlag::SOCK_CLOEXEC)?;
        let process = Command::new(env::current_exe()?)
            .arg(computer::COMMAND)
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let assignment = Assignment {
            mac,
            errand,
            parent: i32::try_from(id()).unwrap_or_default(),
        };
        write(&ours, &serde_json::to_vec(&assignment)?)?;
        Ok(Self {
            process,
            socket: ours,
        })
    }

    /// Returns what it has told, if anything; never blocks.
    pub fn told(&mut self) -> io::Result<Option<(Told, Option<LentTap>)>> {
        let Some((bytes, tap)) = lent_tap::take(self.socket.as_fd())? else {
            return Ok(None);
        };
        if bytes.is_empty() {
            let status = self.process.try_wait()?;
            let how = status.map_or_else(|| "early".to_owned(), |status| status.to_string());
            let told = Told::Cannot {
                doing: format!("keep a real terminal running: it ended with {how}"),
                help: String::new(),
            };
            return Ok(Some((told, None)));
        }
        Ok(Some((serde_json::from_slice(&bytes)?, tap)))
    }
}

impl Drop for RealTerminal {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The interface of a real terminal.
pub const INTERFACE: &str = "eth0";

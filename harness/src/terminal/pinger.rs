//! A computer that pings two neighbours in turn, each on an interface of its own, and says how long
//! each answer took.
//!
//! As a real terminal does, it lives in namespaces of its own and hands the other ends of its
//! interfaces over. The stretches of pings take turns, so that both neighbours have the same machine.

use std::env;
use std::io::{self, stdin};
use std::net::Ipv6Addr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::process::{Child, Command, ExitCode, Stdio, id};
use std::time::Duration;

use ngnlab_sim::link::clock::reading;
use ngnlab_sim::link::lent_tap::{self, LentTap};
use ngnlab_sim::message::icmpv6::{ECHO_REPLY, ECHO_REQUEST};
use ngnlab_sim::message::packet::Mac;
use nix::errno::Errno;
use nix::net::if_::if_nametoindex;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::socket::sockopt::ReceiveTimeout;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn6, recvfrom, sendto,
    setsockopt, socket, socketpair,
};
use nix::sys::time::{TimeSpec, TimeVal, TimeValLike as _};
use nix::unistd::{read, write};
use serde::{Deserialize, Serialize};

use super::computer::{LONGEST_ASSIGNMENT, cannot, enter, explained, plug_in};
use crate::error::Error;

/// The hidden subcommand that it runs as.
pub const COMMAND: &str = "pinging-terminal";

/// What it pings, and how often.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Assignment {
    /// The link-local addresses of the two neighbours.
    pub neighbours: [Ipv6Addr; 2],
    /// How often it turns from the one to the other and back.
    pub rounds: u32,
    /// How many pings each neighbour gets in a round.
    pub pings: u32,
    /// Between two pings.
    pub gap: Duration,
}

#[derive(Serialize, Deserialize)]
struct Errand {
    assignment: Assignment,
    /// The process it must not outlive.
    parent: i32,
}

/// What it tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// The interface to the neighbour with this number is there; it comes with this.
    Plugged(usize),
    /// How many nanoseconds each answer took in a round, neighbour by neighbour; what was lost is
    /// missing.
    Round([Vec<u64>; 2]),
    /// We could not do our part.
    Cannot {
        /// What was tried.
        doing: String,
        /// What to do about it.
        help: String,
    },
}

/// Such a computer that runs; dropping it ends everything in it.
pub struct Pinger {
    process: Child,
    socket: OwnedFd,
}

impl Pinger {
    /// Starts one; its interfaces come with what it tells first.
    pub fn start(assignment: Assignment) -> io::Result<Self> {
        let kind = SockType::SeqPacket;
        let (ours, theirs) = socketpair(AddressFamily::Unix, kind, None, SockFlag::SOCK_CLOEXEC)?;
        let process = Command::new(env::current_exe()?)
            .arg(COMMAND)
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let this = Self {
            process,
            socket: ours,
        };
        let errand = Errand {
            assignment,
            parent: i32::try_from(id()).unwrap_or_default(),
        };
        write(&this.socket, &serde_json::to_vec(&errand)?)?;
        Ok(this)
    }

    /// Waits for what it tells next, with the interface that comes along.
    pub fn told(&mut self, within: Duration) -> io::Result<(Told, Option<LentTap>)> {
        if !is_readable(self.socket.as_fd(), within)? {
            let text = format!("a computer that pings said nothing for {within:?}");
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
        match lent_tap::take(self.socket.as_fd())? {
            Some((bytes, tap)) if !bytes.is_empty() => Ok((serde_json::from_slice(&bytes)?, tap)),
            _ => Err(io::Error::other("a computer that pings ended early")),
        }
    }
}

impl Drop for Pinger {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves as one; its standard input is the socket to who asked for it.
pub(super) fn main() -> ExitCode {
    let Err(error) = serve() else {
        return ExitCode::SUCCESS;
    };
    let (doing, help) = explained(error);
    // Whoever asked may be gone already.
    let _ = tell(&Told::Cannot { doing, help });
    ExitCode::FAILURE
}

fn serve() -> Result<(), Error> {
    let mut bytes = vec![0; LONGEST_ASSIGNMENT];
    let failed = |error: io::Error| cannot("ping", error);
    let length = read(stdin(), &mut bytes).map_err(|errno| failed(errno.into()))?;
    let errand: Errand =
        serde_json::from_slice(&bytes[..length]).map_err(|error| failed(error.into()))?;
    enter(errand.parent)?;
    for (number, interface) in INTERFACES.into_iter().enumerate() {
        let mac = Mac([2, 0, 0x5e, 0, 3, number as u8]);
        let plugged = serde_json::to_vec(&Told::Plugged(number)).expect("it is plain data");
        plug_in(interface, mac, &plugged)?;
    }
    ping_in_turn(&errand.assignment).map_err(failed)
}

fn ping_in_turn(assignment: &Assignment) -> io::Result<()> {
    let mut pings = Pings::new(assignment.neighbours)?;
    for number in 0..INTERFACES.len() {
        pings.wait_for(number)?;
    }
    for round in 0..assignment.rounds {
        let mut took = [Vec::new(), Vec::new()];
        // Whoever comes first is another one each time.
        for turn in 0..INTERFACES.len() {
            let number = (turn + round as usize) % INTERFACES.len();
            for _ in 0..assignment.pings {
                pause(assignment.gap)?;
                took[number].extend(pings.ping(number)?);
            }
        }
        let nanos = took.map(|spans| {
            let spans = spans.iter();
            spans
                .map(|span| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX))
                .collect()
        });
        tell(&Told::Round(nanos))?;
    }
    Ok(())
}

/// Echo requests of this computer.
struct Pings {
    socket: OwnedFd,
    neighbours: [SockaddrIn6; 2],
    sequence: u16,
}

impl Pings {
    fn new(neighbours: [Ipv6Addr; 2]) -> io::Result<Self> {
        let (kind, flags) = (SockType::Raw, SockFlag::SOCK_CLOEXEC);
        let socket = socket(AddressFamily::Inet6, kind, flags, SockProtocol::IcmpV6)?;
        setsockopt(&socket, ReceiveTimeout, &TimeVal::seconds(LOST_AFTER))?;
        let [first, second] = INTERFACES;
        let scopes = [if_nametoindex(first)?, if_nametoindex(second)?];
        let neighbour = |number: usize| {
            let address = neighbours[number];
            std::net::SocketAddrV6::new(address, 0, 0, scopes[number]).into()
        };
        Ok(Self {
            socket,
            neighbours: [neighbour(0), neighbour(1)],
            sequence: 0,
        })
    }

    /// Waits until a neighbour answers: this computer's own address is checked for duplicates first.
    fn wait_for(&mut self, number: usize) -> io::Result<()> {
        for _ in 0..ATTEMPTS {
            match self.ping(number) {
                Ok(Some(_)) => return Ok(()),
                Ok(None) => {}
                // There is no address to send from yet.
                Err(error) if error.raw_os_error() == Some(libc::EADDRNOTAVAIL) => {}
                Err(error) => return Err(error),
            }
            pause(RETRY)?;
        }
        Err(io::Error::other("the neighbour does not answer"))
    }

    /// Pings once, and returns how long the answer took, if there was one.
    fn ping(&mut self, number: usize) -> io::Result<Option<Duration>> {
        self.sequence = self.sequence.wrapping_add(1);
        let [high, low] = self.sequence.to_be_bytes();
        // RFC 4443 §4.1; the kernel computes the checksum. As much data as ping(8) sends.
        let mut request = [0; 8 + 56];
        request[..8].copy_from_slice(&[ECHO_REQUEST, 0, 0, 0, 0, 0, high, low]);
        let fd = self.socket.as_raw_fd();
        let start = reading();
        sendto(fd, &request, &self.neighbours[number], MsgFlags::empty())?;
        let mut bytes = [0; 2048];
        loop {
            match recvfrom::<SockaddrIn6>(fd, &mut bytes) {
                Ok((length, _)) if is_answer(&bytes[..length], [high, low]) => {
                    return Ok(Some(reading().saturating_sub(start)));
                }
                Ok(_) | Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(None),
                Err(errno) => return Err(errno.into()),
            }
            if reading().saturating_sub(start).as_secs() >= LOST_AFTER as u64 {
                return Ok(None);
            }
        }
    }
}

fn is_answer(message: &[u8], sequence: [u8; 2]) -> bool {
    message.first() == Some(&ECHO_REPLY) && message.get(6..8) == Some(&sequence)
}

fn pause(span: Duration) -> io::Result<()> {
    match ppoll(&mut [], Some(TimeSpec::from_duration(span)), None) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

fn is_readable(fd: BorrowedFd<'_>, within: Duration) -> io::Result<bool> {
    let mut fds = [PollFd::new(fd, PollFlags::POLLIN)];
    match ppoll(&mut fds, Some(TimeSpec::from_duration(within)), None) {
        Ok(count) => Ok(count > 0),
        Err(errno) => Err(errno.into()),
    }
}

fn tell(told: &Told) -> io::Result<()> {
    write(stdin(), &serde_json::to_vec(told)?)?;
    Ok(())
}

const INTERFACES: [&str; 2] = ["one", "other"];
/// Seconds; a neighbour answers within a millisecond.
const LOST_AFTER: i64 = 1;
const ATTEMPTS: u32 = 100;
const RETRY: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_to_the_last_ping_counts() {
        let reply = [ECHO_REPLY, 0, 0, 0, 0, 0, 1, 2, 9];
        assert!(is_answer(&reply, [1, 2]));
        assert!(!is_answer(&reply, [1, 3]));
        let mut request = reply;
        request[0] = ECHO_REQUEST;
        assert!(!is_answer(&request, [1, 2]));
        assert!(!is_answer(&reply[..6], [1, 2]));
    }
}

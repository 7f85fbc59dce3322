//! The tester with both sides plugged into each other, as RFC 8219 §9.2.1 asks for before anything is
//! said about a device: over cables of the kind that the device has.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ngnlab_reports::benchmark::Family;
use ngnlab_sim::frame::Frame;
use ngnlab_sim::link::Link;
use ngnlab_sim::link::aside::Aside;
use ngnlab_sim::link::bridge::bridge;
use ngnlab_sim::link::packets::Packets;
use ngnlab_sim::link::stream::StreamLink;
use ngnlab_sim::link::tap::{Tap, set_up};
use ngnlab_sim::message::packet::Mac;
use nix::sched::{CloneFlags, unshare};
use serde::{Deserialize, Serialize};

use super::cores::Cores;
use super::ip::Ends;
use super::offer::Offer;
use super::sides::Sides;
use super::sleep::sleep;

/// What is between the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Through {
    /// Two interfaces, and a bridge of the kernel's between them.
    Taps,
    /// A stream of frames as an emulator takes it.
    Streams,
    /// A pair of sockets.
    Packets,
}

impl Through {
    /// Says it in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Taps => "two TAP interfaces and a bridge of the kernel's",
            Self::Streams => "a stream of frames as QEMU has it",
            Self::Packets => "a pair of sockets of this machine",
        }
    }
}

/// Starts a tester whose questions come to its own other side, and returns by which way: where
/// interfaces cannot be made, a pair of sockets has to do.
pub(super) fn start(
    through: Through,
    server: Ipv6Addr,
    cores: Option<&Cores>,
) -> io::Result<(Sides, Through)> {
    let (through, (lan, wan)) = match through {
        Through::Taps => match taps() {
            Ok(asides) => (through, asides),
            Err(_) => (Through::Packets, packets()?),
        },
        Through::Streams => (through, streams()?),
        Through::Packets => (through, packets()?),
    };
    Ok((Sides::start(lan, wan, [server].into(), cores), through))
}

/// Returns who is asked in a self-test over a family.
pub(super) fn server(family: Family) -> Ipv6Addr {
    match family {
        // RFC 3849 and RFC 5737: addresses for examples.
        Family::Ipv6 => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x53),
        Family::Ipv4 => Ipv4Addr::new(192, 0, 2, 53).to_ipv6_mapped(),
    }
}

/// Returns between whom its questions travel.
fn ends(server: Ipv6Addr) -> Ends {
    let client = match server.to_ipv4_mapped() {
        Some(_) => Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped(),
        None => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1),
    };
    Ends {
        macs: (MACS[0].0, MACS[1].0),
        addresses: (client, server),
    }
}

/// Has this server asked what is offered to a device, and no other.
pub(super) fn asked_alone(server: Ipv6Addr, mut offer: Offer) -> Offer {
    offer.ends = ends(server);
    if let Some(ledger) = Arc::get_mut(&mut offer.ledger) {
        for zone in &mut ledger.zones {
            zone.servers = vec![server];
        }
    }
    offer
}

fn packets() -> io::Result<(Aside, Aside)> {
    let (mut lan, mut wan) = Packets::pair()?;
    Ok((Aside::alone(&mut lan)?, Aside::alone(&mut wan)?))
}

fn streams() -> io::Result<(Aside, Aside)> {
    let (lan, wan) = UnixStream::pair()?;
    let end = |stream| Aside::alone(&mut StreamLink::new(stream, |_| Ok(()))?);
    Ok((end(lan)?, end(wan)?))
}

fn taps() -> io::Result<(Aside, Aside)> {
    // A network namespace belongs to a thread: this one's is left to the interfaces.
    let made = thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET)?;
        let open = |name, mac| Tap::open(name, mac).map_err(io::Error::other);
        let (mut lan, mut wan) = (open(NAMES[0], OWN_MACS[0])?, open(NAMES[1], OWN_MACS[1])?);
        bridge(BRIDGE, &NAMES)?;
        for tap in [&mut lan, &mut wan] {
            tap.set_carrier(true)?;
        }
        for name in NAMES.into_iter().chain([BRIDGE]) {
            set_up(name, true)?;
        }
        Ok::<_, io::Error>((lan, wan))
    });
    let made = made.join();
    let (mut lan, mut wan) = made.unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))?;
    let (near, mut far) = (Aside::alone(&mut lan)?, Aside::alone(&mut wan)?);
    wait_until_joined(&mut lan, &mut far)?;
    Ok((near, far))
}

/// Sends frames until one has crossed the bridge, whose ports take a moment.
fn wait_until_joined(near: &mut Tap, far: &mut Aside) -> io::Result<()> {
    let [to, from] = [MACS[1].0, MACS[0].0];
    // IEEE 802: a type for experiments.
    let bytes = [&to[..], &from, &[0x88, 0xb5], &[0; 46]].concat();
    let frame = Frame::from(&bytes[..]);
    let mut buffer = vec![0; bytes.len().max(2048)];
    for _ in 0..JOINED_TURNS {
        near.send(&frame)?;
        sleep(far.fds(), JOINED_TURN)?;
        while let Some(length) = far.plane.receive(&mut buffer)? {
            if buffer[..length] == bytes {
                return Ok(());
            }
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}

/// Of who asks and of who answers; the interfaces have others, since they are the cable here.
const MACS: [Mac; 2] = [
    Mac([0x02, 0, 0x5e, 0x40, 0, 1]),
    Mac([0x02, 0, 0x5e, 0x10, 0, 2]),
];
const OWN_MACS: [Mac; 2] = [
    Mac([0x02, 0, 0x5e, 0x60, 0, 1]),
    Mac([0x02, 0, 0x5e, 0x60, 0, 2]),
];
const NAMES: [&str; 2] = ["near0", "far0"];
const BRIDGE: &str = "bridge0";
const JOINED_TURN: Duration = Duration::from_millis(10);
const JOINED_TURNS: u32 = 300;

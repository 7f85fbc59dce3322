//! A link to a network interface of this machine, with a router's cable at its other end.
//!
//! Opened through pnet: an AF_PACKET socket, bound before it hears anything, promiscuous, deaf to
//! what this machine sends itself. It is read with the kernel's remarks on each frame, which say
//! two things that the bytes do not: a VLAN tag that was taken off, and a checksum that was left
//! to hardware which a virtual interface does not have.
#![expect(
    unsafe_code,
    reason = "the options of AF_PACKET sockets are in no library"
)]

use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd};
use std::time::Duration;

use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg, socket,
};
use pnet_datalink::{Channel, Config, DataLinkSender, NetworkInterface};
use thiserror::Error;

use crate::frame::Frame;
use crate::link::offload;
use crate::link::plane::Plane;
use crate::link::tap::{self, LONGEST_FRAME};
use crate::link::{Link, loss::is_loss};

/// A network interface of this machine.
pub struct Nic {
    name: String,
    socket: OwnedFd,
    sender: Box<dyn DataLinkSender>,
    vlan: Option<u16>,
    longest: usize,
    carrier: Box<dyn FnMut(bool) -> io::Result<()> + Send>,
    buffer: Vec<u8>,
    lost: u64,
}

/// Why an interface cannot be used; each says what could not be done.
#[derive(Debug, Error)]
pub enum NicError {
    /// There is none with this name.
    #[error("open {name}: there is no such interface, only {others}")]
    Missing {
        /// The name.
        name: String,
        /// Those that there are.
        others: String,
    },
    /// The capability is missing.
    #[error("open {name}: this needs CAP_NET_RAW")]
    NotPermitted {
        /// The name.
        name: String,
    },
    /// It is down, and may not be brought up.
    #[error("open {name}: it is down")]
    Down {
        /// The name.
        name: String,
    },
    /// Anything else.
    #[error("open {name}: {source}")]
    Other {
        /// The name.
        name: String,
        /// What the kernel said.
        source: io::Error,
    },
}

impl NicError {
    /// Says what to do about it.
    pub fn advice(&self) -> String {
        match self {
            Self::Missing { .. } => "`ip link` shows the interfaces of this machine".to_owned(),
            Self::NotPermitted { .. } => {
                "give it to the program with `sudo setcap cap_net_raw,cap_net_admin+ep \
                 \"$(command -v ngnlab)\"`, or run it with sudo, or in a network namespace of \
                 your own that the interfaces were moved to"
                    .to_owned()
            }
            Self::Down { name } => format!("bring it up with `sudo ip link set {name} up`"),
            Self::Other { .. } => String::new(),
        }
    }
}

impl Nic {
    /// Opens an interface, without tags or with those of one VLAN. It may be down until carrier is
    /// raised: who brings it up earlier is heard by the router.
    pub fn open(name: &str, vlan: Option<u16>) -> Result<Self, NicError> {
        let other = |source| NicError::Other {
            name: name.to_owned(),
            source,
        };
        let interface = find(name)?;
        let socket = unbound_socket().map_err(|errno| match errno {
            Errno::EPERM | Errno::EACCES => NicError::NotPermitted {
                name: name.to_owned(),
            },
            errno => other(errno.into()),
        })?;
        let reader = socket.try_clone().map_err(other)?;
        for option in [PACKET_AUXDATA, PACKET_IGNORE_OUTGOING] {
            set_option(&reader, option).map_err(other)?;
        }
        let config = Config {
            promiscuous: true,
            write_timeout: Some(Duration::ZERO),
            socket_fd: Some(socket.into_raw_fd()),
            ..Config::default()
        };
        let opened = pnet_datalink::channel(&interface, config).map_err(other)?;
        let Channel::Ethernet(sender, _) = opened else {
            return Err(other(io::ErrorKind::Unsupported.into()));
        };
        let own_name = name.to_owned();
        Ok(Self {
            name: name.to_owned(),
            socket: reader,
            sender,
            vlan,
            longest: tap::mtu(name).map_err(other)? + HEADERS,
            carrier: Box::new(move |up| tap::set_up(&own_name, up)),
            buffer: vec![0; LONGEST_FRAME],
            lost: 0,
        })
    }

    /// Has carrier switched in another way than by setting the interface down and up, which is
    /// brought up for good.
    pub fn with_carrier(
        mut self,
        switch: impl FnMut(bool) -> io::Result<()> + Send + 'static,
    ) -> Result<Self, NicError> {
        if !find(&self.name)?.is_up() && tap::set_up(&self.name, true).is_err() {
            return Err(NicError::Down { name: self.name });
        }
        self.carrier = Box::new(switch);
        Ok(self)
    }

    /// Returns how many frames the interface did not take.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Returns a frame as it was on the cable, or `None` if it is of another VLAN.
    fn restored(&self, length: usize, remarks: Remarks) -> Option<Vec<u8>> {
        let mut bytes = self.buffer[..length].to_vec();
        // Where hardware does not take tags off, they are still in the frame.
        let tag = remarks.tag.or_else(|| offload::take_tag(&mut bytes));
        // A priority tag is of no VLAN (IEEE 802.1Q §6.9.1).
        let vlan = tag.map(|tag| tag & 0x0fff).filter(|vlan| *vlan != 0);
        if vlan != self.vlan {
            return None;
        }
        if remarks.checksum_is_missing {
            offload::complete_checksum(&mut bytes);
        }
        Some(bytes)
    }
}

impl Link for Nic {
    fn send(&mut self, frame: &Frame) -> io::Result<()> {
        let tagged = self.vlan.map(|vlan| offload::tagged(frame, vlan));
        let bytes = tagged.as_deref().unwrap_or(frame);
        match self.sender.send_to(bytes, None) {
            Some(Err(error)) if is_lost(&error) => {
                self.lost += 1;
                Ok(())
            }
            Some(sent) => sent,
            None => Ok(()),
        }
    }

    fn try_recv(&mut self) -> io::Result<Option<Frame>> {
        // Frames of other VLANs must not keep the world from its work.
        for _ in 0..FOREIGN_FRAMES_PER_TURN {
            let Some((length, remarks)) = receive(&self.socket, &mut self.buffer)? else {
                return Ok(None);
            };
            if length > self.longest {
                return Err(joined(&self.name, length, self.longest));
            }
            if let Some(bytes) = self.restored(length, remarks) {
                return Ok(Some(bytes.into()));
            }
        }
        Ok(None)
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.socket.as_fd())
    }

    fn set_carrier(&mut self, up: bool) -> io::Result<()> {
        (self.carrier)(up)
    }

    fn lend(&mut self) -> io::Result<Box<dyn Plane>> {
        // A socket of its own: what this one is not read for is lost.
        let lent = Self::open(&self.name, self.vlan).map_err(io::Error::other)?;
        Ok(Box::new(lent))
    }
}

impl Plane for Nic {
    fn put(&mut self, frame: &[u8]) -> io::Result<bool> {
        let before = self.lost;
        self.send(&frame.into())?;
        Ok(self.lost == before)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let Some(frame) = self.try_recv()? else {
            return Ok(None);
        };
        let length = frame.len().min(buffer.len());
        buffer[..length].copy_from_slice(&frame[..length]);
        Ok(Some(length))
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.fd()
    }
}

/// What the kernel says of a frame beside its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Remarks {
    tag: Option<u16>,
    checksum_is_missing: bool,
}

impl Remarks {
    /// Reads a `tpacket_auxdata` of linux/if_packet.h.
    fn read(bytes: &[u8]) -> Option<Self> {
        let status = u32::from_ne_bytes(bytes.get(..4)?.try_into().ok()?);
        let tag = u16::from_ne_bytes(bytes.get(16..18)?.try_into().ok()?);
        Some(Self {
            tag: (status & TP_STATUS_VLAN_VALID != 0).then_some(tag),
            checksum_is_missing: status & TP_STATUS_CSUMNOTREADY != 0,
        })
    }
}

/// Returns the interface with a name.
pub fn find(name: &str) -> Result<NetworkInterface, NicError> {
    let interfaces = pnet_datalink::interfaces();
    let others: Vec<String> = interfaces.iter().map(|one| one.name.clone()).collect();
    let mut interfaces = interfaces.into_iter();
    interfaces
        .find(|one| one.name == name)
        .ok_or_else(|| NicError::Missing {
            name: name.to_owned(),
            others: others.join(", "),
        })
}

/// Makes a socket that hears nothing before it is bound: one with a protocol would hear every
/// interface until then.
fn unbound_socket() -> Result<OwnedFd, Errno> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    socket(AddressFamily::Packet, SockType::Raw, flags, None)
}

fn set_option(socket: &OwnedFd, option: libc::c_int) -> io::Result<()> {
    let on: libc::c_int = 1;
    let size = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or_default();
    // SAFETY: both options take a pointer to a live `c_int` of this size.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            option,
            (&raw const on).cast(),
            size,
        )
    };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn receive(socket: &OwnedFd, buffer: &mut [u8]) -> io::Result<Option<(usize, Remarks)>> {
    let mut space = cmsg_space!([u8; AUXDATA_SIZE]);
    let mut parts = [IoSliceMut::new(buffer)];
    let received = recvmsg::<()>(
        socket.as_raw_fd(),
        &mut parts,
        Some(&mut space),
        MsgFlags::MSG_DONTWAIT,
    );
    let received = match received {
        Ok(received) => received,
        // An interface that is down or was taken away has nobody at its end.
        Err(Errno::EAGAIN | Errno::EINTR | Errno::ENETDOWN | Errno::ENXIO) => return Ok(None),
        Err(errno) => return Err(errno.into()),
    };
    let mut remarks = Remarks::default();
    for message in received.cmsgs()? {
        if let ControlMessageOwned::Unknown(one) = message
            && one.cmsg_header.cmsg_level == libc::SOL_PACKET
            && one.cmsg_header.cmsg_type == PACKET_AUXDATA
        {
            remarks = Remarks::read(&one.data_bytes).unwrap_or_default();
        }
    }
    Ok(Some((received.bytes, remarks)))
}

/// Returns whether a frame that could not be sent is lost, as on a wire.
fn is_lost(error: &io::Error) -> bool {
    let absent = [libc::ENETDOWN, libc::ENXIO, libc::EMSGSIZE];
    error.kind() == io::ErrorKind::TimedOut
        || is_loss(error)
        || error
            .raw_os_error()
            .is_some_and(|code| absent.contains(&code))
}

fn joined(name: &str, length: usize, longest: usize) -> io::Error {
    io::Error::other(format!(
        "{name} delivered {length} bytes as one frame, and no frame has more than {longest}: \
         segments were joined on the way; switch that off with `sudo ethtool -K {name} gro off \
         lro off`, and at the far end of a veth pair with `tso off gso off`"
    ))
}

/// An Ethernet header with a tag.
const HEADERS: usize = 18;
const FOREIGN_FRAMES_PER_TURN: u32 = 64;
const AUXDATA_SIZE: usize = 20;
/// linux/if_packet.h.
const PACKET_AUXDATA: libc::c_int = 8;
const PACKET_IGNORE_OUTGOING: libc::c_int = 23;
const TP_STATUS_CSUMNOTREADY: u32 = 1 << 3;
const TP_STATUS_VLAN_VALID: u32 = 1 << 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_remarks_are_read() {
        let mut bytes = [0; AUXDATA_SIZE];
        assert_eq!(Remarks::read(&bytes), Some(Remarks::default()));
        bytes[..4].copy_from_slice(&(8_u32 | 16).to_ne_bytes());
        bytes[16..18].copy_from_slice(&101_u16.to_ne_bytes());
        let expected = Remarks {
            tag: Some(101),
            checksum_is_missing: true,
        };
        assert_eq!(Remarks::read(&bytes), Some(expected));
        assert_eq!(Remarks::read(&bytes[..17]), None);
    }

    #[test]
    fn an_error_says_what_to_do() {
        let name = || "eth9".to_owned();
        let error = Nic::open("no-such-nic", None).err().unwrap();
        assert!(error.to_string().contains("only lo") || error.to_string().contains("lo"));
        assert!(
            NicError::NotPermitted { name: name() }
                .advice()
                .contains("setcap")
        );
        assert!(
            NicError::Down { name: name() }
                .advice()
                .contains("set eth9 up")
        );
        assert!(
            joined("eth9", 9000, 1518)
                .to_string()
                .contains("ethtool -K eth9")
        );
    }
}

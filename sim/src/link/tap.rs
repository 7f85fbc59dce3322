//! A link to a TAP interface of the network namespace it is opened in.
//!
//! The interface vanishes with the link. It starts without carrier and down: whoever owns the
//! namespace sets it up, and carrier is the cable's.
#![expect(
    unsafe_code,
    reason = "carrier and MAC address of a TAP are set by ioctl, and tun-tap lends no descriptor"
)]

use std::io;
use std::mem;
use std::net::{Ipv6Addr, UdpSocket};
use std::os::fd::{AsRawFd, BorrowedFd};

use thiserror::Error;
use tun_tap::{Iface, Mode};

use crate::frame::Frame;
use crate::link::Link;
use crate::link::loss::is_loss;
use crate::link::plane::{DescriptorPlane, Plane};
use crate::message::packet::Mac;

/// A TAP interface, seen from the wire.
pub struct Tap {
    iface: Iface,
    buffer: Vec<u8>,
    lost: u64,
    gone: bool,
}

/// Why there is no TAP interface; each says what could not be done.
#[derive(Debug, Error)]
pub enum TapError {
    /// The kernel offers no TAP.
    #[error("open /dev/net/tun: there is no such device")]
    Missing(#[source] io::Error),
    /// The device file may not be opened.
    #[error("open /dev/net/tun: permission denied")]
    Denied(#[source] io::Error),
    /// The device file was opened, but no interface may be made in this namespace.
    #[error("make the TAP interface {name}: not permitted in this network namespace")]
    NotPermitted {
        /// The interface.
        name: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// Anything else.
    #[error("make the TAP interface {name}: {source}")]
    Other {
        /// The interface.
        name: String,
        /// What the kernel said.
        source: io::Error,
    },
}

impl TapError {
    /// Says what to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Missing(_) => {
                "load it with `sudo modprobe tun`; a container is given it with `--device /dev/net/tun`"
            }
            Self::Denied(_) => {
                "allow it with `sudo chmod 0666 /dev/net/tun`, as systemd does: an interface still \
                 needs a namespace of one's own"
            }
            Self::NotPermitted { .. } | Self::Other { .. } => {
                "a container must allow /dev/net/tun and CAP_NET_ADMIN in its own namespaces"
            }
        }
    }

    fn new(name: &str, source: io::Error) -> Self {
        let name = name.to_owned();
        match source.raw_os_error() {
            Some(libc::ENOENT | libc::ENODEV | libc::ENXIO) => Self::Missing(source),
            Some(libc::EACCES) => Self::Denied(source),
            Some(libc::EPERM) => Self::NotPermitted { name, source },
            _ => Self::Other { name, source },
        }
    }
}

impl Tap {
    /// Makes an interface with a name of 15 bytes at most and a fixed MAC address, without carrier.
    pub fn open(name: &str, mac: Mac) -> Result<Self, TapError> {
        if name.is_empty() || name.len() >= libc::IFNAMSIZ {
            let source = io::Error::from(io::ErrorKind::InvalidInput);
            return Err(TapError::new(name, source));
        }
        let iface = Iface::without_packet_info(name, Mode::Tap)
            .map_err(|error| TapError::new(name, error))?;
        let mut tap = Self {
            iface,
            buffer: vec![0; LONGEST_FRAME],
            lost: 0,
            gone: false,
        };
        tap.prepare(mac)
            .map_err(|error| TapError::new(name, error))?;
        Ok(tap)
    }

    /// Returns how many frames the interface did not take.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    fn prepare(&mut self, mac: Mac) -> io::Result<()> {
        self.iface.set_non_blocking()?;
        self.set_carrier(false)?;
        self.set_mac(mac)
    }

    fn set_mac(&self, mac: Mac) -> io::Result<()> {
        // SAFETY: `ifreq` is plain data, for which all zeroes is a valid value.
        let mut request: libc::ifreq = unsafe { mem::zeroed() };
        // SAFETY: writing a union field of plain data; the kernel reads the same one.
        let address = unsafe { &mut request.ifr_ifru.ifru_hwaddr };
        address.sa_family = libc::ARPHRD_ETHER;
        for (to, from) in address.sa_data.iter_mut().zip(mac.0) {
            *to = libc::c_char::from_ne_bytes([from]);
        }
        ask(
            &self.iface,
            libc::SIOCSIFHWADDR as libc::c_ulong,
            &mut request,
        )
    }
}

impl Link for Tap {
    fn send(&mut self, frame: &Frame) -> io::Result<()> {
        match self.iface.send(frame) {
            Ok(_) => Ok(()),
            Err(error) if is_loss(&error) => {
                self.lost += 1;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn try_recv(&mut self) -> io::Result<Option<Frame>> {
        if self.gone {
            return Ok(None);
        }
        match self.iface.recv(&mut self.buffer) {
            Ok(length) => Ok(Some(self.buffer[..length].into())),
            Err(error) => match error.raw_os_error() {
                Some(libc::EAGAIN | libc::EINTR) => Ok(None),
                // The device deleted its own interface. Polling on would spin.
                Some(libc::EBADFD) => {
                    self.gone = true;
                    Ok(None)
                }
                _ => Err(error),
            },
        }
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        if self.gone {
            return None;
        }
        // SAFETY: the interface owns the descriptor and lives as long as the borrow.
        Some(unsafe { BorrowedFd::borrow_raw(self.iface.as_raw_fd()) })
    }

    fn lend(&mut self) -> io::Result<Box<dyn Plane>> {
        let fd = self.fd().ok_or(io::ErrorKind::NotConnected)?;
        Ok(Box::new(DescriptorPlane::new(fd.try_clone_to_owned()?)))
    }

    fn set_carrier(&mut self, up: bool) -> io::Result<()> {
        let up = libc::c_int::from(up);
        // SAFETY: a TAP descriptor takes this request with a pointer to a live `c_int`.
        let result = unsafe { libc::ioctl(self.iface.as_raw_fd(), TUNSETCARRIER, &raw const up) };
        match io::Error::last_os_error() {
            _ if result >= 0 => Ok(()),
            error if error.raw_os_error() == Some(libc::EBADFD) => Ok(()),
            error => Err(error),
        }
    }
}

/// Sets an interface of this namespace up or down, as its owner would.
pub fn set_up(name: &str, up: bool) -> io::Result<()> {
    let (socket, mut request) = request_about(name)?;
    ask(&socket, libc::SIOCGIFFLAGS as libc::c_ulong, &mut request)?;
    // SAFETY: the kernel has just written this field.
    let flags = unsafe { &mut request.ifr_ifru.ifru_flags };
    let bit = libc::IFF_UP as libc::c_short;
    *flags = if up { *flags | bit } else { *flags & !bit };
    ask(&socket, libc::SIOCSIFFLAGS as libc::c_ulong, &mut request)
}

/// Returns the largest packet that an interface of this namespace carries.
pub(super) fn mtu(name: &str) -> io::Result<usize> {
    let (socket, mut request) = request_about(name)?;
    ask(&socket, libc::SIOCGIFMTU as libc::c_ulong, &mut request)?;
    // SAFETY: the kernel has just written this field.
    let mtu = unsafe { request.ifr_ifru.ifru_mtu };
    usize::try_from(mtu).map_err(io::Error::other)
}

pub(super) fn request_about(name: &str) -> io::Result<(UdpSocket, libc::ifreq)> {
    let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))?;
    // SAFETY: `ifreq` is plain data, for which all zeroes is a valid value.
    let mut request: libc::ifreq = unsafe { mem::zeroed() };
    // The last byte stays zero and ends the name.
    let room = request.ifr_name.len() - 1;
    for (to, from) in request.ifr_name[..room].iter_mut().zip(name.bytes()) {
        *to = libc::c_char::from_ne_bytes([from]);
    }
    Ok((socket, request))
}

pub(super) fn ask(
    fd: &impl AsRawFd,
    what: libc::c_ulong,
    request: &mut libc::ifreq,
) -> io::Result<()> {
    // SAFETY: interface requests take a pointer to a live `ifreq`, and write no further.
    let result = unsafe { libc::ioctl(fd.as_raw_fd(), what, &raw mut *request) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// The largest MTU an interface can be given, and an Ethernet header with two tags.
pub(super) const LONGEST_FRAME: usize = 65_535 + 22;
/// `_IOW('T', 226, int)` of linux/if_tun.h.
const TUNSETCARRIER: libc::c_ulong = 0x4004_54e2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_to_do() {
        let error = |errno| TapError::new("wan0", io::Error::from_raw_os_error(errno));
        assert!(error(libc::ENOENT).advice().contains("modprobe tun"));
        assert!(
            error(libc::EACCES)
                .advice()
                .contains("chmod 0666 /dev/net/tun")
        );
        assert!(error(libc::EPERM).to_string().contains("wan0"));
    }

    #[test]
    fn a_name_the_kernel_would_cut_is_refused() {
        let mac = Mac([2, 0, 0x5e, 0, 0, 1]);
        assert!(Tap::open("sixteen-bytes-xx", mac).is_err());
    }
}

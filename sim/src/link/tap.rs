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
use std::os::fd::{AsRawFd, BorrowedFd};

use thiserror::Error;
use tun_tap::{Iface, Mode};

use crate::frame::Frame;
use crate::link::Link;
use crate::message::packet::Mac;

/// A TAP interface, seen from the wire.
pub struct Tap {
    iface: Iface,
    buffer: Vec<u8>,
    lost: u64,
    gone: bool,
}

/// Why there is no TAP interface, and what to do about it.
#[derive(Debug, Error)]
pub enum TapError {
    /// The kernel offers no TAP.
    #[error(
        "cannot open /dev/net/tun: there is no such device (load it with `modprobe tun`, \
         or let the container have it with `--device /dev/net/tun`)"
    )]
    Missing(#[source] io::Error),
    /// The device file may not be opened.
    #[error(
        "cannot open /dev/net/tun: permission denied (allow it with `chmod 0666 /dev/net/tun`, \
         as systemd does; the interface itself still needs a namespace of its own)"
    )]
    Denied(#[source] io::Error),
    /// The device file was opened, but no interface may be made in this namespace.
    #[error("cannot make the TAP interface {name}: not permitted in this network namespace")]
    NotPermitted {
        /// The interface.
        name: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// Anything else.
    #[error("cannot make the TAP interface {name}")]
    Other {
        /// The interface.
        name: String,
        /// What the kernel said.
        source: io::Error,
    },
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
        // SAFETY: a TAP descriptor takes this request with a pointer to a live `ifreq`.
        let result = unsafe {
            libc::ioctl(
                self.iface.as_raw_fd(),
                libc::SIOCSIFHWADDR as libc::c_ulong,
                &raw const request,
            )
        };
        if result < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }
}

impl Link for Tap {
    fn send(&mut self, frame: &Frame) -> io::Result<()> {
        match self.iface.send(frame) {
            Ok(_) => Ok(()),
            Err(error) => match error.raw_os_error() {
                // A full queue, an interface that is down, or one that was deleted: lost, as on a
                // wire with nobody at its end. EINVAL is a frame too short for an interface.
                Some(
                    libc::EAGAIN
                    | libc::EIO
                    | libc::EINVAL
                    | libc::ENOBUFS
                    | libc::ENOMEM
                    | libc::EBADFD,
                ) => {
                    self.lost += 1;
                    Ok(())
                }
                _ => Err(error),
            },
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

impl TapError {
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

/// The largest MTU an interface can be given, and an Ethernet header with two tags.
const LONGEST_FRAME: usize = 65_535 + 22;
/// `_IOW('T', 226, int)` of linux/if_tun.h.
const TUNSETCARRIER: libc::c_ulong = 0x4004_54e2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_to_do() {
        let error = |errno| TapError::new("wan0", io::Error::from_raw_os_error(errno)).to_string();
        assert!(error(libc::ENOENT).contains("modprobe tun"));
        assert!(error(libc::EACCES).contains("chmod 0666 /dev/net/tun"));
        assert!(error(libc::EPERM).contains("wan0"));
    }

    #[test]
    fn a_name_the_kernel_would_cut_is_refused() {
        let mac = Mac([2, 0, 0x5e, 0, 0, 1]);
        assert!(Tap::open("sixteen-bytes-xx", mac).is_err());
    }
}

//! A bridge of the kernel's between interfaces of a network namespace.
#![expect(
    unsafe_code,
    reason = "a bridge is made by ioctl, and netlink for it takes a library"
)]

use std::ffi::CString;
use std::io;
use std::net::{Ipv6Addr, UdpSocket};
use std::os::fd::AsRawFd;

use nix::net::if_::if_nametoindex;

use crate::link::tap::{ask, request_about};

/// Makes a bridge in this namespace, and makes these interfaces its ports.
pub fn bridge(name: &str, ports: &[&str]) -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))?;
    let text = CString::new(name)?;
    // SAFETY: the request takes a text that ends with zero, and keeps no pointer to it.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), SIOCBRADDBR, text.as_ptr()) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    for port in ports {
        let index = if_nametoindex(*port)?;
        let (socket, mut request) = request_about(name)?;
        request.ifr_ifru.ifru_ifindex = libc::c_int::try_from(index).map_err(io::Error::other)?;
        ask(&socket, SIOCBRADDIF, &mut request)?;
    }
    Ok(())
}

/// linux/sockios.h.
const SIOCBRADDBR: libc::c_ulong = 0x89a0;
const SIOCBRADDIF: libc::c_ulong = 0x89a2;

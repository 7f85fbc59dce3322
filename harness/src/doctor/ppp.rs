//! Whether the kernel has PPP, which programs of this machine dial PPPoE with; a router image under
//! QEMU brings a kernel of its own.

use std::fs::OpenOptions;
use std::io;

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use super::{Finding, State};
use crate::installed::{PPP, install};

/// Opens the kernel's PPP, and a socket of its PPPoE.
pub(super) fn look() -> Finding {
    let opened = OpenOptions::new().read(true).write(true).open(PPP);
    let socket = socket(
        AddressFamily::Pppox,
        SockType::Stream,
        SockFlag::SOCK_CLOEXEC,
        None,
    );
    judged(opened.map(drop), socket.map(drop))
}

fn judged(opened: io::Result<()>, pppoe: Result<(), Errno>) -> Finding {
    const WHAT: &str = "PPP";
    match opened.as_ref().map_err(io::Error::raw_os_error) {
        Err(Some(libc::EACCES)) => Finding::lacking(
            WHAT,
            State::Spare,
            format!("{PPP} is closed to ordinary users"),
            "`sudo chmod 0666 /dev/ppp`",
        ),
        // Only who is root in its network may open it; a device is.
        Ok(()) | Err(Some(libc::EPERM)) => Finding::fine(
            WHAT,
            match pppoe {
                Ok(()) => "programs of this machine can dial PPPoE",
                Err(_) => "the kernel has no PPPoE beside it; programs dial with one of their own",
            },
        ),
        Err(_) => Finding::lacking(
            WHAT,
            State::Spare,
            "programs of this machine cannot dial PPPoE; a router image under QEMU can",
            &install(&[PPP]),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_without_ppp_is_told_from_one_that_is_closed() {
        let state = |errno: i32, pppoe| judged(Err(io::Error::from_raw_os_error(errno)), pppoe);
        let without = state(libc::ENOENT, Err(Errno::EAFNOSUPPORT));
        assert_eq!(without.state, State::Spare);
        assert!(without.mend.unwrap().contains("modprobe"));
        let closed = state(libc::EACCES, Ok(()));
        assert!(closed.mend.unwrap().contains("chmod"));
        assert_eq!(state(libc::EPERM, Ok(())).state, State::Fine);
        let half = judged(Ok(()), Err(Errno::EAFNOSUPPORT));
        assert!(half.state == State::Fine && half.detail.contains("no PPPoE"));
    }
}

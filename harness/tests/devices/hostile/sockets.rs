//! Attacks on what listens on the host.

use std::io;
use std::net::{TcpStream, ToSocketAddrs, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};

use super::Scene;
use super::attacks::{Attack, any};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "connect-to-an-abstract-socket",
        make: |scene| {
            let name = SocketAddr::from_abstract_name(scene.word())?;
            UnixStream::connect_addr(&name).map(drop)
        },
        succeeds_without_a_sandbox: true,
    },
    Attack {
        name: "connect-to-a-socket-with-a-path",
        make: |scene| UnixStream::connect(scene.folder.join("socket")).map(drop),
        succeeds_without_a_sandbox: true,
    },
    Attack {
        name: "connect-to-the-system-s-buses",
        make: |_| {
            let sockets = [
                "/run/dbus/system_bus_socket",
                "/var/run/dbus/system_bus_socket",
                "/run/systemd/private",
                "/run/systemd/journal/stdout",
                "/run/docker.sock",
                "/run/user/0/bus",
                "/tmp/.X11-unix/X0",
            ];
            any(sockets.map(|path| UnixStream::connect(path).map(drop)))
        },
        succeeds_without_a_sandbox: false,
    },
    Attack {
        name: "send-beyond-the-line",
        make: reach_out,
        succeeds_without_a_sandbox: false,
    },
];

/// The device's own network has no way out but its two interfaces.
fn reach_out(_: &Scene) -> io::Result<()> {
    let targets = ["127.0.0.1:22", "127.0.0.1:53", "[::1]:53", "[::1]:22"];
    any(targets.map(|target| {
        let address = target
            .to_socket_addrs()?
            .next()
            .ok_or(io::ErrorKind::NotFound)?;
        TcpStream::connect(address)?;
        UdpSocket::bind("[::]:0")?
            .send_to(b"hello", address)
            .map(drop)
    }))
}

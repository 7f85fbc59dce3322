//! What a stack does for its connections between calls: fill them, notice them, drop them.

use std::collections::VecDeque;
use std::net::SocketAddrV6;

use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp::{Socket, State};

use super::{ConnId, HANDSHAKE, MAX_CONNECTIONS, MAX_PER_PORT, TcpStack, address, socket};
use crate::time::Time;

/// One connection, from its first segment until nobody asks about it any more.
pub(super) struct Connection {
    pub(super) handle: SocketHandle,
    pub(super) inbound: bool,
    pub(super) local: SocketAddrV6,
    pub(super) peer: SocketAddrV6,
    /// Whether it was ever established.
    pub(super) opened: bool,
    pub(super) aborted: bool,
    pub(super) closing: bool,
    pub(super) forgotten: bool,
    /// When it is dropped if it is half-open or forgotten.
    pub(super) expiry: Time,
    pub(super) outbox: VecDeque<u8>,
}

impl TcpStack {
    /// Moves waiting bytes into the sockets, and closes those that have said everything.
    pub(super) fn flush(&mut self) {
        for connection in self.connections.values_mut() {
            let socket = self.sockets.get_mut::<Socket<'_>>(connection.handle);
            while socket.can_send() && !connection.outbox.is_empty() {
                let (piece, _) = connection.outbox.as_slices();
                match socket.send_slice(piece) {
                    Ok(taken) if taken > 0 => drop(connection.outbox.drain(..taken)),
                    _ => break,
                }
            }
            if connection.closing && connection.outbox.is_empty() && socket.may_send() {
                socket.close();
            } else if connection.closing && socket.state() == State::SynSent {
                connection.aborted = true;
                socket.abort();
            }
        }
    }

    /// Notices what the last packet or timer did to the sockets.
    pub(super) fn note_changes(&mut self) {
        for slot in self.listeners.values_mut() {
            let Some(handle) = *slot else { continue };
            let socket = self.sockets.get::<Socket<'_>>(handle);
            if socket.state() == State::Listen {
                continue;
            }
            *slot = None;
            let (local, peer) = (socket.local_endpoint(), socket.remote_endpoint());
            let expiry = self.now + HANDSHAKE;
            let connection = Connection::new(handle, true, address(local), address(peer), expiry);
            self.connections.insert(ConnId(self.next_id), connection);
            self.next_id += 1;
        }
        for (id, connection) in &mut self.connections {
            let state = self.sockets.get::<Socket<'_>>(connection.handle).state();
            let open = matches!(state, State::Established | State::CloseWait);
            if open && !connection.opened {
                connection.opened = true;
                connection.expiry = Time::NEVER;
                if connection.inbound {
                    self.accepted.push_back(*id);
                }
            }
        }
        self.arm_listeners();
    }

    /// Drops connections that are over and that nobody asks about any more.
    pub(super) fn reap(&mut self) {
        let now = self.now;
        let sockets = &mut self.sockets;
        self.connections.retain(|_, connection| {
            let state = sockets.get::<Socket<'_>>(connection.handle).state();
            let over = matches!(state, State::Closed | State::Listen);
            let reset_is_due = connection.aborted
                && sockets
                    .get::<Socket<'_>>(connection.handle)
                    .remote_endpoint()
                    .is_some();
            let unseen = connection.inbound && !connection.opened;
            let gone = over && !reset_is_due && (connection.forgotten || unseen);
            let keep = !gone && connection.expiry > now;
            if !keep {
                sockets.remove(connection.handle);
            }
            keep
        });
        self.arm_listeners();
    }

    /// Keeps one socket listening on each port, unless there are too many connections.
    ///
    /// One is enough, since it is replaced as soon as a segment has taken it.
    pub(super) fn arm_listeners(&mut self) {
        let total = self.connections.len();
        for (port, slot) in &mut self.listeners {
            let on_port = self
                .connections
                .values()
                .filter(|known| known.inbound && known.local.port() == *port)
                .count();
            let room = total < MAX_CONNECTIONS && on_port < MAX_PER_PORT;
            match *slot {
                None if room => {
                    let mut socket = socket();
                    if socket.listen(*port).is_ok() {
                        *slot = Some(self.sockets.add(socket));
                    }
                }
                Some(handle) if !room => {
                    self.sockets.remove(handle);
                    *slot = None;
                }
                _ => {}
            }
        }
    }
}

impl Connection {
    pub(super) fn new(
        handle: SocketHandle,
        inbound: bool,
        local: SocketAddrV6,
        peer: SocketAddrV6,
        expiry: Time,
    ) -> Self {
        Self {
            handle,
            inbound,
            local,
            peer,
            opened: false,
            aborted: false,
            closing: false,
            forgotten: false,
            expiry,
            outbox: VecDeque::new(),
        }
    }
}

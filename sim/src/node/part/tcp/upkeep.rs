//! What a stack does for its connections between calls: fill them, notice them, drop them.

use std::collections::VecDeque;
use std::net::SocketAddrV6;

use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp::{Socket, State};

use super::{
    ConnId, HALF_OPEN_KEPT, HANDSHAKE, MAX_CONNECTIONS, MAX_PER_PORT, TcpStack, address, place,
};
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
            let socket = self.sockets.get_mut::<Socket<'_>>(handle);
            match socket.state() {
                State::Closed => continue,
                State::Listen => {
                    *socket = place();
                    continue;
                }
                _ => *slot = None,
            }
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

    /// Keeps the place of one socket that will listen on each port, unless there are too many connections that are
    /// neither half-open nor forgotten.
    ///
    /// One is enough, since it is replaced as soon as a segment has taken it.
    pub(super) fn arm_listeners(&mut self) {
        let ports: Vec<u16> = self.listeners.keys().copied().collect();
        for port in ports {
            let room = self.make_room(port);
            let Some(slot) = self.listeners.get_mut(&port) else {
                continue;
            };
            match *slot {
                None if room => {
                    *slot = Some(self.sockets.add(place()));
                }
                Some(handle) if !room => {
                    self.sockets.remove(handle);
                    *slot = None;
                }
                _ => {}
            }
        }
    }

    /// Lets no socket listen until [`TcpStack::arm_listeners`].
    pub(super) fn hang_up(&mut self) {
        for slot in self.listeners.values_mut() {
            if let Some(handle) = slot.take() {
                self.sockets.remove(handle);
            }
        }
    }

    /// Returns whether there is room for one more connection to a port, which what nobody would
    /// miss is dropped for.
    fn make_room(&mut self, port: u16) -> bool {
        let on_port = |known: &Connection| known.inbound && known.local.port() == port;
        loop {
            let count = self.connections.values().filter(|one| on_port(one)).count();
            if count < MAX_PER_PORT && self.connections.len() < MAX_CONNECTIONS {
                return true;
            }
            // In the order in which they came.
            let all = || self.connections.iter().filter(|(_, one)| on_port(one));
            let mut half_open = all().filter(|(_, one)| !one.opened);
            let mut forgotten = all().filter(|(_, one)| one.opened && one.forgotten);
            let victim = if half_open.clone().count() > HALF_OPEN_KEPT {
                half_open.next()
            } else {
                forgotten.next().or_else(|| half_open.next())
            };
            let Some(id) = victim.map(|(id, _)| *id) else {
                return false;
            };
            if let Some(gone) = self.connections.remove(&id) {
                self.sockets.remove(gone.handle);
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

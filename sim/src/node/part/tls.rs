//! TLS sessions over the connections of a [`TcpStack`], with rustls doing the protocol.
//!
//! The certificates are the network's own, see [`Pki`]. Sessions are never resumed, so that every
//! connection shows a whole handshake.

use std::io::{Read, Write};

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, Connection, ServerConnection};

use crate::node::part::tcp::{ConnId, ConnState, TcpStack};

pub use pki::{Pki, Trust};
pub use secrets::take_secrets;

mod pki;
mod secrets;

/// One TLS session.
pub struct TlsSession {
    connection: Connection,
    tcp: ConnId,
    plaintext: Vec<u8>,
    failure: Option<TlsFailure>,
    peer_finished: bool,
}

/// How far a session has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsState {
    /// The handshake is under way.
    Handshaking,
    /// Data passes.
    Open,
    /// The peer has said that it sends no more, or the connection is gone.
    Closed,
    /// The handshake or a record was wrong.
    Failed(TlsFailure),
}

/// Why a session failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFailure {
    /// Whether this end rejected the peer's certificate.
    pub certificate: bool,
    /// The reason in words.
    pub reason: String,
}

impl TlsSession {
    /// Starts the server's side on an accepted connection, as `host`.
    ///
    /// `None` if there is no certificate for that host.
    pub fn server(tcp: ConnId, host: &str) -> Option<Self> {
        let config = Pki::shared().server_config(host)?;
        let connection = ServerConnection::new(config).ok()?;
        Some(Self::new(connection.into(), tcp))
    }

    /// Starts the client's side; `None` if `host` is no host name.
    pub fn client(tcp: ConnId, host: &str, trust: Trust) -> Option<Self> {
        let name = ServerName::try_from(host.to_owned()).ok()?;
        let config = Pki::shared().client_config(trust);
        let connection = ClientConnection::new(config, name).ok()?;
        Some(Self::new(connection.into(), tcp))
    }

    fn new(mut connection: Connection, tcp: ConnId) -> Self {
        connection.set_buffer_limit(Some(MAX_UNSENT));
        Self {
            connection,
            tcp,
            plaintext: Vec::new(),
            failure: None,
            peer_finished: false,
        }
    }

    /// Returns the connection underneath.
    pub fn tcp(&self) -> ConnId {
        self.tcp
    }

    /// Returns the host name that the client asked the server for.
    pub fn host(&self) -> Option<&str> {
        match &self.connection {
            Connection::Server(server) => server.server_name(),
            Connection::Client(_) => None,
        }
    }

    /// Moves what has arrived into the session, and what it has to say into the connection.
    pub fn pump(&mut self, stack: &mut TcpStack) {
        // What nobody reads stays where it is, and the peer's window closes.
        if self.plaintext.len() < MAX_UNREAD {
            let bytes = stack.read(self.tcp);
            self.take_in(&bytes);
        }
        self.give_out(stack);
        let ended = match stack.state(self.tcp) {
            ConnState::PeerClosed | ConnState::Closed | ConnState::Refused => true,
            ConnState::Connecting | ConnState::Open => false,
        };
        if ended && !self.peer_finished {
            self.peer_finished = true;
            if self.connection.is_handshaking() && self.failure.is_none() {
                self.failure = Some(TlsFailure {
                    certificate: false,
                    reason: "the connection ended during the handshake".to_owned(),
                });
            }
        }
        if self.failure.is_some() {
            stack.close(self.tcp);
        }
    }

    /// Returns how far the session has come.
    pub fn state(&self) -> TlsState {
        match &self.failure {
            Some(failure) => TlsState::Failed(failure.clone()),
            None if self.connection.is_handshaking() => TlsState::Handshaking,
            None if self.peer_finished => TlsState::Closed,
            None => TlsState::Open,
        }
    }

    /// Takes out the data that has arrived.
    pub fn read(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.plaintext)
    }

    /// Queues data; [`TlsSession::pump`] sends it.
    pub fn write(&mut self, bytes: &[u8]) {
        if self.connection.writer().write_all(bytes).is_err() {
            self.failure.get_or_insert(TlsFailure {
                certificate: false,
                reason: "the peer does not take in what is sent".to_owned(),
            });
        }
    }

    /// Says goodbye and closes the connection underneath.
    pub fn close(&mut self, stack: &mut TcpStack) {
        self.connection.send_close_notify();
        self.give_out(stack);
        stack.close(self.tcp);
    }

    fn take_in(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.failure.is_none() {
            if !matches!(self.connection.read_tls(&mut bytes), Ok(count) if count > 0) {
                // rustls takes nothing in after the peer's goodbye.
                return;
            }
            match self.connection.process_new_packets() {
                Ok(state) => {
                    self.peer_finished |= state.peer_has_closed();
                    self.drain(state.plaintext_bytes_to_read());
                }
                Err(error) => {
                    self.failure = Some(TlsFailure {
                        certificate: matches!(error, rustls::Error::InvalidCertificate(_)),
                        reason: error.to_string(),
                    });
                }
            }
        }
    }

    fn drain(&mut self, count: usize) {
        let start = self.plaintext.len();
        self.plaintext.resize(start + count, 0);
        let got = self.connection.reader().read(&mut self.plaintext[start..]);
        self.plaintext.truncate(start + got.unwrap_or(0));
    }

    fn give_out(&mut self, stack: &mut TcpStack) {
        let mut records = Vec::new();
        while self.connection.wants_write() {
            if !matches!(self.connection.write_tls(&mut records), Ok(count) if count > 0) {
                break;
            }
        }
        if !records.is_empty() {
            stack.write(self.tcp, &records);
        }
    }
}

/// More than any request or page here.
const MAX_UNREAD: usize = 256 * 1024;
/// More than any page here.
const MAX_UNSENT: usize = 256 * 1024;

#[cfg(test)]
mod tests;

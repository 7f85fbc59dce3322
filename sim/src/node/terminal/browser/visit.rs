//! One connection of the browser to a site, secured or not.

use std::net::{Ipv6Addr, SocketAddrV6};

use crate::node::part::http::{BadResponse, Response, ResponseReader};
use crate::node::part::tcp::{ConnId, ConnState, TcpStack};
use crate::node::part::tls::{TlsSession, TlsState, Trust};
use crate::time::Time;
use crate::trace::FetchError;

pub(super) struct Visit {
    tcp: ConnId,
    tls: Option<TlsSession>,
    host: String,
    from: Ipv6Addr,
    to: SocketAddrV6,
    reader: ResponseReader,
}

/// What a connection says.
pub(super) enum Heard {
    /// The other end has not answered the SYN.
    Connecting,
    /// Nothing whole yet.
    Waiting,
    /// A response; whether the connection can be used again.
    Response(Response, bool),
    /// It failed.
    Failed(FetchError),
}

impl Visit {
    /// Starts connecting; without TLS on any port but 443.
    pub(super) fn start(
        host: &str,
        from: Ipv6Addr,
        to: SocketAddrV6,
        trust: Trust,
        (stack, now): (&mut TcpStack, Time),
    ) -> Result<Self, FetchError> {
        let own = stack.of_the_family(from, *to.ip());
        let tcp = stack.connect(own, to, now).ok_or(FetchError::NoAddress)?;
        let tls = if to.port() == 443 {
            let Some(tls) = TlsSession::client(tcp, host, trust) else {
                stack.forget(tcp);
                return Err(FetchError::BadUrl);
            };
            Some(tls)
        } else {
            None
        };
        Ok(Self {
            tcp,
            tls,
            host: host.to_owned(),
            from,
            to,
            reader: ResponseReader::default(),
        })
    }

    /// Returns whether another request for `host` may go the same way.
    pub(super) fn serves(&self, host: &str, from: Ipv6Addr, to: &[SocketAddrV6]) -> bool {
        self.host == host && self.from == from && to.contains(&self.to)
    }

    pub(super) fn ask(&mut self, request: &[u8], stack: &mut TcpStack) {
        match &mut self.tls {
            Some(tls) => {
                tls.write(request);
                tls.pump(stack);
            }
            None => stack.write(self.tcp, request),
        }
    }

    pub(super) fn hear(&mut self, stack: &mut TcpStack) -> Heard {
        match stack.state(self.tcp) {
            ConnState::Connecting => {
                if let Some(tls) = &mut self.tls {
                    tls.pump(stack);
                }
                return Heard::Connecting;
            }
            ConnState::Refused => return Heard::Failed(FetchError::Refused),
            ConnState::Open | ConnState::PeerClosed | ConnState::Closed => {}
        }
        let (bytes, ended) = match &mut self.tls {
            Some(tls) => {
                tls.pump(stack);
                match tls.state() {
                    TlsState::Handshaking => return Heard::Waiting,
                    TlsState::Failed(failure) if failure.certificate => {
                        return Heard::Failed(FetchError::Certificate);
                    }
                    TlsState::Failed(_) => return Heard::Failed(FetchError::Broken),
                    TlsState::Open => (tls.read(), false),
                    TlsState::Closed => (tls.read(), true),
                }
            }
            None => {
                let bytes = stack.read(self.tcp);
                (bytes, stack.state(self.tcp) != ConnState::Open)
            }
        };
        self.reader.push(&bytes);
        match self.reader.take(ended) {
            Ok(Some(response)) => {
                let reusable = !response.close && !ended;
                Heard::Response(response, reusable)
            }
            Ok(None) if ended => Heard::Failed(FetchError::Broken),
            Ok(None) => Heard::Waiting,
            Err(BadResponse) => Heard::Failed(FetchError::Broken),
        }
    }

    pub(super) fn end(mut self, stack: &mut TcpStack) {
        if let Some(tls) = &mut self.tls {
            tls.close(stack);
        }
        stack.forget(self.tcp);
    }
}

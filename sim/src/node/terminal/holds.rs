//! Connections that are opened, kept silent for a while, and then used: does the device still
//! know them?

use std::net::SocketAddrV6;
use std::time::Duration;

use super::RecordType;
use super::earliest;
use super::network::Network;
use super::pages::{ask, host_of, other_family, source_for};
use super::resolver::{Ended, LookupId};
use crate::node::Context;
use crate::node::part::http::{Request, split_url};
use crate::node::part::tcp::{ConnId, ConnState};
use crate::node::part::tls::{TlsSession, TlsState, Trust};
use crate::time::Time;
use crate::trace::{Fact, FetchError};

/// The connections under way.
#[derive(Default)]
pub(super) struct Holds {
    holds: Vec<Hold>,
}

struct Hold {
    url: String,
    idle: Duration,
    stage: Stage,
}

enum Stage {
    Resolving(LookupId),
    Connecting { line: Line, deadline: Time },
    Silent { line: Line, until: Time },
    Asking { line: Line, deadline: Time },
}

/// A connection, secured unless the URL says otherwise.
struct Line {
    conn: ConnId,
    tls: Option<TlsSession>,
}

impl Holds {
    /// Starts one.
    pub(super) fn add(
        &mut self,
        url: String,
        idle: Duration,
        network: &mut Network,
        cx: &mut Context<'_>,
    ) {
        let Some(host) = host_of(&url) else {
            return fail(url, FetchError::BadUrl, cx);
        };
        let stage = Stage::Resolving(network.look_up(ask(host, RecordType::AAAA), cx));
        self.holds.push(Hold { url, idle, stage });
    }

    /// Returns whether one is under way.
    pub(super) fn is_busy(&self) -> bool {
        !self.holds.is_empty()
    }

    /// Takes in the end of a look-up; returns it if it was not one of these.
    pub(super) fn handle_ended(
        &mut self,
        ended: Ended,
        network: &mut Network,
        cx: &mut Context<'_>,
    ) -> Option<Ended> {
        let waits = |hold: &Hold| matches!(hold.stage, Stage::Resolving(id) if id == ended.id);
        let Some(at) = self.holds.iter().position(waits) else {
            return Some(ended);
        };
        if let Some(id) = other_family(&ended, network, cx) {
            self.holds[at].stage = Stage::Resolving(id);
            return None;
        }
        let mut hold = self.holds.remove(at);
        match connect(&hold.url, &ended, network, cx) {
            Ok(line) => {
                let deadline = cx.now() + CONNECT_PATIENCE;
                hold.stage = Stage::Connecting { line, deadline };
                self.holds.push(hold);
            }
            Err(reason) => fail(hold.url, reason, cx),
        }
        None
    }

    /// Goes on with each.
    pub(super) fn work(&mut self, network: &mut Network, cx: &mut Context<'_>) {
        for hold in std::mem::take(&mut self.holds) {
            self.holds.extend(hold.advance(network, cx));
        }
    }

    /// Returns when [`Holds::work`] is next needed, whatever arrives.
    pub(super) fn poll_timeout(&self) -> Option<Time> {
        earliest(self.holds.iter().map(|hold| match hold.stage {
            Stage::Resolving(_) => None,
            Stage::Connecting { deadline, .. } | Stage::Asking { deadline, .. } => Some(deadline),
            Stage::Silent { until, .. } => Some(until),
        }))
    }
}

impl Hold {
    /// Goes on as far as possible; returns itself unless it has ended.
    fn advance(mut self, network: &mut Network, cx: &mut Context<'_>) -> Option<Self> {
        let now = cx.now();
        self.stage = match self.stage {
            Stage::Resolving(id) => Stage::Resolving(id),
            Stage::Connecting { mut line, deadline } => match line.state(network) {
                Ok(false) if deadline > now => Stage::Connecting { line, deadline },
                Ok(true) => Stage::Silent {
                    line,
                    until: now + self.idle,
                },
                Ok(false) => {
                    line.leave(network);
                    fail(self.url, FetchError::Timeout, cx);
                    return None;
                }
                Err(reason) => {
                    line.leave(network);
                    fail(self.url, reason, cx);
                    return None;
                }
            },
            Stage::Silent { mut line, until } => {
                if line.state(network).is_err() {
                    return tell(self.idle, false, line, network, cx);
                }
                if until > now {
                    Stage::Silent { line, until }
                } else {
                    line.ask(&self.url, network);
                    let deadline = now + ANSWER_PATIENCE;
                    Stage::Asking { line, deadline }
                }
            }
            Stage::Asking { mut line, deadline } => {
                if line.has_data(network) {
                    return tell(self.idle, true, line, network, cx);
                }
                if line.state(network).is_err() || deadline <= now {
                    return tell(self.idle, false, line, network, cx);
                }
                Stage::Asking { line, deadline }
            }
        };
        Some(self)
    }
}

impl Line {
    /// Returns whether data can pass, or why it never will.
    fn state(&mut self, network: &mut Network) -> Result<bool, FetchError> {
        let tcp = match network.tcp.state(self.conn) {
            ConnState::Connecting => return Ok(false),
            ConnState::Refused => return Err(FetchError::Refused),
            state => state,
        };
        let Some(tls) = &mut self.tls else {
            return match tcp {
                ConnState::Open => Ok(true),
                _ => Err(FetchError::Broken),
            };
        };
        tls.pump(&mut network.tcp);
        match tls.state() {
            TlsState::Handshaking => Ok(false),
            TlsState::Open => Ok(true),
            TlsState::Failed(failure) if failure.certificate => Err(FetchError::Certificate),
            TlsState::Closed | TlsState::Failed(_) => Err(FetchError::Broken),
        }
    }

    fn ask(&mut self, url: &str, network: &mut Network) {
        let host = host_of(url).unwrap_or_default();
        let target = split_url(url).map_or("/", |(_, target)| target);
        let request = Request::encode("GET", target, host, &[]);
        match &mut self.tls {
            Some(tls) => {
                tls.write(&request);
                tls.pump(&mut network.tcp);
            }
            None => network.tcp.write(self.conn, &request),
        }
    }

    fn has_data(&mut self, network: &mut Network) -> bool {
        match &mut self.tls {
            Some(tls) => {
                tls.pump(&mut network.tcp);
                !tls.read().is_empty()
            }
            None => !network.tcp.read(self.conn).is_empty(),
        }
    }

    fn leave(mut self, network: &mut Network) {
        let connecting = network.tcp.state(self.conn) == ConnState::Connecting;
        if connecting {
            network.tcp.abort(self.conn);
        } else if let Some(tls) = &mut self.tls {
            tls.close(&mut network.tcp);
        }
        network.tcp.forget(self.conn);
    }
}

fn connect(
    url: &str,
    ended: &Ended,
    network: &mut Network,
    cx: &Context<'_>,
) -> Result<Line, FetchError> {
    let address = *ended.addresses.first().ok_or(FetchError::Name)?;
    let from = source_for(&ended.addresses, network, cx).ok_or(FetchError::NoAddress)?;
    let secure = !url.starts_with("http://");
    let to = SocketAddrV6::new(address, if secure { 443 } else { 80 }, 0, 0);
    let conn = network
        .tcp
        .connect(from, to, cx.now())
        .ok_or(FetchError::NoAddress)?;
    if !secure {
        return Ok(Line { conn, tls: None });
    }
    // What is judged is the connection, whatever the certificate says.
    match TlsSession::client(conn, host_of(url).unwrap_or_default(), Trust::Overridden) {
        Some(tls) => Ok(Line {
            conn,
            tls: Some(tls),
        }),
        None => {
            network.tcp.forget(conn);
            Err(FetchError::BadUrl)
        }
    }
}

fn tell(
    idle: Duration,
    alive: bool,
    line: Line,
    network: &mut Network,
    cx: &mut Context<'_>,
) -> Option<Hold> {
    line.leave(network);
    cx.record(Fact::StillConnected {
        idle_ms: u64::try_from(idle.as_millis()).unwrap_or(u64::MAX),
        alive,
    });
    None
}

fn fail(url: String, reason: FetchError, cx: &mut Context<'_>) {
    cx.record(Fact::PageFailed { url, reason });
}

const CONNECT_PATIENCE: Duration = Duration::from_secs(30);
const ANSWER_PATIENCE: Duration = Duration::from_secs(15);

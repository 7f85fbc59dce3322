//! Files that a terminal has from a host over plain HTTP, read to the end.

use std::net::SocketAddrV6;
use std::time::Duration;

use super::RecordType;
use super::earliest;
use super::network::Network;
use super::pages::{ask, host_of, other_family, source_for};
use super::resolver::{Ended, LookupId};
use crate::node::Context;
use crate::node::depot::Depot;
use crate::node::part::http::Request;
use crate::node::part::tcp::{ConnId, ConnState};
use crate::time::Time;
use crate::trace::{Fact, FetchError};

/// The downloads under way.
#[derive(Default)]
pub(super) struct Downloads {
    downloads: Vec<Download>,
}

struct Download {
    url: String,
    stage: Stage,
}

enum Stage {
    Resolving(LookupId),
    Loading(Loading),
}

struct Loading {
    conn: ConnId,
    asked: bool,
    deadline: Time,
    bytes: Vec<u8>,
}

impl Downloads {
    /// Starts one.
    pub(super) fn add(&mut self, url: String, network: &mut Network, cx: &mut Context<'_>) {
        let Some(host) = host_of(&url).filter(|_| url.starts_with("http://")) else {
            let reason = FetchError::BadUrl;
            return cx.record(Fact::PageFailed { url, reason });
        };
        let stage = Stage::Resolving(network.look_up(ask(host, RecordType::AAAA), cx));
        self.downloads.push(Download { url, stage });
    }

    /// Returns whether one is under way.
    pub(super) fn is_busy(&self) -> bool {
        !self.downloads.is_empty()
    }

    /// Takes in the end of a look-up; returns it if it was not one of these.
    pub(super) fn handle_ended(
        &mut self,
        ended: Ended,
        network: &mut Network,
        cx: &mut Context<'_>,
    ) -> Option<Ended> {
        let waits = |one: &Download| matches!(one.stage, Stage::Resolving(id) if id == ended.id);
        let Some(at) = self.downloads.iter().position(waits) else {
            return Some(ended);
        };
        if let Some(id) = other_family(&ended, network, cx) {
            self.downloads[at].stage = Stage::Resolving(id);
            return None;
        }
        let Download { url, .. } = self.downloads.remove(at);
        cx.record(Fact::Resolved {
            name: ended.name,
            addresses: ended.addresses.clone(),
            outcome: ended.outcome,
        });
        let started = match (
            ended.addresses.first(),
            source_for(&ended.addresses, network, cx),
        ) {
            (None, _) => Err(FetchError::Name),
            (_, None) => Err(FetchError::NoAddress),
            (Some(address), Some(from)) => {
                let to = SocketAddrV6::new(*address, HTTP, 0, 0);
                let conn = network.tcp.connect(from, to, cx.now());
                conn.ok_or(FetchError::NoAddress)
            }
        };
        match started {
            Ok(conn) => self.downloads.push(Download {
                url,
                stage: Stage::Loading(Loading {
                    conn,
                    asked: false,
                    deadline: cx.now() + PATIENCE,
                    bytes: Vec::new(),
                }),
            }),
            Err(reason) => cx.record(Fact::PageFailed { url, reason }),
        }
        None
    }

    /// Goes on with each.
    pub(super) fn work(&mut self, network: &mut Network, cx: &mut Context<'_>) {
        self.downloads.retain_mut(|download| {
            let Stage::Loading(loading) = &mut download.stage else {
                return true;
            };
            let Some(failure) = loading.advance(&download.url, network, cx.now()) else {
                return true;
            };
            network.tcp.forget(loading.conn);
            let url = std::mem::take(&mut download.url);
            let bytes = u64::try_from(loading.bytes.len()).unwrap_or(u64::MAX);
            cx.record(match failure {
                Ok(()) => Fact::Downloaded { url, bytes },
                Err(reason) => Fact::PageFailed { url, reason },
            });
            false
        });
    }

    /// Returns when [`Downloads::work`] is next needed, whatever arrives.
    pub(super) fn poll_timeout(&self) -> Option<Time> {
        earliest(self.downloads.iter().map(|one| match &one.stage {
            Stage::Resolving(_) => None,
            Stage::Loading(loading) => Some(loading.deadline),
        }))
    }
}

impl Loading {
    /// Goes on as far as possible; returns how it ended once it has.
    fn advance(
        &mut self,
        url: &str,
        network: &mut Network,
        now: Time,
    ) -> Option<Result<(), FetchError>> {
        let state = network.tcp.state(self.conn);
        if state == ConnState::Open && !self.asked {
            self.asked = true;
            let host = host_of(url).unwrap_or_default();
            let target = url.splitn(4, '/').nth(3).unwrap_or_default();
            let request = Request::encode("GET", &format!("/{target}"), host, &[]);
            network.tcp.write(self.conn, &request);
        }
        self.bytes.extend(network.tcp.read(self.conn));
        if self.bytes.len() > LONGEST {
            network.tcp.abort(self.conn);
            return Some(Err(FetchError::Broken));
        }
        match state {
            ConnState::PeerClosed if self.is_whole() => Some(Ok(())),
            ConnState::PeerClosed | ConnState::Closed => Some(Err(FetchError::Broken)),
            ConnState::Refused => Some(Err(FetchError::Refused)),
            ConnState::Connecting | ConnState::Open if now >= self.deadline => {
                network.tcp.abort(self.conn);
                Some(Err(FetchError::Timeout))
            }
            ConnState::Connecting | ConnState::Open => None,
        }
    }

    /// Returns whether as much came as was announced.
    fn is_whole(&self) -> bool {
        let end = b"\r\n\r\n";
        let Some(head) = self.bytes.windows(end.len()).position(|four| four == end) else {
            return false;
        };
        let text = String::from_utf8_lossy(&self.bytes[..head]).to_ascii_lowercase();
        let announced = text
            .split("content-length:")
            .nth(1)
            .and_then(|rest| rest.split_whitespace().next()?.parse::<usize>().ok());
        announced == Some(self.bytes.len() - head - end.len())
    }
}

/// Several times the longest file of the line.
const LONGEST: usize = 4 * Depot::CRL_SIZE;
const HTTP: u16 = 80;
const PATIENCE: Duration = Duration::from_secs(40);

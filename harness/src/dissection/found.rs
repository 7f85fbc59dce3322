//! What is found in a trace, together with its place there.

use std::net::Ipv6Addr;

use ngnlab_reports::RecordId;
use ngnlab_sim::Time;
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::trace::{End, Fact, Role};

/// Something that was found in a frame, and the headers around it.
#[derive(Clone, Debug)]
pub struct Found<T> {
    /// The number of its record.
    pub record: RecordId,
    /// When it entered the cable.
    pub at: Time,
    /// When it left the cable at the other end.
    pub arrives: Time,
    /// Which cable.
    pub on: Role,
    /// Which end it came from.
    pub from: End,
    /// Whether a scenario put it there.
    pub injected: bool,
    /// Whether the cable lost it, so that the other end never saw it.
    pub lost: bool,
    /// The Ethernet source.
    pub eth_source: Mac,
    /// The Ethernet destination.
    pub eth_destination: Mac,
    /// The IPv6 source.
    pub source: Ipv6Addr,
    /// The IPv6 destination.
    pub destination: Ipv6Addr,
    /// The hop limit.
    pub hop_limit: u8,
    /// What was found.
    pub is: T,
}

impl<T> Found<T> {
    /// Returns the same place in the trace with another thing in it.
    pub fn with<U>(&self, is: U) -> Found<U> {
        Found {
            record: self.record,
            at: self.at,
            arrives: self.arrives,
            on: self.on,
            from: self.from,
            injected: self.injected,
            lost: self.lost,
            eth_source: self.eth_source,
            eth_destination: self.eth_destination,
            source: self.source,
            destination: self.destination,
            hop_limit: self.hop_limit,
            is,
        }
    }

    /// Returns whether the device under test sent it on this cable.
    pub fn by_device(&self, on: Role) -> bool {
        self.on == on && self.from == End::Device && !self.injected
    }

    /// Returns whether it reached the device under test on this cable.
    pub fn to_device(&self, on: Role) -> bool {
        self.on == on && self.from == End::Network && !self.lost
    }
}

/// A fact together with its place in the trace.
#[derive(Clone, Copy, Debug)]
pub struct Told<'t> {
    /// The number of its record.
    pub record: RecordId,
    /// When.
    pub at: Time,
    /// The node that tells.
    pub node: &'t str,
    /// What it tells.
    pub fact: &'t Fact,
}

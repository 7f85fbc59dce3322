//! Packets that the router passes on in a form that is of no use: checksums, contents, hop limits.

use ngnlab_reports::RecordId;
use ngnlab_sim::message::packet::{Packet, Payload};
use ngnlab_sim::trace::Role;

use super::causes::Cause;
use super::stop::Stop;
use super::{Outcome, Walk};
use crate::dissection::{Connection, Found};

impl Walk<'_, '_> {
    /// Returns whether the router passed a packet on in a form that nobody can read: its checksum or
    /// its length is wrong.
    pub(super) fn leaves_damaged<T>(&self, came: &Found<T>) -> bool {
        let mut packets = self.trace.packets.iter();
        packets.any(|found| {
            found.by_device(Role::Wan)
                && found.record > came.record
                && (found.source, found.destination) == (came.source, came.destination)
                && is_unreadable(&found.is)
        })
    }

    /// Returns whether the router may not pass a packet on because its hops end there (RFC 8200 §3),
    /// as terminals send them by what it advertises (RFC 4861 §6.3.4).
    pub(super) fn runs_out_of_hops<T>(&self, came: &Found<T>) -> Option<Outcome> {
        let because = format!(
            "it reaches the router with a hop limit of {}",
            came.hop_limit
        );
        let stop = Stop::RouterOut;
        let end = Outcome::new(Cause::HopLimit, stop, [came.record], because);
        (came.hop_limit <= 1).then_some(end)
    }

    pub(super) fn damaged(&self, record: RecordId) -> Outcome {
        let because = "its checksum or its length is wrong when it leaves";
        Outcome::new(Cause::Damaged, Stop::Line, [record], because)
    }

    /// A connection request whose hop limit the router lowers by more than the one of RFC 8200 §3, so
    /// that nobody behind it gets it.
    pub(super) fn loses_its_hops(&self, near: &Connection, far: &Connection) -> Option<Outcome> {
        let hops = |syn| {
            let mut packets = self.trace.packets.iter();
            let found = packets.find(|found| found.record == syn);
            found.map(|found| found.hop_limit)
        };
        let (came, left) = (hops(near.syn)?, hops(far.syn)?);
        let because = format!("its hop limit is {came} when it comes, and {left} when it leaves");
        let records = [near.syn, far.syn];
        let end = Outcome::new(Cause::Damaged, Stop::Line, records, because);
        (left < came.saturating_sub(1)).then_some(end)
    }

    /// Neighbour Discovery that a bridge passes on with another hop limit than 255, so that nobody
    /// takes it (RFC 4861 §6.1, §7.1).
    pub(super) fn spoils_discovery(&self) -> Option<Outcome> {
        let trace = self.trace;
        let came = trace.packets.iter().filter(|found| {
            found.to_device(found.on)
                && found.hop_limit == 255
                && found.record <= self.attempt.record
        });
        let mut crossed = came.filter_map(|found| Some((found, trace.crossed(found)?)));
        let (came, left) = crossed.find(|(came, left)| left.hop_limit != came.hop_limit)?;
        let because = format!(
            "its hop limit is {} when it comes, and {} when it leaves",
            came.hop_limit, left.hop_limit
        );
        let records = [came.record, left.record];
        let end = Outcome::new(Cause::Damaged, None, records, because);
        trace.is_bridge().then_some(end)
    }

    /// What came for the terminal, or what it sent, leaves the router as something else.
    pub(super) fn arrives_changed(&self, near: &Connection, far: &Connection) -> Option<Outcome> {
        let unreadable = |on: Role, from, to| {
            let mut packets = self.trace.packets.iter();
            let found = packets.find(|found| {
                found.by_device(on)
                    && found.record > near.syn
                    && (found.source, found.destination) == (from, to)
                    && is_unreadable(&found.is)
            });
            found.map(|found| found.record)
        };
        let (client, server) = (near.client.0, near.server.0);
        if let Some(record) = unreadable(Role::Lan, server, client) {
            let because = format!("what {server} sends has a wrong checksum when it leaves");
            let stop = Stop::TerminalBack;
            return Some(Outcome::new(Cause::Damaged, stop, [record], because));
        }
        if let Some(record) = unreadable(Role::Wan, client, server) {
            return Some(self.damaged(record));
        }
        let records = [near.last.0, far.last.0];
        if near.down > 0 && near.down == far.down && near.down_hash != far.down_hash {
            let because = format!("what {server} sends reaches the LAN as other bytes");
            let stop = Stop::TerminalBack;
            return Some(Outcome::new(Cause::Damaged, stop, records, because));
        }
        if near.up > 0 && near.up == far.up && near.up_hash != far.up_hash {
            let because = format!("what the terminal sends reaches {server} as other bytes");
            return Some(Outcome::new(Cause::Damaged, Stop::Server, records, because));
        }
        None
    }
}

/// Returns whether whoever receives a packet drops it for its checksum or its length.
fn is_unreadable(packet: &Packet<'_>) -> bool {
    match &packet.payload {
        Payload::Udp(udp) => !udp.checksum_ok,
        Payload::Tcp(tcp) => {
            let header = tcp.to_header();
            let (from, to) = (packet.source.octets(), packet.destination.octets());
            let sum = header.calc_checksum_ipv6_raw(from, to, tcp.payload());
            sum.is_ok_and(|sum| sum != header.checksum)
        }
        Payload::Other { next_header, .. } => matches!(*next_header, TCP | UDP),
        Payload::Icmpv6(_) => false,
    }
}

const TCP: u8 = 6;
const UDP: u8 = 17;

//! What travels over sessions: IPv4 between the device and the hosts of its realm.

use std::net::Ipv4Addr;

use super::{Concentrator, MRU};
use crate::frame::Frame;
use crate::line::pppoe::{PppoeQuirk, Realm};
use crate::message::icmpv4::{
    DESTINATION_UNREACHABLE, ECHO_REPLY, ECHO_REQUEST, FRAGMENTATION_NEEDED, NET_UNREACHABLE,
    TIME_EXCEEDED,
};
use crate::message::packet::Mac;
use crate::message::packet::ipv4::fragment::fragments;
use crate::message::packet::ipv4::{
    Header4, Ipv4, Payload4, forward, frame_either, icmp_error_body, in_frame,
};
use crate::message::ppp::{IPV4, Ppp};
use crate::node::Context;

/// Which host is behind which socket, and in which realm.
pub type Routes = Vec<(Realm, Ipv4Addr, u8)>;

impl Concentrator {
    /// Passes a packet of a session on; what has not the session's address as its source goes nowhere
    /// (RFC 2827 §3).
    pub(super) fn pass_up(&mut self, id: u16, ip: &[u8], cx: &mut Context<'_>) {
        let Some((realm, address)) = self.session_address(id) else {
            return;
        };
        let Some(packet) = Ipv4::parse(ip).filter(|packet| packet.source == address) else {
            return;
        };
        if packet.destination == realm.gateway() {
            return self.answer_echo(id, &packet, cx);
        }
        let Some(passed) = forward(&packet) else {
            return self.complain(id, realm, &packet, (TIME_EXCEEDED, 0), 0, cx);
        };
        let mut routes = self.routes.iter();
        let route = routes.find(|(of, to, _)| *of == realm && *to == packet.destination);
        match route {
            Some((_, _, port)) => cx.send(*port, frame_either(OURS, THEIRS, &passed)),
            None => {
                let error = (DESTINATION_UNREACHABLE, NET_UNREACHABLE);
                self.complain(id, realm, &packet, error, 0, cx);
            }
        }
    }

    /// Passes a packet of a host on to the session whose address it is for.
    pub(super) fn pass_down(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        let Some((_, _, packet)) = in_frame(frame) else {
            return;
        };
        let ids: Vec<u16> = self.sessions.keys().copied().collect();
        let found = ids.into_iter().find_map(|id| {
            let (realm, address) = self.session_address(id)?;
            (address == packet.destination).then_some((id, realm))
        });
        let (Some((id, realm)), Some(passed)) = (found, forward(&packet)) else {
            return;
        };
        if passed.len() > usize::from(MRU) && packet.dont_fragment {
            let error = (DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED);
            if let Some(ip) = error_about(realm.gateway(), &packet, error, MRU.into()) {
                cx.send(port, frame_either(OURS, THEIRS, &ip));
            }
            return;
        }
        let mut pieces = fragments(&passed, MRU.into());
        if self.quirks.contains(&PppoeQuirk::LastFragmentFirst) {
            pieces.reverse();
        }
        for piece in pieces {
            self.send_in_session(id, piece, cx);
        }
    }

    fn session_address(&self, id: u16) -> Option<(Realm, Ipv4Addr)> {
        let subscriber = self.sessions.get(&id).filter(|it| it.is_up())?;
        Some((subscriber.realm()?, subscriber.address()))
    }

    fn answer_echo(&self, id: u16, packet: &Ipv4<'_>, cx: &mut Context<'_>) {
        if let Payload4::Icmp(icmp) = &packet.payload
            && icmp.checksum_ok
            && icmp.kind == ECHO_REQUEST
            && icmp.body.len() >= 4
        {
            let header = Header4::new(packet.destination, packet.source);
            self.send_in_session(id, header.icmp(ECHO_REPLY, 0, icmp.body), cx);
        }
    }

    fn complain(
        &self,
        id: u16,
        realm: Realm,
        about: &Ipv4<'_>,
        error: (u8, u8),
        value: u32,
        cx: &mut Context<'_>,
    ) {
        if let Some(ip) = error_about(realm.gateway(), about, error, value) {
            self.send_in_session(id, ip, cx);
        }
    }

    fn send_in_session(&self, id: u16, ip: Vec<u8>, cx: &mut Context<'_>) {
        let ppp = Ppp {
            protocol: IPV4,
            information: ip,
        };
        self.send_all(id, vec![ppp], cx);
    }
}

/// Builds an error, unless it would be one about an error (RFC 1812 §4.3.2.7).
fn error_about(
    from: Ipv4Addr,
    packet: &Ipv4<'_>,
    (kind, code): (u8, u8),
    value: u32,
) -> Option<Vec<u8>> {
    let is_error = match &packet.payload {
        Payload4::Icmp(icmp) => !matches!(icmp.kind, ECHO_REQUEST | ECHO_REPLY),
        _ => false,
    };
    let body = icmp_error_body(value, packet.ip);
    (!is_error).then(|| Header4::new(from, packet.source).icmp(kind, code, &body))
}

/// Addresses of the wires to hosts, which no device sees.
const OURS: Mac = Mac([0x02, 0x00, 0x5e, 0x00, 0x89, 0x00]);
const THEIRS: Mac = Mac([0x02, 0x00, 0x5e, 0x00, 0x89, 0x01]);

//! Hairpinning (RFC 4787 §6; RFC 5382 §7.2): what a terminal sends to the outside address of a session
//! turns back, to the terminal whose port it is for.

use crate::message::icmpv4::{
    DESTINATION_UNREACHABLE, ECHO_REPLY, ECHO_REQUEST, NET_UNREACHABLE, TIME_EXCEEDED,
};
use crate::message::packet::ipv4::rewrite::{End, ends, rewrite};
use crate::message::packet::ipv4::{Header4, Ipv4, Payload4, forward};
use crate::node::Context;
use crate::node::router::Router;
use crate::node::router::defect::defects;

use super::Ipv4Router;

impl Ipv4Router {
    /// Returns whether a terminal's packet for this address turns back.
    pub(super) fn turns_back(&self, to: std::net::Ipv4Addr) -> bool {
        let is_own = self.napts.values().any(|napt| napt.outside() == to);
        is_own && !self.defects.has(NO_HAIRPINNING)
    }
}

impl Router {
    pub(super) fn turn_back(&mut self, packet: &Ipv4<'_>, cx: &mut Context<'_>) {
        if let Payload4::Icmp(icmp) = &packet.payload
            && icmp.checksum_ok
            && icmp.kind == ECHO_REQUEST
            && icmp.body.len() >= 4
        {
            // RFC 1122 §3.2.2.6: the address is the router's, and so is the answer.
            let ip = Header4::new(packet.destination, packet.source).icmp(ECHO_REPLY, 0, icmp.body);
            return self.pass_in_ipv4(packet.source, &ip, cx);
        }
        let Some(mut ip) = forward(packet) else {
            return self.complain_ipv4(packet, (TIME_EXCEEDED, 0), 0, cx);
        };
        let ipv4 = &mut self.ram.ipv4;
        let session = ipv4.session_for(packet.source, packet.destination);
        let Some(napt) = session.and_then(|session| ipv4.napts.get_mut(&session)) else {
            let error = (DESTINATION_UNREACHABLE, NET_UNREACHABLE);
            return self.complain_ipv4(packet, error, 0, cx);
        };
        // RFC 4787 §6 REQ-9 a): it comes from the outside address and port of who sent it.
        if napt.pass_out(&mut ip, cx.now(), cx.random()).is_none() {
            return;
        }
        let mut napts = ipv4.napts.values_mut();
        let own = napts.find(|napt| napt.outside() == packet.destination);
        let Some(inside) = own.and_then(|napt| napt.pass_in(&mut ip, cx.now())) else {
            return;
        };
        if self.defects.has(HAIRPINS_FROM_INSIDE)
            && let Some(said) = ends(packet.ip)
        {
            rewrite(&mut ip, End::Source, said.source);
        }
        self.pass_in_ipv4(inside, &ip, cx);
    }
}

defects! {
    /// Sends what is for the outside port of another terminal to the internet.
    NO_HAIRPINNING = "no-hairpinning",
        "ほかの端末の外側のアドレス宛てのパケットを、折り返さずにPPPoEセッションに送り出す（ヘアピンなし）。";
    /// Its hairpinning leaves the private address of who sent a packet as its source (RFC 4787 §6 REQ-9).
    HAIRPINS_FROM_INSIDE = "hairpins-from-inside",
        "折り返す（ヘアピンの）パケットの送信元を、外側のアドレスに変換しない。";
}

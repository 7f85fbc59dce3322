//! The way of DHCPv6 messages: from the line to the client, and between terminals and the server on
//! the LAN.

use super::defect::Defect;
use super::{Router, lan_dhcpv6};
use crate::message::dhcpv6;
use crate::message::packet::{ALL_DHCP, ALL_NODES, Envelope, Packet, Udp, is_link_local};
use crate::node::Context;

impl Router {
    /// ngn-facts §3.3: home gateways answer from any port, so the source port says nothing.
    pub(super) fn handle_dhcpv6_answer(
        &mut self,
        packet: &Packet<'_>,
        udp: Udp<'_>,
        cx: &mut Context<'_>,
    ) {
        let filtered = udp.source_port != dhcpv6::SERVER_PORT
            && self.defects.has(Defect::FiltersSourcePort547);
        if filtered || packet.destination.is_multicast() {
            return;
        }
        let message = dhcpv6::decode(udp.payload);
        if message.is_none() && self.defects.has(Defect::HangsOnBadDhcpv6) {
            self.ram.hung = true;
            return;
        }
        if let Some(message) = message {
            let (from, bytes) = (packet.source, udp.payload);
            self.ram.client.handle_message(&message, from, bytes, cx);
            self.settle(cx);
        }
    }

    pub(super) fn handle_dhcpv6_question(
        &mut self,
        port: u8,
        packet: &Packet<'_>,
        udp: Udp<'_>,
        cx: &mut Context<'_>,
    ) {
        let serves = port == Self::LAN || self.defects.has(Defect::Dhcpv6ServerOnWan);
        // RFC 8415 §16: an Information-Request to a unicast address is dropped.
        let to_all =
            packet.destination == ALL_DHCP || self.defects.has(Defect::AnswersMisdirectedDhcpv6);
        if !serves || !to_all || !is_link_local(packet.source) {
            return;
        }
        let Some(question) = dhcpv6::decode(udp.payload) else {
            return;
        };
        // Without a global address the link-local one must do.
        let dns = self.ram.advertiser.offer().dns;
        let dns = dns.unwrap_or(self.ram.lan.link_local());
        let duid = self.setup.wan_mac.duid_ll();
        let line = self.ram.client.options();
        let Some(answer) = lan_dhcpv6::answer(&question, &duid, dns, line, &self.defects) else {
            return;
        };
        let near = self.interface(port);
        let envelope = Envelope::new(
            near.mac(),
            packet.eth_source,
            near.link_local(),
            if self.defects.has(Defect::MulticastsLanReplies) {
                ALL_NODES
            } else {
                packet.source
            },
        );
        let bytes = dhcpv6::encode(&answer);
        near.send_frame(
            envelope.udp(dhcpv6::SERVER_PORT, dhcpv6::CLIENT_PORT, &bytes),
            cx,
        );
    }
}

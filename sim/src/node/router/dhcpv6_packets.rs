//! The way of DHCPv6 messages: from the line to the client, and between terminals and the server on
//! the LAN.

use super::Router;
use super::defect::defects;
use super::lan_dhcpv6::{self, ANSWERS_MISDIRECTED_DHCPV6, DHCPV6_SERVER_ON_WAN};
use crate::message::dhcpv6::{self, MessageType};
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
        let filtered =
            udp.source_port != dhcpv6::SERVER_PORT && self.defects.has(FILTERS_SOURCE_PORT_547);
        if filtered || packet.destination.is_multicast() {
            return;
        }
        let message = dhcpv6::decode(udp.payload);
        if message.is_none() && self.defects.has(HANGS_ON_BAD_DHCPV6) {
            self.ram.hung = true;
            return;
        }
        if let Some(message) = message {
            let (from, bytes) = (packet.source, udp.payload);
            self.ram.client.handle_message(&message, from, bytes, cx);
            if message.msg_type() == MessageType::Reply && self.defects.has(FLUSHES_FILTER) {
                self.ram.filter.forget_all();
            }
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
        let serves = port == Self::LAN || self.defects.has(DHCPV6_SERVER_ON_WAN);
        // RFC 8415 §16: an Information-Request to a unicast address is dropped.
        let to_all = packet.destination == ALL_DHCP || self.defects.has(ANSWERS_MISDIRECTED_DHCPV6);
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
            if self.defects.has(MULTICASTS_LAN_REPLIES) {
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

defects! {
    /// Forgets every flow of its terminals when its lease is renewed, as scripts that load the
    /// firewall anew at each Reply.
    FLUSHES_FILTER = "flushes-filter",
        "リースを更新するたびに、端末の通信の状態をすべて破棄する。Replyのたびにファイアウォールを読み込み直すスクリプトがそうする。";
    /// Drops DHCPv6 answers that do not come from port 547, as home gateways send them (ngn-facts
    /// §3.3).
    FILTERS_SOURCE_PORT_547 = "filters-source-port-547",
        "送信元ポートが547でないDHCPv6の応答を破棄する。ひかり電話ルータはほかのポートから応答する。";
    /// Sends its DHCPv6 answers to all nodes.
    MULTICASTS_LAN_REPLIES = "multicasts-lan-replies",
        "DHCPv6の応答を全ノード宛てに送る。";
    /// Crashes on a DHCPv6 message whose options run past its end, and does not restart.
    HANGS_ON_BAD_DHCPV6 = "hangs-on-bad-dhcpv6",
        "オプションが末尾をはみ出すDHCPv6のメッセージを受け取ると停止し、再起動しない。";
}

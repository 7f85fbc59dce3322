//! Neighbour Discovery messages as they come in: who of the router's parts each one is for
//! (RFC 4861 §6.1, §7.1).

use std::net::Ipv6Addr;
use std::time::Duration;

use super::Router;
use super::defect::defects;
use super::interface::Interface;
use crate::message::ndp::{
    NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION, Ndp, NdpOption, NeighborAdvert, NeighborSolicit,
    ROUTER_ADVERTISEMENT, ROUTER_SOLICITATION, RouterAdvert, RouterSolicit,
};
use crate::message::packet::{
    Envelope, Icmpv6, Packet, is_link_local, is_routable, solicited_node,
};
use crate::node::Context;
use crate::setup::Mode;

impl Router {
    /// Takes in a Neighbour Discovery message.
    pub(super) fn handle_ndp(&mut self, port: u8, packet: &Packet<'_>, cx: &mut Context<'_>) {
        if self.is_fatal(packet) {
            self.ram.hung = true;
            return;
        }
        match Ndp::parse(packet).or_else(|| self.parse_invalid(port, packet)) {
            Some(Ndp::RouterAdvert(advert))
                if port == Self::WAN || self.defects.has(HEEDS_ADVERTS_ON_LAN) =>
            {
                self.handle_router_advert(packet, &advert, cx);
            }
            Some(Ndp::RouterSolicit(solicit)) if port == Self::LAN => {
                self.handle_router_solicit(packet, solicit, cx);
            }
            Some(Ndp::RouterSolicit(_)) if self.defects.has(ANSWERS_RS_ON_WAN) => {
                self.answer_as_router(packet, cx);
            }
            Some(Ndp::NeighborSolicit(solicit)) => self.handle_solicit(port, packet, &solicit, cx),
            Some(Ndp::NeighborAdvert(advert)) => self.handle_advert(port, packet, &advert, cx),
            // As a host on the WAN and a router on the LAN (RFC 7084 §4.2 W-1).
            Some(Ndp::RouterAdvert(_) | Ndp::RouterSolicit(_)) | None => {}
        }
    }

    fn parse_invalid(&self, port: u8, packet: &Packet<'_>) -> Option<Ndp> {
        let message = packet.icmpv6()?;
        let defect = match (message.kind, port) {
            (ROUTER_SOLICITATION, _) => ANSWERS_INVALID_RS,
            (ROUTER_ADVERTISEMENT, Self::WAN) => ACCEPTS_INVALID_RA,
            (NEIGHBOR_SOLICITATION, _) => ANSWERS_INVALID_NS,
            (NEIGHBOR_ADVERTISEMENT, _) => BELIEVES_INVALID_NA,
            _ => return None,
        };
        let accepts = self.defects.has(defect);
        accepts.then(|| Ndp::parse_message(message))?
    }

    /// Returns whether a defect makes this advertisement the last packet we read.
    fn is_fatal(&self, packet: &Packet<'_>) -> bool {
        let empty = |message: Icmpv6<'_>| {
            message.kind == ROUTER_ADVERTISEMENT && Ndp::parse_message(message).is_none()
        };
        self.defects.has(HANGS_ON_EMPTY_OPTION) && packet.icmpv6().is_some_and(empty)
    }

    /// Answers a solicitation on the WAN, where we are a host.
    fn answer_as_router(&self, packet: &Packet<'_>, cx: &mut Context<'_>) {
        let wan = &self.ram.wan;
        let advert = RouterAdvert {
            hop_limit: 64,
            managed: false,
            other: false,
            preference: 0,
            lifetime: Duration::ZERO,
            reachable: Duration::ZERO,
            retrans: Duration::ZERO,
            options: vec![NdpOption::SourceLinkLayer(wan.mac())],
        };
        let envelope = Envelope::new(
            wan.mac(),
            packet.eth_source,
            wan.link_local(),
            packet.source,
        );
        wan.send_frame(Ndp::RouterAdvert(advert).build(envelope), cx);
    }

    fn handle_router_advert(
        &mut self,
        packet: &Packet<'_>,
        advert: &RouterAdvert,
        cx: &mut Context<'_>,
    ) {
        let from_router = is_link_local(packet.source) || self.defects.has(ACCEPTS_INVALID_RA);
        let strange = |option: &NdpOption| matches!(option, NdpOption::Other(..));
        let drops =
            self.defects.has(DROPS_UNKNOWN_RA_OPTIONS) && advert.options.iter().any(strange);
        let deaf = self.defects.has(IGNORES_LINE_ADVERTS);
        if !from_router || drops || deaf || !self.ram.wan.is_up() {
            return;
        }
        for option in &advert.options {
            if let NdpOption::SourceLinkLayer(mac) = option {
                self.ram.wan.learn(packet.source, *mac, cx);
            }
        }
        self.ram
            .wan
            .set_timers(advert.reachable, advert.retrans, cx);
        self.ram
            .discovery
            .handle_advert(packet.source, advert, cx.now());
        // RFC 7084 §4.2 WPD-4: either flag shows that there is DHCPv6.
        self.ram
            .client
            .handle_flags(advert.managed, advert.other, cx);
        self.settle(cx);
    }

    fn handle_router_solicit(
        &mut self,
        packet: &Packet<'_>,
        solicit: RouterSolicit,
        cx: &mut Context<'_>,
    ) {
        let nowhere = packet.source.is_unspecified();
        // RFC 4861 §6.1.1: no link-layer address without an address.
        if nowhere && solicit.source_link_layer.is_some() {
            return;
        }
        if let Some(mac) = solicit.source_link_layer {
            self.ram.lan.learn(packet.source, mac, cx);
        }
        self.ram
            .advertiser
            .handle_solicit(packet.source, solicit.source_link_layer, cx);
    }

    fn handle_solicit(
        &mut self,
        port: u8,
        packet: &Packet<'_>,
        solicit: &NeighborSolicit,
        cx: &mut Context<'_>,
    ) {
        let nowhere = packet.source.is_unspecified();
        // RFC 4861 §7.1.1.
        let to_group = packet.destination == solicited_node(solicit.target);
        let invalid = nowhere && (!to_group || solicit.source_link_layer.is_some());
        if invalid && !self.defects.has(ANSWERS_INVALID_NS) {
            return;
        }
        if port == Self::WAN && self.defects.has(NO_WAN_NEIGHBOR_ADVERTS) {
            return;
        }
        let (near, _) = self.sides(port);
        let probed = near.is_probing(solicit.target);
        let is_here = near.handle_solicit(packet, solicit, cx);
        if probed && !near.is_probing(solicit.target) {
            self.settle(cx);
        }
        if is_here {
            return;
        }
        if !self.is_shared(solicit.target) {
            let strange = port == Self::WAN && is_routable(solicit.target) && !nowhere;
            if strange && self.defects.has(ND_PROXY_ANSWERS_STRANGERS) {
                self.ram.wan.answer(packet, solicit.target, false, cx);
            }
            return;
        }
        let (near, far) = match port {
            Self::WAN => (&self.ram.wan, &self.ram.lan),
            _ => (&self.ram.lan, &self.ram.wan),
        };
        let upstream = port == Self::WAN;
        self.ram
            .proxy
            .handle_solicit(packet, solicit, near, far, upstream, cx);
    }

    fn handle_advert(
        &mut self,
        port: u8,
        packet: &Packet<'_>,
        advert: &NeighborAdvert,
        cx: &mut Context<'_>,
    ) {
        // RFC 4861 §7.1.2.
        let invalid = packet.destination.is_multicast() && advert.solicited;
        if invalid && !self.defects.has(BELIEVES_INVALID_NA) {
            return;
        }
        let (far, _) = self.sides(port);
        let probed = far.is_probing(advert.target);
        far.handle_advert(advert, cx);
        if probed && !far.is_probing(advert.target) {
            // Somebody else has it (RFC 4862 §5.4.5): the LAN hears at once what that changes.
            self.settle(cx);
        }
        let heeds = !self.defects.has(IGNORES_CLEARED_ROUTER_FLAG);
        let is_router = self.ram.discovery.router() == Some(advert.target);
        if port == Self::WAN && !advert.router && is_router && heeds {
            // RFC 4861 §7.2.5: who clears R is no router any more.
            self.ram.discovery.drop_router();
            self.settle(cx);
        }
        if self.is_shared(advert.target) {
            let (near, far) = match port {
                Self::WAN => (&self.ram.lan, &self.ram.wan),
                _ => (&self.ram.wan, &self.ram.lan),
            };
            self.ram.proxy.handle_advert(advert.target, near, far, cx);
        }
    }

    /// Returns whether an address may lie on either side.
    fn is_shared(&self, address: Ipv6Addr) -> bool {
        self.setup.mode == Mode::Ra && self.lan_net().is_some_and(|net| net.contains(&address))
    }

    fn sides(&mut self, port: u8) -> (&mut Interface, &mut Interface) {
        match port {
            Self::WAN => (&mut self.ram.wan, &mut self.ram.lan),
            _ => (&mut self.ram.lan, &mut self.ram.wan),
        }
    }
}

defects! {
    /// Goes on using a default router that has cleared the R flag in its advertisements.
    IGNORES_CLEARED_ROUTER_FLAG = "ignores-cleared-router-flag",
        "NAのRフラグを落としてルータでなくなった近隣を、デフォルトルータとして使い続ける。";
    /// Believes Neighbor Advertisements that RFC 4861 has thrown away.
    BELIEVES_INVALID_NA = "believes-invalid-na",
        "RFC 4861に反するNAを信用する。";
    /// Takes a router that advertises itself on the LAN for the line's.
    HEEDS_ADVERTS_ON_LAN = "heeds-adverts-on-lan",
        "LAN側のRAに従い、そのルータをデフォルトルータとして使う。";
    /// Answers Router Solicitations whose hop limit shows that they were forwarded.
    ANSWERS_INVALID_RS = "answers-invalid-rs",
        "ホップリミットから転送されたものと分かるRSにも応答する。";
    /// Answers Neighbor Solicitations that fail the validity checks.
    ANSWERS_INVALID_NS = "answers-invalid-ns",
        "妥当性の検査を通らない近隣要請にも応答する。";
    /// Takes in Router Advertisements that RFC 4861 §6.1.2 has thrown away: forwarded ones, a code
    /// other than 0, a source that is not link-local.
    ACCEPTS_INVALID_RA = "accepts-invalid-ra",
        "転送されたもの、コードが0でないもの、送信元がリンクローカルでないものなど、RFC 4861 §6.1.2が破棄するRAを受け入れる。";
    /// Throws a Router Advertisement away because it has an option that it does not know.
    DROPS_UNKNOWN_RA_OPTIONS = "drops-unknown-ra-options",
        "未知のオプションを1つでも含むRAを破棄する。";
    /// Takes in no Router Advertisement on the WAN, as Linux routers without `accept_ra=2`.
    IGNORES_LINE_ADVERTS = "ignores-line-adverts",
        "WANのRAを受け取らない。accept_ra=2を設定していないLinuxのルータがそうする。";
    /// Does not answer Neighbor Solicitations on the WAN, as behind a filter for ICMPv6.
    NO_WAN_NEIGHBOR_ADVERTS = "no-wan-neighbor-adverts",
        "WANの近隣要請に応答しない。ICMPv6を遮断するフィルタがあるとそうなる。";
    /// Falls into an endless loop on an option of length zero in an advertisement.
    HANGS_ON_EMPTY_OPTION = "hangs-on-empty-option",
        "長さ0のオプションを含むRAを受け取ると、無限ループに陥る。";
    /// Answers Router Solicitations that come from the line.
    ANSWERS_RS_ON_WAN = "answers-rs-on-wan",
        "回線から届いたRSに応答する。";
    /// Answers upstream solicitations for any global address, the neighbours' included.
    ND_PROXY_ANSWERS_STRANGERS = "nd-proxy-answers-strangers",
        "隣の回線のものも含め、どのグローバルアドレスに対する回線側の近隣要請にも応答する。";
}

//! PPPoE frames at the router: those of its own sessions, and those of terminals that dial
//! themselves, which it lets pass where it is set up so (PPPoEパススルー, PPPoEブリッジ; guide p.7).
//!
//! What passes is for somebody on the other side and goes on as it came (IEEE 802.1D-2004 §7.7,
//! inferred: no document says what pass-through is). It need not learn who is where: there are two
//! sockets.

use etherparse::EtherType;

use super::Router;
use super::defect::{Defects, defects};
use crate::frame::Frame;
use crate::message::packet::Mac;
use crate::message::packet::ethernet::Ethernet;
use crate::message::pppoe::{HOST_UNIQ, Pppoe, Stage};
use crate::node::Context;
use crate::setup::Hand;

impl Router {
    /// Takes in a frame of PPPoE's, or passes it on.
    pub(super) fn handle_pppoe(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        if self.ram.hung {
            return;
        }
        let Some(ethernet) = Ethernet::parse(frame) else {
            return;
        };
        if port == Self::WAN {
            self.handle_own_pppoe(frame, cx);
        }
        let own = [self.setup.wan_mac, self.setup.lan_mac];
        if !own.contains(&ethernet.destination)
            && self.passes_pppoe(port, &ethernet)
            && let Some(passed) = spoilt(frame, self.setup.wan_mac, port, &self.defects)
        {
            let far = match port {
                Self::WAN => Self::LAN,
                _ => Self::WAN,
            };
            cx.send(far, passed);
        }
    }

    /// Presses 切断 or 接続 for the sessions of an account, or for all of them.
    pub fn press(&mut self, hand: Hand, account: Option<&str>, cx: &mut Context<'_>) {
        match hand {
            Hand::Disconnect => self.ram.pppoe.hang_up(account, cx),
            Hand::Connect => self.ram.pppoe.dial(account, cx.now()),
        }
        self.settle_ipv4();
    }

    fn handle_own_pppoe(&mut self, frame: &Frame, cx: &mut Context<'_>) {
        let arrived = self.ram.pppoe.handle_frame(frame, cx);
        self.settle_ipv4();
        if let Some((session, ip)) = arrived {
            self.handle_session_ipv4(session, &ip, cx);
        }
    }

    /// Returns whether frames pass at all, and this one has no defect in its way.
    fn passes_pppoe(&mut self, port: u8, ethernet: &Ethernet<'_>) -> bool {
        let (terminal, far) = match port {
            Self::WAN => (ethernet.destination, ethernet.source),
            _ => (ethernet.source, ethernet.destination),
        };
        // The first one to dial is the one.
        if port == Self::LAN {
            self.ram.served.get_or_insert(terminal);
        }
        let is_other = self.ram.served.is_some_and(|served| served != terminal);
        let set_up = self.setup.pppoe_pass_through && !self.defects.has(NO_PPPOE_PASS_THROUGH);
        (set_up || self.defects.has(PASSES_PPPOE_UNASKED))
            && !(self.defects.has(PASSES_DISCOVERY_ALONE) && ethernet.kind == SESSION)
            && !(self.defects.has(PASSES_PPPOE_FOR_ONE) && is_other && !far.is_multicast())
    }
}

/// Returns a frame as it leaves: as it came, but for what defects do to it.
fn spoilt(frame: &Frame, mac: Mac, port: u8, defects: &Defects) -> Option<Frame> {
    let outward = port == Router::LAN;
    if outward && defects.has(PASSES_PPPOE_AS_ITSELF) {
        let mut bytes = frame.to_vec();
        // IEEE 802.3 §3.1.1: the source is the second address.
        bytes.get_mut(6..12)?.copy_from_slice(&mac.0);
        return Some(bytes.into());
    }
    if defects.has(STRIPS_HOST_UNIQ)
        && let Some(mut packet) = Pppoe::parse(frame)
        && let Stage::Discovery { tags, .. } = &mut packet.stage
    {
        tags.retain(|tag| tag.kind != HOST_UNIQ);
        return Some(packet.frame());
    }
    Some(frame.clone())
}

/// The EtherType of session packets (RFC 2516 §4).
const SESSION: EtherType = EtherType(0x8864);

defects! {
    /// Lets no PPPoE of terminals pass, though it is set up to.
    NO_PPPOE_PASS_THROUGH = "no-pppoe-pass-through",
        "PPPoEパススルーを有効にしても、端末のPPPoEを通さない。";
    /// Lets PPPoE of terminals pass, though it is not set up to.
    PASSES_PPPOE_UNASKED = "passes-pppoe-unasked",
        "PPPoEパススルーが無効でも、端末のPPPoEを通す。";
    /// Lets discovery of terminals pass, and no packet of their sessions.
    PASSES_DISCOVERY_ALONE = "passes-discovery-alone",
        "PPPoEパススルーで、ディスカバリだけを通し、セッションのパケットを通さない。";
    /// Lets the PPPoE of the first terminal that dials pass, and of no other.
    PASSES_PPPOE_FOR_ONE = "passes-pppoe-for-one",
        "PPPoEパススルーで、最初に接続した1台の端末しか通さない。";
    /// Puts its own address in the place of a terminal's in the PPPoE that it lets pass.
    PASSES_PPPOE_AS_ITSELF = "passes-pppoe-as-itself",
        "PPPoEパススルーで、フレームの送信元MACアドレスを自分のものに書き換える。";
    /// Takes the Host-Uniq tag out of discovery that it lets pass.
    STRIPS_HOST_UNIQ = "strips-host-uniq",
        "PPPoEパススルーで、ディスカバリのHost-Uniqタグを取り除く。";
}

//! PPPoE at a home gateway: sessions of its own (接続先設定), and those of routers below it, which pass
//! (PPPoEブリッジ; ngn-facts §3.5).

use super::{HomeGateway, UPLINK_MAC};
use crate::frame::Frame;
use crate::line::Line;
use crate::message::packet::ethernet::Ethernet;
use crate::node::Context;
use crate::node::part::pppoe_client::PppoeClient;
use crate::node::router::defect::Defects;
use crate::setup::Hand;

impl HomeGateway {
    /// Presses 切断 or 接続 for its sessions of an account, or for all of them.
    pub fn press(&mut self, hand: Hand, account: Option<&str>, cx: &mut Context<'_>) {
        match hand {
            Hand::Disconnect => self.pppoe.hang_up(account, cx),
            Hand::Connect => self.pppoe.dial(account, cx.now()),
        }
    }

    /// Takes in a PPPoE frame of its own sessions, or passes it on.
    pub(super) fn handle_pppoe(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        if !self.is_up(cx) {
            return;
        }
        let other = match port {
            Self::UPLINK => Self::LAN,
            _ => Self::UPLINK,
        };
        let own = Ethernet::parse(frame).is_some_and(|it| it.destination == UPLINK_MAC);
        match own && port == Self::UPLINK {
            true => drop(self.pppoe.handle_frame(frame, cx)),
            false => cx.send(other, frame.clone()),
        }
    }
}

/// Returns the sessions that the gateway of a line dials, as after it is switched on.
pub(super) fn of(line: &Line) -> PppoeClient {
    let place = (HomeGateway::UPLINK, UPLINK_MAC);
    PppoeClient::new(place, &line.home_gateway_pppoe, &Defects::default())
}

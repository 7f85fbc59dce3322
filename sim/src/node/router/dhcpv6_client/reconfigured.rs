//! What the client does when its server tells it to ask again (RFC 8415 §16.11, §18.2.11).

use std::time::Duration;

use dhcproto::v6::DhcpOption;

use super::{Client, Exchange, Kind};
use crate::message::dhcpv6::{self, Message, MessageType, reconfigure};
use crate::node::Context;
use crate::node::router::defect::defects;

impl Client {
    /// Takes in a Reconfigure.
    pub(super) fn handle_reconfigure(
        &mut self,
        message: &Message,
        bytes: &[u8],
        cx: &mut Context<'_>,
    ) {
        let anybody = self.defects.has(OBEYS_ANY_RECONFIGURE);
        if self.defects.has(IGNORES_RECONFIGURE)
            || !(anybody || self.is_from_our_server(message, bytes))
        {
            return;
        }
        let waits = self
            .exchange
            .as_ref()
            .is_some_and(Exchange::outlasts_reconfigure);
        let busy = waits && !self.defects.has(RESTARTS_AT_EACH_RECONFIGURE);
        let wanted = message.opts().iter().find_map(|option| match option {
            DhcpOption::ReconfMsg(kind) => Some(*kind),
            _ => None,
        });
        let kind = match (wanted, self.binding.is_some()) {
            (Some(MessageType::Renew), true) => Kind::Renew,
            (Some(MessageType::Rebind), true) => Kind::Rebind,
            (Some(MessageType::InformationRequest), _) => Kind::InformationRequest,
            _ => return,
        };
        let kind = match self.defects.has(RENEWS_WHATEVER_IT_IS_TOLD) {
            true if self.binding.is_some() => Kind::Renew,
            _ => kind,
        };
        if !busy {
            self.begin(kind, Duration::ZERO, cx);
            if let Some(exchange) = &mut self.exchange {
                exchange.told = true;
            }
        }
    }

    /// RFC 8415 §16.11 and §20.4.3: both identifiers, a digest, and a counter that has grown.
    fn is_from_our_server(&mut self, message: &Message, bytes: &[u8]) -> bool {
        let ours = dhcpv6::client_id(message).is_some_and(|client| client == self.duid());
        let Some(credential) = &mut self.credential else {
            return false;
        };
        let server = dhcpv6::server_id(message) == Some(&credential.server[..]);
        let counter = reconfigure::verify(bytes, credential.key);
        let Some(counter) = counter.filter(|_| ours && server) else {
            return false;
        };
        let fresh = counter > credential.replay || self.defects.has(TAKES_REPLAYED_RECONFIGURES);
        credential.replay = credential.replay.max(counter);
        fresh
    }
}

impl Exchange {
    /// Returns whether a Reconfigure is ignored until this is over: RFC 8415 §18.2.11 says so of
    /// what an earlier one began. What we began by ourselves gives way, or a Rebind that repeats
    /// itself every ten minutes would be deaf for a server that is back.
    fn outlasts_reconfigure(&self) -> bool {
        match self.kind {
            Kind::Solicit | Kind::Request(_) | Kind::Release => true,
            Kind::Renew | Kind::Rebind | Kind::Verify | Kind::InformationRequest => self.told,
        }
    }
}

defects! {
    /// Says that it accepts Reconfigure and ignores it.
    IGNORES_RECONFIGURE = "ignores-reconfigure",
        "Reconfigureを受け付けるとサーバに伝えておきながら、無視する。";
    /// Renews when a Reconfigure asks for something else, too.
    RENEWS_WHATEVER_IT_IS_TOLD = "renews-whatever-it-is-told",
        "Reconfigureが何を求めていてもRenewを送る。";
    /// Does what a Reconfigure says, whoever sent it.
    OBEYS_ANY_RECONFIGURE = "obeys-any-reconfigure",
        "誰が送ったReconfigureにも従う。";
    /// Takes the same Reconfigure again and again, without a look at its replay detection.
    TAKES_REPLAYED_RECONFIGURES = "takes-replayed-reconfigures",
        "リプレイ検出の値を確かめず、同じReconfigureに何度でも従う。";
    /// Begins its Renew anew with every further Reconfigure.
    RESTARTS_AT_EACH_RECONFIGURE = "restarts-at-each-reconfigure",
        "更新の途中でReconfigureを受け取るたびに、Renewを始めからやり直す。";
}

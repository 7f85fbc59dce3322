//! Telling clients to ask again (RFC 8415 §18.3.11).

use std::net::Ipv6Addr;
use std::time::Duration;

use super::Dhcpv6Server;
use crate::line::Dhcpv6Quirk;
use crate::message::dhcpv6::reconfigure::Reconfigure;
use crate::message::dhcpv6::{self, Message, MessageType};
use crate::time::Time;

/// A client that has been told, and has not asked yet.
pub(super) struct Told {
    client: Vec<u8>,
    address: Ipv6Addr,
    sent: u32,
    due: Time,
}

impl Dhcpv6Server {
    /// Forgets every lease in a restart; who holds a key, which is kept, is told to renew when it
    /// is `back` (ngn-facts §3.3, reported; that keys are kept is inferred).
    pub(crate) fn restart(&mut self, back: Time) {
        self.reconfigure(back);
        self.clear();
    }

    /// Tells every client that holds a lease and a key to renew, from `due` on.
    pub(crate) fn reconfigure(&mut self, due: Time) {
        self.told = self
            .leases
            .iter()
            .filter(|lease| {
                let mut keyed = self.memory.keyed.iter();
                keyed.any(|one| one.client == lease.duid)
            })
            .map(|lease| Told {
                client: lease.duid.clone(),
                address: lease.client,
                sent: 0,
                due,
            })
            .collect();
    }

    /// Returns when the next Reconfigure is due.
    pub(super) fn reconfigure_due(&self) -> Option<Time> {
        self.told.iter().map(|told| told.due).min()
    }

    /// Returns the Reconfigures that are due, and where they go.
    pub(crate) fn reconfigures(&mut self, now: Time) -> Vec<(Ipv6Addr, Vec<u8>)> {
        let kind = self.told_to_send();
        let mut messages = Vec::new();
        for told in self.told.iter_mut().filter(|told| told.due <= now) {
            let mut keyed = self.memory.keyed.iter_mut();
            let Some(keyed) = keyed.find(|one| one.client == told.client) else {
                continue;
            };
            keyed.replay += 1;
            let message = Reconfigure {
                server: Some(self.duid.clone()),
                client: Some(told.client.clone()),
                kind,
                key: Some(keyed.key),
                replay: keyed.replay,
            };
            messages.push((told.address, message.encode()));
            told.due = now + REC_TIMEOUT * 2_u32.saturating_pow(told.sent);
            told.sent += 1;
        }
        self.told.retain(|told| told.sent <= REC_MAX_RC);
        messages
    }

    /// Returns what a Reconfigure has its client send (RFC 8415 §18.2.11).
    fn told_to_send(&self) -> MessageType {
        match () {
            () if self.has(Dhcpv6Quirk::ReconfiguresByRebind) => MessageType::Rebind,
            () if self.has(Dhcpv6Quirk::ReconfiguresByInformation) => {
                MessageType::InformationRequest
            }
            () => MessageType::Renew,
        }
    }

    /// Notes that a client does as it was told.
    pub(super) fn note_asked(&mut self, message: &Message) {
        let asks = match message.msg_type() {
            MessageType::Renew | MessageType::Rebind | MessageType::Solicit => true,
            other => other == self.told_to_send(),
        };
        if let Some(client) = dhcpv6::client_id(message).filter(|_| asks) {
            self.told.retain(|told| told.client != client);
        }
    }
}

/// RFC 8415 §7.6.
const REC_TIMEOUT: Duration = Duration::from_secs(2);
const REC_MAX_RC: u32 = 8;

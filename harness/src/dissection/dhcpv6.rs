//! DHCPv6 messages between clients and servers (RFC 8415 §8); relay messages are left out.

use std::net::Ipv6Addr;

use std::collections::BTreeSet;

use dhcproto::v6::{DhcpOption, DhcpOptions, OptionCode, Status};
use ngnlab_sim::message::dhcpv6::{self, Delegated};

pub use dhcproto::v6::MessageType as Kind;

/// The port of clients (RFC 8415 §7.2).
pub const CLIENT_PORT: u16 = 546;
/// The port of servers and relay agents (RFC 8415 §7.2).
pub const SERVER_PORT: u16 = 547;

/// Information Refresh Time (RFC 8415 §21.23).
const REFRESH_TIME: u16 = 32;

/// A DHCPv6 message.
#[derive(Clone, Debug)]
pub struct Dhcpv6 {
    /// The port it came from.
    pub source_port: u16,
    /// The port it went to.
    pub destination_port: u16,
    /// Its type.
    pub kind: Kind,
    /// Its transaction id.
    pub xid: u32,
    /// Its options.
    pub options: DhcpOptions,
    /// The IAIDs of it that its receiver has never asked for, which it leaves unheard (RFC 8415 §12).
    pub unasked: BTreeSet<u32>,
}

/// One IA_PD of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegation {
    /// Its IAID.
    pub iaid: u32,
    /// When to renew, in seconds.
    pub t1: u32,
    /// When to rebind, in seconds.
    pub t2: u32,
    /// Its prefixes.
    pub prefixes: Vec<Delegated>,
    /// Whether its status code, if any, says success.
    pub success: bool,
}

impl Delegation {
    /// Returns whether a client may use it at all: T1 is not above T2 (RFC 8415 §21.21).
    pub fn has_sane_timers(&self) -> bool {
        self.t2 == 0 || self.t1 <= self.t2
    }
}

impl Dhcpv6 {
    /// Reads a message that travels between these UDP ports, source first.
    pub fn read(ports: (u16, u16), payload: &[u8]) -> Option<Self> {
        if ports.1 != CLIENT_PORT && ports.1 != SERVER_PORT {
            return None;
        }
        // Relay messages have another header (RFC 8415 §9).
        let kind = Kind::from(*payload.first()?);
        if matches!(kind, Kind::RelayForw | Kind::RelayRepl) {
            return None;
        }
        let message = dhcpv6::decode(payload)?;
        Some(Self {
            source_port: ports.0,
            destination_port: ports.1,
            kind: message.msg_type(),
            xid: message.xid_num(),
            options: message.opts().clone(),
            unasked: BTreeSet::new(),
        })
    }

    /// Returns whether clients send messages of this type (RFC 8415 §7.3).
    pub fn is_from_client(&self) -> bool {
        matches!(
            self.kind,
            Kind::Solicit
                | Kind::Request
                | Kind::Confirm
                | Kind::Renew
                | Kind::Rebind
                | Kind::Release
                | Kind::Decline
                | Kind::InformationRequest
        )
    }

    /// Returns the DUID of the Client Identifier.
    pub fn client_id(&self) -> Option<&[u8]> {
        match self.options.get(OptionCode::ClientId)? {
            DhcpOption::ClientId(duid) => Some(duid),
            _ => None,
        }
    }

    /// Returns the DUID of the Server Identifier.
    pub fn server_id(&self) -> Option<&[u8]> {
        match self.options.get(OptionCode::ServerId)? {
            DhcpOption::ServerId(duid) => Some(duid),
            _ => None,
        }
    }

    /// Returns the Elapsed Time in hundredths of a second.
    pub fn elapsed(&self) -> Option<u16> {
        match self.options.get(OptionCode::ElapsedTime)? {
            DhcpOption::ElapsedTime(time) => Some(*time),
            _ => None,
        }
    }

    /// Returns the codes of its options, those inside others left out.
    pub fn codes(&self) -> Vec<u16> {
        let codes = self.options.iter().map(OptionCode::from);
        codes.map(u16::from).collect()
    }

    /// Returns whether its sender accepts Reconfigure messages (RFC 8415 §21.20).
    pub fn accepts_reconfigure(&self) -> bool {
        self.options.get(OptionCode::ReconfAccept).is_some()
    }

    /// Returns the preference of an Advertise, 0 unless it is there (RFC 8415 §21.8).
    pub fn preference(&self) -> u8 {
        match self.options.get(OptionCode::Preference) {
            Some(DhcpOption::Preference(preference)) => *preference,
            _ => 0,
        }
    }

    /// Returns the value of an option that holds one number of four bytes.
    pub fn number(&self, code: u16) -> Option<u32> {
        self.options.iter().find_map(|option| match option {
            DhcpOption::InformationRefreshTime(value) if code == REFRESH_TIME => Some(*value),
            DhcpOption::Unknown(raw) if u16::from(raw.code()) == code => {
                Some(u32::from_be_bytes(raw.data().try_into().ok()?))
            }
            _ => None,
        })
    }

    /// Returns the statuses of the message and of its IA_PDs.
    pub fn statuses(&self) -> Vec<Status> {
        let of_delegations = self.options.iter().filter_map(|option| match option {
            DhcpOption::IAPD(ia) => Some(dhcpv6::status(&ia.opts)),
            _ => None,
        });
        [dhcpv6::status(&self.options)]
            .into_iter()
            .chain(of_delegations)
            .collect()
    }

    /// Returns whether the message grants an address.
    pub fn grants_address(&self) -> bool {
        self.success()
            && self.options.iter().any(|option| match option {
                DhcpOption::IANA(ia) => ia.opts.get(OptionCode::IAAddr).is_some(),
                _ => false,
            })
    }

    /// Returns the addresses that the message grants.
    pub fn addresses(&self) -> Vec<Ipv6Addr> {
        let mut addresses = Vec::new();
        for option in self.options.iter() {
            let DhcpOption::IANA(ia) = option else {
                continue;
            };
            for option in ia.opts.iter() {
                if let DhcpOption::IAAddr(address) = option {
                    addresses.push(address.addr);
                }
            }
        }
        addresses
    }

    /// Returns whether the message refuses an address.
    pub fn refuses_address(&self) -> bool {
        self.options.iter().any(|option| match option {
            DhcpOption::IANA(ia) => dhcpv6::status(&ia.opts) != Status::Success,
            _ => false,
        })
    }

    /// Returns the codes in the Option Request.
    pub fn requested(&self) -> Vec<u16> {
        match self.options.get(OptionCode::ORO) {
            Some(DhcpOption::ORO(oro)) => oro.opts.iter().copied().map(u16::from).collect(),
            _ => Vec::new(),
        }
    }

    /// Returns the DNS servers (RFC 3646), if the option is there.
    pub fn dns_servers(&self) -> Option<&[Ipv6Addr]> {
        match self.options.get(OptionCode::DomainNameServers)? {
            DhcpOption::DomainNameServers(servers) => Some(servers),
            _ => None,
        }
    }

    /// Returns whether the message as a whole was successful.
    pub fn success(&self) -> bool {
        dhcpv6::status(&self.options) == Status::Success
    }

    /// Returns the IA_PDs, but for those that nobody asked for.
    pub fn delegations(&self) -> Vec<Delegation> {
        let mut all = self.all_delegations();
        all.retain(|ia| !self.unasked.contains(&ia.iaid));
        all
    }

    /// Returns every IA_PD.
    pub fn all_delegations(&self) -> Vec<Delegation> {
        self.options
            .iter()
            .filter_map(|option| match option {
                DhcpOption::IAPD(ia) => Some(Delegation {
                    iaid: ia.id,
                    t1: ia.t1,
                    t2: ia.t2,
                    prefixes: dhcpv6::prefixes(ia),
                    success: dhcpv6::status(&ia.opts) == Status::Success,
                }),
                _ => None,
            })
            .collect()
    }

    /// Returns the prefixes with a lifetime in successful IA_PDs of a successful message.
    pub fn granted(&self) -> Vec<(Delegation, Delegated)> {
        if !self.success() {
            return Vec::new();
        }
        self.delegations()
            .into_iter()
            .filter(|ia| ia.success)
            .flat_map(|ia| {
                let prefixes = ia.prefixes.clone();
                prefixes.into_iter().map(move |prefix| (ia.clone(), prefix))
            })
            .filter(|(_, prefix)| prefix.valid > 0)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_message_of_a_device_can_hurt_the_judge(
            kind in 0_u8..14,
            options in prop::collection::vec((0_u16..100, prop::collection::vec(any::<u8>(), 0..12)), 0..6),
            cut in 0_usize..80,
        ) {
            let mut payload = vec![kind, 1, 2, 3];
            for (code, value) in &options {
                payload.extend(code.to_be_bytes());
                payload.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
                payload.extend(value);
            }
            payload.truncate(cut);
            if let Some(message) = Dhcpv6::read((SERVER_PORT, CLIENT_PORT), &payload) {
                message.granted();
                message.requested();
                message.elapsed();
            }
        }
    }
}

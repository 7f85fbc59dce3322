//! DHCPv4 messages (RFC 2131): dhcproto's types with what nodes and checks keep asking.

use std::net::Ipv4Addr;
use std::time::Duration;

use dhcproto::{Decodable, Decoder, Encodable};

pub use dhcproto::v4::{DhcpOption, Message, MessageType, Opcode, OptionCode};

use super::packet::Mac;

/// The port clients listen on (RFC 2131 §4.1).
pub const CLIENT_PORT: u16 = 68;
/// The port servers listen on (RFC 2131 §4.1).
pub const SERVER_PORT: u16 = 67;

/// Reads a message of a client or server on Ethernet; `None` for others and malformed ones.
pub fn decode(bytes: &[u8]) -> Option<Message> {
    // dhcproto trusts the length of hardware addresses.
    let is_ethernet = bytes.get(1..3) == Some(&[ETHERNET, 6]);
    let bytes = without_trusted(bytes).filter(|_| is_ethernet)?;
    let message = Message::decode(&mut Decoder::new(&bytes)).ok()?;
    kind(&message).is_some().then_some(message)
}

/// Returns a message without the options whose length dhcproto trusts, too.
fn without_trusted(bytes: &[u8]) -> Option<Vec<u8>> {
    let (fixed, mut rest) = bytes.split_at_checked(FIXED)?;
    let mut kept = fixed.to_vec();
    while let Some((&code, after)) = rest.split_first() {
        let length = match code {
            PAD => 1,
            END => break,
            _ => 2 + usize::from(*after.first().unwrap_or(&0)),
        };
        let Some((option, after)) = rest.split_at_checked(length) else {
            break;
        };
        if !LENGTH_TRUSTED.contains(&code) {
            kept.extend(option);
        }
        rest = after;
    }
    kept.push(END);
    Some(kept)
}

/// Writes a message, filled up to the size that BOOTP has (RFC 1542 §2.1).
pub fn encode(message: &Message) -> Vec<u8> {
    let mut bytes = message.to_vec().unwrap_or_default();
    bytes.resize(bytes.len().max(SMALLEST), 0);
    bytes
}

/// Returns what a message is for.
pub fn kind(message: &Message) -> Option<MessageType> {
    message.opts().msg_type()
}

/// Returns whose message it is, or for whom.
pub fn client(message: &Message) -> Option<Mac> {
    Some(Mac(message.chaddr().try_into().ok()?))
}

/// Returns which server is meant, or answers.
pub fn server(message: &Message) -> Option<Ipv4Addr> {
    match message.opts().get(OptionCode::ServerIdentifier) {
        Some(DhcpOption::ServerIdentifier(address)) => Some(*address),
        _ => None,
    }
}

/// Returns the address that a client asks for.
pub fn requested(message: &Message) -> Option<Ipv4Addr> {
    match message.opts().get(OptionCode::RequestedIpAddress) {
        Some(DhcpOption::RequestedIpAddress(address)) => Some(*address),
        _ => None,
    }
}

/// Returns how long the address may be used; all ones mean for ever (RFC 2131 §3.3).
pub fn lease_time(message: &Message) -> Option<Duration> {
    match message.opts().get(OptionCode::AddressLeaseTime) {
        Some(DhcpOption::AddressLeaseTime(seconds)) => Some(Duration::from_secs((*seconds).into())),
        _ => None,
    }
}

/// Returns the length of the subnet's prefix.
pub fn prefix_len(message: &Message) -> Option<u8> {
    match message.opts().get(OptionCode::SubnetMask) {
        Some(DhcpOption::SubnetMask(mask)) => u8::try_from(u32::from(*mask).leading_ones()).ok(),
        _ => None,
    }
}

/// Returns the routers.
pub fn routers(message: &Message) -> &[Ipv4Addr] {
    match message.opts().get(OptionCode::Router) {
        Some(DhcpOption::Router(routers)) => routers,
        _ => &[],
    }
}

/// Returns the DNS servers.
pub fn dns(message: &Message) -> &[Ipv4Addr] {
    match message.opts().get(OptionCode::DomainNameServer) {
        Some(DhcpOption::DomainNameServer(servers)) => servers,
        _ => &[],
    }
}

/// The fixed part and the cookie (RFC 2131 §2, §3).
const FIXED: usize = 240;
/// The options without a length (RFC 2132 §3.1, §3.2).
const PAD: u8 = 0;
const END: u8 = 255;
/// Rapid Commit, Client FQDN, Client Network Interface, and four of leasequery (RFC 4039, RFC 4702,
/// RFC 4578, RFC 6926): nobody here asks for one.
const LENGTH_TRUSTED: [u8; 7] = [80, 81, 94, 152, 153, 154, 155];
/// The hardware type of Ethernet (RFC 1700).
const ETHERNET: u8 = 1;
/// The fixed part, the cookie, and what BOOTP has for its vendor area.
const SMALLEST: usize = 300;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_hostile_is_too_much(
            mut bytes in prop::collection::vec(any::<u8>(), 240..600), hlen in 0_u8..20,
        ) {
            bytes[1] = 1;
            bytes[2] = if hlen > 9 { 6 } else { hlen };
            bytes[236..240].copy_from_slice(&[99, 130, 83, 99]);
            decode(&bytes);
        }
    }

    #[test]
    fn a_length_that_no_option_of_its_kind_has_is_no_end_of_us() {
        for code in 1..END {
            for length in 0..20_u8 {
                let mut message = Message::default();
                message.set_chaddr(&[2, 0, 0x5e, 0, 0, 1]);
                let mut bytes = message.to_vec().unwrap();
                bytes.resize(FIXED, 0);
                // The message type stands behind, so that both are read.
                let option = [code, length].into_iter();
                bytes.extend(option.chain(std::iter::repeat_n(1, length.into())));
                bytes.extend([53, 1, 1, END]);
                decode(&bytes);
            }
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let mut message = Message::default();
        message.set_chaddr(&[2, 0, 0x5e, 0, 0, 1]);
        message
            .opts_mut()
            .insert(DhcpOption::MessageType(MessageType::Discover));
        let bytes = encode(&message);
        assert_eq!(bytes.len(), SMALLEST);
        let read = decode(&bytes).unwrap();
        assert_eq!(kind(&read), Some(MessageType::Discover));
        assert_eq!(client(&read), Some(Mac([2, 0, 0x5e, 0, 0, 1])));
    }
}

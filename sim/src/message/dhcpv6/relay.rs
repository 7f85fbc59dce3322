//! Messages of relay agents: what a client said, wrapped once or more often (RFC 8415 §9, §19).

use std::net::Ipv6Addr;

/// What a Relay-forward says beside the message in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayForward {
    hops: u8,
    link: Ipv6Addr,
    peer: Ipv6Addr,
    interface_id: Option<Vec<u8>>,
    /// The message in it, which may be another one.
    pub relayed: Vec<u8>,
}

impl RelayForward {
    /// Reads a Relay-forward; `None` for anything else, and for one without a message in it.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (header, mut options) = bytes.split_first_chunk::<HEADER>()?;
        let address = |at: usize| -> Option<Ipv6Addr> {
            let octets: [u8; 16] = header[at..at + 16].try_into().ok()?;
            Some(octets.into())
        };
        // RFC 8415 §19.1.2: a relay agent passes on no message with more hops than that.
        if header[0] != RELAY_FORWARD || header[1] > HOP_COUNT_LIMIT {
            return None;
        }
        let (mut relayed, mut interface_id) = (None, None);
        while !options.is_empty() {
            let (option, rest) = options.split_first_chunk::<4>()?;
            let length = usize::from(u16::from_be_bytes([option[2], option[3]]));
            let (data, rest) = rest.split_at_checked(length)?;
            match u16::from_be_bytes([option[0], option[1]]) {
                RELAY_MESSAGE => relayed = Some(data.to_vec()),
                INTERFACE_ID => interface_id = Some(data.to_vec()),
                _ => {}
            }
            options = rest;
        }
        Some(Self {
            hops: header[1],
            link: address(2)?,
            peer: address(18)?,
            interface_id,
            relayed: relayed?,
        })
    }

    /// Wraps an answer for the way back: hops, addresses and interface are those of the question
    /// (RFC 8415 §19.3). `None` if it is too long for an option.
    pub fn reply(&self, answer: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = vec![RELAY_REPLY, self.hops];
        bytes.extend(self.link.octets());
        bytes.extend(self.peer.octets());
        let id = self.interface_id.iter().map(|id| (INTERFACE_ID, &id[..]));
        for (code, data) in id.chain([(RELAY_MESSAGE, answer)]) {
            bytes.extend(code.to_be_bytes());
            bytes.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
            bytes.extend(data);
        }
        Some(bytes)
    }
}

// RFC 8415 §7.3, §9, §21.10, §21.18, §7.6.
const RELAY_FORWARD: u8 = 12;
const RELAY_REPLY: u8 = 13;
const HEADER: usize = 34;
const RELAY_MESSAGE: u16 = 9;
const INTERFACE_ID: u16 = 18;
const HOP_COUNT_LIMIT: u8 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_carries_what_the_way_there_said() {
        let mut bytes = vec![RELAY_FORWARD, 1];
        bytes.extend([0x20; 16]);
        bytes.extend([0xfe; 16]);
        bytes.extend([0, 18, 0, 2, b'e', b'1', 0, 9, 0, 3, 1, 2, 3]);
        let forward = RelayForward::parse(&bytes).unwrap();
        assert_eq!(forward.relayed, [1, 2, 3]);
        let reply = forward.reply(&[7, 8]).unwrap();
        assert_eq!(reply[..2], [RELAY_REPLY, 1]);
        assert_eq!(reply[2..34], bytes[2..34]);
        assert_eq!(reply[34..], [0, 18, 0, 2, b'e', b'1', 0, 9, 0, 2, 7, 8]);
    }

    #[test]
    fn what_is_cut_short_or_empty_is_none() {
        let mut bytes = vec![RELAY_FORWARD, 0];
        bytes.extend([0; 32]);
        assert_eq!(RelayForward::parse(&bytes), None);
        bytes.extend([0, 9, 0, 3, 1, 2]);
        assert_eq!(RelayForward::parse(&bytes), None);
        bytes.push(3);
        assert!(RelayForward::parse(&bytes).is_some());
        bytes[1] = HOP_COUNT_LIMIT + 1;
        assert_eq!(RelayForward::parse(&bytes), None);
        bytes[..2].copy_from_slice(&[RELAY_REPLY, 0]);
        assert_eq!(RelayForward::parse(&bytes), None);
        assert_eq!(RelayForward::parse(&bytes[..20]), None);
    }
}

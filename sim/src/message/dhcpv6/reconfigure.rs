//! Reconfigure and its key (RFC 8415 §16.11, §20.4): a server tells a client to ask again, and
//! proves with HMAC-MD5 that it is the one that gave the client its key.

use dhcproto::v6::{Authentication, DhcpOption, MessageType};
use hmac::{Hmac, Mac as _};
use md5::Md5;

use super::{Message, encode, message};

/// The key that a server gives a client.
pub type Key = [u8; 16];

/// Builds the Authentication option that gives a client its key.
pub fn key_option(key: Key, replay: u64) -> DhcpOption {
    authentication(replay, KEY, &key)
}

/// Returns the key that a message gives its client.
pub fn key_in(message: &Message) -> Option<Key> {
    let option = message.opts().iter().find_map(|option| match option {
        DhcpOption::Authentication(option) => Some(option),
        _ => None,
    })?;
    let [KEY, key @ ..] = &option.info[..] else {
        return None;
    };
    let known = (option.proto, option.algo, option.rdm) == (PROTOCOL, HMAC_MD5, COUNTER);
    known.then(|| key.try_into().ok()).flatten()
}

/// What a Reconfigure says, and how it is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconfigure {
    /// The server's DUID.
    pub server: Option<Vec<u8>>,
    /// The client's DUID.
    pub client: Option<Vec<u8>>,
    /// What the client is to send.
    pub kind: MessageType,
    /// The key it is signed with; without one there is no Authentication option.
    pub key: Option<Key>,
    /// The counter against replays, greater with each message.
    pub replay: u64,
}

impl Reconfigure {
    /// Writes the message.
    pub fn encode(&self) -> Vec<u8> {
        let server = self.server.clone().map(DhcpOption::ServerId);
        let client = self.client.clone().map(DhcpOption::ClientId);
        let signature = |_| authentication(self.replay, DIGEST, &[0; 16]);
        let options = [DhcpOption::ReconfMsg(self.kind)];
        let options = options.into_iter().chain(server).chain(client);
        // RFC 8415 §18.3.11: the transaction id is 0.
        let kind = MessageType::Reconfigure;
        let mut bytes = encode(&message(
            kind,
            [0; 3],
            options.chain(self.key.map(signature)),
        ));
        if let Some(key) = self.key
            && let Some(at) = digest_at(&bytes)
        {
            let digest = hmac(key, &bytes);
            bytes[at..at + 16].copy_from_slice(&digest);
        }
        bytes
    }
}

/// Returns the counter of a Reconfigure that was signed with this key.
pub fn verify(bytes: &[u8], key: Key) -> Option<u64> {
    let at = digest_at(bytes)?;
    let mut blank = bytes.to_vec();
    let given: Key = blank.get(at..at + 16)?.try_into().ok()?;
    // RFC 8415 §20.4.2: the digest covers the message with zeros in its own place.
    blank[at..at + 16].fill(0);
    let counter = bytes.get(at - 9..at - 1)?.try_into().ok()?;
    (hmac(key, &blank) == given).then(|| u64::from_be_bytes(counter))
}

/// Makes sixteen bytes out of any others, for keys that are the same in every run.
pub fn mix(parts: &[&[u8]]) -> Key {
    hmac([0; 16], &parts.concat())
}

fn authentication(replay: u64, kind: u8, value: &Key) -> DhcpOption {
    DhcpOption::Authentication(Authentication {
        proto: PROTOCOL,
        algo: HMAC_MD5,
        rdm: COUNTER,
        replay_detection: replay,
        info: [&[kind], &value[..]].concat(),
    })
}

fn hmac(key: Key, bytes: &[u8]) -> Key {
    let mut hmac = Hmac::<Md5>::new_from_slice(&key).expect("HMAC takes keys of any length");
    hmac.update(bytes);
    hmac.finalize().into_bytes().into()
}

/// Returns where the digest stands in a message.
fn digest_at(bytes: &[u8]) -> Option<usize> {
    let mut at = 4;
    loop {
        let header = bytes.get(at..at + 4)?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let body = bytes.get(at + 4..at + 4 + length)?;
        if header[..2] == [0, AUTHENTICATION] {
            let ours = body.len() == 28 && body[..3] == [PROTOCOL, HMAC_MD5, COUNTER];
            return (ours && body[11] == DIGEST).then_some(at + 4 + 12);
        }
        at += 4 + length;
    }
}

/// RFC 8415 §21.11.
const AUTHENTICATION: u8 = 11;
/// Protocol 3, algorithm 1, replay detection by a counter (RFC 8415 §20.4).
const PROTOCOL: u8 = 3;
const HMAC_MD5: u8 = 1;
const COUNTER: u8 = 0;
/// RFC 8415 §20.4.1: what the authentication information holds.
const KEY: u8 = 1;
const DIGEST: u8 = 2;

#[cfg(test)]
mod tests {
    use super::super::decode;
    use super::*;

    fn reconfigure() -> Reconfigure {
        Reconfigure {
            server: Some(vec![0, 3, 0, 1, 0, 0x19, 0xe7, 0x13, 0x6c, 0x1b]),
            client: Some(vec![0, 3, 0, 1, 2, 0, 0x5e, 0, 0, 1]),
            kind: MessageType::Renew,
            key: Some([7; 16]),
            replay: 5,
        }
    }

    #[test]
    fn only_the_right_key_and_untouched_bytes_prove_a_reconfigure() {
        let bytes = reconfigure().encode();
        assert_eq!(verify(&bytes, [7; 16]), Some(5));
        assert_eq!(verify(&bytes, [8; 16]), None);
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            assert_eq!(verify(&changed, [7; 16]), None, "byte {index}");
        }
        let unsigned = Reconfigure {
            key: None,
            ..reconfigure()
        };
        assert_eq!(verify(&unsigned.encode(), [7; 16]), None);
        assert_eq!(verify(&bytes[..bytes.len() - 1], [7; 16]), None);
    }

    #[test]
    fn the_digest_is_that_of_rfc_2104() {
        // RFC 2202 §2, test case 1.
        let digest = hmac([0x0b; 16], b"Hi There");
        assert_eq!(
            u128::from_be_bytes(digest),
            0x9294727a3638bb1c13f48ef8158bfc9d
        );
    }

    #[test]
    fn a_key_reads_back() {
        let reply = message(MessageType::Reply, [1, 2, 3], [key_option([9; 16], 1)]);
        let reply = decode(&encode(&reply)).unwrap();
        assert_eq!(key_in(&reply), Some([9; 16]));
    }
}

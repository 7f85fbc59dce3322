//! PPP frames as PPPoE carries them: the protocol, and the packets of the control protocols (RFC 1661
//! §2, §5; RFC 1332, RFC 1334, RFC 1994).

use std::net::Ipv4Addr;

use md5::{Digest as _, Md5};

/// A PPP frame: a protocol number, and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ppp {
    /// The protocol.
    pub protocol: u16,
    /// Its packet.
    pub information: Vec<u8>,
}

/// A packet of LCP, of a network control protocol, or of authentication: all have this shape (RFC
/// 1661 §5, RFC 1334 §2.2, RFC 1994 §4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// What it says.
    pub code: u8,
    /// What an answer is recognised by.
    pub id: u8,
    /// What follows.
    pub data: Vec<u8>,
}

/// An option that is negotiated (RFC 1661 §6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationOption {
    /// Its type.
    pub kind: u8,
    /// Its value.
    pub value: Vec<u8>,
}

impl Ppp {
    /// Makes a frame with a control packet in it.
    pub fn control(protocol: u16, packet: &Control) -> Self {
        Self {
            protocol,
            information: packet.to_bytes(),
        }
    }

    /// Takes a frame apart. Protocol numbers of one byte are none here: RFC 2516 §7 recommends against
    /// the compression, and nobody agrees to it.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (protocol, information) = bytes.split_first_chunk::<2>()?;
        Some(Self {
            protocol: u16::from_be_bytes(*protocol),
            information: information.to_vec(),
        })
    }

    /// Returns the frame's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.protocol.to_be_bytes()[..], &self.information].concat()
    }

    /// Returns the control packet in it, if its protocol has such.
    pub fn packet(&self) -> Option<Control> {
        match self.protocol {
            LCP | IPCP | IPV6CP | PAP | CHAP => Control::parse(&self.information),
            _ => None,
        }
    }
}

impl Control {
    /// Makes a packet with options.
    pub fn with_options(code: u8, id: u8, options: &[ConfigurationOption]) -> Self {
        let data = options
            .iter()
            .flat_map(ConfigurationOption::to_bytes)
            .collect();
        Self { code, id, data }
    }

    /// Takes a packet apart; what its length leaves over is padding (RFC 1661 §5).
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let ([code, id, high, low], _) = bytes.split_first_chunk::<CONTROL_HEADER>()?;
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let data = bytes.get(CONTROL_HEADER..length)?.to_vec();
        Some(Self {
            code: *code,
            id: *id,
            data,
        })
    }

    /// Returns the packet's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let length = u16::try_from(CONTROL_HEADER + self.data.len())
            .expect("a packet is shorter than 64 KiB");
        let mut bytes = vec![self.code, self.id];
        bytes.extend(length.to_be_bytes());
        bytes.extend(&self.data);
        bytes
    }

    /// Returns its options; `None` if their lengths contradict the packet's (RFC 1661 §6).
    pub fn options(&self) -> Option<Vec<ConfigurationOption>> {
        let mut rest = &self.data[..];
        let mut options = Vec::new();
        while let [kind, length, ..] = rest {
            let value = rest.get(OPTION_HEADER..usize::from(*length))?;
            options.push(ConfigurationOption::new(*kind, value));
            rest = &rest[usize::from(*length)..];
        }
        rest.is_empty().then_some(options)
    }

    /// Returns the two fields of a PAP request: the name and the password (RFC 1334 §2.2.1).
    pub fn pap_credentials(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let (name, rest) = counted(&self.data)?;
        let (password, _) = counted(rest)?;
        Some((name.to_vec(), password.to_vec()))
    }

    /// Returns the two fields of a CHAP challenge or response: the value and the name (RFC 1994
    /// §4.1).
    pub fn chap_value(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let (value, name) = counted(&self.data)?;
        Some((value.to_vec(), name.to_vec()))
    }
}

impl ConfigurationOption {
    /// Makes an option.
    pub fn new(kind: u8, value: impl Into<Vec<u8>>) -> Self {
        let value = value.into();
        Self { kind, value }
    }

    /// Makes an option with an address in it.
    pub fn address(kind: u8, address: Ipv4Addr) -> Self {
        Self::new(kind, address.octets())
    }

    /// Returns the address in it.
    pub fn as_address(&self) -> Option<Ipv4Addr> {
        let octets: [u8; 4] = self.value[..].try_into().ok()?;
        Some(octets.into())
    }

    fn to_bytes(&self) -> Vec<u8> {
        let length = u8::try_from(OPTION_HEADER + self.value.len())
            .expect("an option is shorter than 256 bytes");
        [&[self.kind, length][..], &self.value].concat()
    }
}

/// Returns the response to a challenge: MD5 of identifier, secret and challenge (RFC 1994 §4.1).
pub fn chap_md5(id: u8, secret: &[u8], challenge: &[u8]) -> [u8; 16] {
    let mut hash = Md5::new();
    hash.update([id]);
    hash.update(secret);
    hash.update(challenge);
    hash.finalize().into()
}

/// Returns bytes with their number before them, as PAP and CHAP have them.
pub fn with_count(bytes: &[u8]) -> Vec<u8> {
    let count = u8::try_from(bytes.len()).expect("names and passwords are shorter than 256 bytes");
    [&[count][..], bytes].concat()
}

fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (count, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(*count))
}

// Protocol numbers (RFC 1661 §2, and the RFC of each).

/// An IPv4 packet (RFC 1332 §2.1).
pub const IPV4: u16 = 0x0021;
/// An IPv6 packet (RFC 5072 §2).
pub const IPV6: u16 = 0x0057;
/// The Internet Protocol Control Protocol (RFC 1332 §2).
pub const IPCP: u16 = 0x8021;
/// The IPv6 Control Protocol (RFC 5072 §3).
pub const IPV6CP: u16 = 0x8057;
/// The Link Control Protocol (RFC 1661 §5).
pub const LCP: u16 = 0xc021;
/// The Password Authentication Protocol (RFC 1334 §2).
pub const PAP: u16 = 0xc023;
/// The Challenge Handshake Authentication Protocol (RFC 1994 §3).
pub const CHAP: u16 = 0xc223;

// Codes of LCP; network control protocols have the first seven (RFC 1661 §5, RFC 1332 §2).

/// Asks for options.
pub const CONFIGURE_REQUEST: u8 = 1;
/// Agrees to all of them.
pub const CONFIGURE_ACK: u8 = 2;
/// Would rather have other values.
pub const CONFIGURE_NAK: u8 = 3;
/// Does not know, or does not negotiate, these.
pub const CONFIGURE_REJECT: u8 = 4;
/// Ends the link.
pub const TERMINATE_REQUEST: u8 = 5;
/// Agrees to its end.
pub const TERMINATE_ACK: u8 = 6;
/// Does not know a code.
pub const CODE_REJECT: u8 = 7;
/// Does not know a protocol.
pub const PROTOCOL_REJECT: u8 = 8;
/// Is somebody there?
pub const ECHO_REQUEST: u8 = 9;
/// Yes.
pub const ECHO_REPLY: u8 = 10;
/// To be thrown away.
pub const DISCARD_REQUEST: u8 = 11;

// Codes of PAP (RFC 1334 §2.2) and CHAP (RFC 1994 §4).

/// PAP: here are name and password.
pub const AUTHENTICATE_REQUEST: u8 = 1;
/// PAP: they are right.
pub const AUTHENTICATE_ACK: u8 = 2;
/// PAP: they are not.
pub const AUTHENTICATE_NAK: u8 = 3;
/// CHAP: prove that you know the password.
pub const CHALLENGE: u8 = 1;
/// CHAP: the proof.
pub const RESPONSE: u8 = 2;
/// CHAP: it is right.
pub const SUCCESS: u8 = 3;
/// CHAP: it is not.
pub const FAILURE: u8 = 4;

// Options of LCP (RFC 1661 §6, RFC 1662 §7.1, RFC 1570 §2.1).

/// Maximum-Receive-Unit.
pub const MRU: u8 = 1;
/// Async-Control-Character-Map.
pub const ACCM: u8 = 2;
/// Authentication-Protocol.
pub const AUTHENTICATION: u8 = 3;
/// Magic-Number.
pub const MAGIC: u8 = 5;
/// Protocol-Field-Compression.
pub const PFC: u8 = 7;
/// Address-and-Control-Field-Compression.
pub const ACFC: u8 = 8;
/// FCS-Alternatives.
pub const FCS: u8 = 9;

// Options of IPCP (RFC 1332 §3, RFC 1877 §1).

/// IP-Address.
pub const IP_ADDRESS: u8 = 3;
/// Primary DNS Server Address.
pub const PRIMARY_DNS: u8 = 129;
/// Secondary DNS Server Address.
pub const SECONDARY_DNS: u8 = 131;

/// The algorithm number of MD5 in the authentication option (RFC 1994 §3).
pub const CHAP_MD5: u8 = 5;
/// Code, identifier and length.
const CONTROL_HEADER: usize = 4;
/// Type and length.
const OPTION_HEADER: usize = 2;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn options_that_contradict_their_packet_are_none() {
        let packet = |data: &[u8]| Control {
            code: CONFIGURE_REQUEST,
            id: 1,
            data: data.to_vec(),
        };
        assert_eq!(
            packet(&[1, 4, 5, 0xae]).options(),
            Some(vec![ConfigurationOption::new(MRU, [5, 0xae])])
        );
        assert_eq!(packet(&[1, 5, 5, 0xae]).options(), None);
        assert_eq!(packet(&[1, 1, 5, 0xae]).options(), None);
        assert_eq!(packet(&[1]).options(), None);
    }

    #[test]
    fn what_a_length_leaves_over_is_padding() {
        let parsed = Control::parse(&[9, 3, 0, 8, 1, 2, 3, 4, 0, 0]).unwrap();
        assert_eq!(
            (parsed.code, parsed.id, &parsed.data[..]),
            (9, 3, &[1, 2, 3, 4][..])
        );
        assert_eq!(Control::parse(&[9, 3, 0, 3]), None);
        assert_eq!(Control::parse(&[9, 3, 0, 9, 1, 2, 3, 4]), None);
    }

    #[test]
    fn a_challenge_is_answered_as_md5_says() {
        // By `printf '\001secretchallenge' | md5sum`.
        let hex: String = chap_md5(1, b"secret", b"challenge")
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(hex, MD5_OF_EXAMPLE);
    }

    const MD5_OF_EXAMPLE: &str = "46e47770030e2b4e26a0db72a7efec00";

    proptest! {
        #[test]
        fn packets_come_out_as_they_went_in(
            code in any::<u8>(),
            id in any::<u8>(),
            given in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..40)), 0..8),
        ) {
            let given: Vec<_> = given.into_iter().map(|(kind, value)| ConfigurationOption::new(kind, value)).collect();
            let packet = Control::with_options(code, id, &given);
            let parsed = Ppp::parse(&Ppp::control(LCP, &packet).to_bytes()).unwrap().packet().unwrap();
            prop_assert_eq!(parsed.options(), Some(given));
            prop_assert_eq!(parsed, packet);
        }

        #[test]
        fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Some(packet) = Ppp::parse(&bytes).and_then(|ppp| ppp.packet()) {
                let _ = (packet.options(), packet.pap_credentials(), packet.chap_value());
            }
        }
    }
}

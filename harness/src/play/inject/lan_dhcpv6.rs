//! DHCPv6 messages of a stranger's computer on the LAN: one that is in order, and those that
//! RFC 8415 §16 has a server throw away.

use dhcproto::v6::DhcpOption;
use ngnlab_sim::frame::Frame;
use ngnlab_sim::message::dhcpv6::{
    self, CLIENT_PORT, MessageType, ORO, OptionCode, SERVER_PORT, SNTP_SERVERS,
};
use ngnlab_sim::message::packet::{ALL_DHCP, Envelope, Mac};

use super::{STRANGER, lan_nd};
use crate::play::sight::Sight;

/// Returns Information-Requests for everything that the line tells its customers: one with a
/// Client Identifier, and one without, which is as good (RFC 8415 §18.2.6).
pub(super) fn information_request(sight: &Sight<'_>) -> Vec<Frame> {
    // They make the stranger's MAC address known, since nobody answers solicitations for it.
    let mut frames = lan_nd::valid_solicits(sight);
    let information = MessageType::InformationRequest;
    frames.push(to_all(&message(information, 0x10, [])));
    frames.push(to_all(&anonymous(information, 0x11)));
    frames
}

/// Returns messages that are not for this server, each with a transaction id of its own.
pub(super) fn misdirected(sight: &Sight<'_>) -> Vec<Frame> {
    let other = || DhcpOption::ServerId(OTHER_SERVER.duid_ll());
    let mut frames = lan_nd::valid_solicits(sight);
    // RFC 8415 §16.2, §16.5, §16.7: these look for any server, and name none.
    let any = [
        MessageType::Solicit,
        MessageType::Confirm,
        MessageType::Rebind,
    ];
    frames.extend((0x20..).zip(any).map(|(xid, kind)| {
        let options = [other(), address_association()];
        to_all(&message(kind, xid, options))
    }));
    // §16.4, §16.6, §16.9: these are for the server they name.
    let one = [
        MessageType::Request,
        MessageType::Renew,
        MessageType::Release,
    ];
    frames.extend((0x30..).zip(one).map(|(xid, kind)| {
        let options = [other(), address_association()];
        to_all(&message(kind, xid, options))
    }));
    // §16.12: so is this one, and the next asks for addresses besides.
    let information = MessageType::InformationRequest;
    frames.push(to_all(&message(information, 0x38, [other()])));
    frames.push(to_all(&message(information, 0x40, [address_association()])));
    // §16: a server is never found by unicast.
    for own in lan_nd::own_link_locals(sight) {
        let to_one = Envelope::new(STRANGER, sight.lan_mac(), STRANGER.link_local(), own);
        let solicit = message(MessageType::Solicit, 0x50, [address_association()]);
        frames.push(datagram(to_one, &solicit));
        frames.push(datagram(to_one, &message(information, 0x51, [])));
    }
    frames
}

fn message(kind: MessageType, xid: u8, options: impl IntoIterator<Item = DhcpOption>) -> Vec<u8> {
    let named = [DhcpOption::ClientId(STRANGER.duid_ll())];
    encoded(kind, xid, named.into_iter().chain(options))
}

fn anonymous(kind: MessageType, xid: u8) -> Vec<u8> {
    encoded(kind, xid, [])
}

fn encoded(kind: MessageType, xid: u8, options: impl IntoIterator<Item = DhcpOption>) -> Vec<u8> {
    let wanted = ORO {
        opts: vec![
            OptionCode::DomainNameServers,
            OptionCode::DomainSearchList,
            OptionCode::from(SNTP_SERVERS),
        ],
    };
    let every = [DhcpOption::ElapsedTime(0), DhcpOption::ORO(wanted)];
    let options = every.into_iter().chain(options);
    dhcpv6::encode(&dhcpv6::message(kind, [0x4e, 0x48, xid], options))
}

/// An IA_NA without addresses.
fn address_association() -> DhcpOption {
    DhcpOption::IANA(dhcproto::v6::IANA {
        id: 1,
        t1: 0,
        t2: 0,
        opts: dhcpv6::DhcpOptions::new(),
    })
}

fn to_all(bytes: &[u8]) -> Frame {
    let envelope = Envelope::new(STRANGER, STRANGER, STRANGER.link_local(), ALL_DHCP);
    datagram(envelope, bytes)
}

fn datagram(envelope: Envelope, bytes: &[u8]) -> Frame {
    envelope.udp(CLIENT_PORT, SERVER_PORT, bytes)
}

/// A server that does not exist.
const OTHER_SERVER: Mac = Mac([0x02, 0x00, 0x5e, 0x30, 0x00, 0x0d]);

//! PPPoE packets, and the PPP in them, as checks look at them.

use ngnlab_sim::message::ppp::{Control, Ppp};
use ngnlab_sim::message::pppoe::{Code, Pppoe, Tag, tag};
use ngnlab_sim::trace::Role;

use super::{Dissection, Found};

/// One PPPoE packet.
#[derive(Clone, Debug)]
pub struct PppoePacket {
    /// As it stands on the wire.
    pub packet: Pppoe,
    /// How long it is, without the Ethernet header.
    pub length: usize,
    /// The PPP frame of a session packet.
    pub ppp: Option<Ppp>,
    /// The control packet in that.
    pub control: Option<Control>,
}

impl Dissection<'_> {
    /// Returns whether a PPPoE session comes by on the device's own cable: a ひかり電話ルータ above it has
    /// others, to the same place perhaps.
    pub fn has_session(&self, session: u16) -> bool {
        let mut packets = self.pppoe.iter();
        packets.any(|found| found.on == Role::Wan && found.is.session() == session)
    }
}

impl PppoePacket {
    /// Takes a frame apart that holds one.
    pub fn read(frame: &[u8]) -> Option<Self> {
        let packet = Pppoe::parse(frame)?;
        let ppp = packet.ppp().and_then(Ppp::parse);
        let length = match (&packet.stage, packet.ppp()) {
            (_, Some(ppp)) => HEADER + ppp.len(),
            (_, None) => {
                let tags = packet.discovery().map_or(&[][..], |(_, tags)| tags);
                HEADER + tags.iter().map(|tag| 4 + tag.value.len()).sum::<usize>()
            }
        };
        Some(Self {
            control: ppp.as_ref().and_then(Ppp::packet),
            length,
            ppp,
            packet,
        })
    }

    /// Returns the SESSION_ID.
    pub fn session(&self) -> u16 {
        self.packet.session
    }

    /// Returns what a discovery packet says.
    pub fn code(&self) -> Option<Code> {
        self.packet.discovery().map(|(code, _)| code)
    }

    /// Returns the tags of a discovery packet.
    pub fn tags(&self) -> &[Tag] {
        self.packet.discovery().map_or(&[], |(_, tags)| tags)
    }

    /// Returns the value of the first tag of a kind.
    pub fn tag(&self, kind: u16) -> Option<&[u8]> {
        tag(self.tags(), kind)
    }

    /// Returns the control packet, if it is of this protocol and says this.
    pub fn says(&self, protocol: u16, code: u8) -> Option<&Control> {
        let is_protocol = self
            .ppp
            .as_ref()
            .is_some_and(|ppp| ppp.protocol == protocol);
        let control = self.control.as_ref().filter(|_| is_protocol);
        control.filter(|control| control.code == code)
    }

    /// Returns the protocol number of the PPP frame in it.
    pub fn protocol(&self) -> Option<u16> {
        self.ppp.as_ref().map(|ppp| ppp.protocol)
    }
}

impl Found<PppoePacket> {
    /// Returns whether another packet is of the same session, whichever way it goes.
    pub fn is_same_session<T>(&self, of: &Found<T>, session: u16) -> bool {
        let ends = (self.eth_source, self.eth_destination);
        let same = ends == (of.eth_source, of.eth_destination)
            || ends == (of.eth_destination, of.eth_source);
        same && self.is.session() == session
    }
}

/// The length of the PPPoE header (RFC 2516 §4).
const HEADER: usize = ngnlab_sim::message::pppoe::HEADER;

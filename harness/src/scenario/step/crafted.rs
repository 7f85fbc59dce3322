//! Crafted frames and packets by name: what somebody on the line or on the LAN might send, and no
//! node of ours does.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use super::cable::Wire;

/// Which crafted frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Inject {
    /// Their name.
    pub frame: Crafted,
}

/// Which crafted packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Send {
    /// Their name.
    pub packet: Crossing,
}

/// Frames that no node of ours would send by itself.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    IntoStaticStr,
    VariantArray,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Crafted {
    /// A DNS question for the device itself.
    DnsQueryToDevice,
    /// The beginning of a TCP connection to the port of the device's own DNS forwarder.
    DnsConnectionToDevice,
    /// A DNS question on that connection, whether the device took it or not.
    DnsQuestionOverTcp,
    /// A DHCPv6 Solicit and an Information-Request, as if the sender looked for a server.
    Dhcpv6Solicit,
    /// A DHCPv6 Information-Request for DNS servers, search list and SNTP servers.
    Dhcpv6InformationRequest,
    /// DHCPv6 messages that RFC 8415 §16 has a server throw away.
    MisdirectedDhcpv6,
    /// Advertises with the highest preference that RFC 8415 §16.3 has thrown away.
    ForgedAdvertise,
    /// Replies that RFC 8415 §16.10 has thrown away.
    ForgedReply,
    /// Reconfigures that RFC 8415 §16.11 has thrown away.
    ForgedReconfigure,
    /// The server's last Reconfigure once more, digest and counter and all.
    ReplayedReconfigure,
    /// DHCPv6 messages of unknown type, and of types that clients send.
    #[serde(rename = "unknown-dhcpv6-types")]
    #[strum(serialize = "unknown-dhcpv6-types")]
    UnknownDhcpv6Types,
    /// A valid Router Solicitation.
    RouterSolicit,
    /// A valid Router Solicitation of a sender that has no address yet.
    AnonymousRouterSolicit,
    /// Router Solicitations that RFC 4861 §6.1.1 has thrown away.
    InvalidRouterSolicit,
    /// Valid Neighbor Solicitations for the device's own addresses.
    NeighborSolicitDevice,
    /// Neighbor Solicitations that RFC 4861 §7.1.1 has thrown away.
    InvalidNeighborSolicit,
    /// Neighbor Advertisements that RFC 4861 §7.1.2 has thrown away: who believes them sends what is
    /// for the line's router, or for the terminals, to nobody.
    InvalidNeighborAdverts,
    /// Two hundred Router Solicitations at once, each of another host.
    RouterSolicitFlood,
    /// A Router Advertisement of another router on the LAN, to the device alone.
    RouterAdvertToDevice,
    /// A TCP connection from outside to a terminal.
    TcpSynToTerminal,
    /// A UDP datagram from outside to a terminal.
    UdpToTerminal,
    /// An echo request from outside to a terminal.
    EchoToTerminal,
    /// An echo request to the device itself.
    EchoToDevice,
    /// An echo request to a terminal whose hop limit ends at the device.
    #[serde(rename = "echo-hop-limit-1")]
    #[strum(serialize = "echo-hop-limit-1")]
    EchoHopLimit1,
    /// A Packet Too Big for the terminal's open TCP connection.
    PacketTooBig,
    /// A Packet Too Big from a terminal about the device's own last packet of more than 1280 bytes.
    AnswerTooBig,
    /// A Neighbor Solicitation for an address that no terminal has.
    NeighborSolicitAbsentHost,
    /// Neighbor Solicitations for the addresses of the terminals.
    NeighborSolicitTerminals,
    /// An echo request into a part of the delegation that has no subnet.
    UnassignedSubnet,
    /// A datagram for the portal from a computer on the LAN with an address of another line.
    ForeignSource,
    /// A datagram for the portal from a computer that kept the address it had before.
    RememberedAddress,
    /// Datagrams from and to unique local addresses.
    UniqueLocalAddresses,
    /// Echo requests to the portal in the terminals' names.
    EchoFromTerminals,
    /// Router Advertisements that RFC 4861 §6.1.2 has thrown away.
    InvalidRouterAdverts,
    /// Prefixes that no address may be formed from.
    UnfitPrefixes,
    /// A prefix for addresses that is not on-link.
    PrefixNotOnLink,
    /// The line's prefix with lifetimes of five seconds, from a stranger.
    ShortPrefixLifetimes,
    /// The line's router says that it is none.
    RouterLifetimeZero,
    /// The line's router says by a Neighbor Advertisement with the R flag clear that it is none.
    RouterFlagCleared,
    /// What the line's router advertised last, once more.
    RouterAdvertAgain,
    /// A router with the highest preference that answers nobody.
    SilentRouter,
    /// Hundreds of short-lived routers and prefixes.
    RouterAdvertFlood,
    /// Router Advertisements that are spoilt in every way.
    MutatedRouterAdverts,
    /// DHCPv6 answers that are spoilt in every way.
    MutatedDhcpv6,
    /// ARP and IPv4, which are no business of a bridge for IPv6.
    #[serde(rename = "arp-and-ipv4")]
    #[strum(serialize = "arp-and-ipv4")]
    ArpAndIpv4,
}

/// Packets that are to cross the device, or must not.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    IntoStaticStr,
    VariantArray,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Crossing {
    /// A UDP datagram of a conversation between a terminal and a stranger.
    Datagram,
    /// The same without any data.
    EmptyDatagram,
    /// A datagram of the same two ends to another port of the terminal, which it never used.
    DatagramToAnotherPort,
    /// The same in a frame for another host than the device.
    ForAnotherHost,
    /// The same with a flow label, a DSCP and an ECN codepoint.
    MarkedDatagram,
    /// The same with 1500 bytes.
    LargeDatagram,
    /// The same with 2000 bytes, in two fragments.
    Fragments,
    /// The same behind a Hop-by-Hop Options and behind a Destination Options header.
    ExtensionHeaders,
    /// The same behind a routing header of type 0.
    #[serde(rename = "routing-header-0")]
    #[strum(serialize = "routing-header-0")]
    RoutingHeader0,
    /// The same behind a routing header of type 2.
    #[serde(rename = "routing-header-2")]
    #[strum(serialize = "routing-header-2")]
    RoutingHeader2,
    /// A packet of the same two ends, of an experimental protocol.
    OtherProtocol,
    /// An echo request to the stranger, or the reply to it.
    Echo,
    /// Errors about that echo request: unreachable, and hop limit exceeded.
    ErrorsAboutEcho,
    /// An error about the packet of the experimental protocol: unreachable.
    ErrorAboutOtherProtocol,
    /// Errors about the datagram of the conversation: unreachable, and hop limit exceeded.
    ErrorsAboutDatagram,
    /// An error about it that says that a host does not know its protocol.
    ProblemOfDatagram,
    /// Errors about a packet that nobody sent: unreachable, and too big.
    ErrorsAboutNothing,
    /// Datagrams to every terminal from ports where services are, which nobody asked there.
    DatagramsFromServices,
    /// Segments of a TCP connection that no terminal has: an ACK, a SYN with ACK, a FIN.
    TcpWithoutState,
    /// Both ends of a TCP connection begin at once.
    TcpSyn,
    /// The answer to the SYN of a terminal.
    TcpSynAck,
    /// The end of a handshake.
    TcpAck,
    /// Data of a TCP connection.
    TcpData,
    /// One side of a TCP connection has no more to say.
    TcpFin,
    /// Packets from, or to, addresses that belong to one link or one node.
    UnroutableAddresses,
    /// Packets from, and to, multicast groups.
    MulticastAddresses,
    /// Packets from, or to, addresses that the internet does not have.
    MartianAddresses,
    /// Packets from, or to, unique local addresses.
    UniqueLocalAddresses,
    /// A packet from outside whose source is an address of the inside.
    InsideSource,
    /// AH, ESP and IKE.
    Ipsec,
    /// Connections to the ports of the device where management usually is.
    ManagementPorts,
    /// The datagram of the conversation with a hop limit of two, of which the device takes one.
    #[serde(rename = "hop-limit-2")]
    #[strum(serialize = "hop-limit-2")]
    HopLimit2,
    /// Echo requests to the device with much data: in one packet, and in two fragments.
    LargeEcho,
    /// A datagram to a port of the device that nobody has opened.
    ClosedPort,
    /// A packet of 1500 bytes whose hop limit ends at the device.
    #[serde(rename = "large-hop-limit-1")]
    #[strum(serialize = "large-hop-limit-1")]
    LargeHopLimit1,
    /// An ICMPv6 error whose hop limit ends at the device.
    #[serde(rename = "error-hop-limit-1")]
    #[strum(serialize = "error-hop-limit-1")]
    ErrorHopLimit1,
    /// Two hundred packets at once whose hop limit ends at the device.
    #[serde(rename = "burst-hop-limit-1")]
    #[strum(serialize = "burst-hop-limit-1")]
    BurstHopLimit1,
    /// Packets for a group on the link, or in a multicast frame, that no node can take.
    MulticastProblems,
    /// Packets that no node can take, from senders that nobody can answer.
    AnonymousProblems,
    /// An ICMPv6 message to the device that asks for something unheard of.
    UnknownIcmp,
    /// A packet to the device of a protocol that it does not have.
    UnknownProtocol,
    /// A packet into a part of the delegation that has no subnet.
    UnassignedSubnet,
    /// A packet to an address of the LAN that nobody has.
    AbsentHost,
    /// Somebody on the line is about to take the terminal's address.
    DuplicateDetection,
    /// The line looks for a host of another line.
    NeighborOfAnotherLine,
}

impl Crafted {
    /// Returns whether somebody on a cable can send such frames.
    pub fn comes_by(self, wire: Wire) -> bool {
        match self {
            Self::DnsQueryToDevice
            | Self::Dhcpv6Solicit
            | Self::RouterSolicit
            | Self::AnonymousRouterSolicit
            | Self::InvalidRouterSolicit
            | Self::NeighborSolicitDevice
            | Self::InvalidNeighborSolicit
            | Self::InvalidNeighborAdverts
            | Self::ArpAndIpv4
            | Self::EchoToDevice => true,
            Self::ForeignSource
            | Self::RouterSolicitFlood
            | Self::RouterAdvertToDevice
            | Self::Dhcpv6InformationRequest
            | Self::MisdirectedDhcpv6
            | Self::RememberedAddress
            | Self::UniqueLocalAddresses
            | Self::AnswerTooBig
            | Self::EchoFromTerminals => wire == Wire::Lan,
            Self::ForgedAdvertise
            | Self::ForgedReply
            | Self::ForgedReconfigure
            | Self::ReplayedReconfigure
            | Self::UnknownDhcpv6Types
            | Self::TcpSynToTerminal
            | Self::UdpToTerminal
            | Self::EchoToTerminal
            | Self::EchoHopLimit1
            | Self::PacketTooBig
            | Self::NeighborSolicitAbsentHost
            | Self::NeighborSolicitTerminals
            | Self::UnassignedSubnet
            | Self::InvalidRouterAdverts
            | Self::UnfitPrefixes
            | Self::PrefixNotOnLink
            | Self::ShortPrefixLifetimes
            | Self::RouterLifetimeZero
            | Self::RouterFlagCleared
            | Self::DnsConnectionToDevice
            | Self::DnsQuestionOverTcp
            | Self::RouterAdvertAgain
            | Self::SilentRouter
            | Self::RouterAdvertFlood
            | Self::MutatedRouterAdverts
            | Self::MutatedDhcpv6 => wire == Wire::Wan,
        }
    }
}

impl Crossing {
    /// Returns whether such packets can come to the device by a cable.
    pub fn comes_by(self, wire: Wire) -> bool {
        match self {
            Self::Datagram
            | Self::EmptyDatagram
            | Self::MarkedDatagram
            | Self::LargeDatagram
            | Self::Fragments
            | Self::ExtensionHeaders
            | Self::RoutingHeader0
            | Self::RoutingHeader2
            | Self::OtherProtocol
            | Self::Echo
            | Self::TcpSyn
            | Self::TcpData
            | Self::ForAnotherHost
            | Self::TcpFin
            | Self::HopLimit2
            | Self::UnroutableAddresses
            | Self::MulticastAddresses
            | Self::MartianAddresses
            | Self::UniqueLocalAddresses => true,
            Self::LargeHopLimit1
            | Self::TcpAck
            | Self::LargeEcho
            | Self::ClosedPort
            | Self::ErrorHopLimit1
            | Self::BurstHopLimit1
            | Self::MulticastProblems
            | Self::AnonymousProblems
            | Self::UnknownIcmp
            | Self::UnknownProtocol
            | Self::UnassignedSubnet
            | Self::AbsentHost => wire == Wire::Lan,
            Self::ErrorsAboutDatagram
            | Self::ErrorsAboutEcho
            | Self::ErrorAboutOtherProtocol
            | Self::ProblemOfDatagram
            | Self::ErrorsAboutNothing
            | Self::DatagramsFromServices
            | Self::DatagramToAnotherPort
            | Self::TcpWithoutState
            | Self::TcpSynAck
            | Self::InsideSource
            | Self::Ipsec
            | Self::ManagementPorts
            | Self::DuplicateDetection
            | Self::NeighborOfAnotherLine => wire == Wire::Wan,
        }
    }
}

impl fmt::Display for Crafted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.into())
    }
}

impl fmt::Display for Crossing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_of_the_scenarios_names_every_frame_and_packet() {
        let readme = include_str!("../../../../scenarios/README.md");
        // The first cell of a row may hold several names.
        let rows = readme.lines().filter_map(|line| line.strip_prefix("| "));
        let cells: Vec<&str> = rows.filter_map(|row| row.split(" | ").next()).collect();
        let frames = Crafted::VARIANTS.iter().map(ToString::to_string);
        let packets = Crossing::VARIANTS.iter().map(ToString::to_string);
        for name in frames.chain(packets) {
            let name = format!("`{name}`");
            assert!(cells.iter().any(|cell| cell.contains(&name)), "{name}");
        }
    }
}

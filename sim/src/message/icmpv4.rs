//! The numbers of ICMP (RFC 792), as far as they are used here.

/// Echo Reply.
pub const ECHO_REPLY: u8 = 0;
/// Destination Unreachable.
pub const DESTINATION_UNREACHABLE: u8 = 3;
/// Echo.
pub const ECHO_REQUEST: u8 = 8;
/// Time Exceeded.
pub const TIME_EXCEEDED: u8 = 11;
/// Parameter Problem.
pub const PARAMETER_PROBLEM: u8 = 12;
/// Of Destination Unreachable: no route to the network.
pub const NET_UNREACHABLE: u8 = 0;
/// Of Destination Unreachable: the host does not answer.
pub const HOST_UNREACHABLE: u8 = 1;
/// Of Destination Unreachable: nobody listens on the port.
pub const PORT_UNREACHABLE: u8 = 3;
/// Of Destination Unreachable: the packet is too big and must not be fragmented (RFC 1191 §4).
pub const FRAGMENTATION_NEEDED: u8 = 4;

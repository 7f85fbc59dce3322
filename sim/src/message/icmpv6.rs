//! The numbers of ICMPv6: types and codes (RFC 4443 §2.1, §3, §4).
//!
//! Those of Neighbour Discovery stand with its messages, in [`ndp`](super::ndp).

/// The type of Destination Unreachable.
pub const DESTINATION_UNREACHABLE: u8 = 1;
/// The type of Packet Too Big.
pub const PACKET_TOO_BIG: u8 = 2;
/// The type of Time Exceeded.
pub const TIME_EXCEEDED: u8 = 3;
/// The type of Parameter Problem.
pub const PARAMETER_PROBLEM: u8 = 4;
/// The first type that is no error message (RFC 4443 §2.1).
pub const FIRST_INFORMATIONAL: u8 = 128;
/// The type of an echo request.
pub const ECHO_REQUEST: u8 = 128;
/// The type of an echo reply.
pub const ECHO_REPLY: u8 = 129;
/// The type of a Redirect (RFC 4861 §4.5).
pub const REDIRECT: u8 = 137;

/// Code of Destination Unreachable: no route.
pub const NO_ROUTE: u8 = 0;
/// Code of Destination Unreachable: forbidden by an administrator.
pub const PROHIBITED: u8 = 1;
/// Code of Destination Unreachable: beyond the scope of the source address.
pub const BEYOND_SCOPE: u8 = 2;
/// Code of Destination Unreachable: nobody has the address.
pub const ADDRESS_UNREACHABLE: u8 = 3;
/// Code of Destination Unreachable: nobody listens to the port.
pub const PORT_UNREACHABLE: u8 = 4;
/// Code of Destination Unreachable: the source address failed a policy.
pub const SOURCE_FAILED_POLICY: u8 = 5;
/// Code of Parameter Problem: the next header is of an unknown kind.
pub const UNKNOWN_NEXT_HEADER: u8 = 1;

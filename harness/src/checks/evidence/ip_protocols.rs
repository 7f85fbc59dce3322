//! The IP protocol numbers that flows are told apart by.

pub(in crate::checks) const TCP: u8 = 6;

pub(in crate::checks) const UDP: u8 = 17;

/// Encapsulating Security Payload.
pub(in crate::checks) const ESP: u8 = 50;

/// Authentication Header.
pub(in crate::checks) const AUTHENTICATION: u8 = 51;

pub(in crate::checks) const ICMPV6: u8 = 58;

/// The headers behind which another protocol follows, or nothing (RFC 8200 §4, RFC 4302).
pub(in crate::checks) const EXTENSIONS: [u8; 6] = [0, 43, 44, AUTHENTICATION, 59, 60];

//! The IP protocol numbers that flows are told apart by.

pub(in crate::checks) const TCP: u8 = 6;

pub(in crate::checks) const UDP: u8 = 17;

/// Encapsulating Security Payload.
pub(in crate::checks) const ESP: u8 = 50;

/// Authentication Header.
pub(in crate::checks) const AUTHENTICATION: u8 = 51;

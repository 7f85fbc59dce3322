//! What a server looks at in a client's DUID (RFC 8415 §11).

/// Returns whether a DUID is longer than any may be, so that it need not be kept.
pub(super) fn is_too_long(duid: &[u8]) -> bool {
    duid.len() > LONGEST
}

/// Returns whether a DUID is a DUID-LL of an Ethernet address (RFC 8415 §11.4).
pub(super) fn is_ll(duid: &[u8]) -> bool {
    duid.len() == 10 && duid.starts_with(&[0, 3, 0, 1])
}

/// Returns whether a DUID is a DUID-LLT of an Ethernet address (RFC 8415 §11.2).
pub(super) fn is_llt(duid: &[u8]) -> bool {
    duid.len() == 14 && duid.starts_with(&[0, 1, 0, 1])
}

/// RFC 8415 §11.1: 128 octets after the type.
const LONGEST: usize = 130;

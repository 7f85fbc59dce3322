//! Why a step cannot be done yet: what it needs has not come so far, and a late host can be why.

use ngnlab_sim::trace::CommandEnding;

use crate::dissection::words::ending_in_words;

pub(super) const NO_CONSENT: &str = "no consent screen is open";
pub(super) const NO_BUTTON: &str = "no such button or link is on the page that is open";
pub(super) const GREYED: &str = "the button is greyed";
pub(super) const NO_DEVICE: &str = "the device's address is not known";
pub(super) const NO_SERVER: &str = "the server's address is not known";
pub(super) const NOBODY_SEEN: &str = "no address to send to has been seen";
pub(super) const NO_SEGMENT: &str = "no terminal has sent a TCP segment";
/// The server sends none to a client that does not say that it accepts them (RFC 8415 §20.4.2).
pub const NO_RECONFIGURE: &str = "the server has sent no Reconfigure yet";
pub(super) const NO_ANSWER: &str = "the device itself has sent no packet of more than 1280 bytes";

/// Returns whether a step failed for want of something that may only have been late.
pub fn is_not_yet(why: &str) -> bool {
    let waits = [
        GREYED,
        NO_ANSWER,
        NO_BUTTON,
        NO_CONSENT,
        NO_DEVICE,
        NO_RECONFIGURE,
        NO_SERVER,
        NOBODY_SEEN,
        NO_SEGMENT,
    ];
    waits.contains(&why) || is_held_up(why)
}

/// Returns whether a program of a real terminal did not come to its end in time: it does many
/// things one after the other, and each may have been a little late.
pub fn is_held_up(why: &str) -> bool {
    let waits = [CommandEnding::TimedOut, CommandEnding::NeverOnline];
    let mut waits = waits.into_iter().map(ending_in_words);
    waits.any(|ending| why.starts_with(&ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_time_would_have_brought_is_waited_for() {
        assert!(is_not_yet("no consent screen is open"));
        assert!(is_not_yet("its time was up; its last words:\n* Trying"));
        assert!(is_held_up("its time was up; its last words:\n* Trying"));
        assert!(!is_held_up("no consent screen is open"));
        assert!(!is_not_yet("this line has no home gateway"));
        assert!(!is_not_yet("it ended with exit status 1, not 0"));
        assert!(!is_not_yet("its output does not contain `M1`"));
    }
}

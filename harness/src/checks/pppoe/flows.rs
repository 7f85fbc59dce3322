//! The sessions by which IPv4 can flow, as far as frames tell: a capture from a real line has nothing
//! else.

use ngnlab_sim::Time;
use ngnlab_sim::message::ppp::{AUTHENTICATE_REQUEST, CHAP, PAP, RESPONSE};

use super::sessions::{Session, sessions};
use crate::dissection::Dissection;

/// A session, from when IPCP was open until the device spoke in it for the last time: whether it had it
/// any longer is not to be seen.
pub(in crate::checks) struct Flow {
    pub(in crate::checks) session: u16,
    /// The name that the device gave for itself.
    pub(in crate::checks) account: Option<Vec<u8>>,
    pub(in crate::checks) from: Time,
    pub(in crate::checks) until: Time,
}

/// Returns the sessions, in the order of their PADS.
pub(in crate::checks) fn flows(trace: &Dissection<'_>) -> Vec<Flow> {
    let all = sessions(trace).into_iter();
    let flows = all.filter_map(|session| {
        let last = session.said().last()?.at;
        let given_up = session.given_up.map_or(Time::NEVER, |padi| padi.at);
        Some(Flow {
            session: session.id,
            account: account(&session),
            from: session.is_up_since()?,
            until: session.until(trace).min(last).min(given_up),
        })
    });
    flows.collect()
}

/// Returns the name in what the device authenticated itself by (RFC 1334 §2.2.1, RFC 1994 §4.1).
fn account(session: &Session<'_>) -> Option<Vec<u8>> {
    let mut pap = session.said_as(PAP, AUTHENTICATE_REQUEST);
    let mut chap = session.said_as(CHAP, RESPONSE);
    let by_pap = pap.find_map(|(_, asked)| Some(asked.pap_credentials()?.0));
    by_pap.or_else(|| chap.find_map(|(_, answer)| Some(answer.chap_value()?.1)))
}

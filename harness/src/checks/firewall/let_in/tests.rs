use super::*;
use crate::checks::firewall::test_flows::{answer, comes, talked};
use crate::checks::test_verdicts::{fails, passes};

#[test]
fn answers_and_ipsec_are_welcome_and_strangers_are_not() {
    let mut trace = talked(&[10]);
    comes(&mut trace, 11, true, answer);
    comes(&mut trace, 12, true, |envelope| {
        envelope.udp(IKE, IKE, b"ike")
    });
    assert!(passes("fw6.ike", &trace));
    assert!(!fails("fw6.no-unsolicited-inbound", &trace));
    comes(&mut trace, 13, false, |envelope| {
        envelope.udp(IKE, IKE, b"again")
    });
    assert!(fails("fw6.ike", &trace));
    comes(&mut trace, 14, true, |envelope| envelope.udp(9, 9, b"no"));
    assert!(fails("fw6.no-unsolicited-inbound", &trace));
}

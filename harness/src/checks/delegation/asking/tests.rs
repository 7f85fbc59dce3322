use dhcproto::v6::{DhcpOption, IAPD, IAPrefix, MessageType, OptionCode};

use super::*;
use crate::checks::evidence::test_dhcpv6::one;
use crate::checks::test_verdicts::{is_pass, verdict};
use crate::dissection::builder::TraceBuilder;

fn hints(length: u8, lifetime: u32) -> TraceBuilder {
    one(MessageType::Solicit, |message| {
        message.opts_mut().remove(OptionCode::IAPD);
        let prefix = IAPrefix {
            preferred_lifetime: lifetime,
            valid_lifetime: lifetime,
            prefix_len: length,
            prefix_ip: std::net::Ipv6Addr::UNSPECIFIED,
            opts: dhcproto::v6::DhcpOptions::new(),
        };
        message.opts_mut().insert(DhcpOption::IAPD(IAPD {
            id: 1,
            t1: 0,
            t2: 0,
            opts: [DhcpOption::IAPrefix(prefix)].into_iter().collect(),
        }));
    })
}

#[test]
fn hints_are_judged_by_length_and_lifetimes() {
    assert!(is_pass("pd.hint.size", &hints(56, 0)));
    assert!(is_pass("pd.hint.size", &hints(64, 0)));
    assert!(!is_pass("pd.hint.size", &hints(72, 0)));
    assert!(!is_pass("pd.hint.no-zero-length", &hints(0, 0)));
    assert!(is_pass("pd.hint.no-zero-length", &hints(56, 0)));
    assert!(is_pass("pd.fields.zero-lifetimes", &hints(56, 0)));
    assert!(!is_pass("pd.fields.zero-lifetimes", &hints(56, u32::MAX)));
    let none = one(MessageType::Solicit, |_| {});
    assert!(matches!(
        verdict("pd.hint.size", &none),
        Verdict::Inconclusive(_)
    ));
}

use dhcproto::v6::{DhcpOption, IANA, MessageType, ORO, OptionCode, UnknownOption};
use ngnlab_sim::message::ndp::Ndp;
use ngnlab_sim::message::packet::ALL_NODES;
use ngnlab_sim::trace::{End, Role};

use super::*;
use crate::checks::evidence::test_dhcpv6::one;
use crate::checks::test_verdicts::{is_pass, verdict};
use crate::dissection::builder::{TraceBuilder, client_message};

fn requests(message: &mut dhcproto::v6::Message, codes: &[u16]) {
    message.opts_mut().remove(OptionCode::ORO);
    let opts = codes.iter().map(|code| OptionCode::from(*code)).collect();
    message.opts_mut().insert(DhcpOption::ORO(ORO { opts }));
}

#[test]
fn option_requests_are_read() {
    let inform = |codes: &'static [u16]| {
        one(MessageType::InformationRequest, move |message| {
            requests(message, codes);
        })
    };
    assert!(is_pass("dhcp6c.oro.inf-max-rt", &inform(&[23, 32, 83])));
    assert!(!is_pass("dhcp6c.oro.inf-max-rt", &inform(&[23, 32])));
    let solicit = |codes: &'static [u16]| {
        one(MessageType::Solicit, move |message| {
            requests(message, codes)
        })
    };
    assert!(is_pass("dhcp6c.oro.irt-only-in-inf", &solicit(&[23, 82])));
    assert!(!is_pass("dhcp6c.oro.irt-only-in-inf", &solicit(&[23, 32])));
    // ngn-facts §2.3: what the network's own terminals ask for.
    let own: &[u16] = &[17, 21, 22, 23, 24, 31, 56, 64, 67];
    assert!(is_pass("dhcp6c.oro.no-duplicates", &solicit(own)));
    assert!(!is_pass(
        "dhcp6c.oro.no-duplicates",
        &solicit(&[23, 24, 23])
    ));
    assert!(!is_pass("dhcp6c.oro.no-duplicates", &solicit(&[1, 23])));
    let silent = one(MessageType::Solicit, |message| {
        message.opts_mut().remove(OptionCode::ORO);
    });
    assert!(matches!(
        verdict("dhcp6c.oro.no-duplicates", &silent),
        Verdict::Inconclusive(_)
    ));
}

#[test]
fn what_belongs_into_a_solicit_may_stand_there() {
    let with = |code: u16| {
        one(MessageType::Solicit, move |message| {
            let option = UnknownOption::new(code.into(), vec![0; 4]);
            message.opts_mut().insert(DhcpOption::Unknown(option));
        })
    };
    assert!(!is_pass("dhcp6c.msg.no-foreign-options", &with(82)));
    // FQDN (RFC 4704 §5) is for clients, too.
    assert!(is_pass("dhcp6c.msg.no-foreign-options", &with(39)));
}

#[test]
fn an_information_request_asks_for_no_association() {
    let with = |code: u16| {
        one(MessageType::InformationRequest, move |message| {
            let option = UnknownOption::new(code.into(), vec![0; 12]);
            message.opts_mut().insert(DhcpOption::Unknown(option));
        })
    };
    assert!(is_pass("dhcp6c.inf.no-ia", &with(39)));
    for code in ASSOCIATIONS {
        assert!(!is_pass("dhcp6c.inf.no-ia", &with(code)), "{code}");
    }
    let other = one(MessageType::Solicit, |_| {});
    assert!(matches!(
        verdict("dhcp6c.inf.no-ia", &other),
        Verdict::Inconclusive(_)
    ));
}

#[test]
fn reconfigure_accept_is_looked_for_in_the_first_messages() {
    let with = one(MessageType::Solicit, |message| {
        message.opts_mut().insert(DhcpOption::ReconfAccept);
    });
    assert!(is_pass("dhcp6c.rcf.accept", &with));
    let without = one(MessageType::Solicit, |_| {});
    assert!(!is_pass("dhcp6c.rcf.accept", &without));
}

#[test]
fn flags_of_the_advertisement_begin_everything() {
    let advertised = |managed, until: i64, solicits: bool| {
        let mut trace = TraceBuilder::new("next-pd");
        let mut advert = trace.advert();
        advert.managed = managed;
        let source = trace.edge().link_local();
        let advert = Ndp::RouterAdvert(advert);
        trace
            .at(500)
            .ndp(Role::Wan, End::Network, source, ALL_NODES, &advert);
        if solicits {
            let mut solicit = client_message(MessageType::Solicit, 7, 0);
            solicit.opts_mut().insert(DhcpOption::IANA(IANA {
                id: 1,
                t1: 0,
                t2: 0,
                opts: dhcproto::v6::DhcpOptions::new(),
            }));
            trace.at(1000).dhcpv6(Role::Wan, End::Device, &solicit);
        }
        trace.trace.header.until = ngnlab_sim::Time::from_secs(until);
        trace
    };
    for id in ["pd.start.m-or-o", "dhcp6c.m-flag.iana"] {
        assert!(is_pass(id, &advertised(true, 60, true)));
        assert!(!is_pass(id, &advertised(true, 60, false)));
        let short = verdict(id, &advertised(true, 30, false));
        assert!(matches!(short, Verdict::Inconclusive(_)), "{id}: {short:?}");
    }
    let unmanaged = verdict("dhcp6c.m-flag.iana", &advertised(false, 60, false));
    assert!(matches!(unmanaged, Verdict::Inconclusive(_)));
    assert!(!is_pass("pd.start.m-or-o", &advertised(false, 60, false)));
}

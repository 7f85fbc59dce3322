use dhcproto::v6::{DhcpOption, IANA};
use ngnlab_sim::Time;
use ngnlab_sim::message::ndp::NdpOption;
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::evidence::test_dhcpv6::{delegated, granted};
use crate::checks::test_verdicts::{sign, verdict};
use crate::dissection::builder::{TraceBuilder, grant};

#[test]
fn a_slash_60_is_as_good() {
    let mut trace = delegated(60);
    trace.trace.header.until = Time::from_secs(120);
    assert!(matches!(
        verdict("pd.accept.other-size", &trace),
        Verdict::Fail(_)
    ));
    trace.at(2000).lan_ra(|_| {});
    assert!(matches!(
        verdict("pd.accept.other-size", &trace),
        Verdict::Pass(_)
    ));
    let trace = delegated(56);
    assert!(matches!(
        verdict("pd.accept.other-size", &trace),
        Verdict::Inconclusive(_)
    ));
}

#[test]
fn a_withdrawn_prefix_is_not_used() {
    let mut trace = delegated(60);
    trace.trace.header.until = Time::from_secs(120);
    trace.at(2000).lan_ra(|advert| {
        if let Some(NdpOption::Prefix(prefix)) = advert.options.first_mut() {
            prefix.valid = 0;
        }
    });
    assert!(matches!(
        verdict("pd.accept.other-size", &trace),
        Verdict::Fail(_)
    ));
}

#[test]
fn odd_delegations_stay_out_of_use() {
    for (id, times) in [
        ("dhcp6c.t.t1-gt-t2", [900, 600, 1000, 2000]),
        ("pd.accept.pref-gt-valid", [300, 600, 2000, 1000]),
    ] {
        let mut trace = granted(times);
        assert_eq!(sign(id, &trace), '+', "{id}");
        trace.at(3000).lan_ra(|_| {});
        assert_eq!(sign(id, &trace), '-', "{id}");
        let sane = granted([300, 600, 1000, 2000]);
        assert_eq!(sign(id, &sane), '?', "{id}");
    }
}

#[test]
fn a_prefix_without_an_address_is_used() {
    let id = "pd.accept.without-iana";
    let mut trace = TraceBuilder::new("next-pd");
    let prefix = trace.trace.header.line.assignment(0);
    let mut reply = grant(5, prefix, [7200, 10_800, 12_600, 14_400]);
    let status = ngnlab_sim::message::dhcpv6::status_option(
        ngnlab_sim::message::dhcpv6::Status::NoAddrsAvail,
        "none",
    );
    reply.opts_mut().insert(DhcpOption::IANA(IANA {
        id: 1,
        t1: 0,
        t2: 0,
        opts: [status].into_iter().collect(),
    }));
    trace.at(1000).dhcpv6(Role::Wan, End::Network, &reply);
    assert_eq!(sign(id, &trace), '-');
    trace.at(3000).lan_ra(|_| {});
    assert_eq!(sign(id, &trace), '+');
    assert_eq!(sign(id, &granted([7200, 10_800, 12_600, 14_400])), '?');
}

#[test]
fn a_prefix_with_a_valid_lifetime_of_zero_goes_out_of_use() {
    let id = "pd.use.zero-valid";
    let withdrawn = |preferred| {
        let mut trace = granted([7200, 10_800, 12_600, 14_400]);
        let gone = grant(6, trace.trace.header.line.assignment(0), [0; 4]);
        trace.at(5000).dhcpv6(Role::Wan, End::Network, &gone);
        trace.at(20_000).lan_ra(move |advert| {
            use ngnlab_sim::message::ndp::NdpOption;
            if let Some(NdpOption::Prefix(prefix)) = advert.options.first_mut() {
                prefix.preferred = preferred;
            }
        });
        trace
    };
    assert_eq!(sign(id, &withdrawn(2700)), '-');
    assert_eq!(sign(id, &withdrawn(0)), '+');
    assert_eq!(sign(id, &granted([7200, 10_800, 12_600, 14_400])), '?');
}

use dhcproto::v6::{DhcpOption, MessageType};
use ngnlab_sim::trace::{End, Role};

use super::*;
use crate::checks::dhcpv6_client::test_talk::{lasting, lease, link_up, send};
use crate::checks::evidence::test_dhcpv6::delegated;
use crate::checks::test_verdicts::{sign, verdict};
use crate::dissection::builder::{PC, client_message};

const SHORT: [u32; 4] = [20, 35, 50, 70];

#[test]
fn repetitions_follow_their_schedules() {
    let play = |kind, at: &[u64]| {
        let mut trace = lasting("next-pd", 2000);
        for millis in at {
            send(&mut trace, *millis, kind, 9);
        }
        trace
    };
    let id = "dhcp6c.req.retry";
    let by_the_book = [0, 950, 3000, 7000, 15_000, 31_000, 61_000, 90_000];
    assert_eq!(sign(id, &play(MessageType::Request, &by_the_book)), '+');
    let storm = [0, 1000, 2000, 3000];
    assert_eq!(sign(id, &play(MessageType::Request, &storm)), '-');
    let endless: Vec<u64> = (0..11).map(|number| number * number * 2000).collect();
    assert_eq!(sign(id, &play(MessageType::Request, &endless[..1])), '?');
    let eleven = [
        0, 1000, 3000, 7000, 15_000, 31_000, 61_000, 91_000, 121_000, 151_000, 181_000,
    ];
    assert_eq!(sign(id, &play(MessageType::Request, &eleven[..10])), '+');
    assert_eq!(sign(id, &play(MessageType::Request, &eleven)), '-');
    let id = "dhcp6c.ren.backoff";
    let renews = [0, 9500, 29_000, 69_000];
    assert_eq!(sign(id, &play(MessageType::Renew, &renews)), '+');
    assert_eq!(sign(id, &play(MessageType::Renew, &storm)), '-');
}

#[test]
fn t2_brings_a_rebind_to_everybody() {
    let id = "dhcp6c.reb.at-t2";
    let held = || {
        let mut trace = lasting("next-pd", 120);
        lease(&mut trace, 1000, SHORT);
        send(&mut trace, 21_000, MessageType::Renew, 8);
        trace
    };
    let mut good = held();
    send(&mut good, 36_000, MessageType::Rebind, 9);
    assert_eq!(sign(id, &good), '+');
    assert_eq!(sign(id, &held()), '-');
    let mut named = held();
    let mut rebind = client_message(MessageType::Rebind, 9, 0);
    let server = DhcpOption::ServerId(PC.duid_ll());
    rebind.opts_mut().insert(server);
    named.at(36_000).dhcpv6(Role::Wan, End::Device, &rebind);
    assert_eq!(sign(id, &named), '-');
    let mut renewed = held();
    lease(&mut renewed, 22_000, [7200, 10_800, 12_600, 14_400]);
    assert_eq!(sign(id, &renewed), '?');
    let mut cut = held();
    link_up(&mut cut, 34_000);
    assert_eq!(sign(id, &cut), '?');
}

#[test]
fn an_expired_lease_is_asked_for_anew() {
    let id = "dhcp6c.reb.expiry-to-solicit";
    let mut trace = lasting("next-pd", 120);
    lease(&mut trace, 1000, SHORT);
    assert_eq!(sign(id, &trace), '-');
    send(&mut trace, 71_500, MessageType::Solicit, 9);
    assert_eq!(sign(id, &trace), '+');
    let mut short = lasting("next-pd", 90);
    lease(&mut short, 1000, SHORT);
    assert_eq!(sign(id, &short), '?');
}

#[test]
fn a_t1_of_zero_leaves_the_time_to_the_client() {
    let id = "dhcp6c.t.zero";
    let mut trace = lasting("next-pd", 60);
    lease(&mut trace, 1000, [0, 0, 3000, 4000]);
    assert_eq!(sign(id, &trace), '+');
    send(&mut trace, 2000, MessageType::Renew, 9);
    assert_eq!(sign(id, &trace), '-');
    let mut usual = lasting("next-pd", 60);
    lease(&mut usual, 1000, SHORT);
    assert_eq!(sign(id, &usual), '?');
}

#[test]
fn a_lease_is_renewed_in_time() {
    let mut trace = delegated(56);
    assert!(matches!(
        verdict("dhcp6c.ren.at-t1", &trace),
        Verdict::Inconclusive(_)
    ));
    trace.trace.header.until = Time::from_secs(10_000);
    assert!(matches!(
        verdict("dhcp6c.ren.at-t1", &trace),
        Verdict::Fail(_)
    ));
    let mut hasty = delegated(56);
    hasty.trace.header.until = Time::from_secs(10_000);
    let rebind = client_message(MessageType::Rebind, 6, 0);
    hasty.at(7_201_000).dhcpv6(Role::Wan, End::Device, &rebind);
    assert!(matches!(
        verdict("dhcp6c.ren.at-t1", &hasty),
        Verdict::Fail(_)
    ));
    // One that began before T1 has another occasion.
    let mut earlier = delegated(56);
    earlier.trace.header.until = Time::from_secs(10_000);
    for at in [3_000_000, 7_201_000] {
        earlier.at(at).dhcpv6(Role::Wan, End::Device, &rebind);
    }
    assert!(matches!(
        verdict("dhcp6c.ren.at-t1", &earlier),
        Verdict::Pass(_)
    ));
    let renew = client_message(MessageType::Renew, 6, 0);
    trace.at(7_201_000).dhcpv6(Role::Wan, End::Device, &renew);
    assert!(matches!(
        verdict("dhcp6c.ren.at-t1", &trace),
        Verdict::Pass(_)
    ));
}

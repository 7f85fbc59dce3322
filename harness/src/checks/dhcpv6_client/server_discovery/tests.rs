use dhcproto::v6::{DhcpOption, MessageType, OptionCode};
use ngnlab_sim::trace::{End, Role};

use crate::checks::dhcpv6_client::test_talk::{assert_verdicts, solicit, soliciting};
use crate::dissection::builder::{TraceBuilder, client_message, grant};

/// The server offers, or offers nothing, with further options.
fn advertise(trace: &mut TraceBuilder, at: u64, offers: bool, more: &[DhcpOption]) {
    let prefix = trace.trace.header.line.assignment(0);
    let valid = if offers { 14_400 } else { 0 };
    let mut message = grant(7, prefix, [7200, 10_800, valid, valid]);
    message.set_msg_type(MessageType::Advertise);
    for option in more {
        message.opts_mut().remove(OptionCode::from(option));
        message.opts_mut().insert(option.clone());
    }
    trace.at(at).dhcpv6(Role::Wan, End::Network, &message);
}

fn request(trace: &mut TraceBuilder, at: u64, server: Option<DhcpOption>) {
    let mut message = client_message(MessageType::Request, 8, 0);
    let own = DhcpOption::ServerId(crate::dissection::builder::PC.duid_ll());
    message.opts_mut().insert(server.unwrap_or(own));
    trace.at(at).dhcpv6(Role::Wan, End::Device, &message);
}

#[test]
fn a_first_solicit_rests_more_than_a_second() {
    let id = "dhcp6c.sol.first-rt-gt-1s";
    assert_verdicts(&soliciting(60, &[1000, 2050]), &[(id, '+')]);
    assert_verdicts(&soliciting(60, &[1000, 1900]), &[(id, '-')]);
    assert_verdicts(&soliciting(60, &[1000]), &[(id, '?')]);
    // The beginning was not seen.
    let mut late = TraceBuilder::new("next-pd");
    solicit(&mut late, 3000, 1000);
    solicit(&mut late, 3500, 1000);
    assert_verdicts(&late, &[(id, '?')]);
}

#[test]
fn who_gives_up_is_found_and_who_waits_is_not() {
    let id = "dhcp6c.sol.no-give-up";
    let at = [1000, 2050, 4150, 8300, 16_500];
    assert_verdicts(&soliciting(60, &at), &[(id, '-')]);
    assert_verdicts(&soliciting(35, &at), &[(id, '+')]);
    assert_verdicts(&soliciting(60, &at[..2]), &[(id, '?')]);
    let mut answered = soliciting(60, &at);
    advertise(&mut answered, 16_600, true, &[]);
    request(&mut answered, 16_700, None);
    assert_verdicts(&answered, &[(id, '+')]);
}

#[test]
fn the_last_step_to_the_longest_interval_may_more_than_double() {
    let id = "dhcp6c.sol.no-give-up";
    // 2.1 times 1780 s exceeds SOL_MAX_RT, so that up to 1.1 times 3600 s may come (RFC 8415 §15).
    let at = |last: u64| [1_000_000, 1_900_000, 3_680_000, 3_680_000 + last];
    let play = |last: u64| {
        let mut trace = soliciting(12_000, &at(last)[..3]);
        request(&mut trace, at(last)[3], None);
        trace
    };
    assert_verdicts(&play(3_940_000), &[(id, '+')]);
    assert_verdicts(&play(3_980_000), &[(id, '-')]);
    // From 1700 s on it may not: 2.1 times that is less.
    let mut short = soliciting(12_000, &[1_000_000, 1_900_000, 3_600_000]);
    request(&mut short, 3_600_000 + 3_600_000, None);
    assert_verdicts(&short, &[(id, '-')]);
}

#[test]
fn offers_are_collected_unless_one_is_the_best() {
    let ids = ["dhcp6c.sol.wait-first-rt", "dhcp6c.sol.preference-255"];
    let play = |preference: u8, after: u64| {
        let mut trace = soliciting(60, &[1000]);
        advertise(
            &mut trace,
            1010,
            true,
            &[DhcpOption::Preference(preference)],
        );
        request(&mut trace, after, None);
        trace
    };
    assert_verdicts(&play(0, 2080), &[(ids[0], '+'), (ids[1], '?')]);
    assert_verdicts(&play(0, 1050), &[(ids[0], '-'), (ids[1], '?')]);
    assert_verdicts(&play(255, 1050), &[(ids[0], '?'), (ids[1], '+')]);
    assert_verdicts(&play(255, 2080), &[(ids[0], '?'), (ids[1], '-')]);
}

#[test]
fn the_best_offer_wins() {
    let id = "dhcp6c.sol.preference-order";
    let other = DhcpOption::ServerId(vec![0, 3, 0, 1, 2, 0, 0, 0, 0, 9]);
    let play = |chosen: Option<DhcpOption>| {
        let mut trace = soliciting(60, &[1000]);
        advertise(&mut trace, 1010, true, &[]);
        let better = [DhcpOption::Preference(100), other.clone()];
        advertise(&mut trace, 1020, true, &better);
        request(&mut trace, 2080, chosen);
        trace
    };
    assert_verdicts(&play(Some(other.clone())), &[(id, '+')]);
    assert_verdicts(&play(None), &[(id, '-')]);
    let mut single = soliciting(60, &[1000]);
    advertise(&mut single, 1010, true, &[]);
    request(&mut single, 2080, None);
    assert_verdicts(&single, &[(id, '?')]);
}

#[test]
fn an_empty_offer_is_as_good_as_none() {
    let (ignore, keep) = ("dhcp6c.adv.ignore-empty", "dhcp6c.adv.empty-keeps-timer");
    let mut trace = soliciting(60, &[1000]);
    for (at, next) in [(1010, 2050), (2060, 4150), (4160, 8300)] {
        advertise(&mut trace, at, false, &[]);
        solicit(&mut trace, next, 1000);
    }
    assert_verdicts(&trace, &[(ignore, '+'), (keep, '+')]);
    advertise(&mut trace, 8310, false, &[]);
    solicit(&mut trace, 8400, 1000);
    assert_verdicts(&trace, &[(keep, '-')]);
    request(&mut trace, 8500, None);
    assert_verdicts(&trace, &[(ignore, '-')]);
    // A server may have nothing at first and something later.
    let mut later = soliciting(60, &[1000]);
    advertise(&mut later, 1010, false, &[]);
    solicit(&mut later, 2050, 1000);
    advertise(&mut later, 2060, true, &[]);
    request(&mut later, 2070, None);
    assert_verdicts(&later, &[(ignore, '+'), (keep, '?')]);
}

use dhcproto::v6::{DhcpOption, MessageType, OptionCode, UnknownOption};
use ngnlab_sim::trace::{End, Role};

use crate::checks::dhcpv6_client::test_talk::{assert_verdicts, solicit, soliciting};
use crate::dissection::builder::{TraceBuilder, grant};

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

fn sol_max_rt(secs: u32) -> DhcpOption {
    let value = secs.to_be_bytes().to_vec();
    DhcpOption::Unknown(UnknownOption::new(OptionCode::SolMaxRt, value))
}

#[test]
fn sol_max_rt_counts_in_a_refusal_and_only_within_its_range() {
    let (follow, range) = ("dhcp6c.adv.sol-max-rt-in-error", "dhcp6c.sol-max-rt.range");
    let play = |value: u32, at: &[u64]| {
        let mut trace = soliciting(1000, &at[..1]);
        advertise(&mut trace, at[0] + 10, false, &[sol_max_rt(value)]);
        for next in &at[1..] {
            solicit(&mut trace, *next, at[0]);
        }
        trace
    };
    let doubling = [
        1000, 2050, 4150, 8300, 16_500, 33_000, 66_000, 132_000, 264_000,
    ];
    let limited = [
        1000, 2050, 4150, 8300, 16_500, 33_000, 66_000, 126_000, 186_000,
    ];
    assert_verdicts(&play(60, &limited), &[(follow, '+'), (range, '?')]);
    assert_verdicts(&play(60, &doubling), &[(follow, '-'), (range, '?')]);
    assert_verdicts(&play(30, &doubling), &[(follow, '?'), (range, '+')]);
    let cut = [1000, 2050, 4150, 8300, 16_500, 33_000, 63_000, 93_000];
    assert_verdicts(&play(30, &cut), &[(follow, '?'), (range, '-')]);
}

#[test]
fn a_storm_is_found() {
    let id = "dhcp6c.rate.limit";
    let storm: Vec<u64> = (0..60).map(|number| 1000 + 100 * number).collect();
    assert_verdicts(&soliciting(60, &storm), &[(id, '-')]);
    let calm: Vec<u64> = (0..60).map(|number| 1000 + 1000 * number).collect();
    assert_verdicts(&soliciting(90, &calm), &[(id, '+')]);
    assert_verdicts(&soliciting(60, &storm[..2]), &[(id, '?')]);
}

use std::path::Path;
use std::time::Duration;

use dhcproto::v6::{DhcpOption, MessageType, ORO, OptionCode};
use ngnlab_sim::trace::{End, Role};

use super::*;
use crate::dissection::builder::{TraceBuilder, client_message, grant};
use crate::dut::DeviceFailure;

#[test]
fn what_a_message_lacks_is_missing_on_any_host() {
    let case = case_of(&asked_without_options(5_000), &[]);
    for id in [
        "dhcp6c.oro.dns",
        "dhcp6c.m-flag.iana",
        "dhcp6c.rcf.accept",
        "lan.ra.rio",
    ] {
        let judged = &case.verdicts[id];
        assert!(matches!(judged.verdict, Verdict::Fail(_)), "{id}");
        assert!(!judged.excused, "{id}");
    }
}

#[test]
fn what_came_too_late_is_excused_if_the_host_was_as_late() {
    let judged = |late| case_of(&requested_late(late), &[]).verdicts[LATE].clone();
    let enough = judged(2_000);
    assert!(enough.excused, "{:?}", enough.verdict);
    let Verdict::Inconclusive(why) = &enough.verdict else {
        panic!("{:?}", enough.verdict);
    };
    assert!(
        why.contains("for 2.000 s") && why.contains("1.900 s explain it"),
        "{why}"
    );
    let little = judged(1_500);
    assert!(!little.excused);
    assert!(matches!(little.verdict, Verdict::Fail(_)));
}

#[test]
fn what_is_known_to_fail_is_never_excused() {
    let known = |id: &str| Known {
        check: Some(toml::Spanned::new(0..1, id.to_owned())),
        expect: None,
        device: None,
        scenarios: Vec::new(),
        wavers: false,
        reason: toml::Spanned::new(0..1, "so it is".to_owned()),
    };
    let judged = &case_of(&requested_late(2_000), &[known(LATE)]).verdicts[LATE];
    assert!(judged.known.is_some() && !judged.excused);
    assert!(matches!(judged.verdict, Verdict::Fail(_)));
}

#[test]
fn a_screen_that_did_not_come_may_be_late_and_another_one_may_not() {
    let seen = |screen: Option<Screen>, late| {
        let mut trace = TraceBuilder::new("next-pd");
        trace.at(5_000).seen(Seen::Late(late));
        let url = "https://www.lineauth.mnw/".to_owned();
        if screen.is_some() {
            let fact = Fact::PageSeen {
                url,
                screen,
                status: 200,
            };
            trace.at(9_000).fact("pc", fact);
        }
        case_of(&trace, &[]).expectations[0].clone()
    };
    let (little, much) = (Duration::from_millis(900), Duration::from_millis(1_100));
    assert!(seen(None, much).excused);
    assert!(!seen(None, little).excused);
    let another = seen(Some(Screen::M7), much);
    assert!(!another.excused && !another.met);
}

#[test]
fn a_screen_is_late_only_on_a_host_that_was_late_while_it_was_tried() {
    let excused = |failed_at| {
        let mut trace = TraceBuilder::new("next-pd");
        let late = Seen::Late(Duration::from_secs(2));
        trace.at(5_000).seen(late);
        let fact = Fact::PageFailed {
            url: "https://www.lineauth.mnw/".to_owned(),
            reason: ngnlab_sim::trace::FetchError::Timeout,
        };
        trace.at(failed_at).fact("pc", fact);
        case_of(&trace, &[]).expectations[0].excused
    };
    assert!(excused(30_000));
    assert!(!excused(100_000));
}

#[test]
fn a_step_is_excused_only_if_it_waits_for_something() {
    let step = |why: &str| {
        let mut trace = TraceBuilder::new("next-pd");
        let late = Seen::Late(Duration::from_secs(2));
        trace.at(5_000).seen(late);
        let failed = StepOutcome::Failed(why.to_owned());
        trace.at(9_000).step("power-cycle = {}", failed);
        let promises = case_of(&trace, &[]).expectations;
        let mut steps = promises.iter();
        let step = steps.find(|one| one.promise == Promise::Step).unwrap();
        step.excused
    };
    assert!(step("no consent screen is open"));
    assert!(!step("this line has no home gateway"));
}

#[test]
fn a_client_that_accepts_no_reconfigure_leaves_a_remark_where_one_was_to_be_replayed() {
    let is_remark = |accepts: bool| {
        let mut trace = TraceBuilder::new("next-pd");
        let mut solicit = client_message(MessageType::Solicit, 5, 0);
        if accepts {
            solicit.opts_mut().insert(DhcpOption::ReconfAccept);
        }
        trace.at(2_000).dhcpv6(Role::Wan, End::Device, &solicit);
        let failed = StepOutcome::Failed(NO_RECONFIGURE.to_owned());
        trace.at(9_000).step("power-cycle = {}", failed);
        let promises = case_of(&trace, &[]).expectations;
        let mut steps = promises.iter();
        let step = steps.find(|one| one.promise == Promise::Step).unwrap();
        step.remark
    };
    assert!(is_remark(false));
    assert!(!is_remark(true));
}

#[test]
fn the_way_in_which_a_device_fails_is_known_where_its_file_says_so() {
    let reason = |how, known: &Known| {
        let failure = DeviceFailure {
            how,
            message: "it took over 512 MiB".to_owned(),
            log: None,
        };
        let ending = Ending::DeviceFailed(failure);
        let case = case_that_ends(
            &TraceBuilder::new("next-pd"),
            ending,
            std::slice::from_ref(known),
        );
        assert!(matches!(case.outcome, Outcome::DeviceFailed { .. }));
        case.outcome.known().map(str::to_owned)
    };
    let mut known = Known {
        check: None,
        expect: None,
        device: Some(Failure::Bloated),
        scenarios: vec![toml::Spanned::new(0..1, "test/by-hand".to_owned())],
        wavers: false,
        reason: toml::Spanned::new(0..1, "so it is".to_owned()),
    };
    assert_eq!(
        reason(Failure::Bloated, &known).as_deref(),
        Some("so it is")
    );
    assert_eq!(reason(Failure::Crashed, &known), None);
    known.scenarios = vec![toml::Spanned::new(0..1, "test/another".to_owned())];
    assert_eq!(reason(Failure::Bloated, &known), None);
}

#[test]
fn a_program_that_was_held_up_again_and_again_is_excused() {
    let step = |times: u64, why: &str| {
        let mut trace = TraceBuilder::new("next-pd");
        for count in 0..times {
            let late = Seen::Late(Duration::from_millis(300));
            trace.at(2_000 * (count + 1)).seen(late);
        }
        let failed = StepOutcome::Failed(why.to_owned());
        trace.at(40_000).step("power-cycle = {}", failed);
        let promises = case_of(&trace, &[]).expectations;
        let mut steps = promises.into_iter();
        steps.find(|one| one.promise == Promise::Step).unwrap()
    };
    let enough = step(14, "its time was up; its last words:\n* Trying");
    assert!(enough.excused);
    let said = "the host was 4.2s late in all, and 4.0s explain it";
    assert!(enough.seen.ends_with(said), "{}", enough.seen);
    assert!(!step(13, "its time was up").excused);
    assert!(!step(14, "no consent screen is open").excused);
}

const LATE: &str = "ngn.pd.no-iana";

/// A Request that was due 5 s after the Advertise and comes after 6.9 s, on a host that was late
/// meanwhile.
fn requested_late(late: u64) -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    let solicit = client_message(MessageType::Solicit, 5, 0);
    trace.at(2_000).dhcpv6(Role::Wan, End::Device, &solicit);
    let mut offer = grant(5, trace.trace.header.line.assignment(0), [600; 4]);
    offer.set_msg_type(MessageType::Advertise);
    trace.at(2_100).dhcpv6(Role::Wan, End::Network, &offer);
    let late = Seen::Late(Duration::from_millis(late));
    trace.at(6_000).seen(late);
    let request = client_message(MessageType::Request, 6, 0);
    trace.at(9_000).dhcpv6(Role::Wan, End::Device, &request);
    trace
}

/// A router that asks for nothing and says nothing of routes, on a host that was late.
fn asked_without_options(late: u64) -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    trace.trace.header.until = Time::from_secs(200);
    trace.at(1_000).wan_ra(|advert| {
        (advert.managed, advert.other) = (true, true);
    });
    let late = Seen::Late(Duration::from_millis(late));
    trace.at(2_000).seen(late);
    let mut solicit = client_message(MessageType::Solicit, 5, 0);
    solicit.opts_mut().remove(OptionCode::ORO);
    let opts = vec![OptionCode::SolMaxRt];
    solicit.opts_mut().insert(DhcpOption::ORO(ORO { opts }));
    trace.at(3_000).dhcpv6(Role::Wan, End::Device, &solicit);
    let prefix = trace.trace.header.line.assignment(0);
    let reply = grant(5, prefix, [7200, 10_800, 12_600, 14_400]);
    trace.at(3_500).dhcpv6(Role::Wan, End::Network, &reply);
    trace.at(4_000).lan_ra(|_| {});
    trace
}

fn case_of(trace: &TraceBuilder, known: &[Known]) -> Case {
    case_that_ends(trace, Ending::Complete, known)
}

fn case_that_ends(trace: &TraceBuilder, ending: Ending, known: &[Known]) -> Case {
    let text = "about = { ja = \"試験。\", en = \"A test.\" }\nsource = \"guide p.17\"\n\
        line = { preset = \"next-pd\", areas = [\"east\"] }\nterminals = [\"pc\"]\n\
        until = \"60s\"\n[expect]\nscreen = \"m1\"\n";
    let path = Path::new("scenarios/test/by-hand.toml");
    let scenario = Scenario::parse("test/by-hand", path, text).unwrap();
    let run = Run {
        trace: trace.trace.clone(),
        ending,
    };
    case(&scenario, Area::East, &Ok(run), known, &[], None)
}

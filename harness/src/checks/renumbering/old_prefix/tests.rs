use ngnlab_sim::message::ndp::{Ndp, NdpOption, PrefixInfo};
use ngnlab_sim::message::packet::ALL_NODES;
use ngnlab_sim::trace::{End, Fact, Role, Seen};

use super::*;
use crate::checks::evidence::test_adverts::{lan_ra, on_line, prefix};
use crate::checks::test_verdicts::{fails, is_explained, passes, verdict};
use crate::dissection::builder::TraceBuilder;

#[test]
fn an_old_prefix_is_let_go() {
    let mut trace = on_line();
    lan_ra(&mut trace, 2000, 1700, 3500);
    assert!(matches!(
        verdict("lan.renum.deprecate-old", &trace),
        Verdict::Inconclusive(_)
    ));
    trace.trace.header.until = Time::from_secs(200);
    trace.at(20_000).wan_ra(|advert| {
        prefix(advert).preferred = 0;
        prefix(advert).valid = 0;
    });
    assert!(fails("lan.renum.deprecate-old", &trace));
    lan_ra(&mut trace, 21_000, 0, 0);
    assert!(passes("lan.renum.deprecate-old", &trace));
    lan_ra(&mut trace, 90_000, 1700, 3500);
    assert!(fails("lan.renum.deprecate-old", &trace));
}

#[test]
fn an_old_prefix_that_is_kept_up_is_not_late() {
    let id = "lan.renum.deprecate-old";
    let mut trace = on_line();
    lan_ra(&mut trace, 2000, 1700, 3500);
    trace.trace.header.until = Time::from_secs(200);
    trace.at(20_000).wan_ra(|advert| {
        prefix(advert).preferred = 0;
        prefix(advert).valid = 0;
    });
    trace.at(80_500).seen(Seen::Late(Duration::from_secs(2)));
    lan_ra(&mut trace, 81_000, 1700, 3500);
    assert!(is_explained(id, &trace));
    lan_ra(&mut trace, 120_000, 1700, 3500);
    assert!(fails(id, &trace) && !is_explained(id, &trace));
}

/// The line gives one prefix at 1 s and another at 60 s; the run ends after two hours.
struct Renumbered {
    trace: TraceBuilder,
    nets: [Ipv6Net; 2],
}

impl Renumbered {
    fn new() -> Self {
        let mut trace = TraceBuilder::new("next-ra");
        trace.trace.header.until = Time::from_secs(7200);
        let nets = [0, 1].map(|number| trace.trace.header.line.assignment(number));
        let mut this = Self { trace, nets };
        this.assign(1, 0);
        this.lan(2, &[(0, 2700, 5400)]);
        this
    }

    fn assign(&mut self, at: u64, number: usize) {
        let prefix = self.nets[number];
        let (mut advert, edge) = (self.trace.advert(), self.trace.edge().link_local());
        if let NdpOption::Prefix(info) = &mut advert.options[0] {
            info.prefix = prefix.addr();
        }
        let advert = Ndp::RouterAdvert(advert);
        self.trace
            .at(at * 1000)
            .fact("edge", Fact::Assigned { prefix })
            .ndp(Role::Wan, End::Network, edge, ALL_NODES, &advert);
    }

    /// The device advertises prefixes with these lifetimes.
    fn lan(&mut self, at: u64, prefixes: &[(usize, u32, u32)]) {
        let nets = self.nets;
        self.trace.at(at * 1000).lan_ra(|advert| {
            let NdpOption::Prefix(first) = advert.options[0].clone() else {
                panic!("the builder puts the prefix first");
            };
            advert.options = prefixes
                .iter()
                .map(|(number, preferred, valid)| {
                    NdpOption::Prefix(PrefixInfo {
                        prefix: nets[*number].addr(),
                        preferred: *preferred,
                        valid: *valid,
                        ..first
                    })
                })
                .collect();
        });
    }

    fn cut(&mut self, at: u64) {
        self.trace.at(at * 1000).done("power-cycle = {}");
    }

    fn says(&self, id: &str) -> &'static str {
        match verdict(id, &self.trace) {
            Verdict::Pass(_) => "pass",
            Verdict::Fail(_) => "fail",
            Verdict::Inconclusive(_) => "nothing",
            Verdict::NotApplicable(_) => "not applicable",
        }
    }
}

#[test]
fn a_power_cut_is_no_excuse() {
    let id = "lan.renum.after-reboot";
    let mut line = Renumbered::new();
    line.cut(50);
    line.assign(60, 1);
    line.lan(62, &[(1, 2700, 5400)]);
    assert_eq!(line.says(id), "fail");
    assert_eq!(line.says("lan.renum.deprecate-old"), "nothing");
    line.lan(78, &[(1, 2700, 5400), (0, 0, 0)]);
    assert_eq!(line.says(id), "pass");
    // Who remembers the old one may withdraw it before another is given.
    let mut early = Renumbered::new();
    early.cut(50);
    early.lan(55, &[(0, 0, 0)]);
    early.assign(60, 1);
    early.lan(62, &[(1, 2700, 5400), (0, 0, 0)]);
    assert_eq!(early.says(id), "pass");
    let mut uncut = Renumbered::new();
    uncut.assign(60, 1);
    uncut.lan(62, &[(1, 2700, 5400)]);
    assert_eq!(uncut.says(id), "nothing");
}

#[test]
fn a_prefix_is_withdrawn_at_once() {
    let id = "lan.renum.zero-lifetimes";
    let mut line = Renumbered::new();
    line.assign(60, 1);
    assert_eq!(line.says(id), "nothing");
    line.lan(62, &[(1, 2700, 5400), (0, 0, 0)]);
    assert_eq!(line.says(id), "pass");
    line.lan(78, &[(1, 2700, 5400), (0, 0, 7200)]);
    assert_eq!(line.says(id), "fail");
}

#[test]
fn a_withdrawal_lasts_as_long_as_the_prefix_would_have() {
    let id = "lan.renum.deprecate-hold";
    let both = [(1, 2700, 5400), (0, 0, 0)];
    let mut line = Renumbered::new();
    line.assign(60, 1);
    for at in [62, 1800, 3600, 5400] {
        line.lan(at, &both);
    }
    assert_eq!(line.says(id), "pass");
    line.lan(5500, &[(1, 2700, 5400)]);
    assert_eq!(line.says(id), "pass");
    line.trace.trace.header.until = Time::from_secs(5000);
    line.trace.trace.records.truncate(7);
    assert_eq!(line.says(id), "nothing");
    line.lan(4000, &[(1, 2700, 5400)]);
    assert_eq!(line.says(id), "fail");
}

#[test]
fn a_prefix_that_the_line_gives_once_more_is_in_use_again() {
    let id = "lan.renum.deprecate-old";
    for (given_again, says) in [(true, "pass"), (false, "fail")] {
        let mut line = Renumbered::new();
        line.assign(60, 1);
        line.lan(61, &[(1, 2700, 5400), (0, 0, 0)]);
        if given_again {
            line.assign(400, 0);
        }
        line.lan(400, &[(0, 2700, 5400), (1, 0, 0)]);
        assert_eq!(line.says(id), says);
    }
}

#[test]
fn nobody_hears_of_a_prefix_while_the_lan_cable_is_out() {
    let mut line = Renumbered::new();
    line.cut(50);
    line.assign(60, 1);
    // The cable was out from 40 s on.
    line.trace
        .at(160_000)
        .done("link-down = { cable = \"lan\", lasting = \"120s\" }");
    line.lan(161, &[(1, 2700, 5400), (0, 0, 0)]);
    assert_eq!(line.says("lan.renum.after-reboot"), "nothing");
}

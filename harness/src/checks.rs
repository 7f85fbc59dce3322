//! Checks: what has to hold, where it is written, and a pure function that looks for it in a trace.
//!
//! Every check judges every trace. One that finds nothing to judge says so; it never passes.

use std::collections::BTreeMap;
use std::time::Duration;

use ngnlab_reports::{CheckInfo, Finding, Level, Profile, RecordId, Text, Verdict};
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::{Time, Trace};

use crate::dissection::{Dissection, Found, UnknownStep};

mod ce;
mod dhcp6s;
mod dhcpv6;
mod dhcpv6_again;
mod dhcpv6_forged;
mod dhcpv6_identity;
mod dhcpv6_lease;
mod dhcpv6_limits;
mod dhcpv6_options;
mod dhcpv6_reconfigure;
mod dhcpv6_replies;
mod dhcpv6_solicit;
#[cfg(test)]
mod dhcpv6_talk;
mod dns;
mod dns_answer;
mod dns_cache;
mod dns_clients;
mod dns_header;
mod dns_names;
mod dns_outage;
mod dns_table;
#[cfg(test)]
mod dns_talk;
mod dns_transport;
mod dns_trust;
mod dns_verbatim;
mod edns;
mod edns_options;
mod forward;
mod forwarding;
mod fw6;
mod hgw;
mod icmp6;
mod lan;
mod lan_lifetimes;
mod lan_nd;
mod lan_options;
mod lan_prefixes;
mod lan_timing;
mod nd;
mod ngn;
mod ons;
mod pd;
mod pd_use;
mod renumbering;
mod rob;
#[cfg(test)]
mod verdicts;
mod wan;
mod wan_own;
mod wan_ra;
mod wan_slaac;

/// One requirement.
#[derive(Debug)]
pub struct Check {
    /// The stable id, `topic.what-holds`.
    pub id: &'static str,
    /// Where the requirement stands.
    pub source: &'static str,
    /// How binding it is.
    pub level: Level,
    /// The profiles that ask for it.
    pub profiles: &'static [Profile],
    /// The parts of the configuration it depends on: one wrong on purpose, and it does not apply.
    pub aspects: &'static [Aspect],
    /// What holds when it is green.
    pub title: Text,
    /// What to do when it is not.
    pub hint: Text,
    /// Looks for it in a trace.
    pub judge: fn(&Dissection<'_>) -> Verdict,
}

const TOPICS: &[&[Check]] = &[
    ons::CHECKS,
    ons::line_auth::CHECKS,
    ons::service::CHECKS,
    dns_table::CHECKS,
    dns_names::CHECKS,
    dns::CHECKS,
    dns_answer::CHECKS,
    dns_trust::CHECKS,
    dns_outage::CHECKS,
    dns_cache::CHECKS,
    edns::CHECKS,
    ngn::CHECKS,
    renumbering::CHECKS,
    ce::CHECKS,
    edns_options::CHECKS,
    dns_header::CHECKS,
    dns_verbatim::CHECKS,
    dns_clients::CHECKS,
    dns_transport::CHECKS,
    wan::CHECKS,
    wan_ra::CHECKS,
    wan_slaac::CHECKS,
    wan_own::CHECKS,
    dhcpv6::CHECKS,
    dhcpv6_identity::CHECKS,
    dhcpv6_lease::CHECKS,
    dhcpv6_again::CHECKS,
    dhcpv6_options::CHECKS,
    dhcpv6_solicit::CHECKS,
    dhcpv6_limits::CHECKS,
    dhcpv6_replies::CHECKS,
    dhcpv6_forged::CHECKS,
    dhcpv6_reconfigure::CHECKS,
    pd::CHECKS,
    pd_use::CHECKS,
    lan::CHECKS,
    lan_lifetimes::CHECKS,
    lan_options::CHECKS,
    lan_prefixes::CHECKS,
    lan_nd::CHECKS,
    dhcp6s::CHECKS,
    lan_timing::CHECKS,
    nd::CHECKS,
    forward::CHECKS,
    rob::CHECKS,
    forwarding::CHECKS,
    icmp6::CHECKS,
    fw6::CHECKS,
    hgw::CHECKS,
];

/// Returns every check, topic by topic.
pub fn all() -> impl Iterator<Item = &'static Check> {
    TOPICS.iter().copied().flatten()
}

/// Returns the check with this id.
pub fn find(id: &str) -> Option<&'static Check> {
    all().find(|check| check.id == id)
}

/// Returns what each check says about a trace.
pub fn judge(trace: &Trace) -> Result<BTreeMap<&'static str, Verdict>, UnknownStep> {
    Dissection::new(trace).map(|trace| judge_dissected(&trace))
}

/// Returns what each check says about a trace that has been taken apart already.
pub fn judge_dissected(trace: &Dissection<'_>) -> BTreeMap<&'static str, Verdict> {
    all()
        .map(|check| (check.id, check.verdict(trace)))
        .collect()
}

/// Returns what there is to know about a check without any trace.
pub fn check_info(check: &Check) -> CheckInfo {
    CheckInfo {
        id: check.id.to_owned(),
        source: check.source.to_owned(),
        level: check.level,
        profiles: check.profiles.to_vec(),
        title: check.title.clone(),
        hint: check.hint.clone(),
    }
}

impl Check {
    /// Returns what the check says about a trace.
    pub fn verdict(&self, trace: &Dissection<'_>) -> Verdict {
        match self.aspects.iter().find(|aspect| trace.is_wrong(**aspect)) {
            Some(Aspect::Delivery) => {
                not_applicable("the way the prefix is delivered is configured wrong on purpose")
            }
            Some(Aspect::Dns) => not_applicable("the DNS servers are configured wrong on purpose"),
            None => (self.judge)(trace),
        }
    }
}

/// Takes a failure back that may be the host's.
pub fn excused(trace: &Dissection<'_>, verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Fail(finding) if trace.is_host_overloaded() => Verdict::Inconclusive(format!(
            "expected {}, seen {}, but the host kept the device or the line waiting for {} within a few seconds",
            finding.expected,
            finding.actual,
            seconds(trace.late_at_a_time)
        )),
        verdict => verdict,
    }
}

/// Every profile.
const EVERYONE: &[Profile] = &[
    Profile::OnsEast,
    Profile::OnsWest,
    Profile::HomeGateway,
    Profile::CeRouter,
];
/// Whoever has to reach ONS, whatever stands upstream.
const ONS: &[Profile] = &[Profile::OnsEast, Profile::OnsWest, Profile::HomeGateway];
/// What RFC 7084 and RFC 9096 ask, and the guide does not.
const CE_ROUTER: &[Profile] = &[Profile::CeRouter];
/// What names need on the way to ONS, and of every DNS forwarder.
const EVERY_FORWARDER: &[Profile] = &[
    Profile::OnsEast,
    Profile::OnsWest,
    Profile::HomeGateway,
    Profile::CeRouter,
    Profile::DnsProxy,
];
/// What RFC 5625 asks of a DNS forwarder, and ONS can do without.
const DNS_PROXY: &[Profile] = &[Profile::CeRouter, Profile::DnsProxy];

/// What a check says about one thing it looked at.
enum Ruling {
    /// It is as it must be.
    Holds(Vec<RecordId>),
    /// It is not.
    Broken(Finding),
    /// It could not be told, and why.
    Unclear(String),
    /// It was nothing to judge after all.
    Skip,
}

/// Judges every item, up to the first that is broken; `what` names them, as "a Solicit".
fn every<T>(
    what: &str,
    items: impl IntoIterator<Item = T>,
    mut judge: impl FnMut(T) -> Ruling,
) -> Verdict {
    let mut records = Vec::new();
    let mut unclear = None;
    let mut held = false;
    for item in items {
        match judge(item) {
            Ruling::Holds(more) => {
                held = true;
                records.extend(
                    more.into_iter()
                        .take(MOST_RECORDS.saturating_sub(records.len())),
                );
            }
            Ruling::Broken(finding) => return Verdict::Fail(finding),
            Ruling::Unclear(why) => unclear = unclear.or(Some(why)),
            Ruling::Skip => {}
        }
    }
    match unclear {
        Some(why) => Verdict::Inconclusive(why),
        None if held => Verdict::Pass(records),
        None => Verdict::Inconclusive(format!("there was no {what}")),
    }
}

/// Judges that none of `bad` is there, given the records of what could have brought it about.
fn never(
    what: &str,
    occasions: impl IntoIterator<Item = RecordId>,
    bad: impl IntoIterator<Item = Finding>,
) -> Verdict {
    if let Some(finding) = bad.into_iter().next() {
        return Verdict::Fail(finding);
    }
    let records: Vec<RecordId> = occasions.into_iter().take(MOST_RECORDS).collect();
    if records.is_empty() {
        Verdict::Inconclusive(format!("there was no {what}"))
    } else {
        Verdict::Pass(records)
    }
}

/// Holds if `ok`; else the words tell what was expected and what was seen.
fn expect(
    records: impl IntoIterator<Item = RecordId>,
    ok: bool,
    expected: impl Into<String>,
    actual: impl Into<String>,
) -> Ruling {
    if ok {
        Ruling::Holds(records.into_iter().collect())
    } else {
        broken(records, expected, actual)
    }
}

/// Holds if the answer came within `limit`; a host that was late makes it unclear.
fn within<A, B>(
    trace: &Dissection<'_>,
    question: &Found<A>,
    answer: Option<&Found<B>>,
    limit: Duration,
    what: &str,
) -> Ruling {
    let expected = format!("{what} within {}", seconds(limit));
    let Some(answer) = answer else {
        return if trace.end() < question.arrives + limit {
            Ruling::Skip
        } else {
            broken([question.record], expected, "nothing came")
        };
    };
    let records = [question.record, answer.record];
    let took = answer.at.since(question.arrives);
    if took <= limit {
        Ruling::Holds(records.to_vec())
    } else if took <= limit + trace.late {
        unclear_by_host(trace)
    } else {
        broken(
            records,
            expected,
            format!("it came after {}", seconds(took)),
        )
    }
}

/// Holds if two moments are at least `least` apart; a host that was late may have seen the first
/// one too late, which makes it unclear.
fn at_least(
    trace: &Dissection<'_>,
    records: [RecordId; 2],
    gap: Duration,
    least: Duration,
    expected: impl Into<String>,
) -> Ruling {
    if gap >= least {
        Ruling::Holds(records.to_vec())
    } else if gap + trace.late >= least {
        unclear_by_host(trace)
    } else {
        broken(records, expected, seconds(gap))
    }
}

fn unclear_by_host(trace: &Dissection<'_>) -> Ruling {
    let late = seconds(trace.late);
    Ruling::Unclear(format!(
        "the host was up to {late} late, more than the tolerance"
    ))
}

fn broken(
    records: impl IntoIterator<Item = RecordId>,
    expected: impl Into<String>,
    actual: impl Into<String>,
) -> Ruling {
    Ruling::Broken(finding(records, expected, actual))
}

fn finding(
    records: impl IntoIterator<Item = RecordId>,
    expected: impl Into<String>,
    actual: impl Into<String>,
) -> Finding {
    Finding {
        records: records.into_iter().take(MOST_RECORDS).collect(),
        expected: expected.into(),
        actual: actual.into(),
    }
}

fn not_applicable(why: &str) -> Verdict {
    Verdict::NotApplicable(why.to_owned())
}

/// Judges only if the device is configured this way.
fn only_in(mode: Mode, trace: &Dissection<'_>, judge: impl FnOnce() -> Verdict) -> Verdict {
    match (trace.setup().mode, mode) {
        (Mode::Ra, Mode::Pd) => not_applicable("the device hands on the prefix of an RA"),
        (Mode::Pd, Mode::Ra) => not_applicable("the device has its prefix delegated"),
        (Mode::Ra, Mode::Ra) | (Mode::Pd, Mode::Pd) => judge(),
    }
}

fn seconds(span: Duration) -> String {
    format!("{:.3} s", span.as_secs_f64())
}

/// Returns the time between two points, whichever comes first.
fn apart(a: Time, b: Time) -> Duration {
    a.since(b).max(b.since(a))
}

/// More records than this prove nothing more.
const MOST_RECORDS: usize = 12;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::dissection::builder::TraceBuilder;

    #[test]
    fn ids_are_unique_and_every_check_says_what_it_is() {
        let mut ids = BTreeSet::new();
        for check in all() {
            assert!(ids.insert(check.id), "{} is there twice", check.id);
            assert!(!check.profiles.is_empty(), "{}", check.id);
            for text in [&check.title, &check.hint] {
                assert!(!text.ja.is_empty() && !text.en.is_empty(), "{}", check.id);
                assert!(!text.ja.is_ascii(), "{} has no Japanese text", check.id);
            }
        }
        assert!(ids.len() >= 50, "only {} checks", ids.len());
    }

    #[test]
    fn an_empty_trace_passes_nothing_and_fails_nothing() {
        for preset in ["next-ra", "next-pd", "hgw-pd"] {
            for (id, verdict) in judge(&TraceBuilder::new(preset).trace).unwrap() {
                assert!(
                    matches!(
                        verdict,
                        Verdict::Inconclusive(_) | Verdict::NotApplicable(_)
                    ),
                    "{id}: {verdict:?}"
                );
            }
        }
    }

    #[test]
    fn every_stops_at_the_first_that_is_broken() {
        let verdict = every("number", [1, 2, 3], |number| {
            expect([number], number == 1, "1", number.to_string())
        });
        let Verdict::Fail(finding) = verdict else {
            panic!("{verdict:?}");
        };
        assert_eq!(finding.records, [2]);
        let nothing = every("number", Vec::<usize>::new(), |_| Ruling::Skip);
        assert_eq!(
            nothing,
            Verdict::Inconclusive("there was no number".to_owned())
        );
    }
}

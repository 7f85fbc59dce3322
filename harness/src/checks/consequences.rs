//! Which failures may be nothing but the consequence of another one, so that one fault gives one
//! finding first and the others below it.
//!
//! A consequence is still a failure and counts as one: this says only in what order to read.

use std::collections::BTreeMap;

use ngnlab_reports::{RecordId, Verdict};

use crate::checks::ruling;
use crate::dissection::Dissection;
use bridged::BRIDGED;
use dialled::DIALLED;
use dns_answers::DNS_ANSWERS;
use dns_table::DNS_TABLE;
use forms::FORMS;
use how_far::HowFar;
use in_the_end::IN_THE_END;
use on_the_way::{OF_PROMISES, ON_THE_WAY, Obstacle, SITES};
use premises::PREMISES;
use same::SAME;

mod bridged;
mod dialled;
mod dns_answers;
mod dns_table;
mod forms;
mod how_far;
mod in_the_end;
mod on_the_way;
mod premises;
mod same;

/// Failures that others explain, and those others, the likeliest first.
struct Consequence {
    failures: &'static [&'static str],
    causes: &'static [&'static [&'static str]],
}

/// Failures to get to a site, and what lies on the way there, the likeliest first.
struct OnTheWay {
    failures: &'static [&'static str],
    obstacles: &'static [&'static [Obstacle]],
}

/// Returns which failed check explains which, of the verdicts on one trace.
pub fn because<'a>(
    trace: &Dissection<'_>,
    verdicts: &BTreeMap<&'a str, Verdict>,
) -> BTreeMap<&'a str, &'static str> {
    explained(verdicts, |records| HowFar::of(trace, records))
}

fn explained<'a>(
    verdicts: &BTreeMap<&'a str, Verdict>,
    how_far: impl Fn(&[RecordId]) -> HowFar,
) -> BTreeMap<&'a str, &'static str> {
    let failed = verdicts.iter().filter_map(|(id, verdict)| match verdict {
        Verdict::Fail(finding) => Some((*id, &finding.records[..])),
        Verdict::Pass(_) | Verdict::Inconclusive(_) | Verdict::NotApplicable(_) => None,
    });
    let failed: BTreeMap<&str, &[RecordId]> = failed.collect();
    let mut found = BTreeMap::new();
    for (id, records) in &failed {
        let mut same = same()
            .filter(|row| row.failures.contains(id))
            .flat_map(|row| row.causes.iter().copied().flatten().copied());
        let mut obstacles = ON_THE_WAY
            .iter()
            .filter(|row| row.failures.contains(id))
            .flat_map(|row| row.obstacles.iter().copied().flatten());
        let stopped = how_far(records);
        let stops = |obstacle: &&Obstacle| {
            let seen = failed.get(obstacle.check);
            let before = seen.is_some_and(|seen| is_before(seen, records));
            (before || seen.is_some() && obstacle.is_always_there())
                && obstacle.stops(stopped, || seen.map(|seen| how_far(seen)))
        };
        let cause = same
            .find(|cause| failed.contains_key(cause))
            .or_else(|| obstacles.find(stops).map(|obstacle| obstacle.check));
        found.extend(cause.map(|cause| (*id, cause)));
    }
    found
}

fn same() -> impl Iterator<Item = &'static Consequence> {
    let fields = FORMS.iter().chain(DNS_ANSWERS);
    let same = BRIDGED.iter().chain(DIALLED).chain(DNS_TABLE).chain(SAME);
    same.chain(fields).chain(IN_THE_END)
}

/// Returns which failed check left which other one without anything to judge.
pub fn left_open<'a>(verdicts: &BTreeMap<&'a str, Verdict>) -> BTreeMap<&'a str, &'a str> {
    let failed = |id: &str| {
        let found = verdicts.get_key_value(id);
        found.and_then(|(id, verdict)| matches!(verdict, Verdict::Fail(_)).then_some(*id))
    };
    let open = verdicts.iter().filter_map(|(id, verdict)| match verdict {
        Verdict::Inconclusive(why) => Some((*id, why)),
        Verdict::Pass(_) | Verdict::Fail(_) | Verdict::NotApplicable(_) => None,
    });
    open.filter_map(|(id, why)| {
        let owner = ruling::owner(why).and_then(failed);
        let owner = owner.or_else(|| causes(PREMISES, id).find_map(failed));
        owner.map(|owner| (id, owner))
    })
    .collect()
}

fn causes(rows: &'static [Consequence], id: &str) -> impl Iterator<Item = &'static str> {
    let rows = rows.iter().filter(move |row| row.failures.contains(&id));
    rows.flat_map(|row| row.causes.iter().copied().flatten().copied())
}

/// Returns the failed check that explains why a promise about a site was not kept, if one does;
/// `failed` gives the records that show a failure.
pub fn because_of_promise<'a>(
    trace: &Dissection<'_>,
    failed: impl Fn(&str) -> Option<&'a [RecordId]>,
) -> Option<&'static str> {
    let stopped = HowFar::in_the_end(trace);
    let explains = |obstacle: &&Obstacle| {
        let seen = failed(obstacle.check);
        seen.is_some() && obstacle.stops(stopped, || seen.map(|seen| HowFar::of(trace, seen)))
    };
    // Who fails at a site itself breaks what was promised of it, wherever it stopped.
    let mut sites = SITES.iter();
    let site = sites.find(|site| failed(site.check).is_some());
    let mut obstacles = OF_PROMISES.iter().copied().flatten();
    let cause = site.or_else(|| obstacles.find(explains));
    cause.map(|obstacle| obstacle.check)
}

/// Returns whether a cause was seen by the time its consequence was.
fn is_before(cause: &[RecordId], consequence: &[RecordId]) -> bool {
    match (cause.iter().min(), consequence.iter().max()) {
        (Some(cause), Some(consequence)) => cause <= consequence,
        _ => true,
    }
}

/// Returns every check that is named here.
#[cfg(test)]
pub(super) fn named() -> impl Iterator<Item = &'static str> {
    let premises = PREMISES.iter().map(|row| {
        let causes = row.causes.iter().copied().flatten().copied();
        (row.failures, causes.collect())
    });
    let rows = rows().chain(premises);
    rows.flat_map(|(failures, causes): (_, Vec<_>)| failures.iter().copied().chain(causes))
}

/// Returns every row of both tables, as failures and what explains them.
#[cfg(test)]
fn rows() -> impl Iterator<Item = (&'static [&'static str], Vec<&'static str>)> {
    let same = same().map(|row| {
        let causes = row.causes.iter().copied().flatten().copied();
        (row.failures, causes.collect())
    });
    let on_the_way = ON_THE_WAY.iter().map(|row| {
        let causes = row.obstacles.iter().copied().flatten();
        (
            row.failures,
            causes.map(|obstacle| obstacle.check).collect(),
        )
    });
    same.chain(on_the_way)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ngnlab_reports::Finding;

    use super::*;

    fn failed(records: &[RecordId]) -> Verdict {
        Verdict::Fail(Finding {
            records: records.to_vec(),
            expected: String::new(),
            actual: String::new(),
            excuse: None,
        })
    }

    /// Every check that can explain this one, whichever rows lead there.
    fn explained_by(id: &'static str) -> BTreeSet<&'static str> {
        let mut found = BTreeSet::new();
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            for (_, causes) in rows().filter(|(failures, _)| failures.contains(&id)) {
                for cause in causes {
                    if found.insert(cause) {
                        open.push(cause);
                    }
                }
            }
        }
        found
    }

    #[test]
    fn nothing_explains_itself() {
        for (failures, _) in rows() {
            for id in failures {
                assert!(!explained_by(id).contains(id), "{id} leads back to itself");
            }
        }
    }

    #[test]
    fn the_likeliest_cause_that_failed_before_explains_a_failure() {
        let mut verdicts = BTreeMap::from([
            ("dns.proxy.id-restored", failed(&[7])),
            ("ons.line-auth.reaches-site", failed(&[9])),
            ("ons.portal.reachable", failed(&[20])),
            ("dhcp6c.msg.elapsed-time", failed(&[3])),
        ]);
        let found = explained(&verdicts, |_| HowFar::NotSent);
        assert_eq!(
            found,
            BTreeMap::from([
                ("ons.line-auth.reaches-site", "dns.proxy.id-restored"),
                ("ons.portal.reachable", "dns.proxy.id-restored"),
            ])
        );
        verdicts.insert("dns.proxy.id-restored", failed(&[12]));
        let found = explained(&verdicts, |_| HowFar::NotSent);
        assert_eq!(found.get("ons.line-auth.reaches-site"), None);
        assert_eq!(
            found.get("ons.portal.reachable"),
            Some(&"dns.proxy.id-restored")
        );
        verdicts.insert("dns.proxy.id-restored", Verdict::Pass(vec![1]));
        let found = explained(&verdicts, |_| HowFar::NotSent);
        assert_eq!(
            found.get("ons.portal.reachable"),
            Some(&"ons.line-auth.reaches-site")
        );
    }

    #[test]
    fn a_check_is_left_open_by_what_it_needs_first_or_by_what_it_names() {
        let nothing = |why: &str| Verdict::Inconclusive(why.to_owned());
        let mut verdicts = BTreeMap::from([
            ("dhcp6s.mode", failed(&[7])),
            ("dhcp6s.echo-xid", nothing("there was no answer")),
            (
                "dhcp6s.search",
                Verdict::NotApplicable("not asked".to_owned()),
            ),
            ("dns.proxy.present", failed(&[9])),
            (
                "dns.proxy.verbatim",
                nothing("because dns.proxy.present failed: silence"),
            ),
            (
                "dns.proxy.tcp",
                nothing("because dns.proxy.lost failed: silence"),
            ),
        ]);
        let expected = BTreeMap::from([
            ("dhcp6s.echo-xid", "dhcp6s.mode"),
            ("dns.proxy.verbatim", "dns.proxy.present"),
        ]);
        assert_eq!(left_open(&verdicts), expected);
        verdicts.insert("dhcp6s.mode", nothing("it was too late"));
        assert!(!left_open(&verdicts).contains_key("dhcp6s.echo-xid"));
    }

    #[test]
    fn who_opened_a_connection_was_not_stopped_by_a_name() {
        let verdicts = BTreeMap::from([
            ("dns.proxy.present", failed(&[12])),
            ("ngn.nd.answers-for-lan", failed(&[4])),
            ("ons.portal.reachable", failed(&[9])),
        ]);
        for (how_far, cause) in [
            (HowFar::NotSent, Some("dns.proxy.present")),
            (HowFar::ToTheRouter, None),
            (HowFar::ToTheLine, Some("ngn.nd.answers-for-lan")),
        ] {
            let found = explained(&verdicts, |_| how_far);
            assert_eq!(found.get("ons.portal.reachable").copied(), cause);
        }
    }
}

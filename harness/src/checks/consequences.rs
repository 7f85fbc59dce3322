//! Which failures may be nothing but the consequence of another one, so that one fault gives one
//! finding first and the others below it.
//!
//! A consequence is still a failure and counts as one: this says only in what order to read.

use std::collections::BTreeMap;

use ngnlab_reports::{RecordId, Verdict};

use crate::checks::ruling;

use on_the_way::{OF_PROMISES, ON_THE_WAY};
use premises::PREMISES;
use same::SAME;

mod on_the_way;
mod premises;
mod same;

/// Failures that others explain, and those others, the likeliest first.
struct Consequence {
    failures: &'static [&'static str],
    causes: &'static [&'static [&'static str]],
}

/// Returns which failed check explains which, of the verdicts on one trace.
pub fn because<'a>(verdicts: &BTreeMap<&'a str, Verdict>) -> BTreeMap<&'a str, &'static str> {
    let failed = verdicts.iter().filter_map(|(id, verdict)| match verdict {
        Verdict::Fail(finding) => Some((*id, &finding.records[..])),
        Verdict::Pass(_) | Verdict::Inconclusive(_) | Verdict::NotApplicable(_) => None,
    });
    let failed: BTreeMap<&str, &[RecordId]> = failed.collect();
    let mut found = BTreeMap::new();
    for (id, records) in &failed {
        let seen_before = |cause: &&str| {
            let seen = failed.get(*cause);
            seen.is_some_and(|seen| is_before(seen, records))
        };
        let cause = causes(SAME, *id)
            .find(|cause| failed.contains_key(cause))
            .or_else(|| causes(ON_THE_WAY, *id).find(seen_before));
        found.extend(cause.map(|cause| (*id, cause)));
    }
    found
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

/// Returns the failed check that explains why a promise about a site was not kept, if one does.
pub fn because_of_promise(failed: impl Fn(&str) -> bool) -> Option<&'static str> {
    let mut causes = OF_PROMISES.iter().copied().flatten().copied();
    causes.find(|id| failed(id))
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
    let named = |row: &'static Consequence| {
        let causes = row.causes.iter().copied().flatten();
        row.failures.iter().chain(causes).copied()
    };
    let rows = ON_THE_WAY.iter().chain(SAME).chain(PREMISES);
    rows.flat_map(named)
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

    fn rows() -> impl Iterator<Item = &'static Consequence> {
        ON_THE_WAY.iter().chain(SAME)
    }

    /// Every check that can explain this one, whichever rows lead there.
    fn explained_by(id: &'static str) -> BTreeSet<&'static str> {
        let mut found = BTreeSet::new();
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            for row in rows().filter(|row| row.failures.contains(&id)) {
                for cause in row.causes.iter().copied().flatten() {
                    if found.insert(*cause) {
                        open.push(cause);
                    }
                }
            }
        }
        found
    }

    #[test]
    fn nothing_explains_itself() {
        for row in rows() {
            for id in row.failures {
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
        let found = because(&verdicts);
        assert_eq!(
            found,
            BTreeMap::from([
                ("ons.line-auth.reaches-site", "dns.proxy.id-restored"),
                ("ons.portal.reachable", "dns.proxy.id-restored"),
            ])
        );
        verdicts.insert("dns.proxy.id-restored", failed(&[12]));
        let found = because(&verdicts);
        assert_eq!(found.get("ons.line-auth.reaches-site"), None);
        assert_eq!(
            found.get("ons.portal.reachable"),
            Some(&"dns.proxy.id-restored")
        );
        verdicts.insert("dns.proxy.id-restored", Verdict::Pass(vec![1]));
        let found = because(&verdicts);
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
}

//! Which failures may be nothing but the consequence of another one, so that one fault gives one
//! finding first and the others below it.
//!
//! A consequence is still a failure and counts as one: this says only in what order to read.

use std::collections::BTreeMap;

use ngnlab_reports::{RecordId, Verdict};

use on_the_way::{OF_PROMISES, ON_THE_WAY};
use same::SAME;

mod on_the_way;
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
    let causes = |rows: &'static [Consequence], id| {
        let rows = rows.iter().filter(move |row| row.failures.contains(&id));
        rows.flat_map(|row| row.causes.iter().copied().flatten().copied())
    };
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
    ON_THE_WAY.iter().chain(SAME).flat_map(named)
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
            ("dns.proxy.present", failed(&[7])),
            ("ons.line-auth.reaches-site", failed(&[9])),
            ("ons.portal.reachable", failed(&[20])),
            ("dhcp6c.msg.elapsed-time", failed(&[3])),
        ]);
        let found = because(&verdicts);
        assert_eq!(
            found,
            BTreeMap::from([
                ("ons.line-auth.reaches-site", "dns.proxy.present"),
                ("ons.portal.reachable", "dns.proxy.present"),
            ])
        );
        verdicts.insert("dns.proxy.present", failed(&[12]));
        let found = because(&verdicts);
        assert_eq!(found.get("ons.line-auth.reaches-site"), None);
        assert_eq!(
            found.get("ons.portal.reachable"),
            Some(&"dns.proxy.present")
        );
        verdicts.insert("dns.proxy.present", Verdict::Pass(vec![1]));
        let found = because(&verdicts);
        assert_eq!(
            found.get("ons.portal.reachable"),
            Some(&"ons.line-auth.reaches-site")
        );
    }
}

//! However a run is split, its shards make the same whole; and what does not belong together is not
//! put together.

use proptest::prelude::*;

use super::*;
use crate::journal::Plan;
use crate::provenance::DeviceFile;
use crate::{CheckInfo, Finding, Judged, Level, Outcome, Profile, Text, Verdict};

const CHECK: &str = "dns.one";
const STOPPED: &str = "stopped by the user";

proptest! {
    #[test]
    fn the_shards_of_a_run_make_its_report(
        ends in prop::collection::vec((any::<bool>(), prop::option::weighted(0.9, 0_u8..3)), 1..30),
        of in 1_u16..9,
        owners in prop::collection::vec(0_u16..9, 30),
        order in any::<prop::sample::Index>(),
    ) {
        let header = header(&ends);
        let whole = whole(&header, &ends);
        let mut shards: Vec<(String, Shard)> = (1..=of)
            .map(|number| {
                let is_own = |index: usize| owners[index] % of + 1 == number;
                (number.to_string(), shard(&header, &ends, Number { number, of }, &is_own))
            })
            .collect();
        // In whatever order they are named.
        let first = order.index(shards.len());
        shards.rotate_left(first);
        // And by way of their files.
        let read = |(name, shard): &(String, Shard)| (name.clone(), parse(&render(shard)).unwrap());
        let shards: Vec<(String, Shard)> = shards.iter().map(read).collect();
        let merged = merge(&shards).unwrap();
        let expected: Vec<Report> = whole
            .into_iter()
            .map(|report| Report { elapsed_ms: u64::from(of), ..report })
            .collect();
        prop_assert_eq!(merged, expected);
    }
}

#[test]
fn the_whole_says_where_its_parts_come_from() {
    let (_, mut halves) = halves(&[(true, Some(PASSES)), (true, Some(FAILS))]);
    let file = DeviceFile {
        sha256: "cf5b".to_owned(),
        ..DeviceFile::default()
    };
    for (half, day) in halves.iter_mut().zip(["02", "01"]) {
        half.1.devices[0].provenance = Some(Provenance {
            began: format!("2026-11-{day}T00:00:00Z"),
            device: Some(file.clone()),
            host: Host {
                kernel: "Linux 6.12".to_owned(),
                ..Host::default()
            },
            ..Provenance::default()
        });
    }
    let made = |halves: &[(String, Shard)]| merge(halves).unwrap().remove(0).provenance.unwrap();
    let whole = made(&halves);
    assert_eq!(whole.began, "2026-11-01T00:00:00Z");
    assert_eq!(whole.device, Some(file));
    assert_eq!(whole.host.kernel, "Linux 6.12");
    let other = halves[1].1.devices[0].provenance.as_mut().unwrap();
    other.host.kernel = "Linux 6.1".to_owned();
    assert_eq!(made(&halves).host, Host::default());
}

#[test]
fn a_known_failure_is_stale_only_if_it_fails_in_no_shard() {
    let ends = [(true, Some(PASSES)), (true, Some(FAILS))];
    let (header, halves) = halves(&ends);
    let known = |stale: &[crate::StaleKnown]| {
        let known = stale.iter().filter(|one| one.excused_in.is_none());
        known.count()
    };
    // The first half by itself would have called it stale.
    assert_eq!(known(&stale(&halves[0].1.devices[0].watched)), 1);
    let merged = merge(&halves).unwrap();
    assert_eq!(known(&merged[0].stale), 0);
    assert_eq!(
        merged[0],
        Report {
            elapsed_ms: 2,
            ..whole(&header, &ends).remove(0)
        }
    );
}

#[test]
fn a_shard_that_is_missing_or_named_twice_is_named() {
    let (_, halves) = halves(&ENDS);
    assert_eq!(merge(&halves[..1]).unwrap_err(), "shard 2 of 2 is missing");
    let twice = [halves[0].clone(), halves[0].clone()];
    assert_eq!(merge(&twice).unwrap_err(), "1 and 1 are both shard 1 of 2");
    assert_eq!(merge(&[]).unwrap_err(), "there is no shard to merge");
    let mut many = halves[0].clone();
    many.1.part.of = u16::MAX;
    let said = merge(&[many]).unwrap_err();
    assert!(
        said.starts_with("65534 of 65535 shards are missing: 2, 3"),
        "{said}"
    );
}

#[test]
fn shards_of_different_runs_are_not_put_together() {
    let (_, halves) = halves(&ENDS);
    let refused = |change: &dyn Fn(&mut Shard), words: &str| {
        let mut others = halves.clone();
        change(&mut others[1].1);
        let said = merge(&others).unwrap_err();
        assert!(said.contains(words), "{said} does not say {words}");
    };
    let apart = "1 and 2 are of different runs: ";
    refused(
        &|one| one.part = Number { number: 2, of: 3 },
        "1 is shard 1 of 2, and 2 is shard 2 of 3",
    );
    refused(
        &|one| one.run.seed = 2,
        &format!("{apart}the seed is 1 in the one and seed is 2 in the other"),
    );
    refused(
        &|one| one.run.tool = "ngnlab 99".to_owned(),
        "program is ngnlab 99 in the other",
    );
    refused(
        &|one| one.run.devices[0].device = "b".to_owned(),
        "device is b in the other",
    );
    refused(
        &|one| one.run.devices[0].arguments = vec!["--long".to_owned()],
        "arguments are `--long` in the other",
    );
    refused(
        &|one| drop(one.run.files.insert("a.toml".to_owned(), "0".to_owned())),
        "a.toml is not the same in both",
    );
    refused(
        &|one| drop(one.run.files.insert("b.toml".to_owned(), "0".to_owned())),
        "their scenario or device files are not the same",
    );
    refused(
        &|one| drop(one.run.devices[0].cases.pop()),
        "only the first is to run dns/1 (east)",
    );
    refused(
        &|one| {
            one.run.devices[0].left_out.push(LeftOut {
                scenario: "dns/odd".to_owned(),
                reason: "needs dig".to_owned(),
                cut_off: false,
            });
        },
        "one leaves out dns/odd: needs dig",
    );
    refused(&|one| one.run.checks.clear(), "their checks are others");
    refused(&|one| one.run.devices[0].profiles.clear(), "profile");
}

#[test]
fn a_shard_that_was_tampered_with_makes_no_whole() {
    let (_, halves) = halves(&ENDS);
    let refused = |change: &dyn Fn(&mut Part), words: &str| {
        let mut others = halves.clone();
        change(&mut others[1].1.devices[0]);
        let said = merge(&others).unwrap_err();
        assert!(said.contains(words), "{said} does not say {words}");
    };
    refused(
        &|one| one.planned.clear(),
        "2 has dns/1 (east), which is not its own",
    );
    refused(
        &|one| {
            one.planned.clear();
            one.cases.clear();
        },
        "no shard has dns/1 (east)",
    );
    refused(
        &|one| one.cases.clear(),
        "2 does not say what became of dns/1 (east)",
    );
    let first = halves[0].1.devices[0].planned[0].clone();
    refused(
        &|one| one.planned.push(first.clone()),
        "1 and 2 both have dns/0 (east)",
    );
    refused(
        &|one| one.watched.clear(),
        "the shards know different entries",
    );
}

#[test]
fn what_is_no_shard_of_this_version_is_refused_with_a_sentence() {
    let (_, halves) = halves(&ENDS);
    let text = render(&halves[0].1);
    assert_eq!(number(&text), Some(Number { number: 1, of: 2 }));
    assert_eq!(number("{\"format\": 1}"), None);
    let other = text.replacen("\"shard\":1", "\"shard\":99", 1);
    let said = parse(&other).unwrap_err();
    assert!(said.starts_with("shard format 99 is not 1"), "{said}");
    let said = parse(&text.replacen("\"number\":1", "\"number\":3", 1)).unwrap_err();
    assert_eq!(said, "there is no shard 3 of 2");
    assert!(parse("{}").is_err());
    assert!(parse(&text[..text.len() / 2]).is_err());
}

const PASSES: u8 = 0;
const FAILS: u8 = 1;
const ENDS: [(bool, Option<u8>); 2] = [(true, Some(PASSES)), (true, Some(FAILS))];

/// Returns a run of these cases and its two halves.
fn halves(ends: &[(bool, Option<u8>)]) -> (Header, Vec<(String, Shard)>) {
    let header = header(ends);
    let half = |number: u16| {
        let part = Number { number, of: 2 };
        let is_own = |index: usize| index % 2 + 1 == usize::from(number);
        (number.to_string(), shard(&header, ends, part, &is_own))
    };
    let halves = vec![half(1), half(2)];
    (header, halves)
}

fn planned(index: usize) -> Planned {
    Planned {
        scenario: format!("dns/{index}"),
        area: "east".to_owned(),
    }
}

/// Returns what a run says of itself; each case is of one of two devices, or they all of one.
fn header(ends: &[(bool, Option<u8>)]) -> Header {
    let text = Text::new("これ", "this");
    let info = CheckInfo {
        id: CHECK.to_owned(),
        source: "RFC 1035".to_owned(),
        level: Level::Must,
        profiles: vec![Profile::DnsProxy],
        title: text.clone(),
        hint: text,
    };
    let plan = |device: &str, is_first: bool| Plan {
        device: device.to_owned(),
        firmware: None,
        arguments: vec!["--seed".to_owned(), "1".to_owned()],
        profiles: vec![Profile::DnsProxy],
        cases: own(ends, is_first, &|_| true)
            .map(|(index, _)| planned(index))
            .collect(),
        left_out: Vec::new(),
    };
    let mut devices = vec![plan("a", true)];
    if ends.iter().any(|(is_first, _)| !is_first) {
        devices.push(plan("c", false));
    }
    Header {
        journal: crate::journal::FORMAT,
        tool: "ngnlab".to_owned(),
        seed: 1,
        out: None,
        files: BTreeMap::from([("a.toml".to_owned(), "1".to_owned())]),
        devices,
        checks: BTreeMap::from([(CHECK.to_owned(), info)]),
    }
}

fn own<'a>(
    ends: &'a [(bool, Option<u8>)],
    is_first: bool,
    is_own: &'a dyn Fn(usize) -> bool,
) -> impl Iterator<Item = (usize, Option<u8>)> + 'a {
    let ends = ends.iter().enumerate();
    let of_device = ends.filter(move |(index, (first, _))| *first == is_first && is_own(*index));
    of_device.map(|(index, (_, end))| (index, *end))
}

/// Returns the report of a run in one piece.
fn whole(header: &Header, ends: &[(bool, Option<u8>)]) -> Vec<Report> {
    let devices = header.devices.iter().enumerate();
    devices
        .map(|(number, plan)| {
            let part = part(ends, number == 0, &|_| true);
            header.report(plan, part.cases, part.cut_off, stale(&part.watched), 0)
        })
        .collect()
}

fn shard(
    header: &Header,
    ends: &[(bool, Option<u8>)],
    number: Number,
    is_own: &dyn Fn(usize) -> bool,
) -> Shard {
    let devices = 0..header.devices.len();
    Shard {
        shard: FORMAT,
        part: number,
        run: header.clone(),
        elapsed_ms: u64::from(number.number),
        devices: devices
            .map(|device| part(ends, device == 0, is_own))
            .collect(),
    }
}

fn part(ends: &[(bool, Option<u8>)], is_first: bool, is_own: &dyn Fn(usize) -> bool) -> Part {
    let own: Vec<(usize, Option<u8>)> = own(ends, is_first, is_own).collect();
    let cases: Vec<Case> = own
        .iter()
        .filter_map(|(index, end)| Some(case(*index, (*end)?)))
        .collect();
    let cut_off = own.iter().filter(|(_, end)| end.is_none());
    let judged = |fails| {
        let mut judged = cases.iter().filter(|case| case.is_judged(CHECK));
        let failed = |case: &Case| matches!(case.verdicts[CHECK].verdict, Verdict::Fail(_));
        match fails {
            true => judged.find(|case| failed(case)),
            false => judged.next(),
        }
    };
    let place = |case: &Case| (case.scenario.clone(), case.area.clone());
    let watched = |excuses: bool| Watched {
        what: CHECK.to_owned(),
        reason: "it is old".to_owned(),
        excuses,
        judged_in: judged(false).map(place),
        failed: !excuses && judged(true).is_some(),
    };
    Part {
        planned: own.iter().map(|(index, _)| planned(*index)).collect(),
        cut_off: cut_off
            .map(|(index, _)| planned(*index).left_out(STOPPED))
            .collect(),
        watched: vec![watched(false), watched(true)],
        cases,
        provenance: None,
    }
}

fn case(index: usize, end: u8) -> Case {
    let Planned { scenario, area } = planned(index);
    let judged = Judged {
        verdict: match end {
            PASSES => Verdict::Pass(vec![1]),
            FAILS => Verdict::Fail(Finding {
                records: vec![1],
                expected: "this".to_owned(),
                actual: "that".to_owned(),
                excuse: None,
            }),
            _ => Verdict::Inconclusive("there was no question".to_owned()),
        },
        known: None,
        excused: false,
        because: None,
        evidence: Vec::new(),
    };
    Case {
        scenario,
        area,
        about: None,
        delivery: None,
        outcome: Outcome::Judged,
        diagnosis: None,
        overcome: Vec::new(),
        expectations: Vec::new(),
        exercises: Vec::new(),
        verdicts: BTreeMap::from([(CHECK.to_owned(), judged)]),
        trace: None,
        capture: None,
    }
}

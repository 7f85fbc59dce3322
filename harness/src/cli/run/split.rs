//! How a run is split into shards: each case into exactly one, by what is known of it beforehand.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use ngnlab_reports::shard::Number;
use ngnlab_sim::time::Time;

use super::Plan;

/// Reads `K/N`, the first of which is 1.
pub(in crate::cli) fn number(text: &str) -> Result<Number, String> {
    let read = |text: &str| text.parse::<u16>().ok();
    let both = text.split_once('/');
    let both = both.and_then(|(number, of)| Some((read(number)?, read(of)?)));
    let Some((number, of)) = both else {
        return Err("it takes K/N, as 1/3 for the first of three".to_owned());
    };
    match (1..=of).contains(&number) {
        true => Ok(Number { number, of }),
        false => Err(format!("shards are counted from 1 to {of}")),
    }
}

/// Keeps the entries of one shard of a run.
///
/// Each goes to the shard that has least to do so far, the longest first; what it takes is what its
/// scenario says, so that every device and machine splits alike.
pub(super) fn keep(plans: &mut [Plan], shard: Number) {
    let mut keys = Vec::new();
    for (device, plan) in plans.iter().enumerate() {
        for entry in &plan.entries {
            let length = entry.scenario.end().since(Time::ZERO) + AROUND;
            let area = entry.job.area.name();
            keys.push((Reverse(length), device, entry.scenario.name.clone(), area));
        }
    }
    keys.sort();
    let lengths: Vec<Duration> = keys.iter().map(|(length, ..)| length.0).collect();
    let owners = owners(&lengths, shard.of);
    let mut own: Vec<_> = keys
        .into_iter()
        .zip(owners)
        .filter(|(_, owner)| owner + 1 == shard.number)
        .map(|((_, device, name, area), _)| (device, name, area))
        .collect();
    own.sort();
    for (device, plan) in plans.iter_mut().enumerate() {
        plan.entries.retain(|entry| {
            let key = (device, entry.scenario.name.clone(), entry.job.area.name());
            own.binary_search(&key).is_ok()
        });
    }
}

/// Returns the shard of each length, counted from 0; the lengths fall.
fn owners(lengths: &[Duration], of: u16) -> Vec<u16> {
    let idle = (0..of).map(|shard| Reverse((Duration::ZERO, shard)));
    let mut shards: BinaryHeap<_> = idle.collect();
    let mut owners = Vec::new();
    for length in lengths {
        let Some(Reverse((taken, shard))) = shards.pop() else {
            break;
        };
        owners.push(shard);
        shards.push(Reverse((taken + *length, shard)));
    }
    owners
}

/// What starting a device and cleaning up take beside a scenario, roughly.
const AROUND: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shards_are_counted_from_one() {
        assert_eq!(number("2/3"), Ok(Number { number: 2, of: 3 }));
        for wrong in ["0/3", "4/3", "1/0"] {
            assert!(number(wrong).unwrap_err().contains("counted"), "{wrong}");
        }
        for wrong in ["", "3", "1/", "a/b", "1/99999", "-1/3", "1/2/3"] {
            assert!(number(wrong).unwrap_err().contains("K/N"), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_shard_has_more_to_do_than_another_by_more_than_one_scenario(
            mut seconds in prop::collection::vec(1_u64..500, 0..60),
            of in 1_u16..12,
        ) {
            seconds.sort_by_key(|one| Reverse(*one));
            let lengths: Vec<Duration> = seconds.iter().copied().map(Duration::from_secs).collect();
            let owners = owners(&lengths, of);
            prop_assert_eq!(owners.len(), lengths.len());
            let taken = |shard: u16| -> u64 {
                let own = owners.iter().zip(&seconds).filter(|(owner, _)| **owner == shard);
                own.map(|(_, seconds)| *seconds).sum()
            };
            let taken: Vec<u64> = (0..of).map(taken).collect();
            prop_assert_eq!(taken.iter().sum::<u64>(), seconds.iter().sum::<u64>());
            let (least, most) = (taken.iter().min().unwrap(), taken.iter().max().unwrap());
            let longest = seconds.first().copied().unwrap_or_default();
            prop_assert!(most - least <= longest, "{taken:?}");
        }
    }
}

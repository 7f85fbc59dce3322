//! Draws the faults that are tried: from each file in proportion to how many it has.

use std::collections::BTreeMap;

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

use crate::mutant::Mutant;

/// Draws so many faults, or all if there are no more; the same ones for the same seed.
pub(crate) fn draw<'a>(mutants: &[&'a Mutant], count: usize, seed: u64) -> Vec<&'a Mutant> {
    let mut files: BTreeMap<&str, Vec<&Mutant>> = BTreeMap::new();
    for mutant in mutants {
        files.entry(&mutant.file).or_default().push(mutant);
    }
    let shares = shares(files.values().map(Vec::len), count.min(mutants.len()));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut drawn = Vec::new();
    for (mut of_file, share) in files.into_values().zip(shares) {
        of_file.shuffle(&mut rng);
        drawn.extend(of_file.into_iter().take(share));
    }
    drawn.sort_by_key(|mutant| mutant.number);
    drawn
}

/// Shares a number out in proportion, the largest remainders first.
fn shares(sizes: impl Iterator<Item = usize> + Clone, count: usize) -> Vec<usize> {
    let all: usize = sizes.clone().sum::<usize>().max(1);
    let mut shares: Vec<usize> = sizes.clone().map(|size| size * count / all).collect();
    let mut remainders: Vec<(usize, usize)> =
        sizes.map(|size| size * count % all).enumerate().collect();
    remainders.sort_by_key(|(index, remainder)| (std::cmp::Reverse(*remainder), *index));
    let missing = count - shares.iter().sum::<usize>();
    for (index, _) in remainders.into_iter().take(missing) {
        shares[index] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_twice_as_many_is_drawn_from_twice_as_often() {
        assert_eq!(shares([10, 20, 30].into_iter(), 6), [1, 2, 3]);
        assert_eq!(shares([1, 1, 1].into_iter(), 2), [1, 1, 0]);
        assert_eq!(shares([5, 1].into_iter(), 6), [5, 1]);
    }
}

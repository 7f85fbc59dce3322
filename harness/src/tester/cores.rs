//! Which processors tester and device run on, so that neither takes the other's time.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The processors of a benchmark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cores {
    /// Of the thread that asks.
    generator: Vec<usize>,
    /// Of the thread that answers, and of the world.
    answerer: Vec<usize>,
    /// Of the device.
    device: Vec<usize>,
}

/// Who runs on a processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The thread that asks.
    Generator,
    /// The thread that answers, and the world.
    Answerer,
    /// The device.
    Device,
}

impl Cores {
    /// Divides the processors that this process may use; one alone cannot be divided.
    pub(super) fn divided() -> Option<Self> {
        let set = sched_getaffinity(Pid::from_raw(0)).ok()?;
        let usable = (0..CpuSet::count()).filter(|cpu| set.is_set(*cpu).unwrap_or(false));
        Self::of(&usable.collect::<Vec<_>>())
    }

    fn of(usable: &[usize]) -> Option<Self> {
        let (generator, answerer, device) = match usable {
            [] | [_] => return None,
            // Both sides of the tester together need less than most devices.
            [first, last] => (*first, *first, std::slice::from_ref(last)),
            [first, second, rest @ ..] => (*first, *second, rest),
        };
        Some(Self {
            generator: vec![generator],
            answerer: vec![answerer],
            device: device.to_vec(),
        })
    }

    /// Returns how many processors the tester has.
    pub(super) fn of_tester(&self) -> u32 {
        if self.generator == self.answerer {
            1
        } else {
            2
        }
    }

    /// Returns those of the device.
    pub(super) fn of_device(&self) -> &[usize] {
        &self.device
    }

    /// Keeps this thread, and what it starts from now on, to the processors of a part; returns
    /// whether that was done.
    pub(super) fn take(&self, part: Part) -> bool {
        let cores = match part {
            Part::Generator => &self.generator,
            Part::Answerer => &self.answerer,
            Part::Device => &self.device,
        };
        let mut set = CpuSet::new();
        let marked = cores.iter().all(|cpu| set.set(*cpu).is_ok());
        marked && sched_setaffinity(Pid::from_raw(0), &set).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_device_has_processors_of_its_own() {
        assert_eq!(Cores::of(&[3]), None);
        let two = Cores::of(&[0, 1]).unwrap();
        assert_eq!(
            (two.generator, two.answerer, two.device),
            (vec![0], vec![0], vec![1])
        );
        let four = Cores::of(&[0, 1, 4, 5]).unwrap();
        assert_eq!(
            (four.generator, four.answerer, four.device),
            (vec![0], vec![1], vec![4, 5])
        );
    }
}

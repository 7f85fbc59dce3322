//! What a cable may do to a frame: lose it, delay it, deliver it twice.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::cable::End;
use crate::frame::Frame;
use crate::time::Time;

/// A cable fault; any closure of the same shape is one.
pub trait Fault {
    /// Decides what becomes of a frame that entered the cable at `from`.
    fn fate(&mut self, frame: &Frame, from: End, now: Time, rng: &mut ChaCha8Rng) -> Fate;
}

impl<F> Fault for F
where
    F: FnMut(&Frame, End, Time, &mut ChaCha8Rng) -> Fate,
{
    fn fate(&mut self, frame: &Frame, from: End, now: Time, rng: &mut ChaCha8Rng) -> Fate {
        self(frame, from, now, rng)
    }
}

/// What becomes of one frame on a cable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Delivered at once.
    #[default]
    Pass,
    /// Delivered later.
    Delay(Duration),
    /// Lost.
    Drop,
    /// Delivered twice.
    Duplicate,
}

//! What comes in from outside: the links are read in turn, and never faster than frames are delivered.

use std::io;

use super::{Plug, World};
use crate::cable::End;

impl World {
    /// Returns whether so many frames wait to be delivered that links are not read.
    pub(super) fn is_backed_up(&self) -> bool {
        self.transit.len() >= BACKLOG
    }

    /// Takes in what arrived on the links, a bounded number of frames at a time.
    ///
    /// While many frames wait to be delivered, none is taken in: whoever sends faster than that
    /// fills the queue of the link, where frames are lost, as on a wire.
    pub(super) fn receive(&mut self) -> io::Result<()> {
        for index in 0..self.links.len() {
            let cable = self.links[index];
            for _ in 0..FRAMES_PER_TURN {
                if self.is_backed_up() {
                    return Ok(());
                }
                let Plug::Link(link) = &mut self.cables[cable.0].device else {
                    break;
                };
                let Some(frame) = link.try_recv()? else {
                    break;
                };
                self.transmit(cable, End::Device, frame, false)?;
            }
        }
        Ok(())
    }
}

/// So many frames are taken from one link before the next one has its turn.
const FRAMES_PER_TURN: u32 = 64;
/// Links are not read while so many frames wait: several times what TCP has under way here, and
/// delivered within a fraction of a second.
const BACKLOG: usize = 2048;

//! A real terminal on the device's LAN: its frames cross the asking thread on their way.

use std::io;

use ngnlab_sim::link::aside::Aside;
use ngnlab_sim::link::plane::Plane;
use ngnlab_sim::message::packet::Mac;

use super::wan::LONGEST_FRAME;

/// The terminal's cable.
pub(super) struct Guest {
    mac: Mac,
    plane: Box<dyn Plane>,
    buffer: Vec<u8>,
}

impl Guest {
    /// Makes one of the cable of a terminal with this address.
    pub(super) fn new(mac: Mac, plane: Box<dyn Plane>) -> Self {
        Self {
            mac,
            plane,
            buffer: vec![0; LONGEST_FRAME],
        }
    }

    /// Returns its cable.
    pub(super) fn plane(&self) -> &dyn Plane {
        &*self.plane
    }

    /// Hands the device what the terminal sends, a batch at most; returns whether there was anything.
    pub(super) fn step(&mut self, aside: &mut Aside) -> io::Result<bool> {
        let mut any = false;
        for _ in 0..BATCH {
            let Some(length) = self.plane.receive(&mut self.buffer)? else {
                break;
            };
            any = true;
            aside.plane.put(&self.buffer[..length])?;
        }
        Ok(any)
    }

    /// Takes a frame of the device's, and returns whether it was for the terminal alone.
    pub(super) fn take(&mut self, frame: &[u8]) -> io::Result<bool> {
        let to = frame.get(..6).unwrap_or_default();
        // IEEE 802: the lowest bit of the first byte is that of a group.
        let is_for_all = to.first().is_some_and(|first| first & 1 == 1);
        let is_its_own = to == self.mac.0;
        if is_for_all || is_its_own {
            self.plane.put(frame)?;
        }
        Ok(is_its_own)
    }
}

const BATCH: usize = 64;

#[cfg(test)]
mod tests {
    use ngnlab_sim::link::Link as _;
    use ngnlab_sim::link::packets::Packets;

    use super::*;

    #[test]
    fn a_terminal_gets_what_is_its_own_and_what_is_for_all() {
        let (mut near, mut terminal) = Packets::pair().unwrap();
        let mac = Mac([2, 0, 0x5e, 0x50, 0, 1]);
        let mut guest = Guest::new(mac, near.lend().unwrap());
        let frame = |to: [u8; 6]| [&to[..], &[0; 54]].concat();
        assert!(guest.take(&frame(mac.0)).unwrap());
        assert!(!guest.take(&frame([0x33, 0x33, 0, 0, 0, 1])).unwrap());
        assert!(!guest.take(&frame([2, 0, 0x5e, 0x40, 0, 1])).unwrap());
        let mut got = std::iter::from_fn(|| terminal.try_recv().unwrap());
        assert_eq!(got.next().unwrap()[..6], mac.0);
        assert_eq!(got.next().unwrap()[0], 0x33);
        assert!(got.next().is_none());
    }
}

//! What smoltcp takes for its network interface: the one packet that has come, and the cable.

use std::io;

use ngnlab_sim::link::plane::Plane;
use smoltcp::phy::{self, Device, DeviceCapabilities, Medium};
use smoltcp::time::Instant;

use crate::tester::ip::ETHERNET;

/// The cable at a moment.
pub(in crate::tester) struct Wire<'a> {
    /// When it is, in nanoseconds.
    pub(in crate::tester) now: u64,
    plane: &'a mut dyn Plane,
    frame: &'a mut Vec<u8>,
}

impl<'a> Wire<'a> {
    /// Makes one; each frame is put together in `frame` before it leaves.
    pub(in crate::tester) fn new(
        plane: &'a mut dyn Plane,
        frame: &'a mut Vec<u8>,
        now: u64,
    ) -> Self {
        Self { now, plane, frame }
    }

    /// Returns the interface of a connection, at which a packet may have come.
    pub(super) fn card<'w>(
        &'w mut self,
        ethernet: &'w [u8; ETHERNET],
        arrived: Option<&'w [u8]>,
    ) -> Card<'w> {
        Card {
            plane: &mut *self.plane,
            frame: &mut *self.frame,
            ethernet,
            arrived,
            error: None,
        }
    }
}

/// An interface.
pub(super) struct Card<'w> {
    plane: &'w mut dyn Plane,
    frame: &'w mut Vec<u8>,
    /// What stands before each packet.
    ethernet: &'w [u8; ETHERNET],
    arrived: Option<&'w [u8]>,
    error: Option<io::Error>,
}

impl Card<'_> {
    /// Returns whether the cable is as it should be.
    pub(super) fn close(self) -> io::Result<()> {
        self.error.map_or(Ok(()), Err)
    }

    fn departing(&mut self) -> Departing<'_> {
        Departing {
            plane: &mut *self.plane,
            frame: &mut *self.frame,
            ethernet: self.ethernet,
            error: &mut self.error,
        }
    }
}

impl Device for Card<'_> {
    type RxToken<'t>
        = Arrived<'t>
    where
        Self: 't;
    type TxToken<'t>
        = Departing<'t>
    where
        Self: 't;

    fn receive(&mut self, _now: Instant) -> Option<(Arrived<'_>, Departing<'_>)> {
        let packet = self.arrived.take()?;
        Some((Arrived(packet), self.departing()))
    }

    fn transmit(&mut self, _now: Instant) -> Option<Departing<'_>> {
        Some(self.departing())
    }

    fn capabilities(&self) -> DeviceCapabilities {
        capabilities()
    }
}

/// The interface that a connection is made with: nothing comes and nothing goes.
pub(super) struct Nowhere;

impl Device for Nowhere {
    type RxToken<'t> = Arrived<'t>;
    type TxToken<'t> = Departing<'t>;

    fn receive(&mut self, _now: Instant) -> Option<(Arrived<'_>, Departing<'_>)> {
        None
    }

    fn transmit(&mut self, _now: Instant) -> Option<Departing<'_>> {
        None
    }

    fn capabilities(&self) -> DeviceCapabilities {
        capabilities()
    }
}

fn capabilities() -> DeviceCapabilities {
    let mut capabilities = DeviceCapabilities::default();
    capabilities.medium = Medium::Ip;
    capabilities.max_transmission_unit = MTU;
    capabilities
}

pub(super) struct Arrived<'t>(&'t [u8]);

impl phy::RxToken for Arrived<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, take: F) -> R {
        take(self.0)
    }
}

pub(super) struct Departing<'t> {
    plane: &'t mut dyn Plane,
    frame: &'t mut Vec<u8>,
    ethernet: &'t [u8; ETHERNET],
    error: &'t mut Option<io::Error>,
}

impl phy::TxToken for Departing<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
        self.frame.clear();
        self.frame.extend(self.ethernet);
        self.frame.resize(ETHERNET + length, 0);
        let result = write(&mut self.frame[ETHERNET..]);
        // What a full cable does not take is sent again, as TCP does.
        if let Err(error) = self.plane.put(self.frame) {
            self.error.get_or_insert(error);
        }
        result
    }
}

/// What the line has (ngn-facts §1.1), and the LAN as well.
const MTU: usize = 1500;

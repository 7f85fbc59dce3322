//! Cables whose far end is outside the world, and who carries their frames.

use std::io;
use std::mem;

use super::{Plug, World};
use crate::cable::{Cable, End, Port};
use crate::link::Link;
use crate::link::aside::{Aside, LinkAside};
use crate::link::memory::MemoryLink;

impl World {
    /// Lays a cable between a node of ours and the outside, where the device is.
    ///
    /// # Panics
    ///
    /// If the socket is taken.
    pub fn attach(&mut self, network: Port, link: impl Link + 'static) -> Cable {
        let cable = self.lay(Plug::Link(Box::new(link)), Plug::Node(network));
        self.links.push(cable);
        self.plug_in(network, cable, End::Network);
        cable
    }

    /// Lets another thread carry the frames of a cable whose far end is outside; the world gets
    /// those that are handed on to it, and sends as before.
    pub fn take_aside(&mut self, cable: Cable) -> io::Result<Aside> {
        let plug = &mut self.cables[cable.0].device;
        let Plug::Link(link) = plug else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let nowhere: Box<dyn Link> = Box::new(MemoryLink::default());
        let original = mem::replace(link, nowhere);
        let (rest, aside) = LinkAside::new(original)?;
        *link = Box::new(rest);
        Ok(aside)
    }
}

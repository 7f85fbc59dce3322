//! Cables between nodes, and which of them is plugged in where.

use super::{Plug, Wire, World};
use crate::cable::{Cable, End, Port};

impl World {
    /// Lays a cable between two nodes; the first is the one called the device on it.
    ///
    /// # Panics
    ///
    /// If one of the sockets is taken.
    pub fn connect(&mut self, device: Port, network: Port) -> Cable {
        let cable = self.lay(Plug::Node(device), Plug::Node(network));
        self.plug_in(device, cable, End::Device);
        self.plug_in(network, cable, End::Network);
        cable
    }

    pub(super) fn lay(&mut self, device: Plug, network: Plug) -> Cable {
        let cable = Cable(self.cables.len());
        self.cables.push(Wire {
            device,
            network,
            role: None,
            up: true,
            faults: Vec::new(),
            rng: None,
        });
        cable
    }

    pub(super) fn plug_in(&mut self, port: Port, cable: Cable, end: End) {
        let sockets = &mut self.nodes[port.node].sockets;
        let number = usize::from(port.port);
        if number >= sockets.len() {
            sockets.resize(number + 1, None);
        }
        let taken = sockets[number].replace((cable, end));
        assert!(taken.is_none(), "socket {port:?} is taken");
    }
}

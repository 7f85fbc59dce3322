//! What smoltcp takes for its network interface: two queues of IP packets.

use smoltcp::phy::{self, Device, DeviceCapabilities, Medium};
use smoltcp::time::Instant;

pub(super) struct Queues {
    pub(super) mtu: usize,
    pub(super) arrived: Option<Vec<u8>>,
    pub(super) departing: Vec<Vec<u8>>,
}

impl Queues {
    pub(super) fn new(mtu: usize) -> Self {
        Self {
            mtu,
            arrived: None,
            departing: Vec::new(),
        }
    }
}

impl Device for Queues {
    type RxToken<'a> = Arrived;
    type TxToken<'a> = Departing<'a>;

    fn receive(&mut self, _now: Instant) -> Option<(Arrived, Departing<'_>)> {
        let packet = self.arrived.take()?;
        Some((Arrived(packet), Departing(&mut self.departing)))
    }

    fn transmit(&mut self, _now: Instant) -> Option<Departing<'_>> {
        (self.departing.len() < MAX_DEPARTING).then_some(Departing(&mut self.departing))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = self.mtu;
        capabilities
    }
}

pub(super) struct Arrived(Vec<u8>);

impl phy::RxToken for Arrived {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0)
    }
}

pub(super) struct Departing<'a>(&'a mut Vec<Vec<u8>>);

impl phy::TxToken for Departing<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut packet = vec![0; len];
        let result = f(&mut packet);
        if self.0.len() < MAX_DEPARTING {
            self.0.push(packet);
        }
        result
    }
}

const MAX_DEPARTING: usize = 1_024;

//! A hub: every frame goes out of all other sockets, so that several nodes share one wire.

use crate::frame::Frame;
use crate::node::{Context, Node};
use crate::time::Time;

/// A hub with a fixed number of sockets.
pub struct Segment {
    sockets: u8,
}

impl Segment {
    /// Makes a hub with `sockets` sockets.
    pub fn new(sockets: u8) -> Self {
        Self { sockets }
    }
}

impl Node for Segment {
    fn handle_frame(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        for out in (0..self.sockets).filter(|out| *out != port) {
            cx.send(out, frame.clone());
        }
    }

    fn handle_timeout(&mut self, _cx: &mut Context<'_>) {}

    fn poll_timeout(&self) -> Option<Time> {
        None
    }
}

//! What plugs into the network, and the only way it reaches the world.
//!
//! Each module here is one kind of node; [`part`] holds what several of them are made of.

use std::any::Any;
use std::marker::PhantomData;

use rand_chacha::ChaCha8Rng;

use crate::cable::Port;
use crate::frame::Frame;
use crate::time::Time;
use crate::trace::Fact;

pub mod concentrator;
pub mod depot;
pub mod dns;
pub mod edge;
pub mod home_gateway;
pub mod internet_host;
pub mod ipv4_box;
pub mod ipv4_resolver;
pub mod line_auth;
pub mod members_club;
pub mod part;
pub mod portal;
pub mod router;
pub mod segment;
pub mod service_site;
pub mod terminal;

/// Anything that plugs into the network: a router, a server, a terminal, a software device.
pub trait Node: Any {
    /// Takes in one frame that arrived on `port`.
    fn handle_frame(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>);

    /// Does everything that has become due.
    fn handle_timeout(&mut self, cx: &mut Context<'_>);

    /// Returns when `handle_timeout` is next needed, or `None` while idle.
    ///
    /// A node that wants to act at start-up returns `Some(Time::ZERO)` until it has done so.
    fn poll_timeout(&self) -> Option<Time>;

    /// Takes in that the cable on `port` went down or came back; it is up at the start.
    fn handle_carrier(&mut self, _port: u8, _up: bool, _cx: &mut Context<'_>) {}
}

/// What a node may see and do while it is being called.
pub struct Context<'a> {
    pub(crate) now: Time,
    pub(crate) node: &'a str,
    pub(crate) rng: &'a mut ChaCha8Rng,
    pub(crate) sent: &'a mut Vec<(u8, Frame)>,
    pub(crate) facts: &'a mut Vec<Fact>,
}

impl Context<'_> {
    /// Returns the current time.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Returns the name the node was added under.
    pub fn name(&self) -> &str {
        self.node
    }

    /// Returns the node's own source of randomness, seeded from the world's seed and its name.
    pub fn random(&mut self) -> &mut ChaCha8Rng {
        self.rng
    }

    /// Sends a frame out of `port`.
    pub fn send(&mut self, port: u8, frame: impl Into<Frame>) {
        self.sent.push((port, frame.into()));
    }

    /// Records what only this node can see.
    pub fn record(&mut self, fact: Fact) {
        self.facts.push(fact);
    }
}

/// Names a node of a world together with its type.
pub struct Handle<N> {
    pub(crate) index: usize,
    pub(crate) kind: PhantomData<fn() -> N>,
}

impl<N> Handle<N> {
    /// Returns the node's socket number `port`.
    pub fn port(self, port: u8) -> Port {
        Port {
            node: self.index,
            port,
        }
    }
}

impl<N> Clone for Handle<N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N> Copy for Handle<N> {}

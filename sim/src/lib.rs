//! A virtual NGN access line: nodes joined by cables in a [`World`], and the [`Trace`] they leave.
//!
//! Three rings, and code depends only inwards: [`message`] turns bytes into values and back,
//! [`node`] holds state and timers, [`link`] holds file descriptors.
//!
//! The layers, from the top down. Each uses what stands below it, never what stands above or
//! beside it; `harness/tests/layers/` reads this list and holds every file to it.
//!
//! 1. [`access`]: the nodes that a contract needs, built and cabled
//! 2. [`world`]: the event loop, which knows nodes and links by their traits alone
//! 3. [`node`]: what plugs into the network, with its state and timers
//! 4. [`registry`], [`trace`]: what the network has on its books; what was seen in a run
//! 5. [`line`](mod@line), [`link`]: the contract, the ways out
//! 6. [`setup`]: the device's configuration
//! 7. [`fault`], [`message`]: what a cable does to a frame; bytes to values and back
//! 8. [`cable`], [`frame`], [`time`]: what everything is made of

pub mod access;
pub mod cable;
pub mod fault;
pub mod frame;
pub mod line;
pub mod link;
pub mod message;
pub mod node;
pub mod registry;
pub mod setup;
pub mod time;
pub mod trace;
pub mod world;

pub use cable::{Cable, Port};
pub use fault::{Fate, Fault};
pub use frame::Frame;
pub use link::Link;
pub use node::{Context, Handle, Node};
pub use time::{Pace, Time};
pub use trace::Trace;
pub use world::{Stop, World};

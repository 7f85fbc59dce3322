//! A virtual NGN access line: nodes joined by cables in a [`World`], and the [`Trace`] they leave.
//!
//! Three rings, and code depends only inwards: [`message`] turns bytes into values and back,
//! [`node`] holds state and timers, [`link`] holds file descriptors. [`line`](mod@line) says which nodes a
//! contract needs and how they are cabled.

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

//! Runs scenarios against a router and judges what it did.
//!
//! One way: a scenario, a device and a seed give a trace ([`play`]), checks turn a trace into
//! verdicts ([`report`]), and nothing goes back.

pub mod campaign;
mod caught;
pub mod checks;
pub mod cli;
pub mod diagnosis;
pub mod dissection;
pub mod doctor;
pub mod dut;
pub mod error;
pub mod input;
pub mod job;
pub mod journal;
pub mod launch;
pub mod play;
pub mod promises;
pub mod report;
pub mod scenario;
mod scratch;
pub mod selftest;
pub mod stages;
pub mod terminal;

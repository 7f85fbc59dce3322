//! `ngnlab bench`: how fast something is.

use clap::Subcommand;

pub use dns::Dns;

use super::{Answer, Place};
use crate::error::Error;

pub(super) mod dns;

/// What can be measured.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Measures how many questions a second devices forward, by the method of RFC 8219 §9.2
    #[command(after_help = dns::EXAMPLES)]
    Dns(Dns),
}

pub(super) fn answer(command: &BenchCommand, place: Place) -> Result<Answer, Error> {
    match command {
        BenchCommand::Dns(args) => dns::answer(args, place),
    }
}

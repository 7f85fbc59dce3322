//! Captures: frames alone give the verdicts that the whole trace gives, whatever they are wrapped
//! in, and a file that is none gives a sentence.
#![expect(
    clippy::unwrap_used,
    reason = "a test says with a panic what went wrong"
)]

mod blocks;
mod cooked;
mod files;
mod mixed;
mod passive;
mod tap;

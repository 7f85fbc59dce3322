//! The tester of RFC 8219 §9.2: it stands on both sides of a device, asks and answers.

mod bulk;
mod callers;
mod cores;
mod effort;
mod heard;
mod label;
mod lan;
mod ledger;
mod listener;
mod loopback;
mod message;
mod offer;
pub(crate) mod orders;
pub(crate) mod place;
mod reference;
mod result;
pub(crate) mod serve;
mod sides;
pub(crate) mod site;
mod sleep;
mod stream;
mod streams;
mod wan;
mod zone;

#[cfg(test)]
mod tests;

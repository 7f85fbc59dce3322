//! The tester of RFC 8219 §9.2: it stands on both sides of a device, asks and answers.

mod beside;
mod bulk;
mod callers;
mod cores;
pub(crate) mod dnsperf;
mod effort;
mod guest;
mod heard;
mod label;
mod lan;
mod ledger;
mod listener;
pub(crate) mod loopback;
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
mod whose;
mod zone;

#[cfg(test)]
mod tests;

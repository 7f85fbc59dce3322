//! The tester of RFC 8219 §9.2: it stands on both sides of a device, asks and answers.

mod beside;
mod bulk;
mod callers;
mod cores;
pub(crate) mod dnsperf;
mod effort;
mod guest;
mod heard;
mod ip;
mod label;
mod lan;
mod ledger;
pub(crate) mod line;
mod listener;
pub(crate) mod loopback;
mod message;
mod offer;
mod online;
pub(crate) mod orders;
pub(crate) mod place;
mod reference;
mod result;
pub(crate) mod serve;
mod sides;
mod site;
mod sleep;
mod stream;
mod streams;
mod wan;
mod whose;
mod zone;

#[cfg(test)]
mod tests;

//! Runs scenarios against a router and judges what it did.

pub mod dissection;

//! The reference router: what a customer has to connect, and what it can do wrong.

pub mod defect;

//! Bytes to values and back, on top of etherparse, dhcproto and hickory-proto. No state, no time.

pub mod arp;
pub mod dhcpv4;
pub mod dhcpv6;
pub mod dns;
pub mod fragment;
pub mod icmpv4;
pub mod icmpv6;
pub mod ndp;
pub mod packet;
pub mod ppp;
pub mod pppoe;

//! What nodes are made of: the pieces that more than one kind of node uses.
//!
//! None of them is a node: the node around it owns the Ethernet port, and hands in time and bytes.

pub(crate) mod advertiser;
pub(crate) mod arp;
pub(crate) mod core_port;
pub(crate) mod dhcpv4_client;
pub(crate) mod dhcpv4_server;
pub(crate) mod dhcpv6_server;
pub mod http;
pub(crate) mod icmp_error;
pub mod neighbors;
pub(crate) mod ppp;
pub(crate) mod pppoe_client;
pub(crate) mod router_port;
pub mod screens;
pub mod tcp;
pub mod tls;
pub(crate) mod web_server;

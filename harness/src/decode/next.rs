//! What a layer announces to follow it, and where that ends.

use std::net::Ipv6Addr;

use ngnlab_reports::decoded::Layer;

/// What follows a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// What this Ethernet type stands for.
    Ethertype(u16),
    /// What this protocol number of PPP stands for.
    Ppp(u16),
    /// What this protocol number stands for.
    Protocol(u8, Ends),
    /// The data of a UDP datagram from one port to another.
    Datagram(u16, u16),
    /// The data of a TCP segment from one port to another.
    Segment,
    /// The beginning of a packet that an error is about.
    Quoted,
    /// Bytes of which nothing is known.
    Data,
    /// Nothing.
    Nothing,
}

/// What the layers above a packet's header need of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    /// The source, as an IPv6 address; one of IPv4 is mapped.
    pub(super) source: Ipv6Addr,
    /// The destination.
    pub(super) destination: Ipv6Addr,
    /// Whether it is a packet of IPv4.
    pub(super) is_ipv4: bool,
    /// The hop limit, or the time to live.
    pub(super) hop_limit: u8,
    /// How long the packet is.
    pub(super) length: usize,
    /// Whether all of the payload is there, so that a checksum can be checked.
    pub(super) is_whole: bool,
    /// Whether this is the first fragment of several, so that what it carries goes on elsewhere.
    pub(super) is_piece: bool,
}

/// A layer, and what follows.
#[derive(Debug)]
pub(super) struct Part {
    /// The layer.
    pub(super) layer: Layer,
    /// What a frame is whose innermost layer this is, unless the one above says it already.
    pub(super) says: Option<String>,
    /// What follows.
    pub(super) next: Next,
    /// Where that ends, if before the end of the layer above.
    pub(super) until: Option<usize>,
    /// The layer that stands behind what follows, if there is one.
    pub(super) behind: Option<Layer>,
    /// What is to be said of the frame in any case.
    pub(super) remark: &'static str,
}

impl Part {
    /// Returns a layer that something follows.
    pub(super) fn before(layer: Layer, says: String, next: Next) -> Self {
        Self {
            layer,
            says: Some(says),
            next,
            until: None,
            behind: None,
            remark: "",
        }
    }

    /// Returns a layer that nothing follows.
    pub(super) fn last(layer: Layer, says: String) -> Self {
        Self::before(layer, says, Next::Nothing)
    }

    /// Returns it with the end of what follows.
    pub(super) fn until(mut self, end: usize) -> Self {
        self.until = Some(end);
        self
    }
}

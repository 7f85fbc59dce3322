//! Pages and spoilt frames by hand, for the tests of checks.

use ngnlab_sim::Frame;
use ngnlab_sim::message::dhcpv6::CLIENT_PORT;
use ngnlab_sim::message::packet::Envelope;
use ngnlab_sim::trace::{Fact, FetchError};

use crate::dissection::builder::{ROUTER_WAN, TraceBuilder};

pub(super) fn page(trace: &mut TraceBuilder, at: u64, comes: bool) {
    let url = "https://www.lineauth.mnw/".to_owned();
    let fact = if comes {
        Fact::PageSeen {
            url,
            status: 200,
            screen: None,
        }
    } else {
        let reason = FetchError::Timeout;
        Fact::PageFailed { url, reason }
    };
    trace.at(at).fact("pc", fact);
}

pub(super) fn spoilt_reply(trace: &TraceBuilder) -> Frame {
    let (edge, own) = (trace.edge(), ROUTER_WAN.link_local());
    Envelope::new(edge, ROUTER_WAN, edge.link_local(), own).udp(547, CLIENT_PORT, &[7, 0, 0, 1, 0])
}

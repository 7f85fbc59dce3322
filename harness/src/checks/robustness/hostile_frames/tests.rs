use ngnlab_sim::Frame;
use ngnlab_sim::message::ndp::{NdpOption, RouterAdvert};
use ngnlab_sim::message::packet::{ALL_NODES, Envelope, Mac};

use super::*;
use crate::checks::robustness::test_pages::{page, spoilt_reply};
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::TraceBuilder;

fn spoilt_advert(trace: &TraceBuilder) -> Frame {
    let envelope = Envelope::new(STRANGER, STRANGER, STRANGER.link_local(), ALL_NODES);
    let mut bytes = Ndp::RouterAdvert(trace.advert()).build(envelope).to_vec();
    bytes[21] = 254;
    bytes.into()
}

fn fleeting_advert(trace: &TraceBuilder) -> Frame {
    let envelope = Envelope::new(STRANGER, STRANGER, STRANGER.link_local(), ALL_NODES);
    let advert = RouterAdvert {
        lifetime: Duration::from_secs(5),
        options: vec![NdpOption::SourceLinkLayer(STRANGER)],
        ..trace.advert()
    };
    Ndp::RouterAdvert(advert).build(envelope)
}

#[test]
fn pages_after_a_burst_decide() {
    type Craft = fn(&TraceBuilder) -> Frame;
    let bursts: [(&str, Craft); 3] = [
        ("rob.ra.fuzz", spoilt_advert),
        ("rob.dhcp6.fuzz", spoilt_reply),
        ("rob.ra-flood", fleeting_advert),
    ];
    for (id, frame) in bursts {
        let burst = |count: usize| {
            let mut trace = TraceBuilder::new("next-pd");
            page(&mut trace, 10_000, true);
            for _ in 0..count {
                let frame = frame(&trace);
                trace.at(20_000).injected(Role::Wan, frame);
            }
            trace
        };
        let mut alive = burst(60);
        // One that was under way says nothing.
        page(&mut alive, 21_000, false);
        assert!(
            matches!(verdict(id, &alive), Verdict::Inconclusive(_)),
            "{id}"
        );
        page(&mut alive, 40_000, true);
        assert!(matches!(verdict(id, &alive), Verdict::Pass(_)), "{id}");
        let mut dead = burst(60);
        page(&mut dead, 40_000, false);
        assert!(matches!(verdict(id, &dead), Verdict::Fail(_)), "{id}");
        let mut few = burst(5);
        page(&mut few, 40_000, false);
        assert!(
            matches!(verdict(id, &few), Verdict::Inconclusive(_)),
            "{id}"
        );
    }
}

const STRANGER: Mac = Mac([2, 0, 0x5e, 0x30, 0, 9]);

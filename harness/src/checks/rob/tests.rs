use ngnlab_sim::Frame;
use ngnlab_sim::message::ndp::{NdpOption, RouterAdvert};
use ngnlab_sim::message::packet::{ALL_NODES, Envelope, Mac};
use ngnlab_sim::trace::{End, FetchError};

use super::super::verdicts::verdict;
use super::*;
use crate::dissection::builder::{ROUTER_WAN, TraceBuilder};

fn page(trace: &mut TraceBuilder, at: u64, comes: bool) {
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

fn spoilt_reply(trace: &TraceBuilder) -> Frame {
    let (edge, own) = (trace.edge(), ROUTER_WAN.link_local());
    Envelope::new(edge, ROUTER_WAN, edge.link_local(), own).udp(547, CLIENT_PORT, &[7, 0, 0, 1, 0])
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

#[test]
fn pages_after_a_bad_time_decide() {
    let lost = |trace: &mut TraceBuilder| {
        let frame = spoilt_reply(trace);
        trace.at(20_000).seen(Seen::Frame {
            on: Role::Wan,
            from: End::Network,
            frame,
            fate: Fate::Drop,
            injected: false,
        });
    };
    let pulled = |trace: &mut TraceBuilder| {
        trace
            .at(20_000)
            .done("link-down = { cable = \"wan\", lasting = \"2s\" }");
    };
    type Trouble<'a> = &'a dyn Fn(&mut TraceBuilder);
    let troubles: [(&str, Trouble<'_>); 2] =
        [("rob.loss.recover", &lost), ("rob.flap.recover", &pulled)];
    for (id, trouble) in troubles {
        for comes in [true, false] {
            let mut trace = TraceBuilder::new("next-pd");
            page(&mut trace, 10_000, true);
            trouble(&mut trace);
            page(&mut trace, 50_000, comes);
            let verdict = verdict(id, &trace);
            assert_eq!(comes, matches!(verdict, Verdict::Pass(_)), "{id}");
            assert_eq!(!comes, matches!(verdict, Verdict::Fail(_)), "{id}");
        }
        // What never worked cannot come back, and a server that is silent is to blame itself.
        let mut trace = TraceBuilder::new("next-pd");
        trouble(&mut trace);
        page(&mut trace, 50_000, false);
        assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
        let mut trace = TraceBuilder::new("next-pd");
        page(&mut trace, 10_000, true);
        trouble(&mut trace);
        trace.at(30_000).done("silence = { node = \"ons-dns-1\" }");
        page(&mut trace, 50_000, false);
        assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    }
}

const STRANGER: Mac = Mac([2, 0, 0x5e, 0x30, 0, 9]);

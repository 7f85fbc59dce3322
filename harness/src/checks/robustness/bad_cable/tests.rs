use ngnlab_sim::trace::End;

use super::*;
use crate::checks::robustness::test_pages::{page, spoilt_reply};
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::TraceBuilder;

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
        // The other cable still loses frames.
        let mut trace = TraceBuilder::new("next-pd");
        page(&mut trace, 10_000, true);
        trouble(&mut trace);
        trace
            .at(25_000)
            .done("loss = { cable = \"lan\", percent = 50 }");
        page(&mut trace, 50_000, false);
        assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    }
}

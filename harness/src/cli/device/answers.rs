//! What came of a terminal's DNS questions while a device was getting ready, in words.

use std::time::Duration;

use crate::dissection::dns::{NXDOMAIN, SERVFAIL};
use crate::dissection::{Dissection, Exchange};

/// Returns what came, one thing after the other: "SERVFAIL for 0.4 s, then an address"; nothing if
/// no question reached the device.
pub(super) fn in_words(trace: &Dissection<'_>) -> Option<String> {
    let mut came: Vec<(&'static str, Duration, usize)> = Vec::new();
    let asked = trace.lan_dns();
    for exchange in &asked {
        let (word, at) = (outcome(exchange), exchange.query.at);
        match came.last_mut() {
            Some((last, _, count)) if *last == word => *count += 1,
            _ => came.push((word, at.since(ngnlab_sim::Time::ZERO), 1)),
        }
    }
    let ends = came.iter().skip(1).map(|(_, at, _)| Some(*at));
    let ends: Vec<Option<Duration>> = ends.chain([None]).collect();
    let told = came.iter().zip(ends).map(|((word, at, count), end)| {
        let times = match count {
            1 => "once".to_owned(),
            count => format!("{count} times"),
        };
        match end {
            Some(end) => format!("{word} for {:.1} s", (end - *at).as_secs_f64()),
            None if *word == ADDRESS => (*word).to_owned(),
            None => format!("{word} {times}, to the end"),
        }
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| told.join(", then "))
}

fn outcome(exchange: &Exchange<'_>) -> &'static str {
    match exchange.reply().map(|reply| &reply.is) {
        None => "no answer",
        Some(reply) => match reply.rcode {
            0 if reply.answer_count > 0 => ADDRESS,
            0 => "an answer without an address",
            SERVFAIL => "SERVFAIL",
            NXDOMAIN => "NXDOMAIN",
            5 => "REFUSED",
            _ => "an error",
        },
    }
}

const ADDRESS: &str = "an address";

#[cfg(test)]
mod tests {
    use hickory_proto::op::ResponseCode;
    use hickory_proto::rr::RecordType;

    use super::*;
    use crate::dissection::builder::{Reply, TraceBuilder};

    #[test]
    fn what_came_is_told_in_its_order() {
        let mut trace = TraceBuilder::new("next-pd");
        trace.lan_ra(|_| {});
        let said = |trace: &TraceBuilder| in_words(&Dissection::new(&trace.trace).unwrap());
        assert_eq!(said(&trace), None);
        let name = "www.lineauth.mnw";
        for at in [1000, 1200] {
            let id = trace.at(at).ask(name, RecordType::AAAA);
            trace.answer(id, name, Reply::Code(ResponseCode::ServFail));
        }
        assert_eq!(said(&trace).unwrap(), "SERVFAIL 2 times, to the end");
        let id = trace.at(1400).ask(name, RecordType::AAAA);
        let address = "2001:db8::1".parse().unwrap();
        trace.answer(id, name, Reply::Addresses(&[address]));
        assert_eq!(said(&trace).unwrap(), "SERVFAIL for 0.4 s, then an address");
    }
}

//! The judge: a trace of anything, from its dissection to the report a person reads.

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_harness::report::{case_of_trace, check_infos};
use ngnlab_harness::wireshark;
use ngnlab_reports::document::Document;
use ngnlab_reports::formats::{FORMATS, Look};
use ngnlab_reports::words::Lang;
use ngnlab_reports::{Profile, Report};
use ngnlab_sim::Time;
use ngnlab_sim::fault::Fate;
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::setup::{Mode, Setup};
use ngnlab_sim::time::Pace;
use ngnlab_sim::trace::{
    FORMAT, Fact, FetchError, Header, LineState, Record, Resolution, Screen, Seen, StepOutcome,
    TerminalTruth, Trace,
};

use crate::mutation::mend;
use crate::packed::{Entry, FACT, MENDED, Packed};

/// Judges a saved trace, or one that is made of the bytes.
pub fn take_in(bytes: &[u8]) {
    if bytes.starts_with(b"{") {
        if let Ok(trace) = Trace::load(bytes) {
            judge(trace);
        }
    } else {
        judge(trace_of(Packed::new(bytes)));
    }
}

fn judge(trace: Trace) {
    let Ok(case) = case_of_trace(&trace, Some("a trace".to_owned())) else {
        return;
    };
    let mut capture = Vec::new();
    // Lengths and times that pcapng has no room for are errors, and no more.
    let _ = wireshark::write(&trace, &case, &mut capture);
    let report = Report {
        format: ngnlab_reports::FORMAT,
        tool: "ngnlab".to_owned(),
        device: trace.header.device.clone(),
        seed: trace.header.seed,
        arguments: Vec::new(),
        captured: None,
        elapsed_ms: 0,
        checks: check_infos(),
        profiles: Profile::ALL.to_vec(),
        cases: vec![case],
        left_out: Vec::new(),
        stale: Vec::new(),
        results: Vec::new(),
        comes_to: None,
        firmware: None,
        provenance: None,
    };
    let document = Document::of(vec![report]);
    for format in FORMATS {
        for (colour, lang) in [(false, Lang::En), (true, Lang::Ja)] {
            let look = Look {
                colour,
                lang,
                ..Look::PLAIN
            };
            assert!(!(format.render)(&document, look).is_empty());
        }
    }
}

fn trace_of(packed: Packed<'_>) -> Trace {
    let line = packed.line.clone();
    let values = line.area.values();
    let mode = if line.delegates() { Mode::Pd } else { Mode::Ra };
    let header = Header {
        format: FORMAT,
        scenario: "fuzz/any".to_owned(),
        device: "anything".to_owned(),
        seed: 1,
        pace: Pace::Virtual,
        setup: Setup {
            mode,
            wan_mac: Mac([2, 0, 0x5e, 0x10, 0, 1]),
            lan_mac: Mac([2, 0, 0x5e, 0x10, 0, 2]),
            default_dns: values.ngn_dns.to_vec(),
            domains: Vec::new(),
            pppoe: Vec::new(),
            pppoe_pass_through: false,
            wrong_on_purpose: Vec::new(),
        },
        terminals: vec![TerminalTruth {
            dials: false,
            name: "pc".to_owned(),
            mac: Mac([2, 0, 0x5e, 0x40, 0, 1]),
        }],
        line,
        until: Time::from_secs(60),
        tls_secrets: Vec::new(),
        captured: None,
    };
    let mut at = Time::ZERO;
    let records = packed.take(MOST_RECORDS).map(|entry| {
        at += entry.pause;
        let seen = seen(&entry);
        Record { at, seen }
    });
    Trace {
        records: records.collect(),
        header,
    }
}

fn seen(entry: &Entry<'_>) -> Seen {
    if entry.flags & FACT != 0 {
        return told(entry.flags >> 4, entry.frame);
    }
    let mut frame = entry.frame.to_vec();
    if entry.flags & MENDED != 0 {
        mend(&mut frame);
    }
    Seen::Frame {
        on: entry.role(),
        from: entry.from(),
        frame: frame.into(),
        fate: match entry.flags >> 4 {
            1 => Fate::Drop,
            2 => Fate::Duplicate,
            3 => Fate::Delay(Duration::from_secs(1)),
            _ => Fate::Pass,
        },
        injected: entry.flags >> 4 == 4,
    }
}

/// Returns something that a node tells, a step does or the host suffers.
fn told(kind: u8, bytes: &[u8]) -> Seen {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let address = bytes
        .first_chunk::<16>()
        .map_or(Ipv6Addr::LOCALHOST, |octets| (*octets).into());
    let number = bytes.first().copied().unwrap_or_default();
    let screen = [Screen::Consent, Screen::M1, Screen::M6, Screen::Login][usize::from(number % 4)];
    let fact = match kind {
        0 => Fact::Online,
        1 => Fact::AddressReady {
            address,
            temporary: number & 1 == 0,
        },
        2 => Fact::AddressGone { address },
        3 => Fact::Resolved {
            name: text,
            addresses: vec![address; usize::from(number % 3)],
            outcome: [Resolution::Answered, Resolution::Timeout][usize::from(number & 1)],
        },
        4 => Fact::PageSeen {
            url: text,
            status: u16::from(number),
            screen: Some(screen),
        },
        5 => Fact::PageFailed {
            url: text,
            reason: [FetchError::Name, FetchError::Timeout][usize::from(number & 1)],
        },
        6 => Fact::Pinged {
            to: address,
            answered: number & 1 == 0,
        },
        7 => Fact::LineState {
            prefix: address.into(),
            state: [LineState::Authenticated, LineState::Registered][usize::from(number & 1)],
        },
        8 => Fact::Assigned {
            prefix: address.into(),
        },
        9 => Fact::ScreenServed {
            peer: address,
            screen,
        },
        10 => Fact::Tls {
            host: Some(text),
            peer: address,
            error: None,
        },
        11 => Fact::StillConnected {
            idle_ms: u64::from(number) * 1_000,
            alive: number & 1 == 0,
        },
        12 => return Seen::Late(Duration::from_millis(u64::from(number) * 100)),
        13 => {
            let (on, count) = (None, u64::from(number));
            return Seen::Suppressed { on, count };
        }
        _ => {
            let outcome = match number % 3 {
                0 => StepOutcome::Done,
                1 => StepOutcome::TimedOut,
                _ => StepOutcome::Failed(text.clone()),
            };
            let step = serde_json::json!({ STEPS[usize::from(number) % STEPS.len()]: {} });
            return Seen::Step { step, outcome };
        }
    };
    let node = "pc".to_owned();
    Seen::Fact { node, fact }
}

/// Steps without details; the last one is none.
const STEPS: [&str; 5] = [
    "power-cycle",
    "authenticate",
    "reboot-home-gateway",
    "open-portal",
    "nonsense",
];
/// More would only take longer.
const MOST_RECORDS: usize = 1_024;

//! dnsperf on a real terminal of the device's LAN: what it asks, and what it says of the answers.

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::benchmark::Asked;
use serde::{Deserialize, Serialize};

use super::label::{self, Label};
use super::ledger::Ledger;

/// What dnsperf is to ask.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DnsperfOrder {
    /// Questions a second; as many as are answered, if not given.
    pub(crate) rate: Option<f64>,
    /// For how long.
    pub(crate) lasts: Duration,
    /// How long a question waits for its answer.
    pub(crate) timeout: Duration,
    /// How long the network takes to answer.
    pub(crate) delay: Duration,
    /// Whether for names that the device knows, and not for new ones.
    pub(crate) cached: bool,
    /// How many names are asked for again and again.
    pub(crate) names: u32,
}

/// What dnsperf measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// Questions that it sent.
    pub(crate) sent: u64,
    /// Questions that were answered.
    pub(crate) completed: u64,
    /// Answers a second.
    pub(crate) rate: f64,
    /// How long an answer took on average, in microseconds.
    pub(crate) mean: f64,
}

impl Heard {
    /// Reads what dnsperf 2 says at its end.
    pub(super) fn read(said: &str) -> Option<Self> {
        let after = |label: &str| {
            let line = said
                .lines()
                .find_map(|line| line.trim().strip_prefix(label));
            line?.split_whitespace().next()
        };
        let seconds: f64 = after("Average Latency (s):")?.parse().ok()?;
        Some(Self {
            sent: after("Queries sent:")?.parse().ok()?,
            completed: after("Queries completed:")?.parse().ok()?,
            rate: after("Queries per second:")?.parse().ok()?,
            mean: seconds * 1e6,
        })
    }
}

/// Returns how many names there have to be, so that none is asked for twice by accident.
pub(super) fn names(order: &DnsperfOrder) -> u32 {
    let all = match (order.cached, order.rate) {
        (true, _) => return order.names,
        (false, Some(rate)) => rate * order.lasts.as_secs_f64() * 1.1 + 100.0,
        (false, None) => f64::from(MOST_NAMES),
    };
    (all as u32).min(MOST_NAMES)
}

/// Returns the command that a terminal runs.
pub(super) fn command(order: &DnsperfOrder, ledger: &Ledger, server: Ipv6Addr) -> Vec<String> {
    let trial = if order.cached {
        ledger.set
    } else {
        ledger.trial
    };
    let first = Label {
        repeats: order.cached,
        long: false,
        trial,
        number: 0,
    };
    let letters = first.letters();
    let (head, tail) = letters.split_at(label::LENGTH - DIGITS);
    debug_assert!(tail.iter().all(|letter| *letter == label::LETTERS[0]));
    let head = String::from_utf8_lossy(head);
    let alphabet = String::from_utf8_lossy(label::LETTERS);
    let kind = match ledger.asked {
        Asked::A => "A",
        Asked::Aaaa => "AAAA",
        Asked::Txt700 | Asked::Txt1300 => "TXT",
    };
    let zone = domain(&ledger.zones[0].wire);
    let count = names(order);
    let zone_of_address = if server.is_unicast_link_local() {
        format!("%{}", crate::terminal::INTERFACE)
    } else {
        String::new()
    };
    let seconds = order.lasts.as_secs_f64();
    let timeout = order.timeout.as_secs_f64();
    let rate = order
        .rate
        .map_or(String::new(), |rate| format!(" -Q {rate:.0}"));
    // A name that is not to be known is asked for once.
    let once = if order.cached { "" } else { " -n 1" };
    let script = format!(
        "awk 'BEGIN {{ a = \"{alphabet}\"; for (n = 0; n < {count}; n++) {{ s = \"\"; m = n; \
         for (d = 0; d < {DIGITS}; d++) {{ s = substr(a, m % 32 + 1, 1) s; m = int(m / 32) }} \
         print \"{head}\" s \".{zone} {kind}\" }} }}' > names && \
         exec dnsperf -s {server}{zone_of_address} -d names -l {seconds} -t {timeout} \
         -q {OUTSTANDING} -c {CLIENTS}{rate}{once}"
    );
    ["sh", "-c", &script].map(str::to_owned).into()
}

/// Writes a domain as people do.
fn domain(wire: &[u8]) -> String {
    let mut text = String::new();
    let mut rest = wire;
    while let Some((&length, more)) = rest.split_first() {
        let (part, after) = more.split_at(usize::from(length).min(more.len()));
        if !part.is_empty() {
            text.push_str(&String::from_utf8_lossy(part));
            text.push('.');
        }
        rest = after;
    }
    text
}

/// How long the terminal may take until it is online and has written its names.
pub(super) const READY_WITHIN: Duration = Duration::from_secs(60);
/// Letters of a name that count.
const DIGITS: usize = 4;
/// As many as there are of so many letters.
const MOST_NAMES: u32 = 1 << (5 * DIGITS);
/// dnsperf's own default: who asks in a closed loop is limited by it where answers are slow.
const OUTSTANDING: u32 = 100;
const CLIENTS: u32 = 4;

#[cfg(test)]
mod tests {
    use super::super::zone::Zone;
    use super::*;

    #[test]
    fn what_dnsperf_says_is_read() {
        // dnsperf 2.10.0.
        let said = "Statistics:\n\n  Queries sent:         50000\n  Queries completed:    49990 \
            (99.98%)\n  Queries lost:         10 (0.02%)\n\n  Response codes:       NOERROR 49990 \
            (100.00%)\n  Average packet size:  request 50, response 78\n  Run time (s):         \
            5.000030\n  Queries per second:   9997.940012\n\n  Average Latency (s):  0.000123 (min \
            0.000047, max 0.002451)\n  Latency StdDev (s):   0.000046\n";
        let heard = Heard::read(said).unwrap();
        assert_eq!((heard.sent, heard.completed), (50_000, 49_990));
        assert!((heard.rate - 9_997.940_012).abs() < 1e-6 && (heard.mean - 123.0).abs() < 1e-6);
        assert_eq!(Heard::read("Error: unable to open file"), None);
    }

    #[test]
    fn the_names_are_those_that_the_other_side_knows() {
        let zone = Zone {
            wire: b"\x07example\x03com\0".to_vec(),
            servers: Vec::new(),
        };
        let ledger = Ledger::new((7, 9), (0, 0), vec![zone], Asked::Aaaa);
        let order = DnsperfOrder {
            rate: Some(1000.0),
            lasts: Duration::from_secs(2),
            timeout: Duration::from_secs(1),
            delay: Duration::ZERO,
            cached: false,
            names: 100,
        };
        let server = "fe80::1".parse().unwrap();
        let script = command(&order, &ledger, server).remove(2);
        assert!(script.contains("-s fe80::1%eth0 ") && script.contains(" -Q 1000 -n 1"));
        let (head, _) = script.split_once(" && exec").unwrap();
        let head = head.replace("> names", "");
        let output = std::process::Command::new("sh")
            .args(["-c", &head])
            .output()
            .unwrap();
        let names = String::from_utf8(output.stdout).unwrap();
        let names: Vec<&str> = names.lines().collect();
        assert_eq!(names.len(), 2300);
        let name = names[2299].strip_suffix(".example.com. AAAA").unwrap();
        let read = Label::read(name.as_bytes()).unwrap();
        assert_eq!((read.trial, read.number, read.repeats), (7, 2299, false));
    }
}

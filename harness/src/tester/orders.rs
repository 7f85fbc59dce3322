//! What the benchmark tells the process that has the device, and what that answers.

use std::time::Duration;

use ngnlab_reports::benchmark::{Asked, Domains, Transport, Trial, Workload};
use serde::{Deserialize, Serialize};

use super::dnsperf;
pub(crate) use super::dnsperf::DnsperfOrder;
use super::loopback::Through;

/// What is to be done next.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Offer questions to the device.
    Trial(TrialOrder),
    /// The same with both sides of the tester plugged into each other.
    SelfTest(TrialOrder),
    /// Have dnsperf ask the device.
    Dnsperf(DnsperfOrder),
    /// Take the device's power away and give it back.
    ColdStart,
}

/// Which questions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TrialOrder {
    /// What is asked, and how.
    pub(crate) workload: Workload,
    /// Questions a second.
    pub(crate) rate: f64,
    /// For how long.
    pub(crate) lasts: Duration,
    /// How long a question waits for its answer.
    pub(crate) timeout: Duration,
    /// How long the network takes to answer.
    pub(crate) delay: Duration,
    /// How many names are asked for again and again.
    pub(crate) names: u32,
    /// How many connections stay open, where they do.
    pub(crate) connections: u16,
    /// How many bits a second of other traffic go through the device meanwhile, at most.
    pub(crate) beside: Option<f64>,
    /// Whether to end soon after it is certain that the trial does not pass.
    pub(crate) ends_early: bool,
}

impl TrialOrder {
    /// Returns a few questions that show whether the device forwards at all.
    pub(super) fn probe() -> Self {
        Self {
            workload: Workload {
                transport: Transport::Udp,
                asked: Asked::Aaaa,
                cached_percent: 0,
                domains: Domains::Ons,
            },
            rate: 50.0,
            lasts: Duration::from_millis(500),
            timeout: Duration::from_secs(1),
            delay: Duration::ZERO,
            names: 1,
            connections: 1,
            beside: None,
            ends_early: false,
        }
    }
}

/// What came of an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Reply {
    /// The line is up and the device forwards; from power to the first right answer it took so
    /// many milliseconds.
    Up(f64),
    /// A trial, and how many bits a second of other traffic went through the device meanwhile.
    Trial(Box<Trial>, Option<f64>),
    /// A trial of the tester alone, with what was between its sides.
    SelfTest(Box<Trial>, Through),
    /// What dnsperf heard.
    Dnsperf(dnsperf::Heard),
    /// The first right answer came so many milliseconds after the power.
    Started(f64),
    /// The device gave no right answer, or none any more.
    Failed(String),
}

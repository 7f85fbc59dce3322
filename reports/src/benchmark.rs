//! What a benchmark of DNS forwarding found: rates, delays, and where questions were lost.
//!
//! Measured as RFC 8219 §9.2 has it, by a tester that stands on both sides of the device.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provenance::Provenance;

pub mod comparison;
pub mod found;
mod read;
pub mod statistics;

pub use read::{is_benchmark, read};

/// The version of the JSON of a benchmark; it grows when a reader of the old one would break.
pub const FORMAT: u32 = 1;

/// One call of the benchmark, with one device or several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Benchmark {
    /// The version of this format.
    pub format: u32,
    /// Where it comes from: machine, kernel, command, seed.
    pub provenance: Provenance,
    /// How it was measured.
    pub method: Method,
    /// The devices, in the order in which they were named.
    pub devices: Vec<Measured>,
}

/// How rates were searched for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Method {
    /// Over what questions come to the device.
    #[serde(default)]
    pub family: Family,
    /// How long each trial offers questions, in seconds; RFC 8219 §9.2 wants 60 at least.
    pub trial_seconds: f64,
    /// How often the search was repeated; RFC 8219 §9.2 wants 20 at least.
    pub repetitions: usize,
    /// How long a question waits for its answer, in milliseconds; RFC 8219 §9.2 wants 1000 at most.
    pub timeout_ms: u64,
    /// How near the rate that passes and the one that does not come to each other, as a share.
    pub resolution: f64,
    /// By how much the tester has to exceed a rate before it may be called the device's.
    ///
    /// RFC 8219 §9.2.1 asks for 2 × (r + 10 %), since a DNS64 may ask twice for each question; a
    /// forwarder asks once.
    pub self_test_factor: f64,
    /// How long the network takes to answer the device, in milliseconds; RFC 8219 §9.2 has no such
    /// delay.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub answers_after_ms: u64,
}

/// Over what questions come to the device; what it asks upstream goes as the line has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Over IPv6.
    #[default]
    Ipv6,
    /// Over IPv4, to the server that DHCPv4 names.
    Ipv4,
}

impl Family {
    /// Returns how it is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ipv6 => "IPv6",
            Self::Ipv4 => "IPv4",
        }
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Method {
    /// Returns whether the figures may be called those of RFC 8219 §9.2.
    pub fn conforms(&self) -> bool {
        self.trial_seconds >= 60.0
            && self.repetitions >= 20
            && self.timeout_ms <= 1000
            && self.answers_after_ms == 0
    }
}

/// What was found about one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Measured {
    /// The device's name.
    pub device: String,
    /// The version of its firmware, if its file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// The file of the device, as it was named, and what is in it; nothing for the built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<crate::provenance::DeviceFile>,
    /// What the tester did without the device.
    pub self_test: SelfTest,
    /// From the moment it had power to the first right answer, in milliseconds, once for each time
    /// it was started.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cold_start_ms: Vec<f64>,
    /// What was measured, in order.
    pub series: Vec<Series>,
    /// Why it could not be measured to the end, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl Measured {
    /// Begins a series.
    pub fn begin(&mut self, workload: &Workload) {
        self.series.push(Series {
            workload: workload.clone(),
            self_test: None,
            repetitions: Vec::new(),
            at_shares: Vec::new(),
            overload: None,
        });
    }
}

/// What the tester does with its two sides plugged into each other (RFC 8219 §9.2.1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct SelfTest {
    /// The highest rate at which each question was answered within a quarter of the time limit.
    pub rate: f64,
    /// What is between the two sides in place of the device, in words.
    pub through: String,
    /// The trial at that rate.
    pub trial: Trial,
}

/// What is asked, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Workload {
    /// Over what questions come.
    pub transport: Transport,
    /// The type of the records that are asked for.
    pub asked: Asked,
    /// How many of a hundred questions are for names that the device has asked before.
    pub cached_percent: u8,
    /// Whose names are asked for.
    pub domains: Domains,
}

/// Over what questions come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// A datagram for each question.
    Udp,
    /// A connection for each question.
    Tcp,
    /// Connections that stay open.
    TcpKeptOpen,
}

/// The type of the records that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// An IPv6 address.
    Aaaa,
    /// An IPv4 address.
    A,
    /// A TXT record in an answer of more than 512 bytes, by EDNS.
    Txt700,
    /// A TXT record in an answer of more than 1232 bytes, by EDNS.
    Txt1300,
}

/// Whose names are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Domains {
    /// Names of the ONS domains alone.
    Ons,
    /// Names that belong to the NGN's own servers alone.
    Ngn,
    /// Both in turn, and names that no entry of the per-domain table covers.
    Mixed,
}

/// All that was measured with one workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Series {
    /// What was asked.
    pub workload: Workload,
    /// What the tester did over this transport without the device, where it is another one than in
    /// the series before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_test: Option<SelfTest>,
    /// The searches, one after the other.
    pub repetitions: Vec<Repetition>,
    /// Trials at fixed shares of the rate that was found, lowest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at_shares: Vec<AtShare>,
    /// What more than it can do did to the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overload: Option<Overload>,
}

/// One search for the highest rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Repetition {
    /// The highest rate at which every question was answered rightly and in time, a second.
    pub rate: f64,
    /// What kept it from being higher.
    pub limit: Limit,
    /// The trial at that rate.
    pub passed: Option<Trial>,
    /// The lowest rate above it that did not pass.
    pub failed: Option<Trial>,
    /// How many trials it took.
    pub trials: usize,
}

/// What kept a rate from being higher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// The device: what was missing was lost, late or wrong in it, and the tester had room.
    Device,
    /// The side of the tester that asks: the rate is a lower bound.
    Generator(String),
    /// The side of the tester that answers: the rate is a lower bound.
    Answerer(String),
    /// The machine, which was busy with something else: the rate is a lower bound.
    Machine(String),
}

/// A trial at a share of the rate that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct AtShare {
    /// How many percent of the rate.
    pub percent: u32,
    /// Whether much else went through the device at the same time, and how many bits a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside_bits_per_second: Option<f64>,
    /// What came of it.
    pub trial: Trial,
}

/// More questions than the device can answer, and what came after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Overload {
    /// The trial at twice the rate.
    pub trial: Trial,
    /// How long after its end answers were as fast as before, in milliseconds; nothing if they
    /// never were while it was watched.
    pub recovered_ms: Option<f64>,
    /// How long it was watched, in milliseconds.
    pub watched_ms: f64,
}

/// A number of questions offered at a constant rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Trial {
    /// Questions a second that were to be sent.
    pub offered: f64,
    /// For how long, in seconds.
    pub seconds: f64,
    /// What became of them.
    pub counts: Counts,
    /// How long answers took, from when their questions were to be sent.
    pub delay: Delay,
    /// How the device sends what it forwards (RFC 5452 §4).
    pub upstream: Upstream,
    /// How the tester and the machine did.
    pub effort: Effort,
    /// Slices of the trial, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<Slice>,
}

/// What became of the questions of a trial. Each question is in one of the first thirteen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case")]
pub struct Counts {
    /// Answered rightly and in time by the device alone.
    pub from_cache: u64,
    /// Answered rightly and in time, after the device had asked upstream.
    pub forwarded: u64,
    /// Answered rightly, but too late.
    pub late: u64,
    /// Answered wrongly.
    pub wrong: u64,
    /// Never left the tester: the cable to the device took no more.
    pub lost_before: u64,
    /// Reached the device, which neither asked upstream nor answered.
    pub lost_unasked: u64,
    /// Asked upstream and answered there, but the device gave no answer.
    pub lost_answered: u64,
    /// Asked upstream, but our answer did not fit on the cable to the device.
    pub lost_upstream: u64,
    /// The device's answer was lost in a full queue on its way to the tester.
    pub lost_behind: u64,
    /// Waited for a connection that the device never agreed to.
    pub unconnected: u64,
    /// The device refused the connection.
    pub refused: u64,
    /// The device reset the connection before the answer.
    pub reset: u64,
    /// The device closed the connection before the answer.
    pub closed: u64,
    /// Answers beyond the first to the same question.
    pub duplicates: u64,
    /// Questions that the device asked upstream again.
    pub retries: u64,
    /// Questions upstream that nobody had asked the device.
    pub unasked: u64,
    /// Questions that the device asked at a server that is not the one of their domain.
    pub misdirected: u64,
    /// Of the wrong ones: an error where a record was to be.
    pub wrong_rcode: u64,
    /// Of the wrong ones: another record, none, or too many.
    pub wrong_record: u64,
    /// Of the wrong ones: another name or type than was asked for.
    pub wrong_question: u64,
    /// Of the wrong ones: cut off, though it would have fitted.
    pub wrong_truncated: u64,
    /// Of the wrong ones: from another address or port than was asked.
    pub wrong_sender: u64,
    /// Of the wrong ones: no DNS message, or an id that no question had.
    pub unreadable: u64,
    /// Connections that were opened to ask over.
    pub connections: u64,
}

impl Counts {
    /// Returns how many questions there were.
    pub fn offered(&self) -> u64 {
        self.right() + self.late + self.wrong + self.lost() + self.cut_off()
    }

    /// Returns how many were answered rightly and in time.
    pub fn right(&self) -> u64 {
        self.from_cache + self.forwarded
    }

    /// Returns how many got no answer.
    pub fn lost(&self) -> u64 {
        self.lost_before
            + self.lost_unasked
            + self.lost_answered
            + self.lost_upstream
            + self.lost_behind
    }

    /// Returns how many got no answer for want of a connection.
    pub fn cut_off(&self) -> u64 {
        self.unconnected + self.refused + self.reset + self.closed
    }

    /// Returns whether each question was answered rightly and in time.
    pub fn is_passed(&self) -> bool {
        self.offered() > 0 && self.offered() == self.right()
    }
}

/// How long answers took, in microseconds from when their questions were to be sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case")]
pub struct Delay {
    /// Half of them were faster.
    pub p50: f64,
    /// Nine of ten were faster.
    pub p90: f64,
    /// 99 of 100 were faster.
    pub p99: f64,
    /// 999 of 1000 were faster.
    pub p999: f64,
    /// The slowest.
    pub max: f64,
    /// On average.
    pub mean: f64,
    /// How many answers took up to so many microseconds, each step a little longer than the one
    /// before; steps without answers are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub histogram: Vec<(f64, u64)>,
}

/// How the device sends what it forwards, as far as it can be guessed by an attacker (RFC 5452 §4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case")]
pub struct Upstream {
    /// Questions that came upstream.
    pub questions: u64,
    /// Different source ports among them.
    pub ports: u64,
    /// Different ids among them.
    pub ids: u64,
}

/// How the tester and the machine did in a trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case")]
pub struct Effort {
    /// Questions a second that really were sent.
    pub sent_rate: f64,
    /// How late questions were sent, in microseconds: 99 of 100 were less late.
    pub lateness_p99: f64,
    /// The most that one was late, in microseconds.
    pub lateness_max: f64,
    /// How busy the side that asks was, as a share of the trial.
    pub generator_cpu: f64,
    /// How busy the side that answers was, as a share of the trial.
    pub answerer_cpu: f64,
    /// How long both waited for a processor that something else had, as a share of the trial.
    pub tester_waited: f64,
    /// How many processors the two sides were kept to; on one they take turns.
    pub tester_processors: u32,
    /// How busy the device was, as a share of a processor; 2.0 are two processors. Nothing where it
    /// is no process of this machine.
    pub device_cpu: Option<f64>,
    /// How long the device waited for a processor that others had, as a share. Nothing where it is no
    /// process of this machine.
    pub device_waited: Option<f64>,
    /// How many processors' time went to programs that are neither tester nor device.
    pub others: f64,
    /// How much of the machine's time went to other machines on the same host, as a share.
    pub stolen: f64,
    /// Whether tester and device were each kept to processors of their own.
    pub pinned: bool,
}

/// A slice of a trial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case")]
pub struct Slice {
    /// When it begins, in seconds from the trial's start.
    pub at: f64,
    /// Questions that were to be sent in it.
    pub asked: u64,
    /// Of these, those that were answered rightly and in time.
    pub right: u64,
    /// The slowest of their answers, in microseconds.
    pub slowest: f64,
}

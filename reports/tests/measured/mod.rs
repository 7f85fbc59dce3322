//! A benchmark of two devices, made by hand.

use ngnlab_reports::benchmark::{
    Asked, AtShare, Benchmark, Counts, Delay, Domains, Effort, FORMAT, Family, Limit, Measured,
    Method, Overload, Repetition, SelfTest, Series, Slice, Transport, Trial, Upstream, Workload,
};
use ngnlab_reports::provenance::{DeviceFile, Host, Provenance};

/// Two devices: one with all that can be measured, one that failed at its second workload.
pub(crate) fn benchmark() -> Benchmark {
    Benchmark {
        format: FORMAT,
        provenance: Provenance {
            began: "2026-11-28T07:00:00Z".to_owned(),
            revision: "v0.1.0-1-gabcdef0".to_owned(),
            command: ["ngnlab", "bench", "dns", "--quick"]
                .map(str::to_owned)
                .into(),
            seed: "1".to_owned(),
            host: Host {
                kernel: "Linux 6.12.0".to_owned(),
                processor: "Example CPU".to_owned(),
                processors: 2,
            },
            ..Provenance::default()
        },
        method: Method {
            family: Family::Ipv6,
            trial_seconds: 5.0,
            repetitions: 5,
            timeout_ms: 1000,
            resolution: 0.01,
            answers_after_ms: 0,
            self_test_factor: 1.1,
        },
        devices: vec![dnsmasq(), unbound()],
    }
}

fn dnsmasq() -> Measured {
    let cached = |percent: u8, rate: f64| Series {
        workload: workload(percent),
        repetitions: repetitions(rate, &Limit::Device),
        self_test: None,
        at_shares: Vec::new(),
        overload: None,
    };
    let mut bound = cached(100, 180_000.0);
    bound.repetitions[1].limit = Limit::Generator("the thread that asks was busy".to_owned());
    Measured {
        device: "dnsmasq".to_owned(),
        firmware: Some("2.90".to_owned()),
        file: Some(DeviceFile {
            file: "dnsmasq.toml".to_owned(),
            sha256: "ab".repeat(32),
            about: "dnsmasq on a process".to_owned(),
        }),
        self_test: self_test(400_000.0),
        cold_start_ms: vec![412.0, 380.0, 455.0],
        series: vec![
            Series {
                at_shares: [10, 25, 50, 75, 90]
                    .map(|percent| at_share(percent, None))
                    .into_iter()
                    .chain([at_share(50, Some(90e6))])
                    .collect(),
                overload: Some(Overload {
                    trial: trial(82_400.0, 350_000),
                    recovered_ms: Some(120.0),
                    watched_ms: 5000.0,
                }),
                ..cached(0, 41_200.0)
            },
            cached(40, 66_000.0),
            bound,
        ],
        failure: None,
    }
}

fn unbound() -> Measured {
    Measured {
        device: "Unbound".to_owned(),
        firmware: None,
        file: None,
        self_test: self_test(400_000.0),
        cold_start_ms: vec![1_250.0],
        series: vec![
            Series {
                workload: workload(0),
                self_test: None,
                repetitions: repetitions(28_400.0, &Limit::Device),
                at_shares: Vec::new(),
                overload: None,
            },
            kept_open(),
            Series {
                workload: workload(100),
                self_test: None,
                repetitions: Vec::new(),
                at_shares: Vec::new(),
                overload: None,
            },
        ],
        failure: Some("unbound ended with signal SIGSEGV".to_owned()),
    }
}

/// Connections that stay open, which the device closes under its load.
fn kept_open() -> Series {
    let mut repetitions = repetitions(9_000.0, &Limit::Device);
    for repetition in &mut repetitions {
        for trial in [&mut repetition.passed, &mut repetition.failed] {
            let Some(trial) = trial else { continue };
            let counts = &mut trial.counts;
            counts.closed = std::mem::take(&mut counts.lost_unasked);
            counts.refused = std::mem::take(&mut counts.late);
            counts.connections = 80;
        }
    }
    Series {
        workload: Workload {
            transport: Transport::TcpKeptOpen,
            ..workload(0)
        },
        self_test: Some(self_test(30_000.0)),
        repetitions,
        at_shares: Vec::new(),
        overload: None,
    }
}

/// UDP and AAAA, so many of a hundred cached.
pub(crate) fn workload(cached_percent: u8) -> Workload {
    Workload {
        transport: Transport::Udp,
        asked: Asked::Aaaa,
        cached_percent,
        domains: Domains::Ons,
    }
}

/// Five searches around a rate.
pub(crate) fn repetitions(rate: f64, limit: &Limit) -> Vec<Repetition> {
    let around = [0.99, 1.0, 1.01, 1.005, 0.985];
    let repetition = |share: f64| Repetition {
        rate: rate * share,
        limit: limit.clone(),
        passed: Some(trial(rate * share, 0)),
        failed: Some(trial(rate * share * 1.01, 31)),
        trials: 12,
    };
    around.map(repetition).into()
}

/// A trial of five seconds with so many questions lost.
pub(crate) fn trial(offered: f64, lost: u64) -> Trial {
    let all = (offered * 5.0) as u64;
    let late = lost / 10;
    let p50 = 120.0 + offered / 200.0;
    let timeline = (0..50).map(|slice| {
        let asked = all / 50;
        let missing = if (30..33).contains(&slice) {
            lost / 3
        } else {
            0
        };
        Slice {
            at: f64::from(slice) / 10.0,
            asked,
            right: asked - missing.min(asked),
            slowest: p50 * 4.0,
        }
    });
    Trial {
        offered,
        seconds: 5.0,
        counts: Counts {
            from_cache: 0,
            forwarded: all - lost,
            late,
            lost_unasked: lost - late,
            retries: lost / 5,
            ..Counts::default()
        },
        delay: Delay {
            p50,
            p90: p50 * 1.4,
            p99: p50 * 2.5,
            p999: p50 * 6.0,
            max: p50 * 14.0,
            mean: p50 * 1.2,
            histogram: (0..40)
                .map(|step| {
                    let upto = p50 * 0.5 * 1.08_f64.powi(step);
                    let distance = f64::from(step - 9) / 5.0;
                    (
                        upto,
                        (all as f64 / 12.0 * (-distance * distance).exp()) as u64,
                    )
                })
                .filter(|(_, count)| *count > 0)
                .collect(),
        },
        upstream: Upstream {
            questions: all,
            ports: 28_000,
            ids: 61_234,
        },
        effort: Effort {
            sent_rate: offered * 0.9999,
            lateness_p99: 18.0,
            lateness_max: 240.0,
            generator_cpu: 0.41,
            answerer_cpu: 0.22,
            others: 0.0,
            tester_processors: 1,
            tester_waited: 0.002,
            device_cpu: Some(0.98),
            device_waited: Some(0.01),
            stolen: 0.0,
            pinned: true,
        },
        timeline: timeline.collect(),
    }
}

fn at_share(percent: u32, beside: Option<f64>) -> AtShare {
    AtShare {
        percent,
        beside_bits_per_second: beside,
        trial: trial(412.0 * f64::from(percent), 0),
    }
}

fn self_test(rate: f64) -> SelfTest {
    SelfTest {
        rate,
        through: "a bridge".to_owned(),
        trial: trial(rate, 0),
    }
}

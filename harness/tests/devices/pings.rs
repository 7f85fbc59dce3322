//! A kernel of its own pings the edge of a line, and a bare echo beside it.

use std::time::Duration;

use ngnlab_harness::bench_ping::{self, Plan};
use ngnlab_sim::line::Area;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[(
    "pings_are_answered_by_a_line_and_by_a_bare_echo",
    pings_are_answered_by_a_line_and_by_a_bare_echo,
)];

fn pings_are_answered_by_a_line_and_by_a_bare_echo() {
    for area in Area::ALL {
        let plan = Plan {
            rounds: 2,
            pings: 10,
            gap: Duration::from_micros(100),
            area,
            seed: 1,
        };
        let measured = bench_ping::measure(plan).unwrap();
        assert_eq!(measured.lost, 0);
        assert!(measured.bare.median_us > 0.0 && measured.world.median_us > 0.0);
        assert!(measured.ratio_median.low <= measured.ratio_median.mean);
        assert!(measured.ratio_p99.mean <= measured.ratio_p99.high);
    }
}

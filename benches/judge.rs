//! What comes after a run: its trace is taken apart once, and every check judges it.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use ngnlab_harness::checks;
use ngnlab_harness::dissection::Dissection;
use ngnlab_harness::job::{Device, Job};
use ngnlab_sim::Trace;
use ngnlab_sim::line::Area;

fn judge(c: &mut Criterion) {
    let trace = trace("line-auth/succeeds-on-a-pd-line");
    c.bench_function("take the trace of a line authentication apart", |b| {
        b.iter(|| Dissection::new(black_box(&trace)).is_ok());
    });
    c.bench_function("judge it by every check", |b| {
        b.iter(|| checks::judge(black_box(&trace)).map(|verdicts| verdicts.len()));
    });
    c.bench_function("play it", |b| {
        b.iter(|| self::trace(black_box("line-auth/succeeds-on-a-pd-line")));
    });
}

/// Plays a scenario with the reference router.
fn trace(scenario: &str) -> Trace {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let job = Job {
        scenario: folder.join(scenario).with_extension("toml"),
        area: Area::East,
        delivery: None,
        seed: 1,
        pace: None,
        device: Device::Reference(BTreeSet::new()),
        prepared: None,
        out: None,
    };
    job.run().expect("it runs in virtual time").trace
}

criterion_group!(benches, judge);
criterion_main!(benches);

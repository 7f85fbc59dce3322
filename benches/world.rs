//! What virtual time costs: an idle PD line over a day and a year, a terminal coming online.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use ngnlab_benches::line_with_terminal;
use ngnlab_sim::Time;

fn virtual_time(c: &mut Criterion) {
    let mut group = c.benchmark_group("virtual time");
    group.sample_size(10);
    for (name, seconds) in [("a day", 86_400), ("a year", 31_536_000)] {
        group.bench_function(format!("{name} on an idle PD line"), |b| {
            b.iter(|| {
                let (mut world, terminal) = line_with_terminal("next-pd");
                world
                    .run_until(Time::from_secs(seconds))
                    .expect("nothing real is attached");
                assert!(world.with(terminal, |terminal, _| terminal.is_online()));
                black_box(world.records().len())
            });
        });
    }
    group.bench_function("a terminal comes online on an RA line", |b| {
        b.iter(|| {
            let (mut world, terminal) = line_with_terminal("next-ra");
            world
                .run_until(Time::from_secs(60))
                .expect("nothing real is attached");
            assert!(world.with(terminal, |terminal, _| terminal.is_online()));
        });
    });
    group.finish();
}

criterion_group!(benches, virtual_time);
criterion_main!(benches);

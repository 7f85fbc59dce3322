//! What virtual time costs: an idle PD line over a day and a year, a terminal coming online, and
//! many lines in one world, which must cost as much more as they are more.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ngnlab_benches::{line_with_terminal, lines_with_terminals};
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
    for count in [10, 100, 1000] {
        group.throughput(Throughput::Elements(count));
        group.bench_function(format!("an hour on {count} PD lines in one world"), |b| {
            b.iter(|| {
                let count = usize::try_from(count).expect("it is a small number");
                let (mut world, terminals) = lines_with_terminals("next-pd", count);
                world
                    .run_until(Time::from_secs(3_600))
                    .expect("nothing real is attached");
                for terminal in terminals {
                    assert!(world.with(terminal, |terminal, _| terminal.is_online()));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, virtual_time);
criterion_main!(benches);

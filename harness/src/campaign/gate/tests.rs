use super::*;

/// A host that shares its processors fairly among those who want them.
struct Host {
    processors: u32,
    /// How many others want a processor, all the time.
    others: f64,
    memory: u64,
}

/// A run on that host.
struct Running {
    ticket: Ticket,
    began: Time,
    length: Duration,
    /// The seconds of processor time that are missing until it is ready.
    start: f64,
    /// Those that it wants just afterwards.
    settle: f64,
    ready: bool,
    /// How long it waited for a processor since it was looked at last.
    waited: f64,
    /// And in all.
    late: f64,
}

/// What came of a simulated campaign.
struct Came {
    took: Duration,
    /// The most that a run was kept waiting in all once it was ready.
    most_late: Duration,
    most_running: usize,
}

/// What a start costs in processor time before it is ready, and just afterwards: measured, 163 runs
/// of a router of dnsmasq and dhcpcd keep two processors busy for 134 s in all.
const START: [f64; 2] = [0.25, 0.25];
/// What a run costs all the time.
const RUN: f64 = 0.005;
const TICK: Duration = Duration::from_millis(10);
/// How often runs are looked at.
const LOOK: i64 = 500;

/// Runs scenarios of these lengths, in this order, and watches how late the host gets.
fn simulate(host: &Host, lengths: &[u64]) -> Came {
    let mut gate = Gate::new(host.processors as usize);
    let mut waiting = lengths.iter().map(|secs| Duration::from_secs(*secs));
    let mut next = waiting.next();
    let mut running: Vec<Running> = Vec::new();
    let mut now = Time::ZERO;
    let mut came = Came {
        took: Duration::ZERO,
        most_late: Duration::ZERO,
        most_running: 0,
    };
    while next.is_some() || !running.is_empty() {
        now += TICK;
        let tick = TICK.as_secs_f64();
        let hungry = running.iter().filter(|run| run.start + run.settle > 0.0);
        let want = hungry.count() as f64 + host.others + RUN * running.len() as f64;
        let share = (f64::from(host.processors) / want).min(1.0);
        for run in &mut running {
            if run.start > 0.0 {
                run.start -= share * tick;
            } else if run.ready && run.settle > 0.0 {
                run.settle -= share * tick;
                run.waited += (1.0 - share) * tick;
                run.late += (1.0 - share) * tick;
            }
            // Half a second goes by with waiting for programs to say that they are ready.
            let is_ready = run.start <= 0.0 && now.since(run.began).as_millis() >= 500;
            if is_ready && !run.ready {
                run.ready = true;
                gate.ready(run.ticket);
            }
            if now.as_millis() % LOOK == 0 && run.waited > 0.05 {
                let late = Duration::from_secs_f64(run.waited);
                run.waited = 0.0;
                gate.late(now, late);
            }
            let late = Duration::from_secs_f64(run.late);
            came.most_late = came.most_late.max(late);
        }
        running.retain(|run| {
            let lasts = now.since(run.began) < run.length;
            if !lasts {
                gate.end(run.ticket);
            }
            lasts
        });
        let free = host.memory - Cost::default().memory / 4 * running.len() as u64;
        if let Some(length) = next
            && gate.is_open(now, Cost::default(), Some(free))
        {
            running.push(Running {
                ticket: gate.start(now, Cost::default()),
                began: now,
                length,
                start: START[0],
                settle: START[1],
                ready: false,
                waited: 0.0,
                late: 0.0,
            });
            next = waiting.next();
        }
        came.most_running = came.most_running.max(running.len());
    }
    came.took = now.since(Time::ZERO);
    came
}

/// As many scenarios as one area has up to two minutes, the longest first.
fn area() -> Vec<u64> {
    (0..128).map(|index| 120 - index * 75 / 128).collect()
}

fn host(processors: u32) -> Host {
    Host {
        processors,
        others: 0.0,
        memory: 16 << 30,
    }
}

#[test]
fn an_area_takes_little_longer_than_its_longest_scenario_and_nobody_is_late() {
    for processors in [2, 4, 8] {
        let came = simulate(&host(processors), &area());
        let longest = Duration::from_secs(120);
        assert!(came.took <= longest.mul_f64(1.3), "{:?}", came.took);
        // A quarter of what explains a failure.
        assert!(came.most_late.as_millis() < 250, "{:?}", came.most_late);
    }
}

#[test]
fn a_host_that_others_keep_busy_gets_fewer_runs_at_a_time_and_ends_them_all() {
    let quiet = simulate(&host(2), &area());
    let compilers = Host {
        others: 4.0,
        ..host(2)
    };
    let busy = simulate(&compilers, &area());
    assert!(busy.most_running < quiet.most_running);
    assert!(
        busy.most_late < Duration::from_secs(1),
        "{:?}",
        busy.most_late
    );
    assert!(busy.took < Duration::from_secs(20 * 60), "{:?}", busy.took);
}

#[test]
fn a_host_without_memory_waits_for_some_to_end() {
    let small = Host {
        memory: KEPT_FREE + Cost::default().memory * 4,
        ..host(2)
    };
    let came = simulate(&small, &[60; 40]);
    assert!(
        (4..=14).contains(&came.most_running),
        "{}",
        came.most_running
    );
}

#[test]
fn a_machine_needs_the_memory_that_it_is_given() {
    let machine = Cost {
        memory: 1 << 30,
        ..Cost::default()
    };
    let mut gate = Gate::new(4);
    gate.start(Time::ZERO, machine);
    let later = Time::ZERO + Duration::from_secs(1);
    let free = Some(KEPT_FREE + 2 * machine.memory);
    assert!(gate.is_open(later, machine, free));
    // The first one has not taken its own yet.
    let less = Some(KEPT_FREE + 2 * machine.memory - 1);
    assert!(!gate.is_open(later, machine, less));
}

#[test]
fn one_run_may_always_begin_and_no_more_than_a_few_at_a_time() {
    let at = |millis| Time::ZERO + Duration::from_millis(millis);
    let mut gate = Gate::new(2);
    gate.late(at(0), Duration::from_secs(9));
    assert!(gate.is_open(at(0), Cost::default(), Some(0)));
    let first = gate.start(at(0), Cost::default());
    assert!(
        !gate.is_open(at(1_000), Cost::default(), None),
        "the host is late"
    );
    gate.start(at(2_000), Cost::default());
    assert!(
        !gate.is_open(at(3_000), Cost::default(), None),
        "as many start as there are processors"
    );
    gate.ready(first);
    assert!(gate.is_open(at(3_000), Cost::default(), None));
    // Whoever never gets ready does not keep the others from it for good.
    gate.start(at(3_000), Cost::default());
    assert!(!gate.is_open(at(6_900), Cost::default(), None));
    assert!(gate.is_open(at(7_100), Cost::default(), None));
}

#[test]
fn the_later_the_host_the_longer_the_pause() {
    let at = |millis| Time::ZERO + Duration::from_millis(millis);
    let opens_after = |late: u64| {
        let mut gate = Gate::new(2);
        let ticket = gate.start(at(0), Cost::default());
        gate.ready(ticket);
        let opens = (0..60_000).step_by(100).find(|millis| {
            gate.late(at(*millis), Duration::from_millis(late));
            gate.is_open(at(*millis), Cost::default(), None)
        });
        opens.unwrap()
    };
    assert_eq!(opens_after(0), 300);
    assert_eq!(opens_after(150), 700);
    assert_eq!(opens_after(400), 4_800);
    assert_eq!(opens_after(900), 10_000);
}

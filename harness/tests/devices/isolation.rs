//! Many devices at the same time on one machine: none sees or disturbs another.

use std::thread;

use ngnlab_harness::job::Job;
use ngnlab_harness::play::Ending;
use ngnlab_sim::trace::{End, Role, Seen};

use crate::Test;
use crate::bench::Bench;

pub(crate) const TESTS: &[Test] = &[(
    "twenty_devices_side_by_side_keep_apart",
    twenty_devices_side_by_side_keep_apart,
)];

/// Every device has the same addresses, files and process numbers, and finds only its own.
fn twenty_devices_side_by_side_keep_apart() {
    let bench = Bench::new();
    let job = bench.job(&bench.device(DEVICE));
    let jobs: Vec<Job> = (0..SIDE_BY_SIDE)
        .map(|number| Job {
            out: Some(bench.folder.join(format!("out-{number}"))),
            ..job.clone()
        })
        .collect();
    let runs: Vec<_> = thread::scope(|scope| {
        let runs: Vec<_> = jobs.iter().map(|job| scope.spawn(|| job.run())).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    for (run, job) in runs.into_iter().zip(&jobs) {
        let run = run.unwrap();
        assert_eq!(run.ending, Ending::Complete);
        let out = job.out.as_ref().unwrap();
        assert!(out.join("logs/alone.log").is_file());
        // What one device sends is on its own cable and on no other.
        let marks = run.trace.records.iter().filter(|record| {
            let Seen::Frame {
                on: Role::Lan,
                from: End::Device,
                frame,
                ..
            } = &record.seen
            else {
                return false;
            };
            frame
                .windows(MARK.len())
                .any(|part| part == MARK.as_bytes())
        });
        assert_eq!(marks.count(), 1);
    }
}

const SIDE_BY_SIDE: usize = 20;
const MARK: &str = "one of twenty";
const DEVICE: &str = r#"
[[run]]
name  = "alone"
setup = """
test "$(ls /sys/class/net | tr '\\n' ' ')" = "lan0 lo wan0 "
ip link set wan0 up
ip link set lan0 up
ip -6 address add 2001:db8::1/64 dev lan0 nodad
ip -6 neigh add 2001:db8::2 lladdr 02:00:00:00:00:01 dev lan0
for folder in /run/ngnlab /tmp /var/lib; do
  test ! -e $folder/mine
  echo $$ >$folder/mine
done
"""

[[run]]
daemon = ["sleep", "300"]

[[run]]
name   = "speaker"
daemon = ["bash", "-c", """
until [ "$(cat /sys/class/net/lan0/carrier)" = 1 ]; do sleep 0.1; done
sleep 0.5
printf 'one of twenty' >/dev/udp/2001:db8::2/9
sleep 300
"""]

[[run]]
setup = """
sleep 1
test "$(ip -6 -o address show dev lan0 scope global | wc -l)" = 1
test "$(ls -d /proc/[0-9]* | wc -l)" -le 8
test "$(cat /run/ngnlab/mine)" = "$(cat /tmp/mine)"
"""
"#;

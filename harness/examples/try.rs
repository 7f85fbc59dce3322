//! x
use ngnlab_harness::{dissection::Dissection, job::*};
use std::collections::BTreeSet;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let area = if a.get(2).map(String::as_str) == Some("west") {
        ngnlab_sim::line::Area::West
    } else {
        ngnlab_sim::line::Area::East
    };
    let defects: BTreeSet<_> = a
        .iter()
        .skip(3)
        .filter_map(|n| ngnlab_sim::node::router::defect::Defect::from_name(n))
        .collect();
    let job = Job {
        scenario: a[1].clone().into(),
        area,
        seed: 1,
        pace: None,
        device: Device::Reference(defects),
        out: None,
    };
    let run = job.run().unwrap();
    let d = Dissection::new(&run.trace);
    for i in 0..run.trace.records.len() {
        if let Some(e) = d.evidence(i) {
            println!("{} {} {}: {}", e.record, e.at, e.place, e.summary);
        }
    }
    println!("{:?} {} records", run.ending, run.trace.records.len());
}

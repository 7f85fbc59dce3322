//! What is found without the run: by a capture that was taken beside it with dumpcap, and by its
//! traces, judged again.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::mem::{Discriminant, discriminant};
use std::path::Path;
use std::process::Command;

use libtest_mimic::Trial;
use ngnlab_harness::capture::{self, Request, Source};
use ngnlab_harness::checks::{self, Point, passive};
use ngnlab_harness::dut::description::Description;
use ngnlab_harness::dut::needs;
use ngnlab_reports::Verdict;
use ngnlab_sim::Fate;
use ngnlab_sim::line::{Area, Line};
use ngnlab_sim::trace::{End, Role, Seen, Trace};
use tempfile::TempDir;

use crate::bench::{Bench, LINKS_UP, root};
use crate::same_again::{ngnlab, ran, same_as_the_run, told};
use crate::{Test, gated};

pub(crate) const TESTS: &[Test] = &[(
    "a device that failed is judged again as it failed, beside another one",
    a_device_that_failed_is_judged_again_as_it_failed,
)];

/// A device, a scenario, and the line as an engineer names it.
type Beside = (&'static str, &'static str, &'static str, Area);

const BESIDE: &[Beside] = &[
    (
        "dnsmasq-dhcpcd",
        "line-auth/succeeds-on-a-pd-line",
        "next-pd",
        Area::East,
    ),
    (
        "dnsmasq-ndppd",
        "dns/preferred-server-dead",
        "next-ra",
        Area::West,
    ),
];

/// Returns a trial for each run with a capture beside it.
pub(crate) fn trials(obstacle: Option<&str>) -> Vec<Trial> {
    let is_there = Command::new("dumpcap").arg("--version").output().is_ok();
    let lacking = "dumpcap is missing; it is in Debian's package `wireshark-common`";
    let lacking = (!is_there).then(|| lacking.to_owned());
    let trials = BESIDE.iter().map(|beside| {
        let (device, scenario, _, area) = beside;
        let name = format!("dumpcap beside {device}::{scenario}::{}", area.name());
        let path = root().join(format!("harness/devices/{device}.toml"));
        let needed = needs::check(&Description::load(&path).unwrap()).err();
        let lacking = lacking.clone().or(needed.map(|error| error.to_string()));
        gated(&name, obstacle.or(lacking.as_deref()), move || {
            a_capture_says_what_the_trace_says(beside, &path);
            Ok(())
        })
    });
    trials.collect()
}

fn a_capture_says_what_the_trace_says(beside: &Beside, device: &Path) {
    let (_, scenario, line, area) = beside;
    let folder = TempDir::new().unwrap();
    let text = fs::read_to_string(device).unwrap();
    fs::write(folder.path().join("device.toml"), with_dumpcap(&text)).unwrap();
    let scenario_folder = root().join("scenarios");
    let run = ran(
        folder.path(),
        &[
            "--device",
            "device.toml",
            "--scenarios",
            scenario_folder.to_str().unwrap(),
            "--scenario",
            scenario,
            "--area",
            area.name(),
        ],
    );
    let case = format!("out/{scenario}-{}", area.name());
    let case = folder.path().join(case);
    let trace = File::open(case.join("trace.jsonl")).unwrap_or_else(|_| panic!("{}", told(&run)));
    let trace = Trace::load(trace).unwrap();
    // The frames as the kernel showed them to somebody else.
    let path = folder.path().join("beside.pcapng");
    fs::copy(case.join("logs/tap.log"), &path).unwrap();
    let request = Request {
        line: Line::preset(line, *area).unwrap(),
        line_name: (*line).to_owned(),
        wan: None,
        lan: None,
        macs: Vec::new(),
        start: None,
    };
    let sources = [Source { path, role: None }];
    let read = capture::read(&sources, &request).unwrap().trace;
    let (captured, traced) = (frames(&read), frames(&trace));
    for (side, traced) in &traced {
        let (there, all) = (captured[side].len(), traced.len());
        assert!(
            captured[side] == *traced,
            "{side}: {there} frames, and not the trace's {all}"
        );
    }
    let (right, mut seen) = (kinds(&trace), kinds(&read));
    // That a router was set up without sessions is not to be seen: of them nothing comes up.
    let not_applicable = discriminant(&Verdict::NotApplicable(String::new()));
    let did_not_come_up = discriminant(&Verdict::Inconclusive(String::new()));
    for (id, kind) in &mut seen {
        if *kind == did_not_come_up && right.get(id) == Some(&not_applicable) {
            *kind = not_applicable;
        }
    }
    assert_eq!(seen, right);
    let passed = discriminant(&Verdict::Pass(Vec::new()));
    let judged = right.values().filter(|kind| **kind == passed).count();
    assert!(judged > 30, "only {judged} passed");

    let args = [
        "judge",
        "beside.pcapng",
        "--line",
        line,
        "--area",
        area.name(),
    ];
    let judged = ngnlab(folder.path(), &args);
    assert_eq!(judged.status.code(), Some(0), "{}", told(&judged));
    same_as_the_run(folder.path(), "out", &run);
}

/// Has dumpcap run in the device's own network, from when its interfaces are up.
fn with_dumpcap(device: &str) -> String {
    let tap = "[[run]]\nname = \"tap\"\nready = { alive = \"1s\" }\ndaemon = [\"sh\", \"-c\", \
        \"exec dumpcap -q -i {{ wan.name }} -i {{ lan.name }} -w - 2>/dev/null\"]\n\n";
    let first = device.find("[[run]]\ndaemon").expect("it has a daemon");
    [&device[..first], tap, &device[first..]].concat()
}

/// Returns the frames of each side as they passed the device's sockets, in their order.
fn frames(trace: &Trace) -> BTreeMap<&'static str, Vec<Vec<u8>>> {
    let mut frames: BTreeMap<&'static str, Vec<Vec<u8>>> = BTreeMap::new();
    for record in &trace.records {
        let Seen::Frame {
            on,
            from,
            frame,
            fate,
            ..
        } = &record.seen
        else {
            continue;
        };
        let is_lost = *from == End::Network && *fate == Fate::Drop;
        if *on != Role::Uplink && !is_lost {
            frames.entry(on.name()).or_default().push(frame.to_vec());
        }
    }
    // Who sends while the other side does is before it or after it.
    frames.values_mut().for_each(|side| side.sort());
    frames
}

/// Returns what each passive check says.
fn kinds(trace: &Trace) -> BTreeMap<&'static str, Discriminant<Verdict>> {
    let verdicts = checks::judge(trace).unwrap().into_iter();
    let passive = verdicts.filter(|(id, _)| passive::point(id) < Point::Terminal);
    passive
        .map(|(id, verdict)| (id, discriminant(&verdict)))
        .collect()
}

fn a_device_that_failed_is_judged_again_as_it_failed() {
    let bench = Bench::new();
    let crash = "[[run]]\ndaemon = [\"sh\", \"-c\", \"sleep 2; echo no more; exit 1\"]\n\
        ready = { alive = \"10ms\" }\n\
        [[known]]\ndevice = \"crashed\"\nscenarios = [\"test/short\"]\nreason = \"so\"\n";
    let idle = format!(
        "[[run]]\nsetup = \"{LINKS_UP}\"\n\
        [[known]]\ncheck = \"lan.ra.rio\"\nreason = \"so\"\n\
        [[known]]\ncheck = \"ngn.dhcp6.duid-ll\"\nreason = \"never seen\"\n"
    );
    for (name, rest) in [("crash", crash), ("idle", &*idle)] {
        let text = bench
            .device(rest)
            .replace("name = \"test\"", &format!("name = \"{name}\""));
        fs::write(bench.folder.join(name).with_extension("toml"), text).unwrap();
    }
    let scenarios = ["--scenarios", ".", "--scenario", "test/short"];
    for devices in [
        &["--device", "crash.toml"][..],
        &["--device", "idle.toml"],
        &["--device", "crash.toml", "--device", "idle.toml"],
    ] {
        let run = ran(&bench.folder, &[&scenarios[..], devices].concat());
        let said = told(&run);
        assert!(
            !devices.contains(&"crash.toml") || said.contains("CRASHED"),
            "{said}"
        );
        same_as_the_run(&bench.folder, "out", &run);
        fs::remove_dir_all(bench.folder.join("out")).unwrap();
    }
}

//! Routers made of Debian packages, each in scenarios it copes with.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use libtest_mimic::{Failed, Trial};
use ngnlab_harness::dut::description::Description;
use ngnlab_harness::dut::needs;
use ngnlab_harness::job::{Device, Job};
use ngnlab_harness::play::Ending;
use ngnlab_harness::scenario::Scenario;
use ngnlab_harness::{checks, report, wireshark};
use ngnlab_reports::{Level, Verdict};
use ngnlab_sim::line::Area;
use tempfile::TempDir;

use crate::bench::root;
use crate::{gated, tshark};

/// A device, a scenario it copes with, and the area.
type RouterTest = (&'static str, &'static str, Area);

const TESTS: &[RouterTest] = &[
    (
        "dnsmasq-dhcpcd",
        "address/power-cut-on-a-pd-line",
        Area::East,
    ),
    (
        "dnsmasq-dhcpcd",
        "line-auth/succeeds-on-a-pd-line",
        Area::West,
    ),
    (
        "dnsmasq-wide-dhcpv6",
        "line-auth/succeeds-on-a-pd-line",
        Area::East,
    ),
    (
        "dnsmasq-wide-dhcpv6",
        "home-gateway/pd-below-the-home-gateway",
        Area::East,
    ),
    (
        "dnsmasq-ndppd",
        "line-auth/succeeds-on-an-ra-line",
        Area::East,
    ),
    (
        "dnsmasq-ndppd",
        "line-auth/succeeds-on-an-ra-line",
        Area::West,
    ),
    ("dnsmasq-ndppd", "dns/preferred-server-dead", Area::East),
    ("dnsmasq-ndppd", "dns/odd-questions", Area::West),
    (
        "radvd-knot-dhcpcd",
        "line-auth/succeeds-on-a-pd-line",
        Area::East,
    ),
    (
        "radvd-knot-dhcpcd",
        "cpe/addresses-that-stay-outside",
        Area::West,
    ),
    (
        "radvd-knot-dhcpcd",
        "line-auth/succeeds-on-an-ra-line",
        Area::West,
    ),
    (
        "radvd-bind9-wide-dhcpv6",
        "line-auth/succeeds-on-a-pd-line",
        Area::West,
    ),
    (
        "radvd-bind9-wide-dhcpv6",
        "line-auth/succeeds-on-an-ra-line",
        Area::East,
    ),
    (
        "radvd-bind9-wide-dhcpv6",
        "dns/signed-questions",
        Area::East,
    ),
    (
        "networkd-unbound",
        "line-auth/succeeds-on-a-pd-line",
        Area::East,
    ),
    (
        "networkd-unbound",
        "cpe/line-router-withdraws-itself",
        Area::West,
    ),
    (
        "radvd-unbound-ndppd",
        "line-auth/succeeds-on-an-ra-line",
        Area::East,
    ),
    (
        "linux-bridge",
        "bridge/passes-ipv6-on-an-ra-line",
        Area::East,
    ),
    (
        "linux-bridge",
        "bridge/arp-and-ipv4-stay-outside",
        Area::West,
    ),
    ("radvd-unbound-ndppd", "dns/many-transports", Area::West),
    ("radvd-unbound-ndppd", "dns/signed-questions", Area::East),
];

/// Returns a trial for each router and scenario.
pub(crate) fn trials(obstacle: Option<&str>) -> Vec<Trial> {
    let tests = TESTS.iter();
    let trials = tests.map(|test| trial(*test, obstacle));
    trials.chain([refusing(obstacle)]).collect()
}

/// A forwarder that was told of no server: `device check` asks it again and again, and says what
/// came before what follows from it.
fn refusing(obstacle: Option<&str>) -> Trial {
    let path = root().join("harness/devices/dnsmasq-wide-dhcpv6.toml");
    let description = Description::load(&path).unwrap();
    let lacking = needs::check(&description).err();
    let lacking = lacking.map(|error| error.to_string());
    let title = "device check of a forwarder that refuses";
    gated(title, obstacle.or(lacking.as_deref()), move || {
        let text = fs::read_to_string(&path)?;
        let lines = text.lines().filter(|line| !line.starts_with("server="));
        let folder = TempDir::new()?;
        let (device, out) = (folder.path().join("d.toml"), folder.path().join("out"));
        fs::write(&device, lines.collect::<Vec<_>>().join("\n"))?;
        let output = Command::new(env!("CARGO_BIN_EXE_ngnlab"))
            .env("LC_ALL", "C")
            .args([Path::new("device"), "check".as_ref(), &device])
            .args([Path::new("--out"), &out])
            .output()?;
        let said = String::from_utf8(output.stdout)?;
        assert_eq!(output.status.code(), Some(1), "{said}");
        let came = "asked for www.lineauth.mnw again and again: REFUSED ";
        assert!(said.contains(came), "{said}");
        let mut wrong = said.lines().filter(|line| line.starts_with("  wrong"));
        assert!(wrong.all(|line| !line.contains("dhcp6c")), "{said}");
        assert!(out.join("pd/trace.jsonl").is_file() && out.join("pd/capture.pcapng").is_file());
        Ok(())
    })
}

fn trial(test: RouterTest, obstacle: Option<&str>) -> Trial {
    let (device, scenario, area) = test;
    let name = format!("{device}::{scenario}::{}", area.name());
    let path = root().join(format!("harness/devices/{device}.toml"));
    let description = Description::load(&path).unwrap();
    let lacking = needs::check(&description)
        .err()
        .map(|error| error.to_string());
    gated(&name, obstacle.or(lacking.as_deref()), move || {
        let scenario = root().join(format!("scenarios/{scenario}.toml"));
        let offered = &description.offers.modes;
        let job = Job {
            delivery: Scenario::load(&scenario)?.delivery_for(offered, None),
            scenario,
            area,
            seed: 1,
            pace: None,
            device: Device::File(path),
            prepared: None,
            out: None,
        };
        judge(&job, &description)
    })
}

/// Runs a job, and finds what is neither met nor known.
pub(crate) fn judge(job: &Job, description: &Description) -> Result<(), Failed> {
    let scenario = job.scenario()?;
    let run = job.run()?;
    if run.ending != Ending::Complete {
        return Err(format!("{:?}", run.ending).into());
    }
    let run = Ok(run);
    let case = report::case(
        &scenario,
        job.area,
        &run,
        &description.known,
        &description.excuses,
        None,
    );
    let mut wrong = Vec::new();
    let is_stale = |id: &str| {
        let mut known = description.known.iter();
        known.any(|known| !known.wavers && known.is_about(id, &scenario.name))
    };
    for (id, judged) in &case.verdicts {
        let must = checks::find(id).is_some_and(|check| check.level == Level::Must);
        match &judged.verdict {
            Verdict::Fail(finding) if must && judged.known.is_none() => wrong.push(format!(
                "{id}: expected {}, seen {}",
                finding.expected, finding.actual
            )),
            Verdict::Pass(_) if is_stale(id) => {
                wrong.push(format!("{id}: passes, but is a known failure"))
            }
            _ => {}
        }
    }
    for promise in &case.expectations {
        let known = description.known.iter();
        let is_stale = known
            .filter(|known| !known.wavers)
            .any(|known| known.breaks(promise.promise, &scenario.name));
        if promise.met && is_stale {
            wrong.push(format!("{}: comes true, but is known not to", promise.what));
        }
        if !promise.met && !promise.remark && promise.known.is_none() {
            wrong.push(format!("{}: {}", promise.what, promise.seen));
        }
    }
    for exercise in &case.exercises {
        let id = &exercise.check;
        if let Some(excuse) = &exercise.excuse {
            if case.is_judged(id) && !excuse.wavers {
                wrong.push(format!("{id}: is excused, but was judged"));
            }
            continue;
        }
        let judged = case.verdicts.get(id);
        let passes = judged.is_some_and(|judged| matches!(judged.verdict, Verdict::Pass(_)));
        if !passes && judged.is_none_or(|judged| judged.known.is_none()) {
            wrong.push(format!("{id}: {judged:?}"));
        }
    }
    if let Ok(run) = &run
        && tshark::is_installed()
    {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("capture.pcapng");
        wireshark::write(&run.trace, &case, File::create(&path)?)?;
        let complaints = tshark::complaints(&path).into_iter();
        wrong.extend(complaints.map(|one| format!("Wireshark about a frame of ours: {one}")));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(wrong.join("\n").into())
}

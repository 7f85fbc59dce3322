//! The `nic` driver on veth pairs whose far ends are in a router's namespace, all of it in a user
//! namespace of the test's own.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Output};
use std::time::Duration;

use libtest_mimic::Trial;
use ngnlab_harness::dut::description::programs::plan::{Action, Plan};
use ngnlab_harness::dut::description::variables::{Names, Variables};
use ngnlab_harness::dut::description::{Description, Driver};
use ngnlab_harness::dut::needs;
use ngnlab_harness::scenario::Scenario;
use ngnlab_sim::Frame;
use ngnlab_sim::line::Area;
use ngnlab_sim::link::Link as _;
use ngnlab_sim::link::nic::Nic;
use ngnlab_sim::time::Time;
use ngnlab_sim::trace::{Fact, Seen, Trace};

use crate::bench::{eventually, root};
use crate::{Test, gated};

pub(crate) const TESTS: &[Test] = &[
    (
        "an_interface_of_this_machine_is_refused",
        an_interface_of_this_machine_is_refused,
    ),
    (
        "without_the_capability_it_says_how_to_get_it",
        without_the_capability_it_says_how_to_get_it,
    ),
    ("tags_go_on_and_come_off", tags_go_on_and_come_off),
    (
        "one_router_is_asked_one_thing_at_a_time",
        one_router_is_asked_one_thing_at_a_time,
    ),
];

/// Returns a trial for a router behind two cables, with and without tags.
pub(crate) fn trials(obstacle: Option<&str>) -> Vec<Trial> {
    let router = Description::load(&root().join(ROUTER)).unwrap();
    let lacking = needs::check(&router).err().map(|error| error.to_string());
    let trial = |name, scenario: &'static str, power: bool| {
        gated(name, obstacle.or(lacking.as_deref()), move || {
            behind_two_cables(scenario, power);
            Ok(())
        })
    };
    vec![
        trial(
            "nic::a router behind two cables",
            "line-auth/succeeds-on-a-pd-line",
            false,
        ),
        trial(
            "nic::its power is switched by commands",
            "address/power-cut-on-a-pd-line",
            true,
        ),
    ]
}

/// Runs a scenario against real router programs that are reached through two veth pairs.
fn behind_two_cables(name: &str, power: bool) {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let scenario = Scenario::load(&root().join(format!("scenarios/{name}.toml"))).unwrap();
    let router = Description::load(&root().join(ROUTER)).unwrap();
    let head = ROUTER_HEAD.replace("@place@", &place.display().to_string());
    fs::write(place.join("router.sh"), head).unwrap();
    let programs = programs_script(&router, &scenario, place);
    fs::write(place.join("programs.sh"), programs).unwrap();
    let hooks = match power {
        true => POWER.replace("@place@", &place.display().to_string()),
        false => String::new(),
    };
    let known = fs::read_to_string(root().join(ROUTER)).unwrap();
    let known = known.split_once("[[known]]").map_or("", |(_, known)| known);
    let device = format!("{}\n{hooks}\n[[known]]{known}", nic_file(&router));
    fs::write(place.join("nic.toml"), device).unwrap();
    let command = format!(
        "{} run --device {place}/nic.toml --scenarios {scenarios} --scenario {name} --area east \
         --out {place}/out --json {place}/report.json",
        env!("CARGO_BIN_EXE_ngnlab"),
        place = place.display(),
        scenarios = root().join("scenarios").display(),
    );
    let script = HOST.replace("@place@", &place.display().to_string());
    let script = script.replace("@run@", &command);
    let output = in_a_namespace(&script);
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    let report = fs::read_to_string(place.join("report.json")).unwrap_or_else(|_| panic!("{said}"));
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let case = &report["cases"][0];
    assert_eq!(case["outcome"], "judged", "{said}");
    for exercise in case["exercises"].as_array().unwrap() {
        let id = exercise["check"].as_str().unwrap();
        let judged = &case["verdicts"][id];
        let is_known = judged["known"].is_string() || exercise["excuse"].is_object();
        assert!(
            case["passed"][id].is_array() || is_known,
            "{id}: {judged}\n{said}"
        );
    }
    assert_eq!(output.status.code(), Some(0), "{said}");
    if power {
        let folder = place.join("out").join(name).display().to_string() + "-east";
        says_when_the_power_was_switched(Path::new(&folder));
    }
}

/// What the commands write stands in the trace: before the run, and at the power cut in it.
fn says_when_the_power_was_switched(folder: &Path) {
    let trace = fs::File::open(folder.join("trace.jsonl")).unwrap();
    let trace = Trace::load(trace).unwrap();
    let logged = trace.records.iter().filter_map(|record| {
        let Seen::Fact {
            fact: Fact::Logged { log, line },
            ..
        } = &record.seen
        else {
            return None;
        };
        Some((&**log, &**line, record.at))
    });
    let logged: Vec<_> = logged.collect();
    let words: Vec<_> = logged.iter().map(|(log, line, _)| (*log, *line)).collect();
    let [off, on] = ["power off", "power on"].map(|word| ("commands", word));
    assert_eq!(words, [off, on, off, on], "{logged:?}");
    let at: Vec<_> = logged.iter().map(|(.., at)| *at).collect();
    assert!(at[1] < Time::ZERO, "{at:?}");
    let cut = Time::from_secs(45);
    assert!(
        cut <= at[2] && at[3] < cut + Duration::from_secs(10),
        "{at:?}"
    );
}

/// Returns what the router runs whenever it has power: the programs of a device file.
fn programs_script(router: &Description, scenario: &Scenario, place: &Path) -> String {
    let Driver::Process(programs) = &router.driver else {
        panic!("{ROUTER} is made of programs");
    };
    let setup = scenario.setup(Area::East, router.macs);
    let names = Names {
        wan: "wan0".to_owned(),
        lan: "lan0".to_owned(),
        run_dir: "/run/ngnlab".to_owned(),
    };
    let plan = Plan::render(programs, &Variables::new(Area::East, &setup, names)).unwrap();
    let mut script = String::new();
    for file in plan.files {
        let path = file.path.display();
        let text = String::from_utf8(file.bytes).unwrap();
        let _ = writeln!(
            script,
            "cat >{path} <<'END'\n{text}\nEND\nchmod {:o} {path}",
            file.mode
        );
    }
    for run in plan.runs {
        let _ = match run.action {
            Action::Setup(text) => writeln!(script, "{text}"),
            Action::Daemon { words, .. } => {
                writeln!(
                    script,
                    "{} >>{}/{}.log 2>&1 &",
                    words.join(" "),
                    place.display(),
                    run.name
                )
            }
        };
    }
    let _ = writeln!(script, "touch {}/ready\nwait", place.display());
    script
}

fn nic_file(router: &Description) -> String {
    format!(
        "driver = \"nic\"\nname = \"a router behind two cables\"\n\
         macs = {{ wan = \"{}\", lan = \"{}\" }}\noffers = {{ modes = [\"pd\"] }}\n\
         wan = {{ interface = \"nic1\" }}\nlan = {{ interface = \"nic2\" }}\nwithin = \"20s\"\n",
        router.macs.wan, router.macs.lan
    )
}

fn an_interface_of_this_machine_is_refused() {
    let script = "mount -t sysfs sysfs /sys; ip link add nic1 type veth peer name far1; ip link add nic2 type veth peer name far2; \
        @mess@; @ngnlab@ run --device @device@ --scenario line-auth/succeeds-on-a-pd-line";
    let quiet = "sysctl -qw net.ipv6.conf.nic1.disable_ipv6=1 net.ipv6.conf.nic2.disable_ipv6=1";
    let cases = [
        ("true", "use nic1 for the device: IPv6 is on there"),
        (
            "@quiet@; ip addr add 192.0.2.1/24 dev nic2",
            "use nic2 for the device: this machine has the address 192.0.2.1 there",
        ),
        (
            "@quiet@; ip link set nic1 up; ip route add default dev nic1",
            "use nic1 for the device: this machine's default route goes through it",
        ),
        (
            "@quiet@; ip link add br0 type bridge; ip link set nic1 master br0",
            "use nic1 for the device: it belongs to a bridge",
        ),
        (
            "ip link del nic2",
            "open nic2: there is no such interface, only",
        ),
    ];
    for (mess, words) in cases {
        let mess = mess.replace("@quiet@", quiet);
        let mess = match words.contains("nic2: there") {
            true => format!("{quiet}; {mess}"),
            false => mess,
        };
        let output = refused(&script.replace("@mess@", &mess));
        assert!(output.contains(words), "{mess}: {output}");
    }
}

fn without_the_capability_it_says_how_to_get_it() {
    let script = "ip link add nic1 type veth peer name nic2; \
        sysctl -qw net.ipv6.conf.nic1.disable_ipv6=1 net.ipv6.conf.nic2.disable_ipv6=1; \
        ip link set nic1 up; ip link set nic2 up; \
        setpriv --bounding-set -net_raw --inh-caps -net_raw \
        @ngnlab@ run --device @device@ --scenario line-auth/succeeds-on-a-pd-line";
    let output = refused(script);
    assert!(
        output.contains("open nic1: this needs CAP_NET_RAW"),
        "{output}"
    );
    assert!(output.contains("sudo setcap cap_net_raw"), "{output}");
}

fn one_router_is_asked_one_thing_at_a_time() {
    let script = "ip link add nic1 type veth peer name nic2; \
        sysctl -qw net.ipv6.conf.nic1.disable_ipv6=1 net.ipv6.conf.nic2.disable_ipv6=1; \
        @ngnlab@ run --jobs 2 --device @device@ --scenario line-auth/succeeds-on-a-pd-line";
    let output = refused(script);
    assert!(output.contains("runs 1 scenario at a time"), "{output}");
}

fn tags_go_on_and_come_off() {
    let program = std::env::current_exe().unwrap();
    let script = format!(
        "ip link add nic1 type veth peer name nic2; ip link set nic1 up; ip link set nic2 up; \
        exec {} {TAGS}",
        program.display()
    );
    let output = in_a_namespace(&script);
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{said}");
}

/// Serves as somebody at both ends of a cable with tags, if this process was started as one.
pub(crate) fn hidden_command() -> Option<ExitCode> {
    env::args().nth(1).filter(|word| word == TAGS)?;
    let mut sender = Nic::open("nic1", Some(101)).unwrap();
    let mut ends = [Some(101), Some(102), None].map(|vlan| Nic::open("nic2", vlan).unwrap());
    let marked = |mark: u8| Frame::from([&[mark; 12][..], &[0x88, 0xb5], &[mark; 50]].concat());
    sender.send(&marked(1)).unwrap();
    let mut plain = Nic::open("nic1", None).unwrap();
    plain.send(&marked(2)).unwrap();
    // They cross a veth pair in their order, and a busy kernel takes its time; frames of the kernel's
    // own are none of ours.
    let mut heard = [const { Vec::new() }; 3];
    let mut listen = || {
        for (end, heard) in ends.iter_mut().zip(&mut heard) {
            let frames = std::iter::from_fn(|| end.try_recv().unwrap());
            heard.extend(frames.filter(|frame| frame.get(12..14) == Some(&[0x88, 0xb5])));
        }
        !heard[0].is_empty() && !heard[2].is_empty()
    };
    eventually(Duration::from_secs(10), &mut listen);
    // Who was asked before the last one came may have heard it, too.
    listen();
    assert_eq!(heard, [vec![marked(1)], vec![], vec![marked(2)]]);
    Some(ExitCode::SUCCESS)
}

/// Runs a script that ends with `ngnlab run`, which must refuse; returns what it says in one line.
fn refused(script: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let device = folder.path().join("nic.toml");
    let router = Description::load(&root().join(ROUTER)).unwrap();
    fs::write(&device, nic_file(&router)).unwrap();
    let script = script
        .replace("@ngnlab@", env!("CARGO_BIN_EXE_ngnlab"))
        .replace("@device@", &device.display().to_string());
    let scenarios = root().join("scenarios");
    let output = in_a_namespace(&format!("{script} --scenarios {}", scenarios.display()));
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert!(matches!(output.status.code(), Some(2 | 3)), "{said}");
    let words = said.split_whitespace().filter(|word| *word != "│");
    words.collect::<Vec<_>>().join(" ")
}

/// Runs a script as root of namespaces of its own, with which all that it starts ends.
fn in_a_namespace(script: &str) -> Output {
    Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--net",
            "--mount",
            "--pid",
            "--fork",
        ])
        .args(["--mount-proc", "--kill-child", "sh", "-ec", script])
        .env(
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        )
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const TAGS: &str = "both-ends-of-a-cable-with-tags";
const ROUTER: &str = "harness/devices/dnsmasq-dhcpcd.toml";

/// The machine with two interfaces, whose cables go into a router.
const HOST: &str = r#"
cd @place@
unshare --net --mount --pid --fork --kill-child sh -e router.sh >router.log 2>&1 &
while ! [ -e alive ]; do sleep 0.05; done
inside=$(cat /proc/$!/task/*/children | tr -d ' ')
for number in 1 2; do
    name=$(echo wan0 lan0 | cut -d ' ' -f $number)
    mac=02:00:5e:20:00:0$number
    ip link add nic$number type veth peer name $name address $mac netns $inside
    sysctl -qw net.ipv6.conf.nic$number.disable_ipv6=1
done
touch cabled
while ! [ -e ready ]; do sleep 0.05; done
@run@
"#;

/// What the router does first: places of its own, and its interfaces.
const ROUTER_HEAD: &str = r#"
for place in /run /var/lib /var/log; do mount -t tmpfs tmpfs $place; done
mkdir -p /run/ngnlab
: >/run/ngnlab/resolv.conf
mount --bind /run/ngnlab/resolv.conf /etc/resolv.conf
mount -t proc proc /proc
touch @place@/alive
while ! [ -e @place@/cabled ]; do sleep 0.05; done
# Nobody cuts segments on a cable, so the sender must.
for name in wan0 lan0; do ethtool -K $name tso off gso off >/dev/null; done
while :; do
    unshare --pid --fork --kill-child sh -e @place@/programs.sh &
    while ! [ -e @place@/off ]; do sleep 0.05; done
    kill -KILL $!
    wait $! || true
    for name in wan0 lan0; do ip link set $name down; done
    rm @place@/off @place@/ready
    touch @place@/is-off
    while ! [ -e @place@/on ]; do sleep 0.05; done
    rm @place@/on
done
"#;

/// The power of that router: its programs are ended and started again.
const POWER: &str = r#"
ready = "while ! [ -e @place@/ready ]; do sleep 0.05; done"
[power]
off = "echo power off; touch @place@/off; while ! [ -e @place@/is-off ]; do sleep 0.05; done; rm @place@/is-off"
on  = "touch @place@/on; echo power on"
"#;

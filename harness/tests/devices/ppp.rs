//! Real PPP, in guests whose kernel has it: rp-pppoe's own client at the concentrator of the line,
//! and the reference's client at rp-pppoe's server.

use std::collections::BTreeSet;
use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use libtest_mimic::Trial;
use ngnlab_harness::checks;
use ngnlab_harness::dut::description::{Description, Driver};
use ngnlab_harness::dut::qemu::QemuDut;
use ngnlab_harness::dut::reference::MACS;
use ngnlab_harness::dut::{Dut as _, Ends};
use ngnlab_harness::job::{Device, Job};
use ngnlab_harness::launch;
use ngnlab_reports::Verdict;
use ngnlab_sim::line::pppoe::accounts;
use ngnlab_sim::line::{Area, Line};
use ngnlab_sim::message::ppp::{CONFIGURE_ACK, IP_ADDRESS, IPCP, Ppp};
use ngnlab_sim::message::pppoe::Pppoe;
use ngnlab_sim::node::router::{Router, RouterConfig};
use ngnlab_sim::setup::{Mode, PppoeAccount, Setup};
use ngnlab_sim::trace::{End, FORMAT, Header, Role, Seen, Trace};
use ngnlab_sim::{Pace, Time, World};
use tempfile::TempDir;

use crate::bench::{Bench, root};
use crate::qemu::{Place, machine};
use crate::{gated, routers};

/// Returns the trials, none of which is anything without a machine.
pub(crate) fn trials(obstacle: Option<&str>) -> Vec<Trial> {
    let scenario = "pppoe/isp-beside-ons";
    let name = format!("qemu-debian with rp-pppoe's own client::{scenario}::west");
    let client = gated(&name, obstacle, move || {
        let _place = Place::take();
        let folder = TempDir::new()?;
        let device = folder.path().join("device.toml");
        fs::write(&device, in_user_space())?;
        let preparation = launch::prepare(&device, &AtomicBool::new(false))?;
        let job = Job {
            scenario: root().join(format!("scenarios/{scenario}.toml")),
            area: Area::West,
            delivery: Some(Mode::Pd),
            seed: 1,
            pace: None,
            device: Device::File(device.clone()),
            prepared: preparation.prepared.clone(),
            out: None,
        };
        routers::judge(&job, &Description::load(&device)?)
    });
    let servers = SERVERS.iter().map(|server| {
        let name = format!("the reference's client at pppoe-server, {}", server.0);
        gated(&name, obstacle, || {
            let _place = Place::take();
            two_sessions_come_up_and_come_back(server);
            Ok(())
        })
    });
    servers.chain([client]).collect()
}

/// Returns the device file of the image with rp-pppoe's client in place of the kernel's.
fn in_user_space() -> String {
    let text = fs::read_to_string(root().join("harness/devices/qemu-debian.toml")).unwrap();
    let kernel = "plugin pppoe.so\nnic-{{ wan.name }}\npppoe-padi-attempts 6\n";
    assert!(text.contains(kernel));
    let images = root().join("harness/images").canonicalize().unwrap();
    text.replace(kernel, "pty \"pppoe -U -I {{ wan.name }}\"\n")
        .replace("\"../images", &format!("\"{}", images.display()))
}

/// What it is, what pppd is told beside the rest, and what pppoe-server is.
type Server = (&'static str, &'static str, &'static str);

const SERVERS: &[Server] = &[
    ("by PAP, in user space", "require-pap", ""),
    ("by CHAP, in the kernel", "require-chap", "-k"),
];

fn two_sessions_come_up_and_come_back(server: &Server) {
    let trace = at_server(server);
    let given: BTreeSet<Ipv4Addr> = addresses(&trace).collect();
    let told = shown(&trace);
    // Each session gets one before the server ends it, and another one after.
    let pool = (16..20).map(|last| Ipv4Addr::new(203, 0, 113, last));
    assert_eq!(given, pool.collect(), "{told}");
    let verdicts = checks::judge(&trace).unwrap();
    let of_ppp = verdicts.iter().filter(|(id, _)| id.starts_with("ppp."));
    let failed = of_ppp.filter(|(_, verdict)| matches!(verdict, Verdict::Fail(_)));
    assert_eq!(failed.collect::<Vec<_>>(), [], "{told}");
    for id in PASS {
        let verdict = &verdicts[id];
        assert!(matches!(verdict, Verdict::Pass(_)), "{id}: {verdict:?}");
    }
}

/// Has the reference dial both accounts at a server that ends its sessions after a while.
fn at_server(&(_, proof, how): &Server) -> Trace {
    let line = Line::preset("next-pd", Area::East).unwrap();
    let own = accounts(line.area).map(|account| PppoeAccount {
        name: account.name.to_owned(),
        password: account.password.to_owned(),
        domains: Vec::new(),
        source: None,
    });
    let setup = |pppoe: &[PppoeAccount]| Setup {
        mode: Mode::Pd,
        wan_mac: MACS.wan,
        lan_mac: MACS.lan,
        default_dns: Vec::new(),
        domains: Vec::new(),
        pppoe: pppoe.to_vec(),
        pppoe_pass_through: false,
        wrong_on_purpose: Vec::new(),
    };
    let secrets = own.iter().map(|account| {
        let PppoeAccount { name, password, .. } = account;
        format!("\"{name}\" * \"{password}\" *\n")
    });
    let script = SERVER
        .replace("@secrets@", &secrets.collect::<String>())
        .replace("@proof@", proof)
        .replace("@how@", how);
    let (mut guest, _bench) = guest(&script);
    let mut world = World::new(1, Pace::Realtime);
    let config = RouterConfig {
        setup: setup(&own),
        defects: BTreeSet::new(),
    };
    let router = world.add("router", Router::new(config));
    let ends = Ends {
        wan: router.port(Router::WAN),
        lan: router.port(Router::LAN),
    };
    let cables = guest.attach(&mut world, ends, &setup(&[])).unwrap();
    world.record_as(cables.wan, Role::Wan);
    world.run_until(UNTIL).unwrap();
    guest.check().unwrap();
    Trace {
        header: Header {
            format: FORMAT,
            scenario: "test/at-a-real-server".to_owned(),
            device: "reference".to_owned(),
            seed: 1,
            pace: Pace::Realtime,
            line,
            setup: setup(&own),
            terminals: Vec::new(),
            until: UNTIL,
            tls_secrets: Vec::new(),
            captured: None,
        },
        records: world
            .into_records()
            .into_iter()
            .map(|mut record| {
                // What hangs on the cable's other end is the reference, not the guest.
                if let Seen::Frame { from, .. } = &mut record.seen {
                    *from = match from {
                        End::Device => End::Network,
                        End::Network => End::Device,
                    };
                }
                record
            })
            .collect(),
    }
}

/// Makes a machine of the image that runs a script once it has booted.
fn guest(script: &str) -> (QemuDut, Bench) {
    let bench = Bench::new();
    let device = bench.write_device(&machine(script));
    let description = Description::load(&device).unwrap();
    let Driver::Qemu(machine) = &description.driver else {
        panic!("{:?}", description.driver);
    };
    let logs = PathBuf::from(&bench.folder);
    let guest = QemuDut::new(&description, machine, Area::East, None, logs);
    (guest, bench)
}

/// Returns the addresses that the server agreed to.
fn addresses(trace: &Trace) -> impl Iterator<Item = Ipv4Addr> {
    let heard = trace
        .records
        .iter()
        .filter_map(|record| match &record.seen {
            Seen::Frame {
                from: End::Network,
                frame,
                ..
            } => Pppoe::parse(frame),
            _ => None,
        });
    let packets = heard.filter_map(|packet| {
        let ppp = packet.ppp().and_then(Ppp::parse)?;
        ppp.packet().filter(|_| ppp.protocol == IPCP)
    });
    let acks = packets.filter(|packet| packet.code == CONFIGURE_ACK);
    acks.filter_map(|ack| {
        let options = ack.options()?.into_iter();
        let mut given = options.filter(|option| option.kind == IP_ADDRESS);
        given.next()?.as_address()
    })
}

/// Returns what was said, for who has to find out why a test fails.
fn shown(trace: &Trace) -> String {
    let frames = trace.records.iter().filter_map(|record| {
        let Seen::Frame { from, frame, .. } = &record.seen else {
            return None;
        };
        let packet = Pppoe::parse(frame)?;
        Some(format!(
            "{:.3} {from:?} {packet:?}",
            record.at.as_secs_f64()
        ))
    });
    frames.collect::<Vec<_>>().join("\n")
}

/// The server ends its sessions a third of the way, and the reference waits some seconds then.
const UNTIL: Time = Time::from_secs(36);
const PASS: &[&str] = &[
    "ppp.auth.no-nlp-before",
    "ppp.disc.cookie-returned",
    "ppp.ipcp.address",
    "ppp.ipcp.dns",
    "ppp.lcp.ack-exact",
    "ppp.lcp.echo-magic",
    "ppp.lcp.echo-reply",
    "ppp.lcp.forbidden-options",
    "ppp.lcp.magic",
    "ppp.lcp.terminate-ack",
    "ppp.padr.unicast",
    "ppp.padt.stop",
    "ppp.session.id",
    "ppp.session.redial",
];
/// Both accounts may have a session, on the guest's WAN.
const SERVER: &str = r"
modprobe -a pppoe ppp_async
mkdir -p /etc/ppp/plugins
ln -sf /usr/lib/pppd/*/pppoe.so /etc/ppp/plugins/rp-pppoe.so
cat >/etc/ppp/pap-secrets <<'END'
@secrets@
END
cp /etc/ppp/pap-secrets /etc/ppp/chap-secrets
cat >/etc/ppp/pppoe-server-options <<'END'
@proof@
mru 1454
mtu 1454
ms-dns 203.0.113.1
ms-dns 203.0.113.2
lcp-echo-interval 5
END
ip link set eth0 up
pppoe-server @how@ -I eth0 -C flets -L 192.0.2.1 -R 203.0.113.16 -N 8
(sleep 12; killall pppd) >/dev/null 2>&1 &
";

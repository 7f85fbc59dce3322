//! `ngnlab bench dns`: how fast devices forward DNS.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use clap::{Args, ValueEnum};
use humantime::format_duration;
use ngnlab_reports::benchmark::{
    Asked, Benchmark, Domains, Family, Measured, Method, Transport, Workload,
};
use ngnlab_reports::formats::Look;
use ngnlab_reports::formats::benchmark::{changes, find};
use ngnlab_reports::provenance::{DeviceFile, Provenance};
use ngnlab_reports::scene::NoScenes;
use ngnlab_sim::line::Area;
use ngnlab_sim::setup::Mode;
use sha2::{Digest as _, Sha256};

use crate::bench::{self, Audience, Candidate, Plan};
use crate::built_in;
use crate::cli::{Answer, AreaName, DeliveryName, Place, file, interrupt, measured, select};
use crate::dut::description::Description;
use crate::dut::reference;
use crate::error::{self, Error};
use crate::input;
use crate::launch::bench::Wish;
use crate::launch::{self, Preparation};
use crate::scratch;

/// The arguments of `bench dns`.
#[derive(Debug, Args)]
pub struct Dns {
    /// The router: `reference`, a device file, or the name of an example; several are measured in
    /// turn, A B A B, and compared
    #[arg(long, value_name = "FILE|NAME", default_value = "reference")]
    pub device: Vec<String>,
    /// Trials of 5 seconds and 5 searches instead of 60 and 20: minutes instead of hours, and not
    /// what RFC 8219 §9.2 asks for
    #[arg(long)]
    pub quick: bool,
    /// How long each trial offers questions, in seconds; 60 unless given
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=300))]
    pub trial: Option<u32>,
    /// How often the highest rate is searched for; 20 unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub repeat: Option<u32>,
    /// How long a question waits for its answer, in milliseconds; RFC 8219 §9.2 allows 1000 at most
    #[arg(
        long, value_name = "MS", default_value_t = 1000,
        value_parser = clap::value_parser!(u64).range(10..=60_000)
    )]
    pub timeout: u64,
    /// How long the network takes to answer the device, in milliseconds, as a line with a way to its
    /// servers does; RFC 8219 §9.2 has none
    #[arg(
        long, value_name = "MS", default_value_t = 0,
        value_parser = clap::value_parser!(u64).range(0..=10_000)
    )]
    pub delay: u64,
    /// How many of a hundred questions are for names that the device has asked before: one series of
    /// searches for each
    #[arg(
        long, value_name = "PERCENT", value_delimiter = ',', default_values_t = [0, 100],
        value_parser = clap::value_parser!(u8).range(0..=100)
    )]
    pub cached: Vec<u8>,
    /// How many names are asked for again and again; a device that keeps fewer forwards them
    #[arg(
        long, value_name = "N", default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub names: u32,
    /// What is asked for
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [AskedName::Aaaa])]
    pub asked: Vec<AskedName>,
    /// Whose names are asked for
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [DomainsName::Ons])]
    pub domains: Vec<DomainsName>,
    /// Over which IP questions come to the router: over IPv4 to the DNS server that its DHCPv4 names;
    /// what it asks upstream stays as the line has it
    #[arg(long, value_enum, default_value_t = FamilyName::Six)]
    pub family: FamilyName,
    /// Over what questions come: one series of searches for each
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [TransportName::Udp])]
    pub transport: Vec<TransportName>,
    /// How many connections stay open with `--transport tcp-kept`; questions take them in turn
    #[arg(
        long, value_name = "N", default_value_t = 8,
        value_parser = clap::value_parser!(u16).range(1..=1000)
    )]
    pub connections: u16,
    /// How many megabits a second of TCP traffic go through the router while delays are measured once
    /// more; 0 leaves that out
    #[arg(
        long, value_name = "MBIT", default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(0..=10_000)
    )]
    pub bulk: u32,
    /// Measures the highest rate alone, and neither delays at shares of it nor overload nor cold
    /// start
    #[arg(long)]
    pub rate_only: bool,
    /// The area of the line; east unless given
    #[arg(long, value_enum)]
    pub area: Option<AreaName>,
    /// How the line delivers the prefix; as the device offers, unless given
    #[arg(long, value_enum)]
    pub delivery: Option<DeliveryName>,
    /// Where all randomness comes from
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Writes the results as JSON, after each step what is known by then
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Also writes the results as one HTML page with plots to a file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Also writes the results as Markdown to a file, for the summary beside a run in CI
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Holds the rates against an older benchmark of `--json`: the exit code then says whether a
    /// device is slower by more than chance
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Goes on with a benchmark that was broken off, by what is in --json
    #[arg(long, requires = "json")]
    pub resume: bool,
}

/// Over which IP questions come, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FamilyName {
    /// IPv6
    #[value(name = "6")]
    Six,
    /// IPv4
    #[value(name = "4")]
    Four,
}

/// Over what questions come, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TransportName {
    /// A datagram for each question
    Udp,
    /// A TCP connection for each question
    Tcp,
    /// TCP connections that stay open, with several questions on their way
    TcpKept,
}

/// What is asked for, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AskedName {
    /// IPv6 addresses
    Aaaa,
    /// IPv4 addresses
    A,
    /// Texts in answers of more than 512 bytes, by EDNS
    Txt700,
    /// Texts in answers of more than 1232 bytes, by EDNS
    Txt1300,
}

/// Whose names are asked for, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DomainsName {
    /// Names of the ONS domains
    Ons,
    /// Names of the NGN's own domain
    Ngn,
    /// Both, and names of neither, in turn
    Mixed,
}

impl From<FamilyName> for Family {
    fn from(name: FamilyName) -> Self {
        match name {
            FamilyName::Six => Self::Ipv6,
            FamilyName::Four => Self::Ipv4,
        }
    }
}

impl From<TransportName> for Transport {
    fn from(name: TransportName) -> Self {
        match name {
            TransportName::Udp => Self::Udp,
            TransportName::Tcp => Self::Tcp,
            TransportName::TcpKept => Self::TcpKeptOpen,
        }
    }
}

impl From<AskedName> for Asked {
    fn from(name: AskedName) -> Self {
        match name {
            AskedName::Aaaa => Self::Aaaa,
            AskedName::A => Self::A,
            AskedName::Txt700 => Self::Txt700,
            AskedName::Txt1300 => Self::Txt1300,
        }
    }
}

impl From<DomainsName> for Domains {
    fn from(name: DomainsName) -> Self {
        match name {
            DomainsName::Ons => Self::Ons,
            DomainsName::Ngn => Self::Ngn,
            DomainsName::Mixed => Self::Mixed,
        }
    }
}

pub(in crate::cli) fn answer(args: &Dns, place: Place) -> Result<Answer, Error> {
    let plan = plan(args);
    let stop = interrupt::stop_at_signals();
    scratch::sweep();
    let mut candidates = Vec::new();
    let mut preparations = Vec::new();
    for name in &args.device {
        let (candidate, preparation) = candidate(name, &stop)?;
        candidates.push(candidate);
        preparations.push(preparation);
    }
    distinct(&candidates)?;
    let provenance = Provenance {
        seed: args.seed.to_string(),
        ..(place.provenance)()
    };
    let whole = |devices: Vec<Measured>| bench::benchmark(provenance.clone(), &plan, devices);
    let known = match (&args.json, args.resume) {
        (Some(path), true) => resumed(path, &plan, &candidates)?,
        (Some(path), false) => {
            file::try_out(path)?;
            Vec::new()
        }
        (None, _) => Vec::new(),
    };
    let baseline = args.baseline.as_deref();
    let baseline = baseline.map(|path| baseline_for(&plan, path)).transpose()?;
    for path in [&args.html, &args.markdown].into_iter().flatten() {
        file::try_out(path)?;
    }
    let lasts = Duration::from_secs(plan.lasts(candidates.len()).as_secs());
    let lang = place.lang();
    let announce = |line: &str| (place.announce)(&lang.say(line));
    announce(&format!("this takes about {}", format_duration(lasts)));
    let latest = Mutex::new(known.clone());
    let mut keep = |devices: &[Measured]| {
        *latest
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = devices.to_vec();
        match &args.json {
            Some(path) => {
                let whole = whole(devices.to_vec());
                let json = find("json").map(|one| (one.render)(&whole, place.look(&NoScenes)));
                file::write(path, &json.unwrap_or_default())
            }
            None => Ok(()),
        }
    };
    let ended = bench::measure(
        &plan,
        &candidates,
        known,
        &mut Audience {
            tell: &mut |line| announce(&line),
            keep: &mut keep,
            stop: &stop,
        },
    );
    let (devices, remarks) = match ended {
        Ok(devices) => (devices, String::new()),
        // What is known by then is shown all the same.
        Err(Error::Stopped) => {
            let known = latest.into_inner();
            let known = known.unwrap_or_else(std::sync::PoisonError::into_inner);
            (
                known,
                "stopped by the user; --resume with --json measures the rest\n".to_owned(),
            )
        }
        Err(error) => return Err(error),
    };
    let is_whole = remarks.is_empty() && devices.iter().all(|one| one.failure.is_none());
    let benchmark = whole(devices);
    let look = place.look(&NoScenes);
    let plain = Look {
        colour: false,
        ..look
    };
    for (path, name) in [(&args.html, "html"), (&args.markdown, "markdown")] {
        if let Some((path, format)) = path.as_ref().zip(find(name)) {
            file::write(path, &(format.render)(&benchmark, plain))?;
        }
    }
    let mut text = find("text").map_or_else(String::new, |one| (one.render)(&benchmark, look));
    let mut exit_code = match is_whole {
        true => error::CONFORMANT,
        false => error::UNDETERMINED,
    };
    if let Some((name, old)) = &baseline {
        let change = measured::held_against((name, old), ("this run", &benchmark))?;
        if let Some(format) = changes::find("text") {
            text.push('\n');
            text.push_str(&(format.render)(&change, look));
        }
        exit_code = exit_code.max(measured::exit_code(&change));
    }
    Ok(Answer {
        text,
        remarks: match remarks.is_empty() {
            true => remarks,
            false => format!("{}\n", lang.say(remarks.trim_end())),
        },
        exit_code,
    })
}

/// Reads the benchmark that one by this plan is held against, and returns it with its name.
fn baseline_for(plan: &Plan, path: &Path) -> Result<(String, Benchmark), Error> {
    let text = input::text(path, input::REPORT)?;
    let baseline = measured::read(&text, path)?;
    let [of_old, of_new] = [baseline.method.family, plan.method.family];
    // Better now than after hours.
    if of_old != of_new {
        let (name, old, new) = (path.display(), of_old.word(), of_new.word());
        return Err(Error::Usage {
            what: format!(
                "the devices of {name} were asked over {old}, and these would be over {new}"
            ),
            help: Some(format!(
                "give the `--family` that the baseline has, or a baseline over {new}"
            )),
        });
    }
    Ok((path.display().to_string(), baseline))
}

fn plan(args: &Dns) -> Plan {
    let (trial, repetitions) = if args.quick { (5, 5) } else { (60, 20) };
    let mut workloads = Vec::new();
    for transport in &args.transport {
        for domains in &args.domains {
            for asked in &args.asked {
                for cached_percent in &args.cached {
                    workloads.push(Workload {
                        transport: Transport::from(*transport),
                        asked: Asked::from(*asked),
                        cached_percent: *cached_percent,
                        domains: Domains::from(*domains),
                    });
                }
            }
        }
    }
    Plan {
        method: Method {
            family: Family::from(args.family),
            trial_seconds: f64::from(args.trial.unwrap_or(trial)),
            repetitions: args.repeat.unwrap_or(repetitions) as usize,
            timeout_ms: args.timeout,
            resolution: 0.02,
            self_test_factor: SELF_TEST_FACTOR,
            answers_after_ms: args.delay,
        },
        workloads,
        names: args.names,
        connections: args.connections,
        shares: match args.rate_only {
            true => Vec::new(),
            false => vec![10, 25, 50, 75, 90],
        },
        beside: (args.bulk > 0).then(|| f64::from(args.bulk) * 1e6),
        overload: !args.rate_only,
        cold_starts: if args.rate_only { 0 } else { 3 },
        wish: Wish {
            family: Family::from(args.family),
            area: args.area.map_or(Area::East, Area::from),
            delivery: args.delivery.map(Mode::from),
            seed: args.seed,
        },
    }
}

pub(super) fn candidate(
    name: &str,
    stop: &std::sync::atomic::AtomicBool,
) -> Result<(Candidate, Preparation), Error> {
    if name == reference::NAME {
        let candidate = Candidate {
            name: name.to_owned(),
            firmware: None,
            file: None,
            ready_within: Duration::ZERO,
            prepared: None,
        };
        return Ok((candidate, Preparation::default()));
    }
    let path = select::device(Path::new(name))?;
    let text = input::text(&path, input::DESCRIPTION)?;
    let description = Description::parse(&path, &text).map_err(Box::new)?;
    let preparation = launch::prepare(&path, stop)?;
    let file = DeviceFile {
        file: built_in::name(&path),
        sha256: format!("{:x}", Sha256::digest(&text)),
        about: description.about.clone(),
    };
    let candidate = Candidate {
        ready_within: description.ready_within(),
        name: description.name,
        firmware: description.firmware,
        file: Some((path, file)),
        prepared: preparation.prepared.clone(),
    };
    Ok((candidate, preparation))
}

fn distinct(candidates: &[Candidate]) -> Result<(), Error> {
    for (number, one) in candidates.iter().enumerate() {
        if candidates[..number]
            .iter()
            .any(|other| other.name == one.name)
        {
            return Err(Error::Usage {
                what: format!("two devices are called {}", one.name),
                help: Some("give one of them another name in its file".to_owned()),
            });
        }
    }
    Ok(())
}

/// Returns what was measured before, if it was by the same plan.
fn resumed(path: &Path, plan: &Plan, candidates: &[Candidate]) -> Result<Vec<Measured>, Error> {
    let before = measured::read(&input::text(path, input::REPORT)?, path)?;
    let same = before.method == plan.method
        && before.provenance.seed == plan.wish.seed.to_string()
        && before.devices.len() <= candidates.len()
        && before
            .devices
            .iter()
            .zip(candidates)
            .all(|(one, candidate)| {
                one.device == candidate.name
                    && one.file.as_ref() == candidate.file.as_ref().map(|(_, file)| file)
                    && one
                        .series
                        .iter()
                        .zip(&plan.workloads)
                        .all(|(series, workload)| series.workload == *workload)
            });
    match same {
        true => Ok(before.devices),
        false => Err(Error::Usage {
            what: format!("{} is of another benchmark", path.display()),
            help: Some("resume with the arguments that it was begun with".to_owned()),
        }),
    }
}

pub(super) const EXAMPLES: &str = "\
Examples:
  ngnlab bench dns --quick                                      the built-in router, in some minutes
  ngnlab bench dns --device my-router.toml --json rate.json     by RFC 8219 §9.2, in some hours
  ngnlab bench dns --device a.toml --device b.toml --quick      two routers in turn, A B A B
  ngnlab bench dns --device my-router.toml --cached 0,20,40,60,80,100 --rate-only
  ngnlab bench dns --device my-router.toml --quick --family 4   over IPv4 on its LAN

A rate is the device's where what was missing was lost in it and the tester passed its self-test with
a margin; otherwise it is a lower bound, and called so. Exit codes: 0 measured; 2 wrong usage or file;
3 not measured to the end";

/// RFC 8219 §9.2.1 asks for 2 × (r + 10 %), as a DNS64 may ask twice for each question; a forwarder
/// asks once.
pub(super) const SELF_TEST_FACTOR: f64 = 1.1;

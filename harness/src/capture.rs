//! Captures from real lines: files of tcpdump, dumpcap or a switch become a trace that can be judged.
//!
//! A capture holds frames and nothing else: no facts of nodes, no steps, no configuration. The line
//! is told, the router found by what it sends, and what is not known stays unknown. Only checks that
//! [`crate::checks`] calls passive judge such a trace.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use ngnlab_sim::line::{Line, Upstream};
use ngnlab_sim::link::offload::with_checksum;
use ngnlab_sim::message::packet::ethernet::Ethernet;
use ngnlab_sim::message::packet::{ETHERNET_HEADER, Mac};
use ngnlab_sim::setup::{DomainServers, Mode, Setup};
use ngnlab_sim::trace::{
    CapturedAt, End, FORMAT, Header, Record, Role, Seen, TerminalTruth, Trace,
};
use ngnlab_sim::{Fate, Frame, Pace, Time};

use crate::error::Error;
use crate::input;

mod clocks;
mod encapsulation;
mod file;
mod points;
mod signs;
mod told;

pub use file::is_capture;
pub use told::Told;

use encapsulation::{UNKNOWN, Unfit, bare};
use file::Interface;
use points::{Place, Places, Points, Unplaced};

/// A file, and the side it was taken on if the whole file was taken on one.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file.
    pub path: PathBuf,
    /// The side.
    pub role: Option<Role>,
}

/// What the user says about a capture.
#[derive(Clone, Debug)]
pub struct Request {
    /// The line it was taken on.
    pub line: Line,
    /// How the line was told, in words.
    pub line_name: String,
    /// The interface of the WAN.
    pub wan: Option<String>,
    /// The interface of the LAN.
    pub lan: Option<String>,
    /// The router's own addresses.
    pub macs: Vec<Mac>,
    /// When time begins, counted from the first frame.
    pub start: Option<Duration>,
}

/// A capture as a trace.
#[derive(Clone, Debug)]
pub struct Capture {
    /// The trace.
    pub trace: Trace,
    /// What was found in the files.
    pub told: Told,
}

/// Reads a capture of one file or several.
///
/// # Errors
///
/// If a file is no capture, holds no frame of a router, or has no such interface.
pub fn read(sources: &[Source], request: &Request) -> Result<Capture, Error> {
    let heap = Heap::fill(sources)?;
    let points = heap.points(sources, request)?;
    let macs = heap.routers(&points, request)?;
    let mut trace = heap.trace(&points, macs, request);
    let told = told::tell(&heap, sources, &points, request, &trace);
    if let Some(at) = &mut trace.header.captured {
        at.doubtful = told.doubtful;
    }
    Ok(Capture { trace, told })
}

/// A frame that is to be judged.
struct Kept {
    place: Place,
    at: i128,
    frame: Frame,
}

/// Everything that was read.
#[derive(Default)]
struct Heap {
    kept: Vec<Kept>,
    bytes: usize,
    places: Places,
    /// When the first and the last frame was caught, of whatever protocol.
    span: Option<(i128, i128)>,
    read: u64,
    unfit: BTreeMap<Unfit, u64>,
    /// How many frames had a tag of a VLAN, and how many a PPPoE header.
    tagged: u64,
    pppoe: u64,
    cooked: u64,
    /// How many checksums were left to a network card, and how many frames one has joined.
    unsummed: u64,
    joined: u64,
    /// How many the capturing machine lost.
    lost: u64,
    /// What is to be said of the files.
    remarks: Vec<String>,
    /// Whether there was more than is kept.
    is_full: bool,
}

impl Heap {
    fn fill(sources: &[Source]) -> Result<Self, Error> {
        let mut heap = Self::default();
        for (number, source) in sources.iter().enumerate() {
            let from = input::open(&source.path)?;
            let contents = file::read(from, |interfaces, caught| {
                heap.take_in(number, interfaces, &caught)
            });
            let contents = contents.map_err(|error| Error::Read {
                path: source.path.clone(),
                source: error,
            })?;
            let lost = contents.interfaces.iter().map(|one| one.lost);
            heap.lost = lost.fold(heap.lost, u64::saturating_add);
            if let Some(why) = contents.broken_off {
                let file = source.path.display();
                heap.remarks
                    .push(format!("{file} was not read to its end: {why}"));
            }
            let names = contents.interfaces.into_iter().map(|one| one.name);
            heap.places.names.push(names.collect());
        }
        if heap.is_full {
            heap.remarks.push(format!(
                "the capture has more than the {MOST_FRAMES} frames with IPv6, or the {} MB, that are \
                 judged at a time; what follows was not read: cut it with `editcap -A` and `-B`, or \
                 capture without downloads",
                MOST_BYTES / 1_000_000
            ));
        }
        heap.kept.sort_by_key(|kept| kept.at);
        Ok(heap)
    }

    fn take_in(
        &mut self,
        file: usize,
        interfaces: &[Interface],
        caught: &file::Caught<'_>,
    ) -> ControlFlow<()> {
        self.read += 1;
        let (first, last) = self.span.unwrap_or((caught.at, caught.at));
        self.span = Some((first.min(caught.at), last.max(caught.at)));
        let link = interfaces.get(caught.interface).map_or(0, |one| one.link);
        let mut bared = match bare(caught, link) {
            Ok(bared) => bared,
            Err(unfit) => {
                *self.unfit.entry(unfit).or_default() += 1;
                return ControlFlow::Continue(());
            }
        };
        if self.kept.len() >= MOST_FRAMES || self.bytes + bared.frame.len() > MOST_BYTES {
            self.is_full = true;
            return ControlFlow::Break(());
        }
        if let Some(whole) = with_checksum(&bared.frame) {
            bared.frame = whole;
            self.unsummed += 1;
        }
        self.joined += u64::from(bared.frame.len() > LONGEST_FRAME);
        self.tagged += u64::from(bared.vlan.is_some());
        self.pppoe += u64::from(bared.pppoe);
        self.cooked += u64::from(bared.cooked.is_some());
        self.bytes += bared.frame.len();
        let place = Place {
            file,
            interface: caught.interface,
            cooked: bared.cooked.and_then(|cooked| cooked.interface),
            vlan: bared.vlan,
        };
        self.places
            .signs
            .entry(place)
            .or_default()
            .hear(&bared.frame);
        self.kept.push(Kept {
            place,
            at: caught.at,
            frame: bared.frame,
        });
        ControlFlow::Continue(())
    }

    fn points(&self, sources: &[Source], request: &Request) -> Result<Points, Error> {
        let said: Vec<Option<Role>> = sources.iter().map(|source| source.role).collect();
        if said.iter().any(Option::is_some) {
            let of = |role: Role| {
                let places = self.places.signs.keys().copied();
                places
                    .filter(|place| said.get(place.file) == Some(&Some(role)))
                    .collect()
            };
            return Ok(Points {
                wan: of(Role::Wan),
                lan: of(Role::Lan),
            });
        }
        let points = self
            .places
            .told(request.wan.as_deref(), request.lan.as_deref());
        points.map_err(|why| {
            let list = self.places.list();
            let help = match why {
                Unplaced::Nothing => self.why_nothing(),
                Unplaced::NoSuch(_) | Unplaced::SameTwice => format!("it has: {list}"),
                Unplaced::Unclear => format!("say it with --wan and --lan; it has: {list}"),
            };
            usage(format!("cannot judge the capture: {why}"), help)
        })
    }

    fn why_nothing(&self) -> String {
        let links = self.unfit.keys().filter_map(|unfit| match unfit {
            Unfit::OtherLink(link) => Some(link.to_string()),
            Unfit::OtherProtocol | Unfit::Cut | Unfit::Broken => None,
        });
        let links: Vec<String> = links.collect();
        if !links.is_empty() {
            return format!(
                "its link type is {}; Ethernet (1) and Linux cooked (113, 276) are read",
                links.join(", ")
            );
        }
        match self.unfit.get(&Unfit::Cut) {
            Some(cut) => format!("{cut} frames were cut: capture with `-s 0`"),
            None => format!(
                "{} frames were read; capture on the router's cable",
                self.read
            ),
        }
    }

    /// Returns the router's addresses on the WAN and on the LAN, as far as they were captured.
    fn routers(&self, points: &Points, request: &Request) -> Result<[Option<Mac>; 2], Error> {
        let mut found = [None, None];
        for (role, found) in [Role::Wan, Role::Lan].into_iter().zip(&mut found) {
            let places = points.of(role);
            let signs: Vec<_> = places
                .iter()
                .filter_map(|one| self.places.signs.get(one))
                .collect();
            if signs.is_empty() {
                continue;
            }
            let mut heard = signs.iter().flat_map(|signs| signs.heard());
            let told = heard.clone().find(|mac| request.macs.contains(mac));
            let looks = signs.iter().find_map(|signs| signs.router(role));
            *found = told.or(looks.filter(|_| request.macs.is_empty()));
            if found.is_none() {
                let asks = match role {
                    Role::Wan => "asks for routers or by DHCPv6",
                    Role::Lan | Role::Uplink => "advertises itself, or answers by DHCPv6 or DNS",
                };
                let what = match request.macs.is_empty() {
                    true => format!(
                        "nobody on the {} {asks}, so no router was found",
                        role.name()
                    ),
                    false => format!(
                        "no frame on the {} has a --device-mac as source",
                        role.name()
                    ),
                };
                let some: Vec<String> = heard.by_ref().take(8).map(|mac| mac.to_string()).collect();
                let help = match some.is_empty() {
                    true => "nobody was heard there".to_owned(),
                    false => format!(
                        "--device-mac says which it is, once for the WAN and once for the LAN; \
                         heard were {}",
                        some.join(", ")
                    ),
                };
                return Err(usage(what, help));
            }
        }
        match found {
            [None, None] => Err(usage(
                "no frame of a router was found".to_owned(),
                format!("the capture has: {}", self.places.list()),
            )),
            found => Ok(found),
        }
    }

    fn trace(&self, points: &Points, macs: [Option<Mac>; 2], request: &Request) -> Trace {
        let [wan, lan] = macs;
        let zero = self.span.map_or(0, |(first, _)| first);
        let zero = zero.saturating_add(nanos(request.start.unwrap_or_default()));
        let at = |at: i128| Time::from_nanos(i64::try_from(at - zero).unwrap_or(i64::MAX));
        let mut terminals: Vec<TerminalTruth> = Vec::new();
        let records = self.kept.iter().filter_map(|kept| {
            let on = points.role(&kept.place)?;
            let router = match on {
                Role::Wan => wan,
                Role::Lan | Role::Uplink => lan,
            }?;
            let ethernet = Ethernet::parse(&kept.frame)?;
            let from = match ethernet.source == router {
                true => End::Device,
                false => End::Network,
            };
            if on == Role::Lan && from == End::Network && terminals.len() < MOST_TERMINALS {
                let mac = ethernet.source;
                if terminals.iter().all(|terminal| terminal.mac != mac) {
                    let name = format!("terminal {}", terminals.len() + 1);
                    terminals.push(TerminalTruth { name, mac });
                }
            }
            // A cooked header does not say whom a frame was for; what a router hears is for it.
            let frame = match ethernet.destination == UNKNOWN && from == End::Network {
                true => Ethernet {
                    destination: router,
                    ..ethernet
                }
                .frame(),
                false => kept.frame.clone(),
            };
            let seen = Seen::Frame {
                on,
                from,
                frame,
                fate: Fate::Pass,
                injected: false,
            };
            Some(Record {
                at: at(kept.at),
                seen,
            })
        });
        let records: Vec<Record> = records.collect();
        let until = self.span.map_or(Time::ZERO, |(_, last)| at(last));
        // Whoever was captured on one side alone has one address that is known.
        let (wan_mac, lan_mac) = (
            wan.or(lan).unwrap_or(UNKNOWN),
            lan.or(wan).unwrap_or(UNKNOWN),
        );
        let header = Header {
            format: FORMAT,
            scenario: SCENARIO.to_owned(),
            device: format!("the router {wan_mac}"),
            seed: 0,
            pace: Pace::Realtime,
            setup: setup(
                &request.line,
                self.mode(points, wan, &request.line),
                [wan_mac, lan_mac],
            ),
            line: request.line.clone(),
            terminals,
            until: until.max(records.last().map_or(Time::ZERO, |last| last.at)),
            tls_secrets: Vec::new(),
            captured: Some(CapturedAt {
                wan: wan.is_some(),
                lan: lan.is_some(),
                gaps: self.gaps() > 0,
                doubtful: false,
            }),
        };
        Trace { header, records }
    }

    /// Returns how the router has its prefix: as the line delivers it, but below a home gateway, which
    /// does both (ngn-facts §3.1), as the router asks.
    fn mode(&self, points: &Points, wan: Option<Mac>, line: &Line) -> Mode {
        let places = points.of(Role::Wan).iter();
        let mut signs = places.filter_map(|place| self.places.signs.get(place));
        let asks = wan.is_none_or(|mac| signs.any(|signs| signs.asks_for_delegation(mac)));
        let by_choice = line.upstream == Upstream::HomeGateway;
        match line.delegates_to_device() && (asks || !by_choice) {
            true => Mode::Pd,
            false => Mode::Ra,
        }
    }

    /// Returns how many frames are known to be missing.
    fn gaps(&self) -> u64 {
        let cut = self.unfit.get(&Unfit::Cut).copied().unwrap_or_default();
        self.lost + cut + self.joined + u64::from(self.is_full)
    }
}

/// What the guide wants to be entered into a router on this line. What was entered is not known, so
/// no check that asks for it judges a capture.
fn setup(line: &Line, mode: Mode, [wan_mac, lan_mac]: [Mac; 2]) -> Setup {
    let domains = line.ons_domains().map(|name| DomainServers {
        name: name.to_owned(),
        servers: line.ons_dns().to_vec(),
    });
    Setup {
        mode,
        wan_mac,
        lan_mac,
        default_dns: line.area.values().ngn_dns.to_vec(),
        domains: domains.collect(),
        wrong_on_purpose: Vec::new(),
    }
}

fn nanos(span: Duration) -> i128 {
    i128::try_from(span.as_nanos()).unwrap_or(i128::MAX)
}

fn usage(what: String, help: String) -> Error {
    Error::Usage {
        what,
        help: Some(help),
    }
}

/// What stands where a scenario's name stands.
const SCENARIO: &str = "capture";
/// The MTU of a line and of its LAN is 1500 (ngn-facts §1.2).
const LONGEST_FRAME: usize = ETHERNET_HEADER + 1500;
/// As many as a run's trace holds.
const MOST_FRAMES: usize = 200_000;
/// As many bytes as so many frames of the line's MTU have.
const MOST_BYTES: usize = MOST_FRAMES * 1_514;
/// An institution has some tens.
const MOST_TERMINALS: usize = 256;

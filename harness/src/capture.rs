//! Captures from real lines: files of tcpdump, dumpcap or a switch become a trace that can be judged.
//!
//! A capture holds frames and nothing else: no facts of nodes, no steps, no configuration. The line
//! is told, the router found by what it sends, and what is not known stays unknown. Only checks that
//! [`crate::checks`] calls passive judge such a trace.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use etherparse::EtherType;
use ngnlab_reports::escape;
use ngnlab_sim::Frame;
use ngnlab_sim::line::Line;
use ngnlab_sim::link::offload::with_checksum;
use ngnlab_sim::message::packet::ethernet::Ethernet;
use ngnlab_sim::message::packet::{ETHERNET_HEADER, Mac, Packet};
use ngnlab_sim::message::{ppp, pppoe};
use ngnlab_sim::trace::{Role, Trace};

use crate::error::Error;
use crate::input;

mod clocks;
mod encapsulation;
mod file;
mod mixed;
mod points;
mod sides;
mod signs;
mod strangers;
mod told;
mod twins;
mod whole;

pub use file::is_capture;
pub use told::Told;

use encapsulation::{Cooked, Unfit, Way, bare};
use file::Interface;
use points::{Place, Places, Points, Unplaced};
use strangers::Strangers;

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
/// If a file is no capture, holds no frame of a router, has no such interface, or both sides of a
/// router where one should be.
pub fn read(sources: &[Source], request: &Request) -> Result<Capture, Error> {
    let mut heap = Heap::fill(sources)?;
    let points = heap.points(sources, request)?;
    heap.one_side_each(&points)?;
    let macs = heap.routers(&points, request)?;
    heap.leave_out_strangers(&points, macs);
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
    cooked: Option<Cooked>,
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
    /// How many packets of IPv4 there were, bare and in sessions.
    ipv4: usize,
    /// How many checksums were left to a network card, and how many frames one has joined.
    unsummed: u64,
    joined: u64,
    /// How many the capturing machine lost.
    lost: u64,
    /// How many frames have no time, so that nobody knows when they were there.
    timeless: u64,
    /// How many are others, caught once more.
    twins: usize,
    /// How many went from others to others, on the router's cable.
    strangers: usize,
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
            heap.timeless += contents.timeless;
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
                "the capture has more than the {MOST_FRAMES} frames, or the {} MB, that are judged at a \
                 time; what follows was not read: cut it with `editcap -A` and `-B`, or \
                 capture without downloads",
                MOST_BYTES / 1_000_000
            ));
        }
        heap.kept.sort_by_key(|kept| kept.at);
        let twins = twins::twins(&heap.kept);
        let mut number = 0..;
        heap.kept
            .retain(|_| number.next().is_some_and(|number| !twins.contains(&number)));
        heap.twins = twins.len();
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
        let is_ipv4 = carries_ipv4(&bared.frame);
        if is_ipv4 && self.leave_out_ipv4() {
            return ControlFlow::Continue(());
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
            cooked: bared.cooked,
        });
        ControlFlow::Continue(())
    }

    /// Counts a packet of IPv4, and returns whether there are so many that none is kept.
    fn leave_out_ipv4(&mut self) -> bool {
        self.ipv4 += 1;
        if self.ipv4 == MOST_IPV4 {
            self.kept.retain(|kept| !carries_ipv4(&kept.frame));
            self.bytes = self.kept.iter().map(|kept| kept.frame.len()).sum();
            self.remarks.push(format!(
                "the capture has {MOST_IPV4} packets of IPv4 or more: nothing is judged that takes \
                 IPv4; capture without downloads"
            ));
        }
        self.ipv4 >= MOST_IPV4
    }

    fn points(&self, sources: &[Source], request: &Request) -> Result<Points, Error> {
        if self.places.signs.is_empty() {
            let what = format!("cannot judge the capture: {}", Unplaced::Nothing);
            return Err(usage(what, self.why_nothing()));
        }
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
        if let Some(remark) = self.remarks.first() {
            return remark.clone();
        }
        match self.unfit.get(&Unfit::Cut) {
            Some(cut) => format!("{cut} frames were cut: capture with `-s 0`"),
            None if self.timeless > 0 => format!(
                "{} frames have no time (Simple Packet Blocks), and order alone proves nothing: \
                 capture with tcpdump or dumpcap",
                self.timeless
            ),
            None => format!(
                "{} frames were read; capture on the router's cable",
                self.read
            ),
        }
    }

    /// Refuses a place in which both sides of a router are: what crosses it would be taken for what
    /// it does on one side.
    fn one_side_each(&self, points: &Points) -> Result<(), Error> {
        for place in points.wan.iter().chain(&points.lan) {
            let caught = self.kept.iter().filter(|kept| kept.place == *place);
            let caught = caught.map(|kept| mixed::Caught {
                at: kept.at,
                frame: &kept.frame,
                sent: kept.cooked.is_some_and(|cooked| cooked.way == Way::Out),
            });
            let Some((one, other)) = mixed::both_sides(caught) else {
                continue;
            };
            let name = escape::line(&self.places.name(place)).into_owned();
            let why = format!(
                "interface {name} holds the WAN and the LAN together: {one} and {other} are one \
                 router there"
            );
            return Err(usage(
                format!("cannot judge the capture: {why}"),
                "capture each side by itself: a file each for --wan and --lan, or one file with two \
                 interfaces (`dumpcap -i eth0 -i eth1`), or a VLAN for each"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// Takes away what others on the router's cable say to each other, and counts it.
    fn leave_out_strangers(&mut self, points: &Points, [wan, lan]: [Option<Mac>; 2]) {
        let before = self.kept.len();
        for (role, router) in [(Role::Wan, wan), (Role::Lan, lan)] {
            let Some(router) = router else { continue };
            let places = points.of(role);
            let is_there = |kept: &Kept| places.contains(&kept.place);
            let there = self.kept.iter().filter(|kept| is_there(kept));
            let strangers = Strangers::among(there, router);
            self.kept
                .retain(|kept| !(is_there(kept) && strangers.has(kept)));
        }
        self.strangers = before - self.kept.len();
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
                    Role::Wan => "asks for routers, by DHCPv6 or by PPPoE",
                    Role::Lan | Role::Uplink => "advertises itself, or answers by DHCP or DNS",
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

    /// Returns whether cooked headers say of packets to groups that they were for one machine, so that
    /// of no packet whom its frame was for is known.
    fn forgets_groups(&self) -> bool {
        self.kept.iter().any(|kept| {
            let is_for_one = kept.cooked.is_some_and(|cooked| cooked.way == Way::In);
            let packet = is_for_one.then(|| Packet::parse(&kept.frame)).flatten();
            packet.is_some_and(|packet| packet.destination.is_multicast())
        })
    }

    /// Returns how many frames are known to be missing.
    fn gaps(&self) -> u64 {
        let cut = self.unfit.get(&Unfit::Cut).copied().unwrap_or_default();
        self.lost + cut + self.timeless + self.joined + u64::from(self.is_full)
    }
}

/// Returns whether a frame has a packet of IPv4 in it, bare or in a PPPoE session.
fn carries_ipv4(frame: &[u8]) -> bool {
    let Some(ethernet) = Ethernet::parse(frame) else {
        return false;
    };
    let protocol = ethernet.payload.get(pppoe::HEADER..pppoe::HEADER + 2);
    ethernet.kind == EtherType::IPV4
        || ethernet.kind == pppoe::SESSION && protocol == Some(&ppp::IPV4.to_be_bytes())
}

fn usage(what: String, help: String) -> Error {
    Error::Usage {
        what,
        help: Some(help),
    }
}

/// The MTU of a line and of its LAN is 1500 (ngn-facts §1.2).
const LONGEST_FRAME: usize = ETHERNET_HEADER + 1500;
/// As many as a run's trace holds.
const MOST_FRAMES: usize = 200_000;
/// Downloads by way of another line must not leave the line itself unjudged.
const MOST_IPV4: usize = 100_000;
/// As many bytes as so many frames of the line's MTU have.
const MOST_BYTES: usize = MOST_FRAMES * 1_514;

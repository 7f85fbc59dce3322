//! What came to a bridge and what it sent, put together frame by frame.

use std::collections::{BTreeSet, HashMap};
use std::net::Ipv6Addr;

use ngnlab_sim::message::packet::{Mac, Packet};
use ngnlab_sim::trace::{End, Role};

use crate::checks::evidence::through_device::SOON;
use crate::dissection::{Dissection, Found};

/// A frame with IPv6 in it.
pub(super) type Seen<'d, 't> = &'d Found<Packet<'t>>;

/// What came to a bridge and what it sent.
pub(super) struct Relayed<'d, 't> {
    /// Each frame that came, and the one that left on the other side for it.
    pub(super) came: Vec<(Seen<'d, 't>, Option<Seen<'d, 't>>)>,
    /// Each frame that left although nothing of its kind waited to.
    pub(super) extra: Vec<(Seen<'d, 't>, Extra<'d, 't>)>,
}

/// How a frame comes to leave that nothing waited for.
#[derive(Clone, Copy)]
pub(super) enum Extra<'d, 't> {
    /// Nothing like it came: it is the bridge's own.
    Own,
    /// It has left before, for this one.
    Again(Seen<'d, 't>),
    /// It came on this very side.
    Reflected(Seen<'d, 't>),
}

impl<'d, 't> Relayed<'d, 't> {
    /// Puts the frames of a trace together: by what stands behind the hop limit, so that a bridge that
    /// lowers it is found out for that.
    pub(super) fn of(trace: &'d Dissection<'t>) -> Self {
        let mut this = Self {
            came: Vec::new(),
            extra: Vec::new(),
        };
        let mut waiting: HashMap<(Role, &[u8]), Vec<usize>> = HashMap::new();
        let mut arrived: HashMap<(Role, &[u8]), Seen<'_, '_>> = HashMap::new();
        for found in &trace.packets {
            let Some(other) = other_side(found.on) else {
                continue;
            };
            let contents = found.is.ip.get(ADDRESSES..).unwrap_or_default();
            if found.to_device(found.on) {
                let places = waiting.entry((other, contents)).or_default();
                let times = if trace.is_doubled(found.record) { 2 } else { 1 };
                places.extend([this.came.len()].repeat(times));
                arrived.insert((found.on, contents), found);
                this.came.push((found, None));
            } else if found.by_device(found.on) {
                let waited = waiting.get_mut(&(found.on, contents));
                if let Some(index) = waited.and_then(|places| this.taken_from(places, found)) {
                    this.came[index].1.get_or_insert(found);
                } else if let Some(before) = arrived.get(&(other, contents)) {
                    this.extra.push((found, Extra::Again(before)));
                } else if let Some(before) = arrived.get(&(found.on, contents)) {
                    this.extra.push((found, Extra::Reflected(before)));
                } else {
                    this.extra.push((found, Extra::Own));
                }
            }
        }
        this.find_changed();
        this
    }

    /// Takes out of what waits the one that leaves: the same, else one alike. The last one comes first:
    /// what was lost before is not what leaves now.
    fn taken_from(&self, places: &mut Vec<usize>, left: Seen<'_, '_>) -> Option<usize> {
        let is_same = |place: &usize| self.came[*place].0.is.ip == left.is.ip;
        let same = places.iter().rposition(is_same);
        let last = same.or(places.len().checked_sub(1))?;
        Some(places.remove(last))
    }

    /// Takes what left with other contents for what came with the same addresses, protocol and length.
    fn find_changed(&mut self) {
        let came = &mut self.came;
        self.extra.retain(|(left, how)| {
            if !matches!(how, Extra::Own) {
                return true;
            }
            let alike = came.iter_mut().rev().find(|(before, after)| {
                after.is_none()
                    && other_side(before.on) == Some(left.on)
                    && before.record < left.record
                    && left.at.since(before.at) <= SOON
                    && outline(before) == outline(left)
            });
            match alike {
                Some((_, after)) => {
                    *after = Some(left);
                    false
                }
                None => true,
            }
        });
    }

    /// Returns what the bridge itself sends.
    pub(super) fn own(&self) -> impl Iterator<Item = Seen<'d, 't>> {
        let own = self.extra.iter();
        own.filter_map(|(found, how)| matches!(how, Extra::Own).then_some(*found))
    }
}

/// Who is on each side of a bridge, as far as frames show.
pub(super) struct Sides {
    macs: [BTreeSet<Mac>; 2],
    addresses: [BTreeSet<Ipv6Addr>; 2],
}

impl Sides {
    pub(super) fn of(trace: &Dissection<'_>) -> Self {
        let mut this = Self {
            macs: [BTreeSet::new(), BTreeSet::new()],
            addresses: [BTreeSet::new(), BTreeSet::new()],
        };
        for found in &trace.packets {
            if let Some(side) = number(found.on)
                && found.from == End::Network
                && !found.injected
            {
                this.macs[side].insert(found.eth_source);
                if !found.source.is_unspecified() {
                    this.addresses[side].insert(found.source);
                }
            }
        }
        this
    }

    /// Returns whether a frame is for somebody on the other side, and for nobody on its own.
    pub(super) fn is_for_beyond(&self, found: Seen<'_, '_>) -> bool {
        let to = &found.eth_destination;
        let is_on = |on: Role| number(on).is_some_and(|side| self.macs[side].contains(to));
        other_side(found.on).is_some_and(is_on) && !is_on(found.on)
    }

    /// Returns the addresses that are used on a side.
    pub(super) fn addresses(&self, on: Role) -> impl Iterator<Item = Ipv6Addr> {
        let side = number(on).map(|side| &self.addresses[side]);
        side.into_iter().flatten().copied()
    }
}

/// Returns the other side of a bridge.
pub(super) fn other_side(on: Role) -> Option<Role> {
    match on {
        Role::Wan => Some(Role::Lan),
        Role::Lan => Some(Role::Wan),
        Role::Uplink => None,
    }
}

fn number(on: Role) -> Option<usize> {
    match on {
        Role::Wan => Some(0),
        Role::Lan => Some(1),
        Role::Uplink => None,
    }
}

/// Returns length, protocol and addresses (RFC 8200 §3).
fn outline<'a>(found: &'a Found<Packet<'_>>) -> (Option<&'a [u8]>, Option<&'a [u8]>) {
    (found.is.ip.get(4..7), found.is.ip.get(ADDRESSES..40))
}

/// Where the addresses stand in an IPv6 header (RFC 8200 §3).
const ADDRESSES: usize = 8;

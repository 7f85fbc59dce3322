//! The terminal's addresses: link-local, stable and temporary, with duplicate address detection.
//!
//! RFC 4862 forms and ages them, RFC 7217 makes the stable identifiers opaque and RFC 8981 adds
//! temporary ones, so that a terminal shows the three addresses of the guide's p.14.

use std::net::Ipv6Addr;
use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{PORT, earliest};
use crate::message::ndp::{Ndp, NeighborSolicit, PrefixInfo};
use crate::message::packet::{Envelope, Mac, is_link_local, solicited_node, with_interface_id};
use crate::node::Context;
use crate::time::Time;
use crate::trace::Fact;

/// All addresses of one interface.
pub(super) struct Addresses {
    mac: Mac,
    secret: [u8; 16],
    link_local: Option<Address>,
    prefixes: Vec<Prefix>,
}

/// A prefix that addresses were formed in, and how long they last.
struct Prefix {
    prefix: Ipv6Addr,
    valid_until: Time,
    preferred_until: Time,
    stable: Address,
    temporaries: Vec<Temporary>,
    temporary_failures: u8,
    next_temporary: Option<Time>,
}

/// A temporary address; its prefix may end it before its own time.
struct Temporary {
    address: Address,
    valid_until: Time,
    preferred_until: Time,
}

struct Address {
    address: Ipv6Addr,
    state: State,
    collisions: u8,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The solicitation of duplicate address detection is yet to be sent.
    Waiting {
        until: Time,
    },
    /// It was sent, and nobody has objected so far.
    Tentative {
        until: Time,
    },
    Usable,
    /// Somebody else has it, and so often that we gave up (RFC 4862 §5.4.5).
    Duplicate,
}

/// An address that may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Usable {
    pub(super) address: Ipv6Addr,
    pub(super) temporary: bool,
    pub(super) deprecated: bool,
}

/// What a Prefix Information option did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing a reader of other configuration would care about.
    None,
    /// Addresses appeared, or are deprecated since.
    Prefixes,
}

impl Addresses {
    pub(super) fn new(mac: Mac) -> Self {
        Self {
            mac,
            secret: [0; 16],
            link_local: None,
            prefixes: Vec::new(),
        }
    }

    /// Starts with a link-local address, after a random delay (RFC 4862 §5.4.2).
    pub(super) fn start(&mut self, cx: &mut Context<'_>) {
        cx.random().fill(&mut self.secret);
        let address = self.opaque(LINK_LOCAL, 0);
        self.link_local = Some(Address::new(address, cx));
    }

    /// Gives every address up.
    pub(super) fn clear(&mut self, cx: &mut Context<'_>) {
        if let Some(address) = self.link_local.take() {
            address.leave(cx);
        }
        for prefix in std::mem::take(&mut self.prefixes) {
            prefix.leave(cx);
        }
    }

    /// Returns the link-local address once it may be used.
    pub(super) fn link_local(&self) -> Option<Ipv6Addr> {
        let address = self.link_local.as_ref()?;
        (address.state == State::Usable).then_some(address.address)
    }

    /// Returns every address that may be used, the best for a new connection first.
    ///
    /// RFC 6724 §5: rule 3 avoids deprecated addresses, rule 7 prefers temporary ones.
    pub(super) fn usable(&self, now: Time) -> Vec<Usable> {
        let mut usable: Vec<_> = self.globals(now).collect();
        // Stable, so the prefix advertised last wins among equals.
        usable.sort_by_key(|entry| (entry.deprecated, !entry.temporary));
        usable.extend(self.link_local().map(|address| Usable {
            address,
            temporary: false,
            deprecated: false,
        }));
        usable
    }

    fn globals(&self, now: Time) -> impl Iterator<Item = Usable> {
        self.prefixes.iter().rev().flat_map(move |prefix| {
            let stable = (&prefix.stable, false, prefix.preferred_until);
            let temporaries = prefix.temporaries.iter().rev().map(|temporary| {
                let preferred = temporary.preferred_until.min(prefix.preferred_until);
                (&temporary.address, true, preferred)
            });
            temporaries
                .chain([stable])
                .filter(|(address, ..)| address.state == State::Usable)
                .map(move |(address, temporary, preferred)| Usable {
                    address: address.address,
                    temporary,
                    deprecated: preferred <= now,
                })
        })
    }

    /// Returns whether an address is ours and may be used.
    pub(super) fn has(&self, address: Ipv6Addr) -> bool {
        self.all()
            .any(|own| own.address == address && own.state == State::Usable)
    }

    /// Returns whether a multicast group is that of one of our addresses, tentative ones included.
    pub(super) fn listens_to(&self, group: Ipv6Addr) -> bool {
        self.all().any(|own| solicited_node(own.address) == group)
    }

    /// Takes in a Prefix Information option with the A flag (RFC 4862 §5.5.3).
    pub(super) fn advertised(&mut self, info: &PrefixInfo, cx: &mut Context<'_>) -> Change {
        let bad = info.length != 64
            || info.preferred > info.valid
            || is_link_local(info.prefix)
            || info.prefix.is_multicast();
        if !info.autonomous || bad {
            return Change::None;
        }
        let now = cx.now();
        let network = with_interface_id(info.prefix, [0; 8]);
        if let Some(prefix) = self.prefixes.iter_mut().find(|own| own.prefix == network) {
            return prefix.refresh(info, now);
        }
        if info.valid == 0 || self.prefixes.len() == PREFIXES_MAX {
            return Change::None;
        }
        let stable = Address::new(self.opaque(network, 0), cx);
        self.prefixes.push(Prefix {
            prefix: network,
            valid_until: ends(now, info.valid),
            preferred_until: ends(now, info.preferred),
            stable,
            temporaries: Vec::new(),
            temporary_failures: 0,
            next_temporary: None,
        });
        Change::Prefixes
    }

    /// Takes in that another node has, or wants, an address we are still asking about.
    pub(super) fn collided(&mut self, address: Ipv6Addr, cx: &mut Context<'_>) {
        let asking = |own: &Address| {
            own.address == address
                && matches!(own.state, State::Waiting { .. } | State::Tentative { .. })
        };
        let (mac, secret) = (self.mac, self.secret);
        if let Some(own) = self.link_local.as_mut().filter(|own| asking(own)) {
            own.try_another(
                |collisions| opaque(mac, &secret, LINK_LOCAL, collisions),
                cx,
            );
        }
        for prefix in &mut self.prefixes {
            let network = prefix.prefix;
            if asking(&prefix.stable) {
                prefix
                    .stable
                    .try_another(|collisions| opaque(mac, &secret, network, collisions), cx);
            }
            let before = prefix.temporaries.len();
            prefix.temporaries.retain(|own| !asking(&own.address));
            if prefix.temporaries.len() < before {
                prefix.temporary_failures = prefix.temporary_failures.saturating_add(1);
            }
        }
    }

    /// Asks, promotes, replaces and removes whatever is due.
    pub(super) fn handle_timeout(&mut self, retrans: Duration, cx: &mut Context<'_>) {
        let now = cx.now();
        let mac = self.mac;
        if let Some(own) = &mut self.link_local {
            own.advance(mac, false, retrans, cx);
        }
        for prefix in &mut self.prefixes {
            let advance = regen_advance(retrans);
            if prefix.wants_temporary(now, advance) {
                prefix.add_temporary(cx);
            }
            prefix.next_temporary = prefix.next_temporary_at(now, advance);
            prefix.stable.advance(mac, false, retrans, cx);
            for temporary in &mut prefix.temporaries {
                temporary.address.advance(mac, true, retrans, cx);
            }
            let (gone, kept): (Vec<_>, _) = std::mem::take(&mut prefix.temporaries)
                .into_iter()
                .partition(|temporary| temporary.valid_until <= now);
            prefix.temporaries = kept;
            for temporary in gone {
                temporary.address.leave(cx);
            }
        }
        let (gone, kept): (Vec<_>, _) = std::mem::take(&mut self.prefixes)
            .into_iter()
            .partition(|prefix| prefix.valid_until <= now);
        self.prefixes = kept;
        for prefix in gone {
            prefix.leave(cx);
        }
    }

    /// Returns when [`Addresses::handle_timeout`] is next needed.
    pub(super) fn poll_timeout(&self) -> Option<Time> {
        let asked = self.all().filter_map(|own| match own.state {
            State::Waiting { until } | State::Tentative { until } => Some(until),
            State::Usable | State::Duplicate => None,
        });
        let aged = self.prefixes.iter().map(|prefix| {
            let temporaries = prefix.temporaries.iter().map(|own| own.valid_until);
            temporaries.fold(prefix.valid_until, Time::min)
        });
        let renewed = self
            .prefixes
            .iter()
            .filter_map(|prefix| prefix.next_temporary);
        earliest(asked.chain(aged).chain(renewed))
    }

    fn all(&self) -> impl Iterator<Item = &Address> {
        let formed = self.prefixes.iter().flat_map(|prefix| {
            let temporaries = prefix.temporaries.iter().map(|own| &own.address);
            temporaries.chain([&prefix.stable])
        });
        self.link_local.iter().chain(formed)
    }

    fn opaque(&self, network: Ipv6Addr, collisions: u8) -> Ipv6Addr {
        opaque(self.mac, &self.secret, network, collisions)
    }
}

impl Prefix {
    /// Sets new lifetimes; the valid one cannot be cut below two hours (RFC 4862 §5.5.3 (e)).
    fn refresh(&mut self, info: &PrefixInfo, now: Time) -> Change {
        let was_preferred = self.preferred_until > now;
        let valid = ends(now, info.valid);
        let floor = now + TWO_HOURS;
        if valid > floor || valid > self.valid_until {
            self.valid_until = valid;
        } else if self.valid_until > floor {
            self.valid_until = floor;
        }
        self.preferred_until = ends(now, info.preferred);
        if was_preferred == (self.preferred_until > now) {
            Change::None
        } else {
            Change::Prefixes
        }
    }

    fn wants_temporary(&self, now: Time, advance: Duration) -> bool {
        // RFC 8981 §3.4: none is formed that would have to be replaced at once.
        self.preferred_until > now + advance
            && self.temporary_failures < TEMP_IDGEN_RETRIES
            && self
                .temporaries
                .iter()
                .all(|own| own.preferred_until <= now + advance)
    }

    /// Returns when the youngest temporary address wants a successor.
    fn next_temporary_at(&self, now: Time, advance: Duration) -> Option<Time> {
        let ends_at = self
            .temporaries
            .iter()
            .map(|own| own.preferred_until)
            .max()?;
        let wanted = self.temporary_failures < TEMP_IDGEN_RETRIES
            && ends_at > now + advance
            && ends_at < self.preferred_until;
        wanted.then(|| ends_at - advance)
    }

    fn add_temporary(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        let identifier: [u8; 8] = cx.random().random();
        let desync = cx.random().random_range(Duration::ZERO..TEMP_MAX_DESYNC);
        let address = with_interface_id(self.prefix, identifier);
        self.temporaries.push(Temporary {
            address: Address::new(address, cx),
            valid_until: now + TEMP_VALID,
            preferred_until: now + (TEMP_PREFERRED - desync),
        });
    }

    fn leave(self, cx: &mut Context<'_>) {
        for temporary in self.temporaries {
            temporary.address.leave(cx);
        }
        self.stable.leave(cx);
    }
}

impl Address {
    fn new(address: Ipv6Addr, cx: &mut Context<'_>) -> Self {
        // RFC 4862 §5.4.2: neighbours that start together must not ask together.
        let delay = cx.random().random_range(Duration::ZERO..MAX_DELAY);
        Self {
            address,
            state: State::Waiting {
                until: cx.now() + delay,
            },
            collisions: 0,
        }
    }

    fn advance(&mut self, mac: Mac, temporary: bool, retrans: Duration, cx: &mut Context<'_>) {
        let now = cx.now();
        match self.state {
            State::Waiting { until } if until <= now => {
                let group = solicited_node(self.address);
                let solicit = Ndp::NeighborSolicit(NeighborSolicit {
                    target: self.address,
                    source_link_layer: None,
                });
                let envelope = Envelope::new(mac, mac, Ipv6Addr::UNSPECIFIED, group);
                cx.send(PORT, solicit.build(envelope));
                self.state = State::Tentative {
                    until: now + retrans,
                };
            }
            State::Tentative { until } if until <= now => {
                self.state = State::Usable;
                cx.record(Fact::AddressReady {
                    address: self.address,
                    temporary,
                });
            }
            State::Waiting { .. } | State::Tentative { .. } | State::Usable | State::Duplicate => {}
        }
    }

    fn try_another(&mut self, form: impl FnOnce(u8) -> Ipv6Addr, cx: &mut Context<'_>) {
        let collisions = self.collisions + 1;
        if collisions > IDGEN_RETRIES {
            self.state = State::Duplicate;
            return;
        }
        *self = Self::new(form(collisions), cx);
        self.collisions = collisions;
    }

    fn leave(self, cx: &mut Context<'_>) {
        if self.state == State::Usable {
            cx.record(Fact::AddressGone {
                address: self.address,
            });
        }
    }
}

/// Forms an address whose identifier says nothing about the MAC (RFC 7217 §5); the keyed
/// function is ChaCha, with everything the identifier depends on in its key.
fn opaque(mac: Mac, secret: &[u8; 16], network: Ipv6Addr, collisions: u8) -> Ipv6Addr {
    let mut key = [0; 32];
    key[..16].copy_from_slice(secret);
    key[16..24].copy_from_slice(&network.octets()[..8]);
    key[24..30].copy_from_slice(&mac.0);
    key[30] = collisions;
    with_interface_id(network, ChaCha8Rng::from_seed(key).random())
}

/// Returns when a lifetime in seconds ends; all ones mean never (RFC 4861 §4.6.2).
fn ends(now: Time, seconds: u32) -> Time {
    if seconds == u32::MAX {
        Time::NEVER
    } else {
        now + Duration::from_secs(seconds.into())
    }
}

/// REGEN_ADVANCE (RFC 8981 §3.8) with one solicitation for each try.
fn regen_advance(retrans: Duration) -> Duration {
    Duration::from_secs(2) + retrans * u32::from(TEMP_IDGEN_RETRIES)
}

const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0);
// RFC 4861 §10, MAX_RTR_SOLICITATION_DELAY.
const MAX_DELAY: Duration = Duration::from_secs(1);
const TWO_HOURS: Duration = Duration::from_secs(7200);
// RFC 7217 §7.
const IDGEN_RETRIES: u8 = 3;
// RFC 8981 §3.8.
const TEMP_IDGEN_RETRIES: u8 = 3;
const TEMP_VALID: Duration = Duration::from_secs(2 * 86_400);
const TEMP_PREFERRED: Duration = Duration::from_secs(86_400);
const TEMP_MAX_DESYNC: Duration = Duration::from_secs(86_400 * 4 / 10);
/// What a hostile router can make us hold.
const PREFIXES_MAX: usize = 4;

//! Cables that are slow, repeat themselves or mix frames up, and a neighbour who claims addresses.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_sim::cable::Cable;
use ngnlab_sim::fault::Fate;
use ngnlab_sim::frame::Frame;
use ngnlab_sim::message::ndp::{Ndp, NeighborAdvert, NeighborSolicit};
use ngnlab_sim::message::packet::{ALL_NODES, Envelope, Mac, solicited_node};
use ngnlab_sim::time::Time;
use ngnlab_sim::trace::End;
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;

use super::sight::Sight;
use super::testbed::Testbed;
use crate::dut::DutError;
use crate::period::Period;
use crate::scenario::step::cable::{ClaimAddresses, Delay, Duplicate, Reorder, Wire};

/// Makes a cable slow.
pub(super) fn delay(step: &Delay, testbed: &mut Testbed) {
    let by = step.by.0;
    impair(testbed, step.cable, step.lasting, move |_| Fate::Delay(by));
}

/// Makes a cable deliver frames twice.
pub(super) fn duplicate(step: &Duplicate, testbed: &mut Testbed) {
    let chance = share(step.percent);
    impair(testbed, step.cable, step.lasting, move |rng| {
        if rng.random_bool(chance) {
            Fate::Duplicate
        } else {
            Fate::Pass
        }
    });
}

/// Makes a cable deliver frames out of order.
pub(super) fn reorder(step: &Reorder, testbed: &mut Testbed) {
    let chance = share(step.percent);
    impair(testbed, step.cable, step.lasting, move |rng| {
        if rng.random_bool(chance) {
            Fate::Delay(rng.random_range(OVERTAKEN_BY))
        } else {
            Fate::Pass
        }
    });
}

fn share(percent: u8) -> f64 {
    f64::from(percent) / 100.0
}

fn impair(
    testbed: &mut Testbed,
    cable: Wire,
    lasting: Option<Period>,
    fate: impl Fn(&mut ChaCha8Rng) -> Fate + 'static,
) {
    let until = testbed.end_of(lasting);
    let cable = testbed.cable(cable);
    let fault = move |_: &Frame, _: End, now: Time, rng: &mut ChaCha8Rng| {
        if now < until { fate(rng) } else { Fate::Pass }
    };
    testbed.world.impair(cable, fault);
}

/// A neighbour who says of every address that the device probes that it is his.
pub(crate) struct Claim {
    cable: Cable,
    on: Wire,
    trying: bool,
    until: Time,
    claimed: BTreeSet<Ipv6Addr>,
    /// How many records were looked at.
    seen: usize,
}

impl Claim {
    pub(super) fn begin(step: &ClaimAddresses, testbed: &Testbed) -> Self {
        Self {
            cable: testbed.cable(step.cable),
            on: step.cable,
            trying: step.trying,
            until: testbed.end_of(step.lasting),
            claimed: BTreeSet::new(),
            seen: 0,
        }
    }

    /// Claims what was probed since the last look; returns whether it is over.
    pub(super) fn go_on(&mut self, testbed: &mut Testbed) -> Result<bool, DutError> {
        if testbed.world.now() >= self.until {
            return Ok(true);
        }
        let sight = testbed.sight();
        let new = Sight {
            records: &sight.records[self.seen..],
            ..sight
        };
        self.seen = sight.records.len();
        for target in new.probed_addresses(self.on) {
            if self.claimed.len() < CLAIMS_MAX && self.claimed.insert(target) {
                let claim = match self.trying {
                    true => rival_probe(target),
                    false => objection(target),
                };
                testbed.inject(self.cable, claim)?;
            }
        }
        Ok(false)
    }
}

/// RFC 4862 §5.4.4: an advertisement for a tentative address shows that it is taken.
fn objection(target: Ipv6Addr) -> Frame {
    let envelope = Envelope::new(OWNER, OWNER, target, ALL_NODES);
    let advert = NeighborAdvert {
        target,
        router: false,
        solicited: false,
        replace: true,
        target_link_layer: Some(OWNER),
    };
    Ndp::NeighborAdvert(advert).build(envelope)
}

/// RFC 4862 §5.4.3: somebody else's probe of a tentative address shows that two are about to take it.
fn rival_probe(target: Ipv6Addr) -> Frame {
    let nowhere = Ipv6Addr::UNSPECIFIED;
    let envelope = Envelope::new(OWNER, OWNER, nowhere, solicited_node(target));
    let solicit = NeighborSolicit {
        target,
        source_link_layer: None,
    };
    Ndp::NeighborSolicit(solicit).build(envelope)
}

/// Who claims addresses; locally administered, and nobody else's here.
const OWNER: Mac = Mac([0x02, 0x00, 0x5e, 0x30, 0x00, 0x02]);
/// More addresses than any device takes.
const CLAIMS_MAX: usize = 64;
/// Longer than the frames of one burst are apart, shorter than anybody waits for an answer.
const OVERTAKEN_BY: std::ops::Range<Duration> = Duration::from_millis(1)..Duration::from_millis(20);

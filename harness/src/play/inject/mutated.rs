//! Messages that are spoilt in every way, for devices that must live on.
//!
//! None of them may change anything for a sound device: advertisements are invalid by RFC 4861
//! §6.1.2 or say nothing that lasts, and DHCPv6 answers belong to no question (RFC 8415 §16).

use ngnlab_sim::frame::Frame;
use ngnlab_sim::message::dhcpv6::{CLIENT_PORT, SERVER_PORT};
use ngnlab_sim::message::ndp::ROUTER_ADVERTISEMENT;
use ngnlab_sim::message::packet::{ALL_NODES, Envelope, is_link_local};
use rand::{Rng as _, RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::STRANGER;
use super::ndp::{advert_bytes, no_router};
use crate::play::sight::Sight;

/// Returns spoilt Router Advertisements of a stranger.
pub(super) fn router_adverts(sight: &Sight<'_>) -> Vec<Frame> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    // Cur Hop Limit, flags, lifetime and timers that change nothing.
    let head = advert_bytes(&no_router(sight));
    let mut frames = Vec::new();
    for number in 0..BURST {
        let (body, hop_limit, code) = match number % 6 {
            // An option of length zero, at the front or behind another one.
            0 => (
                [&head, strange_option(&mut rng).as_slice(), &[1, 0]].concat(),
                255,
                0,
            ),
            1 => (
                [&head[..], &[rng.random(), 0, 0, 0, 0, 0, 0, 0]].concat(),
                255,
                0,
            ),
            // An option that runs past the end.
            2 => (
                [&head[..], &[3, rng.random_range(5..=255), 64, 0xc0]].concat(),
                255,
                0,
            ),
            // Cut short within the fixed part.
            3 => (head[..rng.random_range(4..head.len())].to_vec(), 255, 0),
            // Options nobody has heard of, which are skipped.
            4 => {
                let options: Vec<u8> = (0..5).flat_map(|_| strange_option(&mut rng)).collect();
                ([&head[..], &options].concat(), 255, 0)
            }
            // Noise, which its hop limit and code give away.
            _ => (noise(&mut rng, 200), 254, 1),
        };
        let envelope = Envelope::new(STRANGER, STRANGER, STRANGER.link_local(), ALL_NODES);
        let envelope = envelope.with_hop_limit(hop_limit);
        frames.push(envelope.icmpv6(ROUTER_ADVERTISEMENT, code, &body));
    }
    frames
}

/// Returns spoilt DHCPv6 answers of the line's server.
pub(super) fn dhcpv6(sight: &Sight<'_>) -> Vec<Frame> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let gateway = sight.gateway();
    let own = sight.own_wan_addresses();
    let Some(to) = own.into_iter().find(|address| is_link_local(*address)) else {
        return Vec::new();
    };
    let envelope = Envelope::new(gateway.mac, sight.wan_mac(), gateway.address, to);
    (0..BURST)
        .map(|number| {
            let bytes = spoilt_answer(number, &mut rng);
            envelope.udp(SERVER_PORT, CLIENT_PORT, &bytes)
        })
        .collect()
}

/// RFC 8415 §7.3: Advertise, Reply and Reconfigure, and types that nobody has heard of.
fn spoilt_answer(number: u16, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let kind = [2, 7, 10, 13, 200][usize::from(number) % 5];
    let xid: [u8; 3] = rng.random();
    let head = [&[kind][..], &xid].concat();
    let option = |code: u16, length: u16, data: &[u8]| {
        [&code.to_be_bytes()[..], &length.to_be_bytes(), data].concat()
    };
    let tail = match number % 7 {
        // A Client Identifier that runs past the end, one without a byte, and one without its type.
        0 => option(1, 0xffff, &[0, 3]),
        1 => option(1, 0, &[]),
        2 => option(1, 1, &[0]),
        // An IA_PD shorter than its fixed part, and one whose prefix runs past it.
        3 => option(25, 4, &[0, 0, 0, 1]),
        4 => option(
            25,
            41,
            &[&[0; 12][..], &[0, 26, 0, 60], &noise(rng, 25)].concat(),
        ),
        // A header that was cut.
        5 => return head[..usize::from(number) % 4].to_vec(),
        _ => noise(rng, 300),
    };
    [head, tail].concat()
}

/// An option that RFC 4861 does not know, of one to four units of eight bytes.
fn strange_option(rng: &mut ChaCha8Rng) -> Vec<u8> {
    let units: u8 = rng.random_range(1..=4);
    let mut option = vec![0; usize::from(units) * 8];
    rng.fill_bytes(&mut option);
    // RFC 4727 §5: 253 and 254 are for experiments.
    option[0] = rng.random_range(253..=254);
    option[1] = units;
    option
}

fn noise(rng: &mut ChaCha8Rng, most: usize) -> Vec<u8> {
    let mut bytes = vec![0; rng.random_range(4..=most)];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// How many frames one burst has; more than `rob::BURST` of the checks.
const BURST: u16 = 120;
/// The same frames in every run, so that what they do can be seen again.
const SEED: u64 = 0x4e47_4e01;

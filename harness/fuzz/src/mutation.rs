//! How an input becomes another one, and how a frame is put right again.

use rand::Rng;
use rand::seq::IndexedRandom as _;

/// Changes bytes in some places, or mixes in a piece of another input.
pub fn mutate(bytes: &mut Vec<u8>, other: &[u8], rng: &mut impl Rng) {
    for _ in 0..1 << rng.random_range(0..5) {
        let at = rng.random_range(0..=bytes.len());
        let end = (at + rng.random_range(1..=64)).min(bytes.len());
        match rng.random_range(0..8) {
            0 | 1 => set(bytes, at, |byte| byte ^ 1 << rng.random_range(0..8)),
            2 => set(bytes, at, |_| rng.random()),
            3 => set(bytes, at, |_| *ODD.choose(rng).unwrap_or(&0)),
            4 => drop(bytes.drain(at..end)),
            5 => {
                let piece = bytes[at..end].to_vec();
                let to = rng.random_range(0..=bytes.len());
                bytes.splice(to..to, piece);
            }
            6 => {
                let from = rng.random_range(0..=other.len());
                let to = (from + rng.random_range(1..=256)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            _ => {
                let from = rng.random_range(0..=other.len());
                bytes.truncate(at);
                bytes.extend(&other[from..]);
            }
        }
        bytes.truncate(LONGEST);
    }
}

fn set(bytes: &mut [u8], at: usize, f: impl FnOnce(u8) -> u8) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte = f(*byte);
    }
}

/// Puts the lengths and the checksum of an IPv6 packet in a frame right (RFC 8200 §8.1).
pub fn mend(frame: &mut [u8]) {
    let Some(packet) = frame.get_mut(14..).filter(|packet| packet.len() >= 40) else {
        return;
    };
    let length = packet.len() - 40;
    let Ok(short) = u16::try_from(length) else {
        return;
    };
    packet[4..6].copy_from_slice(&short.to_be_bytes());
    let next = packet[6];
    let at = match next {
        6 => 16,
        17 => 6,
        58 => 2,
        _ => return,
    };
    if length < at + 2 {
        return;
    }
    if next == 17 {
        packet[44..46].copy_from_slice(&short.to_be_bytes());
    }
    packet[40 + at..42 + at].fill(0);
    let pseudo = [u64::from(short), u64::from(next)].into_iter();
    let words = packet[8..].chunks(2).map(|pair| {
        let low = pair.get(1).copied().unwrap_or(0);
        u64::from(u16::from_be_bytes([pair[0], low]))
    });
    let mut sum: u64 = words.chain(pseudo).sum();
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    let sum = !u16::try_from(sum).unwrap_or_default();
    // RFC 768: a sum of zero is sent as all ones.
    let sum = if sum == 0 && next == 17 { 0xffff } else { sum };
    packet[40 + at..42 + at].copy_from_slice(&sum.to_be_bytes());
}

/// Values at which lengths, counters and signs turn over.
const ODD: &[u8] = &[0, 1, 2, 7, 8, 16, 40, 63, 64, 127, 128, 0xc0, 0xfe, 0xff];
/// Longer inputs only take longer.
const LONGEST: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use ngnlab_sim::message::packet::{Envelope, Mac, Packet};

    use super::*;

    #[test]
    fn a_spoilt_packet_is_put_right() {
        let mac = Mac([2, 0, 0x5e, 0, 0, 1]);
        let envelope = Envelope::new(mac, mac, mac.link_local(), mac.link_local());
        for built in [
            envelope.udp(53, 5000, b"odd"),
            envelope.icmpv6(135, 0, &[0; 20]),
        ] {
            let mut frame = built.to_vec();
            for at in [18, 19, 58, 59] {
                frame[at] = 0xaa;
            }
            frame.push(7);
            mend(&mut frame);
            let packet = Packet::parse(&frame).unwrap();
            assert!(packet.udp().is_some() || packet.icmpv6().is_some());
        }
    }
}

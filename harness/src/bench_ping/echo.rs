//! The least that answers a ping over a TAP interface: a blocking read, a few bytes changed in
//! place, a write.

use ngnlab_sim::frame::Frame;
use ngnlab_sim::link::Link as _;
use ngnlab_sim::link::lent_tap::LentTap;
use ngnlab_sim::message::icmpv6::{ECHO_REPLY, ECHO_REQUEST};
use ngnlab_sim::message::ndp::{Ndp, NeighborAdvert};
use ngnlab_sim::message::packet::{ETHERNET_HEADER, Envelope, IPV6_HEADER, Mac, Packet};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::{read, write};

/// Where it answers.
pub(super) const MAC: Mac = Mac([2, 0, 0x5e, 0, 4, 1]);

/// Answers until the interface is gone.
pub(super) fn serve(tap: &LentTap) {
    let Some(fd) = tap.fd() else { return };
    if fcntl(fd, FcntlArg::F_SETFL(OFlag::empty())).is_err() {
        return;
    }
    let mut bytes = [0; 2048];
    while let Ok(length) = read(fd, &mut bytes) {
        let frame = &mut bytes[..length];
        let written = if turn_round(frame) {
            write(fd, frame)
        } else if let Some(answer) = neighbour(frame) {
            write(fd, &answer)
        } else {
            continue;
        };
        if written.is_err() {
            return;
        }
    }
}

/// Makes an echo request its own reply (RFC 4443 §4.2).
fn turn_round(frame: &mut [u8]) -> bool {
    let ip_ends = ETHERNET_HEADER + IPV6_HEADER;
    let next_header = frame.get(ETHERNET_HEADER + 6) == Some(&ICMPV6);
    if !next_header || frame.len() < ip_ends + 8 || frame[ip_ends] != ECHO_REQUEST {
        return false;
    }
    let (to, from) = frame[..12].split_at_mut(6);
    to.swap_with_slice(from);
    let (from, to) = frame[ip_ends - 32..ip_ends].split_at_mut(16);
    from.swap_with_slice(to);
    frame[ip_ends] = ECHO_REPLY;
    // RFC 1624 §3: the sum has become greater by the type's step.
    let sum = u16::from_be_bytes([frame[ip_ends + 2], frame[ip_ends + 3]]);
    let (less, borrow) = sum.overflowing_sub(u16::from(ECHO_REPLY - ECHO_REQUEST) << 8);
    let sum = less.wrapping_sub(u16::from(borrow));
    frame[ip_ends + 2..ip_ends + 4].copy_from_slice(&sum.to_be_bytes());
    true
}

/// Returns the answer to who looks for a neighbour here (RFC 4861 §7.2.4).
fn neighbour(frame: &[u8]) -> Option<Frame> {
    let packet = Packet::parse(frame)?;
    let Ndp::NeighborSolicit(solicit) = Ndp::parse(&packet)? else {
        return None;
    };
    let own = MAC.link_local();
    if solicit.target != own || packet.source.is_unspecified() {
        return None;
    }
    let advert = Ndp::NeighborAdvert(NeighborAdvert {
        target: own,
        router: false,
        solicited: true,
        replace: true,
        target_link_layer: Some(MAC),
    });
    let envelope = Envelope::new(MAC, packet.eth_source, own, packet.source).with_hop_limit(255);
    Some(advert.build(envelope))
}

const ICMPV6: u8 = 58;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_becomes_a_reply_with_a_right_checksum() {
        let who = Mac([2, 0, 0x5e, 0, 3, 0]);
        let to_us = Envelope::new(who, MAC, who.link_local(), MAC.link_local());
        for data in 0..=u8::MAX {
            let request = to_us.icmpv6(ECHO_REQUEST, 0, &[1, 2, 3, 4, data, data]);
            let mut frame = request.to_vec();
            assert!(turn_round(&mut frame));
            let back = Envelope::new(MAC, who, MAC.link_local(), who.link_local());
            let reply = back.icmpv6(ECHO_REPLY, 0, &[1, 2, 3, 4, data, data]);
            assert_eq!(frame, reply.to_vec());
            assert!(!turn_round(&mut frame), "a reply is not answered");
        }
    }

    #[test]
    fn who_looks_for_it_finds_it() {
        let who = Mac([2, 0, 0x5e, 0, 3, 0]);
        let target = MAC.link_local();
        let solicit = Ndp::NeighborSolicit(ngnlab_sim::message::ndp::NeighborSolicit {
            target,
            source_link_layer: Some(who),
        });
        let group = ngnlab_sim::message::packet::solicited_node(target);
        let envelope = Envelope::new(who, MAC, who.link_local(), group).with_hop_limit(255);
        let answer = neighbour(&solicit.build(envelope)).unwrap();
        let packet = Packet::parse(&answer).unwrap();
        let Some(Ndp::NeighborAdvert(advert)) = Ndp::parse(&packet) else {
            panic!("{packet:?}");
        };
        assert_eq!(
            (advert.target, advert.target_link_layer),
            (target, Some(MAC))
        );
        assert_eq!(neighbour(&answer), None);
    }
}

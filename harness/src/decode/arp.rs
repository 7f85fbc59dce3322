//! ARP for IPv4 on Ethernet (RFC 826), with the probes and announcements of RFC 5227.

use super::next::Part;
use super::shown;
use super::walk::{Walk, layer, plain};

/// Reads a message.
pub(super) fn message(bytes: &[u8], at: usize, end: usize) -> Part {
    let (layer, _) = layer("ARP", bytes, at..end, |walk| {
        let hardware = walk.u16("Hardware type", |it| {
            shown::named(it, (it == ETHERNET).then_some("Ethernet"))
        })?;
        let protocol = walk.u16("Protocol type", |it| match it {
            IPV4 => format!("IPv4 ({it:#06x})"),
            it => format!("{it:#06x}"),
        })?;
        let lengths = (
            walk.u8("Hardware length", plain)?,
            walk.u8("Protocol length", plain)?,
        );
        let operation = walk.u16("Operation", |it| shown::named(it, operation_name(it)))?;
        if (hardware, protocol, lengths) != (ETHERNET, IPV4, (6, 4)) {
            walk.summary = format!("operation {operation}");
            return others(lengths, walk);
        }
        let sender = walk.mac("Sender hardware address")?;
        let source = walk.ipv4("Sender protocol address")?;
        walk.mac("Target hardware address")?;
        let target = walk.ipv4("Target protocol address")?;
        walk.summary = match operation {
            // RFC 5227 §1.1 and §2.3.
            REQUEST if source.is_unspecified() => format!("probe for {target}"),
            REQUEST | REPLY if source == target => {
                format!("announcement of {source} at {sender}")
            }
            REQUEST => format!("who has {target}? tell {source}"),
            REPLY => format!("{source} is at {sender}"),
            operation => format!("operation {operation}"),
        };
        Ok(())
    });
    let says = match &layer.summary[..] {
        "" => "ARP".to_owned(),
        summary => format!("ARP {summary}"),
    };
    Part::last(layer, says)
}

/// Reads addresses of other kinds, which are as long as the message says.
fn others((hardware, protocol): (u8, u8), walk: &mut Walk<'_>) -> super::walk::Read<()> {
    for side in ["Sender", "Target"] {
        walk.hex(&format!("{side} hardware address"), hardware.into())?;
        walk.hex(&format!("{side} protocol address"), protocol.into())?;
    }
    Ok(())
}

/// RFC 826, RFC 903 and RFC 2390.
fn operation_name(operation: u16) -> Option<&'static str> {
    Some(match operation {
        REQUEST => "request",
        REPLY => "reply",
        3 => "reverse request",
        4 => "reverse reply",
        8 => "inverse request",
        9 => "inverse reply",
        _ => return None,
    })
}

const REQUEST: u16 = 1;
const REPLY: u16 = 2;
const ETHERNET: u16 = 1;
const IPV4: u16 = super::link::IPV4;

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use ngnlab_sim::message::arp::Arp;
    use ngnlab_sim::message::packet::Mac;

    use crate::decode::alone;

    #[test]
    fn what_is_asked_answered_probed_and_announced_is_told_apart() {
        let (ours, theirs) = (Ipv4Addr::new(192, 168, 1, 2), Ipv4Addr::new(192, 168, 1, 1));
        let nobody = Ipv4Addr::UNSPECIFIED;
        for (is_request, source, target, told) in [
            (
                true,
                ours,
                theirs,
                "ARP who has 192.168.1.1? tell 192.168.1.2",
            ),
            (
                false,
                ours,
                theirs,
                "ARP 192.168.1.2 is at 02:00:00:00:00:01",
            ),
            (true, nobody, ours, "ARP probe for 192.168.1.2"),
            (
                true,
                ours,
                ours,
                "ARP announcement of 192.168.1.2 at 02:00:00:00:00:01",
            ),
        ] {
            let arp = Arp {
                is_request,
                sender: (Mac([2, 0, 0, 0, 0, 1]), source),
                target: (Mac([0; 6]), target),
            };
            assert_eq!(alone(&arp.frame()).summary, told);
        }
    }
}

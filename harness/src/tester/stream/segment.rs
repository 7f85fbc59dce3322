//! A frame with a TCP segment in it, as far as it has to be known whose it is.

use crate::tester::ip::{Ends, Ip, two};

/// A segment.
#[derive(Clone, Copy, Debug)]
pub(in crate::tester) struct Segment<'a> {
    /// Between whom it travels, the sender first.
    pub(in crate::tester) ends: Ends,
    /// From which port.
    pub(in crate::tester) source_port: u16,
    /// To which port.
    pub(in crate::tester) destination_port: u16,
    /// Whether it asks for a connection.
    pub(in crate::tester) opens: bool,
    /// The IP packet.
    pub(in crate::tester) packet: &'a [u8],
}

impl<'a> Segment<'a> {
    /// Takes a frame apart, if there is a TCP segment in it.
    pub(in crate::tester) fn read(frame: &'a [u8]) -> Option<Self> {
        let Ip {
            ends,
            protocol,
            packet,
            body: tcp,
        } = Ip::read(frame)?;
        if protocol != TCP_PROTOCOL || tcp.len() < TCP {
            return None;
        }
        Some(Self {
            ends,
            source_port: two(tcp, 0),
            destination_port: two(tcp, 2),
            opens: tcp[13] & (SYN | ACK) == SYN,
            packet,
        })
    }
}

/// The least that a header has (RFC 9293 §3.1).
const TCP: usize = 20;
const TCP_PROTOCOL: u8 = 6;
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

//! The finer shape of a DNS message: flags, the OPT record, and records as they stand in it.

use ngnlab_sim::message::dns::{self as wire, RecordAt, Section};

use super::{Dns, Transport};

/// A bit of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// Recursion desired.
    Rd,
    /// The reserved bit.
    Z,
    /// Authentic data.
    Ad,
    /// Checking disabled.
    Cd,
}

impl Flag {
    /// Returns the bit's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rd => "RD",
            Self::Z => "Z",
            Self::Ad => "AD",
            Self::Cd => "CD",
        }
    }

    /// RFC 1035 §4.1.1 and RFC 4035 §3.
    fn mask(self) -> u16 {
        match self {
            Self::Rd => 0x0100,
            Self::Z => 0x0040,
            Self::Ad => 0x0020,
            Self::Cd => 0x0010,
        }
    }
}

/// An OPT record (RFC 6891 §6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opt {
    /// The payload size.
    pub size: u16,
    /// The upper eight bits of the response code.
    pub rcode_high: u8,
    /// The EDNS version.
    pub version: u8,
    /// The flags, DO the first of them.
    pub flags: u16,
    /// The options, code and content.
    pub options: Vec<(u16, Vec<u8>)>,
}

impl Opt {
    /// Returns whether it asks for signatures (RFC 3225 §3).
    pub fn dnssec_ok(&self) -> bool {
        self.flags & DNSSEC_OK != 0
    }

    /// Returns whether it has a flag that means nothing yet.
    pub fn has_unknown_flag(&self) -> bool {
        self.flags & !DNSSEC_OK != 0
    }
}

/// A record as it stands in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The section it is in.
    pub section: Section,
    /// Its type.
    pub kind: u16,
    /// Its class.
    pub class: u16,
    /// Whether its owner is, or ends in, a pointer.
    pub compressed: bool,
    /// Its content.
    pub data: &'a [u8],
    /// All of it.
    pub bytes: &'a [u8],
}

impl Dns {
    /// Returns whether a flag of the header is set.
    pub fn has(&self, flag: Flag) -> bool {
        self.flags & flag.mask() != 0
    }

    /// Returns the kind of request; 0 is a query.
    pub fn opcode(&self) -> u16 {
        self.flags >> 11 & 0xf
    }

    /// Returns the response code with the part in the OPT record.
    pub fn full_rcode(&self) -> u16 {
        let high = self.opt().map_or(0, |opt| opt.rcode_high);
        u16::from(high) << 4 | u16::from(self.rcode)
    }

    /// Returns the records but for the question; none if they cannot be told apart.
    pub fn records(&self) -> Vec<Piece<'_>> {
        let found = wire::records(&self.bytes).unwrap_or_default();
        let pieces = found.iter().filter_map(|at| piece(&self.bytes, at));
        pieces.collect()
    }

    /// Returns the additional records of a type.
    pub fn additional(&self, kind: u16) -> Vec<Piece<'_>> {
        let mut records = self.records();
        records.retain(|record| record.section == Section::Additional && record.kind == kind);
        records
    }

    /// Returns the OPT record.
    pub fn opt(&self) -> Option<Opt> {
        let record = *self.additional(wire::OPT).first()?;
        // A root owner, then type, class and TTL (RFC 6891 §6.1.2).
        let [
            _,
            _,
            _,
            size_1,
            size_2,
            rcode_high,
            version,
            flags_1,
            flags_2,
            ..,
        ] = *record.bytes
        else {
            return None;
        };
        let mut options = Vec::new();
        let mut rest = record.data;
        while let Some((&[a, b, c, d], after)) = rest.split_first_chunk() {
            let length = usize::from(u16::from_be_bytes([c, d]));
            let (content, after) = after.split_at_checked(length)?;
            options.push((u16::from_be_bytes([a, b]), content.to_vec()));
            rest = after;
        }
        Some(Opt {
            size: u16::from_be_bytes([size_1, size_2]),
            rcode_high,
            version,
            flags: u16::from_be_bytes([flags_1, flags_2]),
            options,
        })
    }

    /// Returns the longest answer that this question has room for.
    pub fn room(&self) -> usize {
        match (self.transport, self.opt()) {
            (Transport::Tcp, _) => usize::from(u16::MAX),
            // RFC 6891 §6.2.3: smaller sizes count as 512.
            (Transport::Udp, Some(opt)) => usize::from(opt.size).max(wire::CLASSIC_LIMIT),
            (Transport::Udp, None) => wire::CLASSIC_LIMIT,
        }
    }

    /// Returns everything but the id.
    pub fn body(&self) -> &[u8] {
        self.bytes.get(2..).unwrap_or_default()
    }
}

fn piece<'a>(message: &'a [u8], at: &RecordAt) -> Option<Piece<'a>> {
    let bytes = message.get(at.start..at.end)?;
    let mut owner = 0;
    let compressed = loop {
        match *bytes.get(owner)? {
            0 => break false,
            length if length & POINTER == POINTER => break true,
            length => owner += 1 + usize::from(length),
        }
    };
    let fixed = bytes.get(owner + if compressed { 2 } else { 1 }..)?;
    Some(Piece {
        section: at.section,
        kind: at.kind,
        class: u16::from_be_bytes(*fixed.get(2..)?.first_chunk()?),
        compressed,
        data: fixed.get(10..)?,
        bytes,
    })
}

const DNSSEC_OK: u16 = 0x8000;
const POINTER: u8 = 0xc0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opt_record_is_read_with_its_options() {
        let dns = Dns::read(Transport::Udp, (5000, 53), QUERY).unwrap();
        let opt = dns.opt().unwrap();
        assert_eq!((opt.size, opt.version), (4096, 1));
        assert!(opt.dnssec_ok() && opt.has_unknown_flag());
        assert_eq!(opt.options, [(65001, b"ab".to_vec()), (3, Vec::new())]);
        assert!(dns.has(Flag::Cd) && dns.has(Flag::Rd) && !dns.has(Flag::Ad));
        assert_eq!((dns.opcode(), dns.room()), (4, 4096));
        let [text, _] = dns.records()[..] else {
            panic!("{:?}", dns.records());
        };
        assert!(text.compressed && text.data == b"\x01x");
        assert_eq!((text.kind, text.class), (16, 1));
    }

    #[test]
    fn a_message_that_is_cut_short_has_no_records() {
        for length in 12..QUERY.len() {
            let dns = Dns::read(Transport::Udp, (5000, 53), &QUERY[..length]).unwrap();
            assert!(dns.records().is_empty() && dns.opt().is_none(), "{length}");
        }
    }

    /// A NOTIFY for `a.mnw` AAAA, with a compressed TXT record and EDNS version 1.
    const QUERY: &[u8] = b"\x12\x34\x21\x10\x00\x01\x00\x00\x00\x00\x00\x02\x01a\x03mnw\x00\
          \x00\x1c\x00\x01\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x00\x00\x02\x01x\
          \x00\x00\x29\x10\x00\x00\x01\xc0\x00\x00\x0a\xfd\xe9\x00\x02ab\x00\x03\x00\x00";
}

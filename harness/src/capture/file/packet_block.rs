//! The Packet Block of pcapng, which old programs wrote where others write Enhanced Packet Blocks
//! (draft-tuexen-opsawg-pcapng-05 §4.8, "Packet Block (obsolete)"). Our parser leaves it to us.

use pcap_parser::UnknownBlock;

/// A frame in such a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet<'f> {
    /// The number of the interface in its section.
    pub(super) interface: usize,
    /// How many frames were lost between this one and the one before, where that is known.
    pub(super) dropped: u64,
    /// When, in the interface's units of time.
    pub(super) units: u64,
    /// Its bytes, as many as were kept.
    pub(super) bytes: &'f [u8],
    /// How long it was.
    pub(super) length: u32,
}

/// Returns whether a block that the parser does not know is one.
pub(super) fn is_one(block: &UnknownBlock<'_>) -> bool {
    [KIND, KIND.swap_bytes()].contains(&block.block_type)
}

/// Reads what is in such a block, in the byte order of its section.
pub(super) fn parse(data: &[u8], big_endian: bool) -> Option<Packet<'_>> {
    let (header, rest) = data.split_first_chunk::<20>()?;
    let [i0, i1, d0, d1, words @ ..] = *header;
    let short = |bytes: [u8; 2]| match big_endian {
        true => u16::from_be_bytes(bytes),
        false => u16::from_le_bytes(bytes),
    };
    let word = |number: usize| {
        let bytes = words.as_chunks::<4>().0[number];
        match big_endian {
            true => u32::from_be_bytes(bytes),
            false => u32::from_le_bytes(bytes),
        }
    };
    let dropped = match short([d0, d1]) {
        UNKNOWN_DROPS => 0,
        dropped => u64::from(dropped),
    };
    let kept = usize::try_from(word(2)).ok()?;
    Some(Packet {
        interface: usize::from(short([i0, i1])),
        dropped,
        units: u64::from(word(0)) << 32 | u64::from(word(1)),
        bytes: rest.get(..kept)?,
        length: word(3),
    })
}

const KIND: u32 = 2;
/// "If this information is not available".
const UNKNOWN_DROPS: u16 = 0xffff;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_in_both_byte_orders_and_what_is_too_short_is_none() {
        let little = [1, 0, 3, 0, 7, 0, 0, 0, 9, 0, 0, 0, 2, 0, 0, 0, 60, 0, 0, 0];
        let big = [0, 1, 0, 3, 0, 0, 0, 7, 0, 0, 0, 9, 0, 0, 0, 2, 0, 0, 0, 60];
        for (header, is_big) in [(little, false), (big, true)] {
            let data = [&header[..], &[0xaa, 0xbb, 0, 0]].concat();
            let packet = parse(&data, is_big).unwrap();
            assert_eq!((packet.interface, packet.dropped), (1, 3));
            assert_eq!(packet.units, 7 << 32 | 9);
            assert_eq!((packet.bytes, packet.length), (&[0xaa, 0xbb][..], 60));
            assert_eq!(parse(&data[..21], is_big), None);
            assert_eq!(parse(&data[..19], is_big), None);
        }
    }
}

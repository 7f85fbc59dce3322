//! The first label of each name that is asked for: which question it belongs to.
//!
//! Both sides of the tester read it: the one that asks finds its question again in the answer, the
//! other one knows whether the device has asked it before.

/// How many letters a label has.
pub(super) const LENGTH: usize = 10;

/// What a label says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label {
    /// Whether the name is asked for again and again.
    pub(super) repeats: bool,
    /// Whether its text is longer than 1232 bytes, and not than 512 alone.
    pub(super) long: bool,
    /// The trial; for names that repeat, the set that they belong to.
    pub(super) trial: u16,
    /// Which of them.
    pub(super) number: u32,
}

impl Label {
    /// Returns the letters.
    pub(super) fn letters(self) -> [u8; LENGTH] {
        let mut rest = (u64::from(self.long) << 49)
            | (u64::from(self.repeats) << 48)
            | (u64::from(self.trial) << 32)
            | u64::from(self.number);
        let mut letters = [0; LENGTH];
        for letter in letters.iter_mut().rev() {
            *letter = LETTERS[(rest & 31) as usize];
            rest >>= 5;
        }
        letters
    }

    /// Reads the letters, whose case may have been changed (0x20).
    pub(super) fn read(letters: &[u8]) -> Option<Self> {
        if letters.len() != LENGTH {
            return None;
        }
        let mut value = 0_u64;
        for letter in letters {
            let digit = match letter {
                b'a'..=b'z' => letter - b'a',
                b'A'..=b'Z' => letter - b'A',
                b'2'..=b'7' => letter - b'2' + 26,
                _ => return None,
            };
            value = (value << 5) | u64::from(digit);
        }
        // Ten letters are fifty bits.
        Some(Self {
            long: value >> 49 == 1,
            repeats: (value >> 48) & 1 == 1,
            trial: (value >> 32) as u16,
            number: value as u32,
        })
    }
}

/// RFC 4648 §6, in lower case: letters that a name may have, whatever its case.
pub(super) const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_read_in_any_case(long: bool, repeats: bool, trial: u16, number: u32) {
            let label = Label { long, repeats, trial, number };
            let letters = label.letters();
            prop_assert_eq!(Label::read(&letters), Some(label));
            prop_assert_eq!(Label::read(&letters.to_ascii_uppercase()), Some(label));
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes: Vec<u8>) {
            let _ = Label::read(&bytes);
        }
    }
}

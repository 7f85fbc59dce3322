//! Domain names as labels (RFC 1035 §3.1), compressed (§4.1.4) or not.

use std::fmt::Write as _;

use super::walk::{Cut, Read, Walk};

/// Returns the name at a place of a message, without its final dot, and where it ends there;
/// pointers must lead backwards, and lead to places after `origin`. `None` if it is broken.
pub(super) fn name(message: &[u8], origin: usize, at: usize) -> Option<(String, usize)> {
    let mut words = String::new();
    let (mut place, mut end) = (at, None);
    let mut lowest = at;
    let mut taken = 0;
    loop {
        let length = *message.get(place)?;
        match length {
            0 => {
                if words.is_empty() {
                    words.push('.');
                }
                return Some((words, end.unwrap_or(place + 1)));
            }
            1..=LONGEST_LABEL => {
                let label = message.get(place + 1..place + 1 + usize::from(length))?;
                taken += label.len() + 1;
                if taken > LONGEST_NAME {
                    return None;
                }
                if !words.is_empty() {
                    words.push('.');
                }
                push(&mut words, label);
                place += 1 + usize::from(length);
            }
            POINTER.. => {
                let low = *message.get(place + 1)?;
                end.get_or_insert(place + 2);
                let target = usize::from(u16::from_be_bytes([length & !POINTER, low]));
                place = origin.checked_add(target)?;
                // Each leads further back than the last one, so that there is an end.
                if place >= lowest {
                    return None;
                }
                lowest = place;
            }
            _ => return None,
        }
    }
}

/// Reads a name that may point back into its message, which begins at `origin`.
pub(super) fn field(walk: &mut Walk<'_>, field: &str, origin: usize) -> Read<String> {
    let within = &walk.all()[..walk.end()];
    let (name, end) = name(within, origin, walk.at()).ok_or(Cut)?;
    let length = end - walk.at();
    walk.field(field, length, |_| name.clone())?;
    Ok(name)
}

/// Reads names up to the end; what follows an empty one is padding (RFC 8106 §5.2).
pub(super) fn list(walk: &mut Walk<'_>, name: &str) -> Read<Vec<String>> {
    let mut names = Vec::new();
    while walk.left() > 0 {
        if walk.rest().iter().all(|byte| *byte == 0) {
            walk.note_rest("Padding");
            break;
        }
        // No pointer can lead back from the beginning.
        let origin = walk.at();
        names.push(field(walk, name, origin)?);
    }
    Ok(names)
}

/// Escapes a label as RFC 1035 §5.1 does.
fn push(words: &mut String, label: &[u8]) {
    for byte in label {
        match byte {
            b'.' | b'\\' => words.extend(['\\', char::from(*byte)]),
            b'!'..=b'~' => words.push(char::from(*byte)),
            _ => {
                let _ = write!(words, "\\{byte:03}");
            }
        }
    }
}

const LONGEST_LABEL: u8 = 63;
const LONGEST_NAME: usize = 255;
const POINTER: u8 = 0xc0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_follows_pointers_back_and_never_in_circles() {
        let message = b"\x03www\x08lineauth\x03mnw\x00\x02a.\xc0\x04\xc0\x16\xc0\x00";
        let read = |at| name(message, 0, at);
        assert_eq!(read(0), Some(("www.lineauth.mnw".to_owned(), 18)));
        assert_eq!(read(18), Some(("a\\..lineauth.mnw".to_owned(), 23)));
        // One that leads to itself, and one after the end.
        assert_eq!(name(b"\xc0\x00", 0, 0), None);
        assert_eq!(name(b"\x01a\xc0\x00", 0, 2).map(|it| it.0), None);
        assert_eq!(read(23), None);
        assert_eq!(read(25), Some(("www.lineauth.mnw".to_owned(), 27)));
        assert_eq!(name(b"\x03ab", 0, 0), None);
    }
}

//! The customer ID (お客さまID) by which a line is applied for: what it looks like in each area
//! (guide p.4, Q5; ngn-facts §5.5).

use super::Area;

/// Returns what is wrong with a customer ID in an area, if anything is.
pub fn fault(id: &str, area: Area) -> Option<&'static str> {
    let digits = id.trim_start_matches(|letter: char| !letter.is_numeric());
    let letters = &id[..id.len() - digits.len()];
    let count = match (letters, area) {
        ("CAF", _) => CAF_DIGITS,
        ("COP", Area::East) => COP_DIGITS,
        ("COP", Area::West) => return Some("IDs with COP exist in the east only"),
        // Guide Q19: the sheet of the West has such a number, too, as 回線ID.
        (other, _) if other.starts_with('L') => return Some("that is a 回線ID, not an お客さまID"),
        (other, _) if is_other_writing(other) => {
            return Some("its letters must be half-width capitals");
        }
        _ => return Some("it must begin with CAF, or in the east with COP"),
    };
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Some("what follows its letters must be half-width digits");
    }
    match (digits.len() == count, count) {
        (true, _) => None,
        (false, CAF_DIGITS) => Some("CAF takes 10 digits"),
        (false, _) => Some("COP takes 8 digits"),
    }
}

/// Returns whether somebody wrote the right letters small or full-width.
fn is_other_writing(letters: &str) -> bool {
    let half_width = letters.chars().map(|letter| match letter {
        'Ａ'..='Ｚ' | 'ａ'..='ｚ' => char::from_u32(u32::from(letter) - FULL_WIDTH),
        _ => Some(letter),
    });
    let plain: Option<String> = half_width.collect();
    plain.is_some_and(|plain| ["CAF", "COP"].contains(&plain.to_ascii_uppercase().as_str()))
}

const CAF_DIGITS: usize = 10;
const COP_DIGITS: usize = 8;
/// How far Unicode's full-width forms lie from ASCII.
const FULL_WIDTH: u32 = 0xfee0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_area_has_its_ids() {
        for area in Area::ALL {
            assert_eq!(fault("CAF1234567890", area), None);
        }
        assert_eq!(fault("COP12345678", Area::East), None);
        assert!(fault("COP12345678", Area::West).unwrap().contains("east"));
    }

    #[test]
    fn a_fault_says_what_it_is() {
        for (id, word) in [
            ("caf1234567890", "capitals"),
            ("ＣＡＦ1234567890", "capitals"),
            ("CAF１２３４５６７８９０", "half-width digits"),
            ("CAF123456789", "10 digits"),
            ("COP123456789", "8 digits"),
            ("L1234567890", "回線ID"),
            ("1234567890", "begin with CAF"),
            ("", "begin with CAF"),
            ("CAF12345 7890", "half-width digits"),
        ] {
            let said = fault(id, Area::East).unwrap();
            assert!(said.contains(word), "{id}: {said}");
        }
    }
}

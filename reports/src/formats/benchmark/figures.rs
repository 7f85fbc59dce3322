//! Numbers with their units, written alike wherever they stand and in either language.

/// Writes a rate, in questions a second.
pub(super) fn rate(rate: f64) -> String {
    format!("{} q/s", number(rate))
}

/// Writes a number with as many digits as tell something.
pub(super) fn number(value: f64) -> String {
    match value {
        0.0..10.0 if value.fract() != 0.0 => format!("{value:.2}"),
        10.0..100.0 if value.fract() != 0.0 => format!("{value:.1}"),
        _ => grouped(&format!("{value:.0}")),
    }
}

/// Writes a count.
pub(super) fn count(count: u64) -> String {
    grouped(&count.to_string())
}

/// Writes a time that is given in microseconds.
pub(super) fn time(micros: f64) -> String {
    let digits = |value: f64| match value {
        0.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    };
    match micros {
        0.0 => "0 µs".to_owned(),
        // What rounds up to 1000 has the next unit.
        ..999.5 => format!("{} µs", digits(micros)),
        ..999_500.0 => format!("{} ms", digits(micros / 1e3)),
        _ => format!("{} s", digits(micros / 1e6)),
    }
}

/// Writes a share as percent.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent.abs() {
        0.0 => "0 %".to_owned(),
        ..0.001 => "< 0.001 %".to_owned(),
        ..0.1 => format!("{percent:.3} %"),
        ..1.0 => format!("{percent:.2} %"),
        ..10.0 => format!("{percent:.1} %"),
        _ => format!("{} %", grouped(&format!("{percent:.0}"))),
    }
}

/// Writes bits a second.
pub(super) fn bits(rate: f64) -> String {
    match rate {
        ..999_500.0 => format!("{:.0} kbit/s", rate / 1e3),
        ..999_500_000.0 => format!("{:.0} Mbit/s", rate / 1e6),
        _ => format!("{:.2} Gbit/s", rate / 1e9),
    }
}

/// Sets thousands apart.
fn grouped(digits: &str) -> String {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits),
    };
    let mut text = sign.to_owned();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_tell_something() {
        for (value, written) in [
            (0.0, "0 q/s"),
            (0.25, "0.25 q/s"),
            (7.0, "7 q/s"),
            (12.34, "12.3 q/s"),
            (999.6, "1,000 q/s"),
            (41_234.6, "41,235 q/s"),
            (1_400_000.0, "1,400,000 q/s"),
        ] {
            assert_eq!(rate(value), written);
        }
        assert_eq!(count(1_234_567), "1,234,567");
    }

    #[test]
    fn times_have_the_unit_that_is_read_best() {
        for (value, written) in [
            (0.0, "0 µs"),
            (4.321, "4.32 µs"),
            (312.4, "312 µs"),
            (999.7, "1.00 ms"),
            (12_345.0, "12.3 ms"),
            (999_700.0, "1.00 s"),
            (35_000_000.0, "35.0 s"),
        ] {
            assert_eq!(time(value), written);
        }
    }

    #[test]
    fn shares_and_bits_are_written_as_people_read_them() {
        for (value, written) in [
            (0.0, "0 %"),
            (0.000_001, "< 0.001 %"),
            (0.000_05, "0.005 %"),
            (0.012, "1.2 %"),
            (0.5, "50 %"),
            (12.0, "1,200 %"),
        ] {
            assert_eq!(percent(value), written);
        }
        assert_eq!(bits(90_000_000.0), "90 Mbit/s");
        assert_eq!(bits(2_500_000_000.0), "2.50 Gbit/s");
    }
}

//! What a device writes, line by line, each with the time at which it was read: bounded, so that a
//! trace can hold it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A line that a device wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When it was read, by the monotonic clock of the machine.
    pub at: Duration,
    /// The name of the log that it stands in.
    pub log: String,
    /// The line, without its end.
    pub text: String,
}

/// Lines of one log as they come in.
#[derive(Debug, Default)]
pub(super) struct Lines {
    whole: Vec<(Duration, String)>,
    /// The line that has not ended, and when it began to be read.
    begun: Option<(Duration, Vec<u8>)>,
    length: usize,
}

impl Lines {
    /// Takes in some of what was written.
    pub(super) fn take_in(&mut self, bytes: &[u8], at: Duration) {
        for byte in bytes {
            if self.is_full() {
                return;
            }
            match byte {
                b'\n' => self.end(),
                byte => {
                    let (_, line) = self.begun.get_or_insert_with(|| (at, Vec::new()));
                    if line.len() < LONGEST_LINE {
                        line.push(*byte);
                    }
                }
            }
        }
    }

    /// Hands out what has come, the line that has not ended as well.
    pub(super) fn hand_out(&mut self, log: &str) -> Vec<Line> {
        self.end();
        let line = |(at, text)| Line {
            at,
            log: log.to_owned(),
            text,
        };
        self.whole.drain(..).map(line).collect()
    }

    fn end(&mut self) {
        let Some((at, line)) = self.begun.take() else {
            return;
        };
        let text = plain(&String::from_utf8_lossy(whole_words(&line)));
        if !text.is_empty() {
            self.length += text.len();
            self.whole.push((at, text));
        }
    }

    fn is_full(&self) -> bool {
        self.whole.len() >= MOST_LINES || self.length >= LONGEST
    }
}

/// Returns a line without a word that was cut off: half an address would be nobody's to redact.
fn whole_words(line: &[u8]) -> &[u8] {
    if line.len() < LONGEST_LINE {
        return line;
    }
    let end = line.iter().rposition(u8::is_ascii_whitespace);
    &line[..end.unwrap_or_default()]
}

/// Returns a line without what a terminal would make of it: colours and the like (ECMA-48 §5.4).
fn plain(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter != '\u{1b}' {
            plain.push(letter);
            continue;
        }
        // A control sequence has parameters, and ends with a letter or the like.
        if letters.as_str().starts_with('[') {
            letters.next();
            letters.find(|letter| ('@'..='~').contains(letter));
        }
    }
    plain.trim().to_owned()
}

/// A log has so many lines in a trace; the rest stands in its file.
const MOST_LINES: usize = 5_000;
/// As many bytes as they have.
const LONGEST: usize = 512 << 10;
const LONGEST_LINE: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_time_at_which_it_began_to_be_read() {
        let mut lines = Lines::default();
        lines.take_in(b"one\r\n\ntw", second(1));
        lines.take_in(b"o\nthree", second(2));
        let line = |at, text: &str| Line {
            at: second(at),
            log: "dns".to_owned(),
            text: text.to_owned(),
        };
        let expected = [line(1, "one"), line(1, "two"), line(2, "three")];
        assert_eq!(lines.hand_out("dns"), expected);
        assert_eq!(lines.hand_out("dns"), []);
    }

    #[test]
    fn colours_are_no_words() {
        assert_eq!(plain("\u{1b}[0;32m  OK  \u{1b}[0m] ready\r"), "OK  ] ready");
        assert_eq!(plain("\u{1b}[12"), "");
        assert_eq!(plain("\u{1b}"), "");
    }

    #[test]
    fn a_flood_of_lines_and_a_line_without_end_are_kept_in_part() {
        let mut lines = Lines::default();
        lines.take_in(&b"x\n".repeat(MOST_LINES * 2), second(1));
        assert_eq!(lines.hand_out("dns").len(), MOST_LINES);
        let mut lines = Lines::default();
        lines.take_in(b"peer ", second(1));
        for _ in 0..1000 {
            lines.take_in(&[b'x'; 10_000], second(1));
        }
        assert_eq!(lines.hand_out("dns")[0].text, "peer");
        let mut lines = Lines::default();
        let long = [&[b'x'; LONGEST_LINE - 1][..], b"\n"].concat();
        lines.take_in(&long.repeat(MOST_LINES), second(1));
        let length: usize = lines.hand_out("dns").iter().map(|one| one.text.len()).sum();
        assert!(length <= LONGEST + LONGEST_LINE, "{length}");
    }

    fn second(number: u64) -> Duration {
        Duration::from_secs(number)
    }
}

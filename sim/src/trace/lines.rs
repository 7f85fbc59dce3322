//! Lines of a saved trace, which may be anything.

use std::io::{self, BufRead, BufReader, Read};

/// The lines of a file, none longer than one of a trace can be.
pub(super) struct Lines<R> {
    from: BufReader<R>,
    count: usize,
}

impl<R: Read> Lines<R> {
    /// Takes the lines of a reader.
    pub(super) fn of(from: R) -> Self {
        Self {
            from: BufReader::new(from),
            count: 0,
        }
    }
}

impl<R: Read> Iterator for Lines<R> {
    type Item = io::Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.count += 1;
        let mut line = String::new();
        match (&mut self.from).take(LONGEST_LINE).read_line(&mut line) {
            Ok(0) => None,
            Ok(_) if line.len() as u64 == LONGEST_LINE => {
                let text = format!(
                    "line {} of the trace has {LONGEST_LINE} bytes or more",
                    self.count
                );
                Some(Err(io::Error::new(io::ErrorKind::InvalidData, text)))
            }
            Ok(_) => Some(Ok(line)),
            Err(error) => Some(Err(error)),
        }
    }
}

/// A frame has 64 KiB at most, and so has what a command writes; the rest is for escapes.
const LONGEST_LINE: u64 = 16 << 20;

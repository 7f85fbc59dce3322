//! HTTP/1.1 messages (RFC 9112): where they begin and end in a stream, and their fields.

use std::collections::VecDeque;

use ngnlab_reports::decoded::Layer;

use super::shown;
use super::walk::{Read, Walk, layer};

/// What comes next in one direction of a connection.
#[derive(Debug, Default)]
pub(super) enum Http {
    /// The head of a message.
    #[default]
    Head,
    /// So many bytes of a body.
    Body(u64),
    /// The length of a chunk (RFC 9112 §7.1).
    ChunkSize,
    /// So many bytes of a chunk, with the line end behind it.
    Chunk(u64),
    /// What follows the last chunk.
    Trailers,
    /// A body that ends with the connection.
    UntilClose,
    /// Something else.
    Unknown,
}

/// A part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// A start line and its fields.
    Head,
    /// Some of its body.
    Body,
    /// What is no HTTP.
    Unknown,
}

/// Which requests wait for their answers: whether they ask for a head alone.
pub(super) type Asked = VecDeque<bool>;

impl Http {
    /// Takes the next part off what waits: how long it is, and what. `None` if more is needed.
    pub(super) fn unit(&mut self, waiting: &[u8], asked: &mut Asked) -> Option<(usize, Unit)> {
        if waiting.is_empty() {
            return None;
        }
        match self {
            Self::Head if !is_like(waiting) => {
                *self = Self::Unknown;
                Some((waiting.len(), Unit::Unknown))
            }
            Self::Head => {
                let Some(length) = head_length(waiting) else {
                    let is_too_long = waiting.len() > LONGEST_HEAD;
                    return is_too_long.then(|| {
                        *self = Self::Unknown;
                        (waiting.len(), Unit::Unknown)
                    });
                };
                *self = Self::after(&waiting[..length], asked);
                Some((length, Unit::Head))
            }
            Self::Body(left) => {
                let count = usize::try_from(*left)
                    .unwrap_or(usize::MAX)
                    .min(waiting.len());
                *left -= count as u64;
                if *left == 0 {
                    *self = Self::Head;
                }
                Some((count, Unit::Body))
            }
            Self::ChunkSize => {
                let Some(end) = waiting.iter().position(|byte| *byte == b'\n') else {
                    let is_too_long = waiting.len() > LONGEST_LINE;
                    return is_too_long.then(|| {
                        *self = Self::Unknown;
                        (waiting.len(), Unit::Unknown)
                    });
                };
                let digits = waiting[..end]
                    .split(|byte| !byte.is_ascii_hexdigit())
                    .next();
                let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
                let size = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
                *self = match size {
                    Some(0) => Self::Trailers,
                    Some(size) => Self::Chunk(size.saturating_add(2)),
                    None => Self::Unknown,
                };
                Some((end + 1, Unit::Body))
            }
            Self::Chunk(left) => {
                let count = usize::try_from(*left)
                    .unwrap_or(usize::MAX)
                    .min(waiting.len());
                *left -= count as u64;
                if *left == 0 {
                    *self = Self::ChunkSize;
                }
                Some((count, Unit::Body))
            }
            Self::Trailers => {
                let end = waiting.iter().position(|byte| *byte == b'\n')?;
                if waiting[..end].iter().all(|byte| *byte == b'\r') {
                    *self = Self::Head;
                }
                Some((end + 1, Unit::Body))
            }
            Self::UntilClose => Some((waiting.len(), Unit::Body)),
            Self::Unknown => Some((waiting.len(), Unit::Unknown)),
        }
    }

    /// Returns what follows a head (RFC 9112 §6.3).
    fn after(head: &[u8], asked: &mut Asked) -> Self {
        let text = String::from_utf8_lossy(head);
        let first = text.lines().next().unwrap_or_default();
        let is_response = first.starts_with("HTTP/");
        let is_head_only = if is_response {
            let status = first.split(' ').nth(1).unwrap_or_default();
            let is_interim = status.starts_with('1');
            let head_only = match is_interim {
                true => false,
                false => asked.pop_front().unwrap_or_default(),
            };
            head_only || is_interim || matches!(status, "204" | "304")
        } else {
            if asked.len() < MOST_ASKED {
                asked.push_back(first.starts_with("HEAD "));
            }
            false
        };
        if is_head_only {
            return Self::Head;
        }
        if field(&text, "transfer-encoding").is_some_and(|coding| coding.ends_with("chunked")) {
            return Self::ChunkSize;
        }
        match field(&text, "content-length").map(str::parse) {
            Some(Ok(0)) => Self::Head,
            Some(Ok(length)) => Self::Body(length),
            Some(Err(_)) => Self::Unknown,
            None if is_response => Self::UntilClose,
            None => Self::Head,
        }
    }
}

/// Returns whether bytes begin, as far as they are there, as a message does.
pub(super) fn is_like(bytes: &[u8]) -> bool {
    STARTS.iter().any(|start| {
        let count = start.len().min(bytes.len());
        bytes[..count] == start.as_bytes()[..count]
    })
}

fn head_length(bytes: &[u8]) -> Option<usize> {
    let within = &bytes[..bytes.len().min(LONGEST_HEAD)];
    let end = within.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(end + 4)
}

fn field<'t>(head: &'t str, name: &str) -> Option<&'t str> {
    head.lines().skip(1).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Reads the head of a message.
pub(super) fn head(bytes: &[u8], at: usize, end: usize) -> Layer {
    let (layer, _) = layer("HTTP", bytes, at..end, |walk| {
        let text = String::from_utf8_lossy(walk.rest());
        let host = field(&text, "host").unwrap_or_default().to_owned();
        let mut words = String::new();
        walk.group("start line", |walk| {
            words = start_line(&host, walk)?;
            Ok(words.clone())
        })?;
        walk.summary = words;
        while walk.left() > 0 {
            field_line(walk)?;
        }
        Ok(())
    });
    layer
}

fn start_line(host: &str, walk: &mut Walk<'_>) -> Read<String> {
    let length = line_length(walk);
    let line = walk.rest()[..length].trim_ascii_end();
    let is_response = line.starts_with(b"HTTP/");
    let names = match is_response {
        true => ["HTTP-version", "status-code", "reason-phrase"],
        false => ["method", "request-target", "HTTP-version"],
    };
    let mut parts = line.splitn(3, |byte| *byte == b' ');
    let mut words = Vec::new();
    for name in names {
        let part = parts.next().unwrap_or_default();
        walk.field(name, part.len(), shown::text)?;
        words.push(shown::text(part));
        // The space behind it, which belongs to nothing.
        walk.skip(usize::from(walk.rest().first() == Some(&b' ')))?;
    }
    let end = walk.rest().iter().position(|byte| *byte == b'\n');
    walk.skip(end.map_or(walk.left(), |end| end + 1))?;
    Ok(match is_response {
        true => words[1..].join(" ").trim_end().to_owned(),
        false => format!("{} {host}{}", words[0], words[1]),
    })
}

fn field_line(walk: &mut Walk<'_>) -> Read<()> {
    let length = line_length(walk);
    let line = walk.rest()[..length].trim_ascii_end();
    match line.iter().position(|byte| *byte == b':') {
        Some(colon) => {
            let name = shown::text(&line[..colon]);
            walk.field(&name, length, |_| {
                shown::text(line[colon + 1..].trim_ascii())
            })?;
        }
        None if line.is_empty() => {
            walk.field("end of fields", length, |_| String::new())?;
        }
        None => {
            walk.field("line", length, |_| shown::text(line))?;
        }
    }
    Ok(())
}

/// Returns how long the next line is, with its end.
fn line_length(walk: &Walk<'_>) -> usize {
    let end = walk.rest().iter().position(|byte| *byte == b'\n');
    end.map_or(walk.left(), |end| end + 1)
}

/// Reads some of a body.
pub(super) fn body(bytes: &[u8], at: usize, end: usize) -> Layer {
    let (layer, _) = layer("HTTP", bytes, at..end, |walk| {
        let rest = walk.rest();
        // A character may go on in the next piece.
        let is_text =
            std::str::from_utf8(rest).map_or_else(|it| it.error_len().is_none(), |_| true);
        let words = if is_text { shown::text } else { shown::hex };
        walk.summary = format!("body, {}", shown::bytes(rest.len()));
        walk.field("content", rest.len(), words)?;
        Ok(())
    });
    layer
}

const STARTS: [&str; 10] = [
    "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "CONNECT ", "OPTIONS ", "TRACE ", "PATCH ",
    "HTTP/1.",
];
const LONGEST_HEAD: usize = 32 * 1024;
const LONGEST_LINE: usize = 1024;
const MOST_ASKED: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_ends_where_its_length_its_chunks_or_its_request_say() {
        let (mut up, mut down, mut asked) = (Http::default(), Http::default(), Asked::new());
        let requests = b"HEAD / HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nok\
            GET / HTTP/1.1\r\n\r\n";
        let units = units(&mut up, requests, &mut asked);
        assert_eq!(
            units,
            [
                (19, Unit::Head),
                (38, Unit::Head),
                (2, Unit::Body),
                (18, Unit::Head)
            ]
        );
        let answers = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n\
            HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n\
            HTTP/1.1 200 OK\r\n\r\nto the end";
        let found = self::units(&mut down, answers, &mut asked);
        let heads: Vec<usize> = found
            .iter()
            .filter(|(_, unit)| *unit == Unit::Head)
            .map(|(length, _)| *length)
            .collect();
        assert_eq!(heads, [38, 47, 19]);
        assert_eq!(found.last(), Some(&(10, Unit::Body)));
    }

    #[test]
    fn what_is_no_http_is_not_taken_for_it() {
        let (mut http, mut asked) = (Http::default(), Asked::new());
        assert_eq!(http.unit(b"SSH-2.0", &mut asked), Some((7, Unit::Unknown)));
        let (mut http, mut long) = (Http::default(), b"GET ".to_vec());
        assert_eq!(http.unit(&long, &mut asked), None);
        long.resize(LONGEST_HEAD + 1, b'x');
        assert_eq!(
            http.unit(&long, &mut asked),
            Some((long.len(), Unit::Unknown))
        );
    }

    fn units(http: &mut Http, mut waiting: &[u8], asked: &mut Asked) -> Vec<(usize, Unit)> {
        let mut found = Vec::new();
        while let Some((length, unit)) = http.unit(waiting, asked) {
            found.push((length, unit));
            waiting = &waiting[length..];
        }
        found
    }
}

//! Bytes that are read one after the other, each noted as a field with its place.
//!
//! Whoever reads says what it expects; where the bytes end before that, what is left is noted as
//! it is, and the layer says that it was cut off.

use std::fmt::Display;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use ngnlab_reports::decoded::{Field, Layer};
use ngnlab_sim::message::packet::Mac;

use super::shown;

/// The bytes end before what was to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut;

/// What reading gives, unless the bytes end too early.
pub(super) type Read<T> = Result<T, Cut>;

/// A place in bytes, and the fields that were found before it.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
    fields: Vec<Field>,
    /// Whether all fits together so far.
    sound: bool,
    /// What the whole is, in a few words.
    pub(super) summary: String,
}

/// Reads a layer, and returns with it what `read` found, if nothing was cut off.
pub(super) fn layer<'a, T>(
    name: &str,
    bytes: &'a [u8],
    range: Range<usize>,
    read: impl FnOnce(&mut Walk<'a>) -> Read<T>,
) -> (Layer, Option<T>) {
    let mut walk = Walk::new(bytes, range);
    let start = walk.at;
    let found = read(&mut walk);
    let mut summary = std::mem::take(&mut walk.summary);
    let remark = match (&found, walk.sound) {
        (Err(Cut), _) => {
            walk.note_rest("cut off");
            Some("cut off")
        }
        (Ok(_), false) => Some("malformed"),
        (Ok(_), true) => None,
    };
    if let Some(remark) = remark {
        if !summary.is_empty() {
            summary.push_str(", ");
        }
        summary.push_str(remark);
    }
    let layer = Layer {
        name: name.to_owned(),
        summary,
        apart: Vec::new(),
        start,
        length: walk.at - start,
        fields: walk.fields,
    };
    (layer, found.ok())
}

impl<'a> Walk<'a> {
    fn new(bytes: &'a [u8], range: Range<usize>) -> Self {
        let end = range.end.min(bytes.len());
        Self {
            bytes,
            at: range.start.min(end),
            end,
            fields: Vec::new(),
            sound: true,
            summary: String::new(),
        }
    }

    /// Returns the place of the next byte.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Returns how many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.end - self.at
    }

    /// Returns the bytes that are left.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..self.end]
    }

    /// Returns all bytes, those before and after this part, too.
    pub(super) fn all(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the place after the last byte of this part.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// Says that something here does not fit together.
    pub(super) fn doubt(&mut self) {
        self.sound = false;
    }

    /// Goes on behind so many bytes, without a field.
    pub(super) fn skip(&mut self, count: usize) -> Read<&'a [u8]> {
        let bytes = self.rest().get(..count).ok_or(Cut)?;
        self.at += count;
        Ok(bytes)
    }

    /// Notes a field at a place that was read already.
    pub(super) fn note(&mut self, name: &str, range: Range<usize>, value: impl Into<String>) {
        self.fields.push(Field {
            name: name.to_owned(),
            value: value.into(),
            start: range.start,
            length: range.len(),
            fields: Vec::new(),
        });
    }

    /// Reads a field of so many bytes.
    pub(super) fn field(
        &mut self,
        name: &str,
        count: usize,
        words: impl FnOnce(&'a [u8]) -> String,
    ) -> Read<&'a [u8]> {
        let start = self.at;
        let bytes = self.skip(count)?;
        self.note(name, start..self.at, words(bytes));
        Ok(bytes)
    }

    /// Reads a field of a fixed number of bytes.
    pub(super) fn array<const N: usize>(
        &mut self,
        name: &str,
        words: impl FnOnce([u8; N]) -> String,
    ) -> Read<[u8; N]> {
        let bytes: [u8; N] = *self.rest().first_chunk().ok_or(Cut)?;
        self.field(name, N, |_| words(bytes))?;
        Ok(bytes)
    }

    /// Reads a number of one byte.
    pub(super) fn u8(&mut self, name: &str, words: impl FnOnce(u8) -> String) -> Read<u8> {
        let [value] = self.array(name, |[value]| words(value))?;
        Ok(value)
    }

    /// Reads a number of two bytes.
    pub(super) fn u16(&mut self, name: &str, words: impl FnOnce(u16) -> String) -> Read<u16> {
        let bytes = self.array(name, |bytes| words(u16::from_be_bytes(bytes)))?;
        Ok(u16::from_be_bytes(bytes))
    }

    /// Reads a number of three bytes.
    pub(super) fn u24(&mut self, name: &str, words: impl FnOnce(u32) -> String) -> Read<u32> {
        let number = |[a, b, c]: [u8; 3]| u32::from_be_bytes([0, a, b, c]);
        let bytes = self.array(name, |bytes| words(number(bytes)))?;
        Ok(number(bytes))
    }

    /// Reads a number of four bytes.
    pub(super) fn u32(&mut self, name: &str, words: impl FnOnce(u32) -> String) -> Read<u32> {
        let bytes = self.array(name, |bytes| words(u32::from_be_bytes(bytes)))?;
        Ok(u32::from_be_bytes(bytes))
    }

    /// Reads an IPv6 address.
    pub(super) fn address(&mut self, name: &str) -> Read<Ipv6Addr> {
        let octets: [u8; 16] = self.array(name, |octets| Ipv6Addr::from(octets).to_string())?;
        Ok(octets.into())
    }

    /// Reads an IPv4 address.
    pub(super) fn ipv4(&mut self, name: &str) -> Read<Ipv4Addr> {
        let octets: [u8; 4] = self.array(name, |octets| Ipv4Addr::from(octets).to_string())?;
        Ok(octets.into())
    }

    /// Reads an Ethernet address.
    pub(super) fn mac(&mut self, name: &str) -> Read<Mac> {
        self.array(name, |octets| Mac(octets).to_string()).map(Mac)
    }

    /// Reads bytes that stand for nothing but themselves.
    pub(super) fn hex(&mut self, name: &str, count: usize) -> Read<&'a [u8]> {
        self.field(name, count, shown::hex)
    }

    /// Notes what is left, whatever it is.
    pub(super) fn note_rest(&mut self, name: &str) {
        let start = self.at;
        self.at = self.end;
        self.note(
            name,
            start..self.end,
            shown::hex(&self.bytes[start..self.end]),
        );
    }

    /// Reads a field that is made of others, and which ends where they end. Its value is what
    /// `read` returns.
    pub(super) fn group(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self) -> Read<String>,
    ) -> Read<()> {
        let mut inner = Self::new(self.bytes, self.at..self.end);
        let found = read(&mut inner);
        let value = found.as_ref().map_or("cut off", |value| value.as_str());
        self.adopt(name, value.to_owned(), inner);
        found.map(|_| ())
    }

    /// Reads a field of so many bytes that is made of others. What they leave over is noted as
    /// well, and what they lack is a fault of the field alone, unless the bytes end there.
    pub(super) fn within(
        &mut self,
        name: &str,
        length: usize,
        read: impl FnOnce(&mut Self) -> Read<String>,
    ) -> Read<()> {
        let is_whole = length <= self.left();
        let end = self.at + length.min(self.left());
        let mut inner = Self::new(self.bytes, self.at..end);
        let found = read(&mut inner);
        if inner.left() > 0 {
            inner.doubt();
            inner.note_rest("does not fit");
        }
        let value = match (found, is_whole) {
            (Ok(value), true) if inner.sound => value,
            (Ok(value), true) => join(&value, "malformed"),
            (Err(Cut), true) => {
                inner.doubt();
                "malformed".to_owned()
            }
            (Ok(value), false) => join(&value, "cut off"),
            (Err(Cut), false) => "cut off".to_owned(),
        };
        self.adopt(name, value, inner);
        if is_whole { Ok(()) } else { Err(Cut) }
    }

    fn adopt(&mut self, name: &str, value: String, inner: Self) {
        self.fields.push(Field {
            name: name.to_owned(),
            value,
            start: self.at,
            length: inner.at - self.at,
            fields: inner.fields,
        });
        self.sound &= inner.sound;
        self.at = inner.at;
    }
}

fn join(value: &str, remark: &str) -> String {
    match value {
        "" => remark.to_owned(),
        value => format!("{value}, {remark}"),
    }
}

/// Returns a number as it is.
pub(super) fn plain(number: impl Display) -> String {
    number.to_string()
}

//! JSON that is broken into lines down to a depth, and below it is not.
//!
//! So each verdict is one line: short enough for a file of tens of thousands of them, and still
//! something that `grep` and a comparison of two files by lines can show.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

/// Returns a value as JSON whose arrays and objects are broken into lines down to this depth, where
/// the value itself is of depth 1.
pub(super) fn json(value: &impl Serialize, depth: usize) -> String {
    let mut bytes = Vec::new();
    let lines = Lines {
        pretty: PrettyFormatter::new(),
        broken: depth,
        depth: 0,
    };
    let mut serializer = Serializer::with_formatter(&mut bytes, lines);
    let written = value.serialize(&mut serializer);
    written.expect("a report has string keys only");
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

struct Lines<'a> {
    pretty: PrettyFormatter<'a>,
    /// The last depth whose values have a line each.
    broken: usize,
    /// That of the array or object which is being written.
    depth: usize,
}

impl Lines<'_> {
    fn is_broken(&self) -> bool {
        self.depth <= self.broken
    }
}

/// Passes a call on to whoever writes at this depth.
macro_rules! pass_on {
    ($self:ident.$call:ident($($argument:ident),*)) => {
        match $self.is_broken() {
            true => $self.pretty.$call($($argument),*),
            false => CompactFormatter.$call($($argument),*),
        }
    };
}

impl Formatter for Lines<'_> {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        pass_on!(self.begin_array(writer))
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let written = pass_on!(self.end_array(writer));
        self.depth -= 1;
        written
    }

    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        pass_on!(self.begin_array_value(writer, first))
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        pass_on!(self.end_array_value(writer))
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        pass_on!(self.begin_object(writer))
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let written = pass_on!(self.end_object(writer));
        self.depth -= 1;
        written
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        pass_on!(self.begin_object_key(writer, first))
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        pass_on!(self.begin_object_value(writer))
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        pass_on!(self.end_object_value(writer))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_deep_stays_on_its_line() {
        let value = json!({"a": {"b": [1, {"c": []}], "d": {}}, "e": [], "f": [[2, 3], 4]});
        let two = "{\n  \"a\": {\n    \"b\": [1,{\"c\":[]}],\n    \"d\": {}\n  },\n  \"e\": [],\n  \
                   \"f\": [\n    [2,3],\n    4\n  ]\n}";
        assert_eq!(json(&value, 2), two);
        assert_eq!(json(&value, 0), value.to_string());
        let whole = serde_json::to_string_pretty(&value).unwrap();
        assert_eq!(json(&value, 9), whole);
    }
}

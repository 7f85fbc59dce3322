//! What the reader of TOML says of a value of the wrong kind, in the words of somebody who writes
//! files: serde speaks of the types that a program keeps them in.

use std::ops::Range;

/// Says in other words what the reader says of the value at `span`; `None` where its words are ours.
pub(super) fn in_our_words(message: &str, span: &Range<usize>, text: &str) -> Option<String> {
    let key = key_before(span, text).map(|key| format!("`{key}`: "));
    let key = key.unwrap_or_default();
    // serde: invalid type: integer `10`, expected a string
    let of_kind = |start: &str| {
        let (found, wanted) = message.strip_prefix(start)?.split_once(", expected ")?;
        Some((found, wanted))
    };
    if let Some((found, wanted)) = of_kind("invalid type: ").or_else(|| of_kind("invalid value: "))
    {
        let (found, wanted) = (found_in_words(found), wanted_in_words(wanted));
        return Some(format!("{key}{found} stands where {wanted} belongs"));
    }
    if let Some((count, wanted)) = of_kind("invalid length ") {
        let wanted = wanted_in_words(wanted);
        return Some(format!(
            "{key}a list of {count} stands where {wanted} belongs"
        ));
    }
    if let Some(name) = message.strip_prefix("missing field ") {
        return Some(format!("{key}the key {name} is missing"));
    }
    if message.starts_with("wanted exactly 1 element") {
        return Some(format!("{key}exactly one key belongs here"));
    }
    // The reader's words for what is chosen from a list of names.
    (message == "wanted string or table").then(|| format!("{key}a name in quotes belongs here"))
}

/// Returns what was found, as a file has it.
fn found_in_words(found: &str) -> String {
    let (kind, value) = found.split_once([' ', '`', '"']).unwrap_or((found, ""));
    let value = value.trim_matches(['`', '"']);
    match kind {
        "integer" => format!("the number `{value}`"),
        "floating" => format!("the number `{}`", value.trim_start_matches("point `")),
        "boolean" => format!("`{value}`"),
        "string" => format!("the text \"{value}\""),
        "sequence" => "a list".to_owned(),
        "map" => "a table".to_owned(),
        _ => found.to_owned(),
    }
}

/// Returns what was wanted, as a file would have it.
fn wanted_in_words(wanted: &str) -> String {
    let known = WANTED.iter().find(|(said, _)| *said == wanted);
    if let Some((_, words)) = known {
        return (*words).to_owned();
    }
    if let Some(count) = wanted.strip_prefix("a tuple of size ") {
        return format!("a list of {count}");
    }
    let table = ["struct ", "enum ", "tuple struct "]
        .iter()
        .any(|start| wanted.starts_with(start));
    match table {
        true => "a table `{ … }`".to_owned(),
        false => wanted.to_owned(),
    }
}

/// Returns the key of the value at `span`, if it stands before it on its line.
fn key_before<'t>(span: &Range<usize>, text: &'t str) -> Option<&'t str> {
    let before = text.get(..span.start)?;
    let line = before.rsplit('\n').next()?;
    // Of a list, the key of the whole.
    let start = line.trim_end().strip_suffix('[').unwrap_or(line);
    let start = start.trim_end().strip_suffix('=')?;
    let is_of_key = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let key = start
        .trim_end()
        .rsplit(|letter| !is_of_key(letter))
        .next()?;
    (!key.is_empty()).then_some(key)
}

/// What the reader wants, and how a file has it.
const WANTED: [(&str, &str); 12] = [
    ("a string", "a text in quotes"),
    ("a borrowed string", "a text in quotes"),
    ("a boolean", "`true` or `false`"),
    ("a sequence", "a list `[ … ]`"),
    ("a map", "a table `{ … }`"),
    ("unit", "nothing"),
    ("u8", "a whole number from 0 to 255"),
    ("u16", "a whole number from 0 to 65535"),
    ("u32", "a whole number from 0 to 4294967295"),
    ("u64", "a whole number from 0 on"),
    ("usize", "a whole number from 0 on"),
    ("i64", "a whole number"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_the_wrong_kind_is_told_with_its_key_in_plain_words() {
        for (file, message, ours) in [
            (
                "do.resolve = { name = 10 }",
                "invalid type: integer `10`, expected a string",
                "`name`: the number `10` stands where a text in quotes belongs",
            ),
            (
                "do.resolve = 10",
                "invalid type: integer `10`, expected struct Resolve",
                "`do.resolve`: the number `10` stands where a table `{ … }` belongs",
            ),
            (
                "names = 10",
                "invalid type: string \"a\", expected a sequence",
                "`names`: the text \"a\" stands where a list `[ … ]` belongs",
            ),
            (
                "percent = 10.5",
                "invalid type: floating point `10.5`, expected u8",
                "`percent`: the number `10.5` stands where a whole number from 0 to 255 belongs",
            ),
            (
                "names = [10]",
                "invalid type: integer `10`, expected a string",
                "`names`: the number `10` stands where a text in quotes belongs",
            ),
            (
                "cable = 10",
                "wanted string or table",
                "`cable`: a name in quotes belongs here",
            ),
            (
                "ra-interval = 10",
                "invalid length 1, expected a tuple of size 2",
                "`ra-interval`: a list of 1 stands where a list of 2 belongs",
            ),
            ("10", "missing field `name`", "the key `name` is missing"),
        ] {
            let at = file.find("10").unwrap_or(file.len());
            let said = in_our_words(message, &(at..file.len()), file);
            assert_eq!(said.as_deref(), Some(ours));
        }
        assert_eq!(in_our_words("`x` is no URL", &(0..1), "x"), None);
    }
}

//! What a scenario file can say, taken from its JSON Schema: whoever adds a step, a quirk or a key has
//! it composed, counted and shrunk without a word here.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use serde_json::Value;
use strum::VariantArray as _;

use crate::period::Period;
use crate::scenario::step::cable::Wire;
use crate::scenario::step::crafted::{Crafted, Crossing};
use crate::schema;

/// The form of a value.
#[derive(Debug)]
pub(super) enum Shape {
    /// A table.
    Table(Vec<Key>),
    /// A table with exactly one of these keys.
    One(Vec<Key>),
    /// A list of any length.
    List(Box<Self>),
    /// A list with these elements.
    Tuple(Vec<Self>),
    /// One of these words.
    Words(Vec<String>),
    /// A value of one of these forms.
    Either(Vec<Self>),
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number(RangeInclusive<u64>),
    /// A span of time.
    Period,
    /// Any other text.
    Text,
}

/// A key of a table.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) shape: Shape,
    pub(super) required: bool,
}

/// Something that a file can say: the path of its keys, and one of the words that stand there.
pub(super) type Said = (String, String);

impl Shape {
    /// Returns the keys of a table.
    pub(super) fn keys(&self) -> &[Key] {
        match self {
            Self::Table(keys) | Self::One(keys) => keys,
            Self::List(element) => element.keys(),
            _ => &[],
        }
    }

    /// Returns the form of what stands below a key.
    pub(super) fn key(&self, name: &str) -> Option<&Self> {
        let mut keys = self.keys().iter();
        keys.find(|key| key.name == name).map(|key| &key.shape)
    }

    /// Returns everything that can be said, in the order of the schema.
    pub(super) fn sayings(&self, path: &str) -> Vec<Said> {
        let mut said = Vec::new();
        match self {
            Self::Table(keys) | Self::One(keys) => {
                for key in keys {
                    let below = join(path, &key.name);
                    // What is always there tells nothing.
                    if !key.required {
                        said.push((path.to_owned(), key.name.clone()));
                    }
                    said.extend(key.shape.sayings(&below));
                }
            }
            Self::List(element) => said = element.sayings(path),
            Self::Tuple(forms) | Self::Either(forms) => {
                said = forms.iter().flat_map(|form| form.sayings(path)).collect();
            }
            Self::Words(words) => {
                said = words
                    .iter()
                    .map(|word| (path.to_owned(), word.clone()))
                    .collect();
            }
            Self::Flag | Self::Number(_) | Self::Period | Self::Text => {}
        }
        said
    }

    /// Returns what a value says, as often as it says it.
    pub(super) fn said_by(&self, path: &str, value: &Value) -> Vec<Said> {
        let mut said = Vec::new();
        match (self, value) {
            (Self::Table(keys) | Self::One(keys), Value::Object(table)) => {
                for key in keys {
                    let Some(value) = table.get(&key.name) else {
                        continue;
                    };
                    if !key.required {
                        said.push((path.to_owned(), key.name.clone()));
                    }
                    said.extend(key.shape.said_by(&join(path, &key.name), value));
                }
            }
            (Self::List(element), Value::Array(list)) => {
                said = list
                    .iter()
                    .flat_map(|one| element.said_by(path, one))
                    .collect();
            }
            (Self::Either(forms), value) => {
                said = forms
                    .iter()
                    .flat_map(|form| form.said_by(path, value))
                    .collect();
            }
            (Self::Words(words), Value::String(word)) if words.contains(word) => {
                said.push((path.to_owned(), word.clone()));
            }
            _ => {}
        }
        said
    }
}

/// What no scenario of ours says, and why not.
pub(super) const LEFT_OUT: &[(&str, &str)] = &[
    (
        "about",
        "it is for people, and says where the scenario came from",
    ),
    (
        "source",
        "it is for people, and says where the scenario came from",
    ),
    (
        "exercises",
        "what is judged for certain is known of a situation that somebody thought of",
    ),
    ("notices", "it is about defects, and the router has none"),
    (
        "expect",
        "how it ends is known of a situation that somebody thought of",
    ),
    (
        "device.wrong-on-purpose",
        "it follows from the other keys, and anything else would be untrue",
    ),
    ("line.member", "nothing of a member concerns the router"),
    (
        "step.do.press.fill",
        "what is to be written is known of a page that somebody thought of",
    ),
    (
        "step.do.press.greyed",
        "how it ends is known of a situation that somebody thought of",
    ),
    (
        "step.do.press.shows",
        "how it ends is known of a situation that somebody thought of",
    ),
    (
        "step.do.run",
        "a real computer takes real time, and its program is another one's",
    ),
    (
        "step.do.browse",
        "a real browser takes real time, and is another one's",
    ),
];

/// Returns the form of a scenario file.
pub(super) fn vocabulary() -> &'static Shape {
    static WHOLE: LazyLock<Shape> = LazyLock::new(|| {
        let schema: Value =
            serde_json::from_str(&schema::scenario()).expect("a schema is a JSON text");
        shape(&schema, &schema["definitions"], "")
    });
    &WHOLE
}

fn shape(schema: &Value, types: &Value, path: &str) -> Shape {
    if let Some(Value::String(reference)) = schema.get("$ref") {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return shape(&types[name], types, path);
    }
    let bound = |key: &str| schema.get(key).and_then(Value::as_u64);
    match schema["type"].as_str() {
        Some("object") => {
            let keys = keys(schema, types, path);
            match (bound("minProperties"), bound("maxProperties")) {
                (Some(1), Some(1)) => Shape::One(keys),
                _ => Shape::Table(keys),
            }
        }
        Some("array") => match &schema["items"] {
            Value::Array(forms) => {
                Shape::Tuple(forms.iter().map(|form| shape(form, types, path)).collect())
            }
            element => Shape::List(Box::new(shape(element, types, path))),
        },
        Some("string") => match text(schema) {
            Shape::Words(mut words) => {
                words.retain(|word| can_come(path, word));
                Shape::Words(words)
            }
            other => other,
        },
        Some("boolean") => Shape::Flag,
        Some("integer") => {
            let most = bound("maximum").unwrap_or(u64::from(u16::MAX));
            Shape::Number(bound("minimum").unwrap_or(0)..=most)
        }
        other => unreachable!("nobody composes a value of type {other:?} at {path}"),
    }
}

/// Returns whether a crafted frame or packet can come by the cable that its step speaks of.
fn can_come(path: &str, word: &str) -> bool {
    let frame = |wire| {
        let mut all = Crafted::VARIANTS.iter();
        all.any(|one| one.comes_by(wire) && one.to_string() == word)
    };
    let packet = |wire| {
        let mut all = Crossing::VARIANTS.iter();
        all.any(|one| one.comes_by(wire) && one.to_string() == word)
    };
    match path {
        "step.do.inject-wan.frame" => frame(Wire::Wan),
        "step.do.inject-lan.frame" => frame(Wire::Lan),
        "step.do.send-in.packet" => packet(Wire::Wan),
        "step.do.send-out.packet" => packet(Wire::Lan),
        _ => true,
    }
}

fn keys(schema: &Value, types: &Value, path: &str) -> Vec<Key> {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let keys = schema["properties"].as_object().into_iter().flatten();
    let keys = keys.filter_map(|(name, below)| {
        let path = join(path, name);
        let is_left_out = LEFT_OUT.iter().any(|(left_out, _)| *left_out == path);
        (!is_left_out).then(|| Key {
            name: name.clone(),
            shape: shape(below, types, &path),
            required: required.iter().any(|one| one == name),
        })
    });
    keys.collect()
}

fn text(schema: &Value) -> Shape {
    if let Some(Value::Array(words)) = schema.get("enum") {
        let words = words.iter().filter_map(Value::as_str).map(str::to_owned);
        return Shape::Words(words.collect());
    }
    if let Some(Value::Array(forms)) = schema.get("anyOf") {
        return Shape::Either(forms.iter().map(text).collect());
    }
    let pattern = schema.get("pattern").and_then(Value::as_str);
    if pattern.is_some_and(|pattern| pattern == Period::pattern()) {
        return Shape::Period;
    }
    Shape::Text
}

/// Returns the path of a key.
pub(super) fn join(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ngnlab_sim::line::QUIRK_WORDS;
    use serde_json::json;
    use strum::VariantNames as _;

    use super::*;
    use crate::scenario::step::Action;

    #[test]
    fn every_step_and_every_quirk_is_composed_or_left_out_by_name() {
        let said: BTreeSet<Said> = vocabulary().sayings("").into_iter().collect();
        let is_known = |path: &str, word: &str| {
            let whole = join(path, word);
            said.contains(&(path.to_owned(), word.to_owned()))
                || LEFT_OUT.iter().any(|(left_out, _)| *left_out == whole)
        };
        for step in Action::VARIANTS {
            assert!(is_known("step.do", step), "{step}");
        }
        for quirk in QUIRK_WORDS {
            let path = format!("line.quirks.{}", quirk.node);
            assert!(is_known(&path, quirk.name), "{path} {}", quirk.name);
        }
    }

    #[test]
    fn a_frame_and_a_packet_come_by_some_cable_and_by_no_other() {
        let said = vocabulary().sayings("");
        let is_said = |path: &str, word: String| said.contains(&(path.to_owned(), word));
        for frame in Crafted::VARIANTS {
            for (path, wire) in [("inject-wan", Wire::Wan), ("inject-lan", Wire::Lan)] {
                let path = format!("step.do.{path}.frame");
                assert_eq!(
                    is_said(&path, frame.to_string()),
                    frame.comes_by(wire),
                    "{frame}"
                );
            }
        }
        for packet in Crossing::VARIANTS {
            for (path, wire) in [("send-in", Wire::Wan), ("send-out", Wire::Lan)] {
                let path = format!("step.do.{path}.packet");
                assert_eq!(
                    is_said(&path, packet.to_string()),
                    packet.comes_by(wire),
                    "{packet}"
                );
            }
        }
    }

    #[test]
    fn what_is_left_out_is_something_that_a_file_can_say() {
        let schema: Value = serde_json::from_str(&schema::scenario()).unwrap();
        for (path, _) in LEFT_OUT {
            let mut place = &schema;
            for key in path.split('.') {
                if let Some(element) = place["items"]["$ref"].as_str() {
                    place = &schema["definitions"][element.rsplit('/').next().unwrap()];
                }
                place = &place["properties"][key];
            }
            assert!(place.is_object(), "{path}");
        }
    }

    #[test]
    fn a_value_is_counted_for_each_of_its_keys_and_words() {
        let line = json!({"preset": "next-ra", "quirks": {"dns": ["no-tcp", "denies-ptr"]}});
        let said = vocabulary().said_by("", &json!({ "line": line, "until": "60s" }));
        let said: Vec<String> = said
            .iter()
            .map(|(path, word)| format!("{path} {word}"))
            .collect();
        assert_eq!(
            said,
            [
                "line.preset next-ra",
                "line quirks",
                "line.quirks dns",
                "line.quirks.dns no-tcp",
                "line.quirks.dns denies-ptr",
            ]
        );
    }
}

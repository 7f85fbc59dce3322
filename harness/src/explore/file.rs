//! A scenario as a file that people read: a step is a few lines, and what belongs together is on one.

use serde_json::{Map, Value};

/// Writes a scenario with lines of comment above it.
pub(super) fn text(document: &Value, comment: &[String]) -> String {
    let mut text = String::new();
    for line in comment {
        text.push_str(&format!("# {line}\n"));
    }
    let Value::Object(whole) = document else {
        return text;
    };
    for key in in_order(
        whole,
        &["about", "source", "line", "device", "terminals", "until"],
    ) {
        // These come as blocks of their own.
        if !BLOCKS.contains(&key) {
            text.push_str(&format!("{key} = {}\n", inline(&whole[key])));
        }
    }
    for block in BLOCKS {
        let tables = whole.get(block).and_then(Value::as_array);
        for table in tables.into_iter().flatten() {
            text.push_str(&format!("\n[[{block}]]\n"));
            let Value::Object(table) = table else {
                continue;
            };
            for key in in_order(table, &["name", "at", "when", "terminal", "within"]) {
                match (key, &table[key]) {
                    ("do", Value::Object(action)) => {
                        for (kind, details) in action {
                            text.push_str(&format!("do.{kind} = {}\n", inline(details)));
                        }
                    }
                    (key, value) => text.push_str(&format!("{key} = {}\n", inline(value))),
                }
            }
        }
    }
    text
}

/// Returns the keys of a table, some of them first.
fn in_order<'a>(table: &'a Map<String, Value>, first: &[&'static str]) -> Vec<&'a str> {
    let place = |key: &str| {
        first
            .iter()
            .position(|one| *one == key)
            .unwrap_or(first.len())
    };
    let mut keys: Vec<&str> = table.keys().map(String::as_str).collect();
    keys.sort_by_key(|key| place(key));
    keys
}

/// Writes a value on one line.
fn inline(value: &Value) -> String {
    match value {
        Value::Object(table) if table.is_empty() => "{}".to_owned(),
        Value::Object(table) => {
            let pairs = table
                .iter()
                .map(|(key, value)| format!("{key} = {}", inline(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::Array(list) => {
            let list: Vec<String> = list.iter().map(inline).collect();
            format!("[{}]", list.join(", "))
        }
        Value::String(text) => toml::Value::String(text.clone()).to_string(),
        // TOML and JSON write these alike; there is no null in what was drawn.
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// What a file says block by block.
const BLOCKS: [&str; 2] = ["terminal", "step"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_reads_as_people_write_it() {
        let document = json!({
            "step": [{"do": {"open": {"url": "https://a\\b/"}}, "at": "20s"}],
            "terminal": [{"ipv6": false, "name": "pc"}],
            "line": {"preset": "next-ra", "quirks": {"dns": ["no-tcp"]}},
            "until": "60s",
            "about": {"en": "A \"test\"."},
        });
        let lines = [
            "# one",
            "about = { en = 'A \"test\".' }",
            "line = { preset = \"next-ra\", quirks = { dns = [\"no-tcp\"] } }",
            "until = \"60s\"",
            "",
            "[[terminal]]",
            "name = \"pc\"",
            "ipv6 = false",
            "",
            "[[step]]",
            "at = \"20s\"",
            "do.open = { url = 'https://a\\b/' }",
        ];
        let text = text(&document, &["one".to_owned()]);
        assert_eq!(text.lines().collect::<Vec<_>>(), lines);
        let read: Value = toml::from_str(&text).unwrap();
        assert_eq!(read, document);
    }
}

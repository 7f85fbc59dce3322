//! The smallest scenario that still shows what was found: whatever can go goes, and what must stay is
//! made short and plain, as long as it is seen.

use std::time::Duration;

use serde_json::{Value, json};

use crate::period::Period;

/// Says whether a scenario shows the same; nothing of one that cannot be.
pub(super) type Shows<'a> = &'a dyn Fn(&Value) -> Option<bool>;

/// Makes a scenario smaller as long as it shows the same, within some tries.
pub(super) fn shrink(document: &Value, tries: usize, shows: Shows<'_>) -> Value {
    let mut work = Work {
        smallest: document.clone(),
        tries,
        shows,
    };
    loop {
        let before = work.smallest.clone();
        work.drop_steps();
        work.drop_parts();
        work.simplify();
        if work.smallest == before || work.tries == 0 {
            return work.smallest;
        }
    }
}

struct Work<'a> {
    smallest: Value,
    tries: usize,
    shows: Shows<'a>,
}

impl Work<'_> {
    /// Keeps a smaller scenario if it shows the same.
    fn keep(&mut self, smaller: Value) -> bool {
        if self.tries == 0 || smaller == self.smallest {
            return false;
        }
        // What cannot be costs nothing.
        let Some(shows) = (self.shows)(&smaller) else {
            return false;
        };
        self.tries -= 1;
        if shows {
            self.smallest = smaller;
        }
        shows
    }

    /// Leaves out steps: half of them, a quarter, and at last each by itself.
    fn drop_steps(&mut self) {
        let count = |document: &Value| document["step"].as_array().map_or(0, Vec::len);
        let mut at_once = count(&self.smallest).max(1);
        loop {
            let mut first = 0;
            while first < count(&self.smallest) {
                let mut smaller = self.smallest.clone();
                if let Some(steps) = smaller["step"].as_array_mut() {
                    steps.drain(first..(first + at_once).min(steps.len()));
                }
                if !self.keep(smaller) {
                    first += at_once;
                }
            }
            if at_once == 1 {
                return;
            }
            at_once = at_once.div_ceil(2);
        }
    }

    /// Leaves out keys and elements of lists, those that hold others first.
    fn drop_parts(&mut self) {
        let mut index = 0;
        // What was dropped takes its own parts with it, so that places are asked for anew.
        while let Some(place) = places(&self.smallest).get(index) {
            let mut smaller = self.smallest.clone();
            let is_meant = !KEPT.contains(&&**place);
            if !(is_meant && remove(&mut smaller, place) && self.keep(smaller)) {
                index += 1;
            }
        }
    }

    /// Makes spans shorter and numbers smaller, and the line a plain one.
    fn simplify(&mut self) {
        for place in places(&self.smallest) {
            let Some(value) = self.smallest.pointer(&place).cloned() else {
                continue;
            };
            for simpler in simpler(&place, &value) {
                let mut smaller = self.smallest.clone();
                if let Some(there) = smaller.pointer_mut(&place) {
                    *there = simpler;
                }
                if self.keep(smaller) {
                    break;
                }
            }
        }
    }
}

/// Returns simpler values for one, the simplest first.
fn simpler(place: &str, value: &Value) -> Vec<Value> {
    if place == "/line/preset" {
        let plain = PLAIN_LINES.iter().take_while(|plain| value != **plain);
        return plain.map(|plain| json!(plain)).collect();
    }
    match value {
        Value::String(text) => {
            let Ok(Period(span)) = text.parse() else {
                return Vec::new();
            };
            let plain = SPANS.iter().map(|seconds| Duration::from_secs(*seconds));
            let mut shorter: Vec<Duration> = plain.filter(|plain| *plain < span).collect();
            // In between, by halves.
            shorter.push(Duration::from_secs((span / 2).as_secs()));
            shorter.retain(|shorter| !shorter.is_zero() && *shorter < span);
            shorter
                .into_iter()
                .map(|span| json!(Period(span)))
                .collect()
        }
        Value::Number(number) => {
            let smaller = NUMBERS.iter().filter(|one| number.as_u64() > Some(**one));
            smaller.map(|one| json!(one)).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the places of everything in a scenario, those that hold others first.
fn places(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    below(document, "", &mut found);
    found
}

fn below(value: &Value, place: &str, found: &mut Vec<String>) {
    let mut below_one = |key: &str, part: &Value| {
        let place = format!("{place}/{key}");
        found.push(place.clone());
        below(part, &place, found);
    };
    match value {
        Value::Object(table) => {
            for (key, part) in table {
                below_one(key, part);
            }
        }
        Value::Array(list) => {
            // From behind, so that an element keeps its place when a later one goes.
            for (index, part) in list.iter().enumerate().rev() {
                below_one(&index.to_string(), part);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Takes out what stands at a place; returns whether it was there.
fn remove(document: &mut Value, place: &str) -> bool {
    let Some((parent, key)) = place.rsplit_once('/') else {
        return false;
    };
    match document.pointer_mut(parent) {
        Some(Value::Object(table)) => table.remove(key).is_some(),
        Some(Value::Array(list)) => match key.parse::<usize>() {
            Ok(index) if index < list.len() => {
                list.remove(index);
                true
            }
            Ok(_) | Err(_) => false,
        },
        _ => false,
    }
}

/// What every scenario has: the area decides on the randomness of the run.
const KEPT: &[&str] = &["/about", "/source", "/line/areas", "/line/areas/0"];
/// The lines that need the fewest words.
const PLAIN_LINES: &[&str] = &["next-pd", "next-ra"];
/// In seconds.
const SPANS: &[u64] = &[1, 5, 10, 20, 30, 60, 120, 300, 1800];
const NUMBERS: &[u64] = &[0, 1, 10, 50];

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn only_what_is_needed_to_show_it_is_left() {
        let document = json!({
            "about": {},
            "source": "",
            "line": {"preset": "cross", "areas": ["east"], "quirks": {"dns": ["a", "b"]}},
            "until": "4h",
            "step": [{"at": "70s", "n": 7}, {"at": "9s"}, {"at": "33s", "n": 400, "odd": true}],
        });
        let shows = |document: &Value| {
            let steps = document["step"].as_array().map_or(0, Vec::len);
            let odd = document["step"][steps.max(1) - 1]["odd"] == json!(true);
            odd && document["line"]["quirks"]["dns"]
                .as_array()
                .is_some_and(|all| all.contains(&json!("b")) && document["until"] != json!("1s"))
        };
        let expected = json!({
            "about": {},
            "source": "",
            "line": {"areas": ["east"], "quirks": {"dns": ["b"]}},
            "until": "2s",
            "step": [{"odd": true}],
        });
        let smallest = shrink(&document, 1000, &|document| {
            document.get("until").map(|_| shows(document))
        });
        assert_eq!(smallest, expected);
    }

    #[test]
    fn it_gives_up_after_its_tries() {
        let asked = Cell::new(0);
        let document = json!({"step": [1, 2, 3], "until": "9h"});
        let smallest = shrink(&document, 4, &|_| {
            asked.set(asked.get() + 1);
            Some(false)
        });
        assert_eq!((smallest, asked.get()), (document, 4));
    }
}

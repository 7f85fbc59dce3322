//! A sentence with holes, and the Japanese sentence that the same holes stand in.
//!
//! `{1}` holds a value that reads the same in both languages; `{#1}` one that is a number; `{*1}`
//! anything, as what a device file says; `[1]` words of ours, which must stand in the table
//! themselves.

/// A pattern with its Japanese.
pub(super) struct Pattern {
    english: Vec<Piece>,
    japanese: Vec<Piece>,
}

/// What a sentence is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Said(&'static str),
    Hole(Kind, char),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Value,
    Number,
    Any,
    Words,
}

/// What stands in a hole, as it is to be shown.
type Filled = (char, String);

impl Pattern {
    /// Reads a pattern.
    pub(super) fn of(english: &'static str, japanese: &'static str) -> Self {
        Self {
            english: pieces(english),
            japanese: pieces(japanese),
        }
    }

    /// Returns whether it has no holes.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.english[..], [Piece::Said(_)])
    }

    /// Returns how it begins, unless with a hole.
    pub(super) fn start(&self) -> Option<&'static str> {
        match self.english.first() {
            Some(Piece::Said(said)) => Some(said),
            Some(Piece::Hole(..)) | None => None,
        }
    }

    /// Returns how much it tells by itself: its letters, and a little for what its holes ask for.
    pub(super) fn tells(&self) -> usize {
        let told = self.english.iter().map(|piece| match piece {
            Piece::Said(said) => 4 * said.len(),
            Piece::Hole(Kind::Number, _) => 3,
            Piece::Hole(Kind::Words, _) => 2,
            Piece::Hole(Kind::Value, _) => 1,
            Piece::Hole(Kind::Any, _) => 0,
        });
        told.sum()
    }

    /// Returns whether a sentence begins and ends like it.
    pub(super) fn may_fit(&self, english: &str) -> bool {
        let begins = self.start().is_none_or(|said| english.starts_with(said));
        let ends = match self.english.last() {
            Some(Piece::Said(said)) => english.ends_with(said),
            Some(Piece::Hole(..)) | None => true,
        };
        begins && ends
    }

    /// Says a sentence in Japanese, if it fits; `words` says its parts.
    pub(super) fn said(
        &self,
        english: &str,
        tries: &mut u32,
        words: &mut dyn FnMut(&str, &mut u32) -> Option<String>,
    ) -> Option<String> {
        let mut filled = Vec::new();
        if !fits(&self.english, english, &mut filled, tries, words) {
            return None;
        }
        let mut said = String::new();
        for piece in &self.japanese {
            match piece {
                Piece::Said(words) => said.push_str(words),
                Piece::Hole(_, name) => {
                    let mut filled = filled.iter();
                    let value = filled.find(|(other, _)| other == name);
                    said.push_str(value.map_or("", |(_, value)| value));
                }
            }
        }
        Some(said)
    }

    /// Returns why it can be no pattern.
    #[cfg(test)]
    pub(super) fn what_is_wrong(&self) -> Option<&'static str> {
        let holes = |pieces: &[Piece]| {
            let holes = pieces.iter().filter_map(|piece| match piece {
                Piece::Said(_) => None,
                Piece::Hole(_, name) => Some(*name),
            });
            let mut holes: Vec<char> = holes.collect();
            holes.sort_unstable();
            holes
        };
        let mut english = self.english.windows(2);
        let mut twice = holes(&self.english);
        twice.dedup();
        if holes(&self.english) != holes(&self.japanese) {
            Some("the holes are not the same")
        } else if twice != holes(&self.english) {
            Some("a hole stands twice")
        } else if english.any(|pair| matches!(pair, [Piece::Hole(..), Piece::Hole(..)])) {
            Some("nothing stands between two holes")
        } else if !self.english.iter().any(|one| matches!(one, Piece::Said(_))) {
            Some("it says nothing")
        } else {
            None
        }
    }
}

fn fits(
    pieces: &[Piece],
    english: &str,
    filled: &mut Vec<Filled>,
    tries: &mut u32,
    words: &mut dyn FnMut(&str, &mut u32) -> Option<String>,
) -> bool {
    let Some(left) = tries.checked_sub(1) else {
        return false;
    };
    *tries = left;
    match pieces {
        [] => english.is_empty(),
        [Piece::Said(said), rest @ ..] => english
            .strip_prefix(said)
            .is_some_and(|english| fits(rest, english, filled, tries, words)),
        [Piece::Hole(kind, name), rest @ ..] => {
            let ends: Vec<usize> = match rest.first() {
                Some(Piece::Said(said)) => english.match_indices(said).map(|(at, _)| at).collect(),
                Some(Piece::Hole(..)) | None => vec![english.len()],
            };
            // What stands at the end may be nothing, as the name of the root of all names.
            let is_last = rest.is_empty() && matches!(kind, Kind::Value | Kind::Any);
            ends.into_iter()
                .filter(|end| is_last || *end > 0)
                .any(|end| {
                    let (value, after) = english.split_at(end);
                    let before = filled.len();
                    // What follows is cheaper to look at than what words mean.
                    if !fits(rest, after, filled, tries, words) {
                        return false;
                    }
                    match shown(*kind, value, tries, words) {
                        Some(value) => {
                            filled.push((*name, value));
                            true
                        }
                        None => {
                            filled.truncate(before);
                            false
                        }
                    }
                })
        }
    }
}

fn shown(
    kind: Kind,
    value: &str,
    tries: &mut u32,
    words: &mut dyn FnMut(&str, &mut u32) -> Option<String>,
) -> Option<String> {
    let is_number = |value: &str| value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.'));
    match kind {
        Kind::Words => words(value, tries),
        Kind::Number => is_number(value).then(|| value.to_owned()),
        Kind::Any => Some(value.to_owned()),
        Kind::Value => {
            let is_value = value.is_empty() || is_the_same(value);
            span(value).or_else(|| is_value.then(|| value.to_owned()))
        }
    }
}

/// Returns a span of time as it is said, if it is one; an identifier of six digits is none.
fn span(value: &str) -> Option<String> {
    let number = value.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match &value[number.len()..] {
        " ms" | "ms" => "ミリ秒",
        " s" | "s" => "秒",
        "m" => "分",
        "h" => "時間",
        "d" => "日",
        _ => return None,
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_span = is_number(whole) && is_number(part) && (1..6).contains(&whole.len());
    is_span.then(|| format!("{number}{unit}"))
}

/// Returns whether something reads the same in every language: a name, numbers, an address.
pub fn is_the_same(words: &str) -> bool {
    let is_word = |word: &str| word.len() > 2 && word.bytes().all(|c| c.is_ascii_lowercase());
    let mut all = words.split_whitespace();
    !words.is_empty() && (all.clone().count() == 1 || !all.any(is_word))
}

/// Takes a line of the table apart.
fn pieces(line: &'static str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for (at, _) in line.match_indices(['{', '[']) {
        let Some((hole, length)) = hole(&line[at..]) else {
            continue;
        };
        if at > from {
            pieces.push(Piece::Said(&line[from..at]));
        }
        pieces.push(hole);
        from = at + length;
    }
    if from < line.len() {
        pieces.push(Piece::Said(&line[from..]));
    }
    pieces
}

/// Returns the hole that a text begins with, and how long it is written.
fn hole(text: &str) -> Option<(Piece, usize)> {
    let mut letters = text.chars();
    let (kind, name, last) = match letters.next()? {
        '[' => (Kind::Words, letters.next()?, ']'),
        _ => match letters.next()? {
            '#' => (Kind::Number, letters.next()?, '}'),
            '*' => (Kind::Any, letters.next()?, '}'),
            name => (Kind::Value, name, '}'),
        },
    };
    let length = match kind {
        Kind::Value | Kind::Words => 3,
        Kind::Number | Kind::Any => 4,
    };
    let ends = letters.next() == Some(last);
    (name.is_ascii_digit() && ends).then_some((Piece::Hole(kind, name), length))
}

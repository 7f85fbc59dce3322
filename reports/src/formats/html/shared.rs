//! What many cases have in common, each held once: texts, how layers are laid out, and bytes that
//! stand apart. A page that held them case by case would be more than twice as long.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use serde_json::{Value, json};

use super::spelling;
use super::{Said, said, shown};
use crate::decoded::{Field, Layer};

/// What cases refer to by numbers.
#[derive(Default)]
pub(super) struct Shared {
    words: Numbered,
    /// The numbers of those that are sentences of ours.
    said: BTreeSet<usize>,
    layouts: Numbered,
    apart: Numbered,
}

/// The block that all cases need.
#[derive(Serialize)]
pub(super) struct Block {
    words: Vec<Said>,
    layouts: Vec<Value>,
    apart: Vec<String>,
}

/// Texts by their numbers.
#[derive(Default)]
struct Numbered {
    texts: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Numbered {
    fn number(&mut self, text: &str) -> usize {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), self.texts.len() - 1);
        self.texts.len() - 1
    }
}

impl Shared {
    /// Returns the number of a text.
    pub(super) fn word(&mut self, text: &str) -> usize {
        self.words.number(text)
    }

    /// Returns the number of a sentence, which is shown in the language of the page.
    pub(super) fn said(&mut self, sentence: &str) -> usize {
        let number = self.word(sentence);
        self.said.insert(number);
        number
    }

    /// Packs a layer as `[layout, start, length, summary, apart, values…]`.
    pub(super) fn layer(&mut self, layer: &Layer, frame: &[u8]) -> Value {
        let apart = &layer.apart[..];
        let bytes = if apart.is_empty() { frame } else { apart };
        let base = layer.start;
        let mut values = Vec::new();
        let fields = self.fields(&layer.fields, base, bytes, &mut values);
        let name = self.word(&layer.name);
        let layout = self.layouts.number(&json!([name, fields]).to_string());
        let mut row = vec![
            json!(layout),
            json!(layer.start),
            json!(layer.length),
            json!(self.word(&layer.summary)),
            match apart.is_empty() {
                true => Value::Null,
                false => json!(self.apart.number(&spelling::hex(apart))),
            },
        ];
        row.extend(values);
        Value::Array(row)
    }

    /// Lays fields out as `[name, start, length, spelling, inner]`, and collects the values that are
    /// not spelt by their bytes.
    fn fields(
        &mut self,
        fields: &[Field],
        base: usize,
        bytes: &[u8],
        values: &mut Vec<Value>,
    ) -> Value {
        let mut rows = Vec::new();
        for field in fields {
            let own = bytes.get(field.start..field.start + field.length);
            let spelt = own.and_then(|own| spelling::of(&field.value, own));
            let spelt = match spelt {
                Some(spelt) => json!(spelt),
                // A type, a code or a flag: there are few of them.
                None if field.length <= FEW => json!(self.word(&field.value)),
                None => {
                    values.push(json!(self.word(&field.value)));
                    Value::Null
                }
            };
            let mut row = vec![
                json!(self.word(&field.name)),
                json!(field.start as i64 - base as i64),
                json!(field.length),
                spelt,
            ];
            if !field.fields.is_empty() {
                row.push(self.fields(&field.fields, base, bytes, values));
            }
            rows.push(Value::Array(row));
        }
        Value::Array(rows)
    }

    /// Returns the block.
    pub(super) fn into_block(self) -> Block {
        let layouts = self.layouts.texts.iter();
        let layout = |text: &String| serde_json::from_str(text).expect("it was written here");
        let words = self.words.texts.iter().enumerate();
        let word = |(number, text): (usize, &String)| match self.said.contains(&number) {
            true => said(text),
            false => Said::Same(shown(text)),
        };
        Block {
            words: words.map(word).collect(),
            layouts: layouts.map(layout).collect(),
            apart: self.apart.texts,
        }
    }
}

/// The most bytes of a field that has few values.
const FEW: usize = 2;

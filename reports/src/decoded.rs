//! A frame taken apart for people: a line that says what it is, and each field with its bytes.
//!
//! Plain words and numbers; who knows packets fills them in. Every format that shows a frame shows
//! this: text, HTML, comments in captures.

use serde::{Deserialize, Serialize};

/// A frame in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decoded {
    /// What it is, in one line.
    pub summary: String,
    /// Its layers, outermost first.
    pub layers: Vec<Layer>,
}

/// One protocol's part of a frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// The protocol's name, as its document has it.
    pub name: String,
    /// What this part is, in a few words.
    pub summary: String,
    /// The bytes that this layer and those below stand in, where the frame does not hold them: what
    /// was encrypted there, or came in several pieces. Empty where the frame's own bytes are meant.
    pub apart: Vec<u8>,
    /// Where the layer starts in those bytes.
    pub start: usize,
    /// How many bytes it takes.
    pub length: usize,
    /// What it is made of, in the order of its bytes.
    pub fields: Vec<Field>,
}

/// A field, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its name, as the protocol's document has it.
    pub name: String,
    /// Its value in words.
    pub value: String,
    /// Where it starts in the bytes of its layer's frame, or of what stands apart.
    pub start: usize,
    /// How many bytes it takes; those of a flag are those that it shares with others.
    pub length: usize,
    /// What it is made of, as an option of its values.
    pub fields: Vec<Self>,
}

//! The layers of what a frame tells of its TCP stream.

use ngnlab_reports::decoded::Layer;

use super::conversation::{Piece, Place, What};
use super::stack::Stack;
use super::tls::Sight;
use super::{dns, http, link, tls};

/// Adds to a frame what its segment's data is.
pub(super) fn add(stack: &mut Stack, frame: &[u8], pieces: &[Piece]) {
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    for piece in pieces {
        let (mut layer, is_apart) = match &piece.place {
            Place::Here(range) => (layer(&piece.what, frame, range.start, range.end), false),
            Place::Apart(bytes) => {
                let layer = layer(&piece.what, bytes, 0, bytes.len());
                let apart = bytes.clone();
                (Layer { apart, ..layer }, true)
            }
        };
        remark(&piece.what, &mut layer);
        if is_told(&piece.what, pieces) {
            let words = layer.summary.clone();
            match told.last_mut() {
                Some((name, all)) if *name == layer.name => all.push(words),
                _ => told.push((layer.name.clone(), vec![words])),
            }
        }
        if is_apart {
            stack.apart.push(layer);
        } else {
            stack.layers.push(layer);
        }
    }
    let told: Vec<String> = told
        .into_iter()
        .map(|(name, mut words)| {
            if words.len() > MOST_TOLD {
                words.truncate(MOST_TOLD);
                words.push("…".to_owned());
            }
            format!("{name} {}", words.join(", "))
        })
        .collect();
    if !told.is_empty() {
        stack.says.push_str(&format!(": {}", told.join("; ")));
    }
}

fn layer(what: &What, bytes: &[u8], at: usize, end: usize) -> Layer {
    match what {
        What::Again | What::Early | What::Unknown => link::data("Data", bytes, at, end),
        What::Part(name) => link::data(name, bytes, at, end),
        What::Record(sight) => tls::record(sight, bytes, at, end),
        What::Inside(kind, version) => tls::inside(*kind, *version, bytes),
        What::Head => http::head(bytes, at, end),
        What::Body => http::body(bytes, at, end),
        What::Dns => dns::message(true, bytes, at, end).layer,
    }
}

fn remark(what: &What, layer: &mut Layer) {
    match what {
        What::Again => layer.summary.push_str(", sent again"),
        What::Early => layer.summary.push_str(", out of order"),
        What::Part(_) => layer.summary.push_str(" of a longer message"),
        _ => {}
    }
}

/// Returns whether a line about the frame speaks of it.
fn is_told(what: &What, pieces: &[Piece]) -> bool {
    match what {
        What::Unknown => false,
        // What is inside speaks for it.
        What::Record(Sight::Continued) => false,
        What::Record(Sight::Sealed(why)) => !why.starts_with("decrypted"),
        // So does what it completes.
        What::Part(_) => !pieces
            .iter()
            .any(|piece| !matches!(piece.what, What::Part(_) | What::Again)),
        _ => true,
    }
}

/// How many things of one protocol a line about a frame names.
const MOST_TOLD: usize = 8;

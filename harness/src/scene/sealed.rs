//! Encrypted bytes tell nobody anything, and are half of what a page would hold: what they hide
//! stands beside them in clear, as far as we have the secrets.

use ngnlab_reports::decoded::{Decoded, Layer};

/// Leaves encrypted bytes out, but for the first of them, and returns which of the frame's own they
/// were: from where, and how many.
pub(super) fn leave_out(decoded: &mut Decoded, frame: &mut [u8]) -> Vec<(usize, usize)> {
    let mut left_out = Vec::new();
    for layer in decoded.layers.iter_mut().filter(|one| one.name == TLS) {
        let Some((start, length)) = sealed(layer) else {
            continue;
        };
        if layer.apart.is_empty() {
            if let Some(bytes) = frame.get_mut(start..start + length) {
                bytes.fill(0);
                left_out.push((start, length));
            }
        } else {
            shorten(layer, start);
        }
    }
    left_out
}

/// Returns which bytes of a layer are encrypted, without the first ones.
fn sealed(layer: &Layer) -> Option<(usize, usize)> {
    let mut fields = layer.fields.iter();
    let field = fields.find(|one| SEALED.contains(&&*one.name) && one.length > WORTH_IT)?;
    Some((field.start + KEPT, field.length - KEPT))
}

/// Cuts what stands apart behind the bytes that are kept.
fn shorten(layer: &mut Layer, until: usize) {
    layer.apart.truncate(until);
    layer.length = until.saturating_sub(layer.start);
    for field in &mut layer.fields {
        field.start = field.start.min(until);
        field.length = field.length.min(until - field.start);
    }
}

const TLS: &str = "TLS";
/// What the decoder calls a record that is encrypted, and a part of one.
const SEALED: [&str; 2] = ["encrypted_record", "Data"];
/// So many are kept, which is enough to find them in a capture.
const KEPT: usize = 16;
const WORTH_IT: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use ngnlab_reports::decoded::Field;

    fn layer(apart: Vec<u8>, start: usize) -> Layer {
        Layer {
            name: TLS.to_owned(),
            summary: String::new(),
            apart,
            start,
            length: 200,
            fields: vec![Field {
                name: SEALED[0].to_owned(),
                value: String::new(),
                start: start + 5,
                length: 195,
                fields: Vec::new(),
            }],
        }
    }

    #[test]
    fn what_is_encrypted_in_a_frame_is_blank_but_for_its_beginning() {
        let mut decoded = Decoded {
            summary: String::new(),
            layers: vec![layer(Vec::new(), 10)],
        };
        let mut frame = vec![7; 210];
        assert_eq!(leave_out(&mut decoded, &mut frame), [(31, 179)]);
        assert_eq!((frame[30], frame[31], frame[209]), (7, 0, 0));
    }

    #[test]
    fn what_is_encrypted_apart_is_cut_and_every_field_stays_within() {
        let mut decoded = Decoded {
            summary: String::new(),
            layers: vec![layer(vec![7; 200], 0)],
        };
        assert!(leave_out(&mut decoded, &mut [0; 20]).is_empty());
        let layer = &decoded.layers[0];
        assert_eq!((layer.apart.len(), layer.length), (21, 21));
        assert_eq!((layer.fields[0].start, layer.fields[0].length), (5, 16));
    }
}

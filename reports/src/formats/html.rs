//! The report as one page for a browser: no request goes anywhere, and nothing is left out.
//!
//! What is on the page's first screen and in its matrix is one packed block; what belongs to one
//! case is another one, which the browser unpacks when that case is opened. So the page is quick,
//! however much it holds. Its script puts foreign words into text nodes alone.

use std::fmt::Write as _;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde::Serialize;
use shared::Shared;

use super::Look;
use crate::document::Document;
use crate::escape;
use crate::words::{self, Lang};
use crate::{Report, Text};

mod case;
mod overview;
mod shared;
mod spelling;

/// Renders a document, with what happened in each case as far as somebody can tell. It is in both
/// languages, and opens in the one that is asked for.
pub fn render(document: &Document, look: Look<'_>) -> String {
    let scenes = look.scenes;
    let reports: Vec<&Report> = match document {
        Document::Report(report) => vec![report],
        Document::Matrix(matrix) => matrix.devices.iter().collect(),
    };
    let mut blocks = String::new();
    let mut shared = Shared::default();
    block(
        &mut blocks,
        "overview",
        &overview::overview(&reports, scenes),
    );
    for (device, report) in reports.iter().enumerate() {
        for (index, case) in report.cases.iter().enumerate() {
            let id = format!("case-{device}-{index}");
            block(
                &mut blocks,
                &id,
                &case::pack(report, case, scenes, &mut shared),
            );
        }
    }
    block(&mut blocks, "shared", &shared.into_block());
    let title = match reports[..] {
        [report] => format!("ngnlab: {}", escape::line(&report.device)),
        _ => format!("ngnlab: {} devices", reports.len()),
    };
    let title = quick_xml::escape::escape(&title).into_owned();
    let script = SCRIPTS.concat();
    let language = match look.lang {
        Lang::En => "en",
        Lang::Ja => "ja",
    };
    let parts = [
        ("{language}", language),
        ("{title}", &title[..]),
        ("{style}", STYLE),
        ("{blocks}", &blocks),
        ("{script}", &script),
    ];
    let mut page = PAGE;
    let mut text = String::with_capacity(blocks.len() + script.len() + (64 << 10));
    // The holes stand in this order, and what fills one is not searched for others.
    for (hole, filling) in parts {
        if let Some((before, after)) = page.split_once(hole) {
            text.push_str(before);
            text.push_str(filling);
            page = after;
        }
    }
    text.push_str(page);
    text
}

/// Adds a value, packed so that it means nothing to a browser until the script unpacks it.
fn block(to: &mut String, id: &str, value: &impl Serialize) {
    let json = serde_json::to_vec(value).expect("plain values are serializable");
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&json).expect("memory takes everything");
    let packed = packed.finish().expect("memory takes everything");
    let _ = writeln!(
        to,
        "<script type=\"application/octet-stream\" id=\"{id}\">{}</script>",
        BASE64.encode(packed)
    );
}

/// Makes a foreign text one that is shown and never obeyed.
fn shown(text: &str) -> String {
    escape::line(text).into_owned()
}

/// A sentence of ours, with its Japanese where that is known.
#[derive(Serialize)]
#[serde(untagged)]
enum Said {
    /// The same in both languages, or foreign.
    Same(String),
    /// Different in each.
    Both { ja: String, en: String },
}

/// Says a sentence in both languages, shown and never obeyed.
fn said(english: &str) -> Said {
    let en = shown(english);
    match words::japanese(english) {
        Some(japanese) if japanese != english => Said::Both {
            ja: shown(&japanese),
            en,
        },
        Some(_) | None => Said::Same(en),
    }
}

/// A text in both languages, as the page takes it.
#[derive(Serialize)]
struct Both<'a> {
    ja: &'a str,
    en: &'a str,
}

impl<'a> From<&'a Text> for Both<'a> {
    fn from(text: &'a Text) -> Self {
        Self {
            ja: &text.ja,
            en: &text.en,
        }
    }
}

const PAGE: &str = include_str!("html/page.html");
pub(super) const STYLE: &str = include_str!("html/style.css");
/// The script, in the order in which its parts need each other.
const SCRIPTS: [&str; 8] = [
    include_str!("html/words.js"),
    include_str!("html/elements.js"),
    include_str!("html/spelling.js"),
    include_str!("html/frame.js"),
    include_str!("html/diagram.js"),
    include_str!("html/matrix.js"),
    include_str!("html/pages.js"),
    include_str!("html/main.js"),
];

#[cfg(test)]
mod tests;

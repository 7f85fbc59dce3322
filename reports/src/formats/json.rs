//! The report as a JSON document; its `format` field is the version.

use serde::Serialize;

use crate::matrix::Matrix;
use crate::{FORMAT, Report};

/// Renders a report.
pub fn render(report: &Report) -> String {
    pretty(report)
}

/// Renders the reports of several devices.
pub fn render_matrix(matrix: &Matrix) -> String {
    pretty(matrix)
}

fn pretty(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("a report has string keys only");
    text.push('\n');
    text
}

/// Reads a report back; the error says where and why it is not one.
pub fn parse(text: &str) -> Result<Report, String> {
    let version: Version = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if version.format != FORMAT {
        let found = version.format;
        return Err(format!(
            "report format {found} is not {FORMAT}; render it with its own version"
        ));
    }
    serde_json::from_str(text).map_err(|error| error.to_string())
}

#[derive(serde::Deserialize)]
struct Version {
    format: u32,
}

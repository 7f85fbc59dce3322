//! What `--json` writes and the formats show: the report of one device, or those of several.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use crate::matrix::Matrix;
use crate::{FORMAT, Report};

pub(crate) mod once;
mod written;

/// What one call of the program has to say.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Document {
    /// About one device.
    Report(Box<Report>),
    /// About several, which are compared.
    Matrix(Matrix),
}

impl JsonSchema for Document {
    fn schema_name() -> Cow<'static, str> {
        "Document".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        // So that a mistake is told where it is, and not as one of both together.
        json_schema!({
            "description": "What one call of `ngnlab` found out, about one device or about several.",
            "type": "object",
            "if": {"required": ["devices"]},
            "then": generator.subschema_for::<Matrix>(),
            "else": generator.subschema_for::<Report>(),
        })
    }
}

impl Document {
    /// Makes a document of a report for each device.
    pub fn of(mut reports: Vec<Report>) -> Self {
        match reports.pop() {
            Some(only) if reports.is_empty() => Self::Report(Box::new(only)),
            last => {
                reports.extend(last);
                Self::Matrix(Matrix {
                    format: FORMAT,
                    devices: reports,
                })
            }
        }
    }

    /// Forgets where traces lie that will not be there for long.
    pub fn forget_traces(&mut self) {
        let reports = match self {
            Self::Report(report) => std::slice::from_mut(&mut **report),
            Self::Matrix(matrix) => &mut matrix.devices[..],
        };
        for case in reports.iter_mut().flat_map(|report| &mut report.cases) {
            case.trace = None;
            case.capture = None;
        }
    }
}

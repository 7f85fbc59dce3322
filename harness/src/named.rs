//! What the schema of a file says where a key is the name of something, or one of several keys.
//!
//! The names themselves stand with what they name; `schema` puts in those of checks and diagnoses,
//! which stand above the files that name them.

use ngnlab_sim::node::router::defect::Defect;
use schemars::JsonSchema;
use serde_json::{Value, json};

/// The key of a schema that says whose names are to stand there.
pub(crate) const MARK: &str = "x-names-of";
/// Under [`MARK`]: the checks.
pub(crate) const CHECKS: &str = "checks";
/// Under [`MARK`]: the ends of the guide's flow.
pub(crate) const DIAGNOSES: &str = "diagnoses";

/// The id of a check, as `ngnlab list --checks` names them.
#[derive(JsonSchema)]
#[schemars(extend("x-names-of" = CHECKS))]
#[expect(dead_code, reason = "it stands for a text in a schema")]
pub(crate) struct CheckId(String);

/// The id of a diagnosis, as `ngnlab list --diagnoses` names them.
#[derive(JsonSchema)]
#[schemars(extend("x-names-of" = DIAGNOSES))]
#[expect(dead_code, reason = "it stands for a text in a schema")]
pub(crate) struct DiagnosisId(String);

/// A defect of the reference router, as `ngnlab list --defects` names them.
#[derive(JsonSchema)]
#[schemars(extend("enum" = defects()))]
#[expect(dead_code, reason = "it stands for a text in a schema")]
pub(crate) struct DefectName(String);

/// Returns what a schema says where exactly one of these keys stands.
pub(crate) fn one_of(keys: &[&str]) -> Vec<Value> {
    keys.iter().map(|key| json!({"required": [key]})).collect()
}

fn defects() -> Vec<&'static str> {
    Defect::all().map(Defect::name).collect()
}

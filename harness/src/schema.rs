//! JSON Schemas of the files that people write, and of the report that programs read.
//!
//! Made of the types that read and write them, so that an editor knows what this program knows. Draft
//! 7, which is what editors of TOML understand; and in files without a `oneOf` wherever the same can
//! be said without, since all that is said of a mistake below one is that there is a mistake.

use ngnlab_reports::benchmark::Benchmark;
use ngnlab_reports::document::Document;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, RestrictFormats};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use crate::checks;
use crate::diagnosis;
use crate::dut::description::Description;
use crate::named::{CHECKS, DIAGNOSES, MARK};
use crate::scenario::Scenario;

mod in_place;

/// Returns the schema of a report, as `run --json` writes it.
pub fn report() -> String {
    let settings = SchemaSettings::draft07().for_serialize();
    written(&made::<Document>("An ngnlab report", settings))
}

/// Returns the schema of a benchmark, as `bench dns --json` writes it.
pub fn benchmark() -> String {
    let settings = SchemaSettings::draft07().for_serialize();
    written(&made::<Benchmark>("An ngnlab benchmark", settings))
}

/// Returns the schema of a scenario file.
pub fn scenario() -> String {
    of_a_file::<Scenario>("An ngnlab scenario")
}

/// Returns the schema of a device file.
pub fn device() -> String {
    of_a_file::<Description>("An ngnlab device file")
}

fn of_a_file<T: JsonSchema>(title: &str) -> String {
    let settings = SchemaSettings::draft07()
        .with_transform(RecursiveTransform(without_null))
        .with_transform(RecursiveTransform(as_words))
        .with_transform(RecursiveTransform(as_one_key));
    let mut schema = made::<T>(title, settings).to_value();
    in_place::put(&mut schema);
    written(&Schema::try_from(schema).expect("it was a schema before"))
}

fn made<T: JsonSchema>(title: &str, settings: SchemaSettings) -> Schema {
    let settings = settings
        .with_transform(RecursiveTransform(with_names))
        .with_transform(RecursiveTransform(with_plain_words))
        .with_transform(RestrictFormats::default());
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema
}

fn written(schema: &Schema) -> String {
    let text = serde_json::to_string_pretty(schema).expect("a schema has string keys only");
    text + "\n"
}

/// Puts in the names that a key may have.
fn with_names(schema: &mut Schema) {
    let names: Vec<&str> = match schema.get(MARK).and_then(Value::as_str) {
        Some(CHECKS) => checks::all().map(|check| check.id).collect(),
        Some(DIAGNOSES) => diagnosis::ids().collect(),
        Some(_) | None => return,
    };
    schema.remove(MARK);
    schema.insert("enum".to_owned(), names.into());
}

/// Takes the marks of a link in our documentation off the words of a description.
fn with_plain_words(schema: &mut Schema) {
    if let Some(Value::String(words)) = schema.get_mut("description") {
        *words = words.replace("[`", "`").replace("`]", "`");
    }
}

/// Makes one list of words that have a schema each. What they mean goes where taplo looks for it.
fn as_words(schema: &mut Schema) {
    let Some(Value::Array(forms)) = schema.get("oneOf") else {
        return;
    };
    let words = forms.iter().map(|form| form.get("const").cloned());
    let Some(words) = words.collect::<Option<Vec<Value>>>() else {
        return;
    };
    let meanings: Vec<Value> = forms
        .iter()
        .map(|form| form["description"].clone())
        .collect();
    schema.remove("oneOf");
    schema.insert("type".to_owned(), "string".into());
    schema.insert("enum".to_owned(), words.into());
    schema.insert(
        "x-taplo".to_owned(),
        json!({"docs": {"enumValues": meanings}}),
    );
}

/// Makes one table of tables that have one key each.
fn as_one_key(schema: &mut Schema) {
    let Some(Value::Array(forms)) = schema.get("oneOf") else {
        return;
    };
    let mut keys = Map::new();
    for form in forms {
        let Some(Value::Object(one)) = form.get("properties") else {
            return;
        };
        if one.len() != 1 || form["required"] != json!(one.keys().collect::<Vec<_>>()) {
            return;
        }
        let description = &form["description"];
        let named = |(key, value): (&String, &Value)| {
            let value = match description {
                Value::Null => value.clone(),
                words => json!({"description": words, "allOf": [value]}),
            };
            (key.clone(), value)
        };
        keys.extend(one.iter().map(named));
    }
    schema.remove("oneOf");
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), keys.into());
    schema.insert("additionalProperties".to_owned(), false.into());
    schema.insert("minProperties".to_owned(), 1.into());
    schema.insert("maxProperties".to_owned(), 1.into());
}

/// TOML knows no null: a key is there or is not.
fn without_null(schema: &mut Schema) {
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    if schema.get("default") == Some(&Value::Null) {
        schema.remove("default");
    }
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|one| one != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|one| !one.is_null());
    }
    if let Some(Value::Array(forms)) = schema.get_mut("anyOf") {
        forms.retain(|one| *one != json!({"type": "null"}));
        if let [only] = &forms[..] {
            let only = json!([only]);
            schema.remove("anyOf");
            schema.insert("allOf".to_owned(), only);
        }
    }
}

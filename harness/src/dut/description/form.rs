//! The form of a device file, as a schema tells it: one for each driver.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::cabled::Cabled;
use super::machine::Machine;
use super::programs::Programs;
use super::{Common, Description};

impl JsonSchema for Description {
    fn schema_name() -> Cow<'static, str> {
        "Device".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let common = Common::json_schema(generator);
        let own = [
            ("process", Programs::json_schema(generator), &[][..]),
            ("qemu", Machine::json_schema(generator), &[]),
            // Nobody but the router knows them.
            ("nic", Cabled::json_schema(generator), &["macs"]),
        ];
        let mut properties = Map::new();
        // The keys that are one thing for one driver, and another for another.
        let mut shared = Vec::new();
        for part in own.iter().map(|(_, own, _)| own).chain([&common]) {
            for (key, value) in keys(part) {
                let form = match properties.remove(&key) {
                    Some(other) if other != value => {
                        shared.push(key.clone());
                        json!({"anyOf": [other, value]})
                    }
                    Some(_) | None => value,
                };
                properties.insert(key, form);
            }
        }
        let drivers = own.each_ref().map(|(driver, ..)| *driver);
        let word = json!({
            "description": "How the router is driven: programs of this machine (`process`), a \
                            machine that QEMU plays (`qemu`), or a box on two cables (`nic`).",
            "enum": drivers,
        });
        properties.insert(DRIVER.to_owned(), word);
        let mut required = required(&common);
        required.push(json!(DRIVER));
        // One within the other: editors do not look for keys beside a list of forms.
        let form = own
            .iter()
            .rfold(json!(true), |other, (driver, own, needed)| {
                let is_it =
                    json!({"properties": {DRIVER: {"const": driver}}, "required": [DRIVER]});
                let then = of_driver(&common, own, needed, &shared);
                json!({"if": is_it, "then": then, "else": other})
            });
        json_schema!({
            "description": "A router, and how it is driven: `driver` decides which other keys there are.",
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
            "if": form["if"],
            "then": form["then"],
            "else": form["else"],
        })
    }
}

/// Returns what the files of one driver have to have, and may have.
fn of_driver(common: &Schema, own: &Schema, needed: &[&str], shared: &[String]) -> Value {
    let names: Vec<String> = [common, own]
        .into_iter()
        .flat_map(keys)
        .map(|(key, _)| key)
        .chain([DRIVER.to_owned()])
        .collect();
    let mut required = required(own);
    required.extend(needed.iter().map(|key| json!(key)));
    let mut own = keys(own);
    own.retain(|key, _| shared.contains(key));
    json!({
        "propertyNames": {"enum": names},
        "properties": own,
        "required": required,
    })
}

fn keys(schema: &Schema) -> Map<String, Value> {
    let keys = schema.get("properties").and_then(Value::as_object);
    keys.cloned().unwrap_or_default()
}

fn required(schema: &Schema) -> Vec<Value> {
    let required = schema.get("required").and_then(Value::as_array);
    required.cloned().unwrap_or_default()
}

/// The key that decides which others there are.
const DRIVER: &str = "driver";

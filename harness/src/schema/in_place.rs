//! Schemas as taplo can complete by them, which is the language server behind most editors of TOML.
//!
//! It looks at one schema at a time, and not through lists of them: where a key has words of its own
//! beside a reference to a type, it goes round in circles, and ends. So the type stands in its place.

use serde_json::{Map, Value, json};

/// Puts types in the place of references that stand in a list of one, beside words of their own.
pub(super) fn put(schema: &mut Value) {
    let types = schema[TYPES].as_object().cloned().unwrap_or_default();
    resolve(schema, &types);
    let mut named = Vec::new();
    references(schema, &mut |kind, name| {
        if kind == ELEMENTS {
            named.push(name.to_owned());
        }
    });
    for name in named {
        let element = &mut schema[TYPES][&name];
        if element["type"] == "object" {
            // In a list of tables taplo looks for the element of an element. To all others this
            // says nothing, as a table is no list.
            element[ELEMENTS] = json!({ REFERENCE: format!("#/{TYPES}/{name}") });
        }
    }
    leave_out_unused(schema);
}

fn resolve(schema: &mut Value, types: &Map<String, Value>) {
    match schema {
        Value::Object(parts) => {
            if let Some(Value::Array(forms)) = parts.get("allOf")
                && let [only] = &forms[..]
            {
                let only = referred(only, types).unwrap_or(only).clone();
                parts.remove("allOf");
                let own = std::mem::take(parts);
                parts.extend(only.as_object().cloned().unwrap_or_default());
                parts.extend(own);
                return resolve(schema, types);
            }
            for part in parts.values_mut() {
                resolve(part, types);
            }
        }
        Value::Array(parts) => parts.iter_mut().for_each(|part| resolve(part, types)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn referred<'t>(schema: &Value, types: &'t Map<String, Value>) -> Option<&'t Value> {
    types.get(name_in(schema.get(REFERENCE)?)?)
}

fn name_in(reference: &Value) -> Option<&str> {
    reference.as_str()?.strip_prefix("#/definitions/")
}

/// Tells of every reference: the key that it stands at, and the name of the type.
fn references(schema: &Value, tell: &mut dyn FnMut(&str, &str)) {
    match schema {
        Value::Object(parts) => {
            for (key, part) in parts {
                if let Some(name) = part.get(REFERENCE).and_then(name_in) {
                    tell(key, name);
                }
                references(part, tell);
            }
        }
        Value::Array(parts) => {
            for part in parts {
                if let Some(name) = part.get(REFERENCE).and_then(name_in) {
                    tell("", name);
                }
                references(part, tell);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Leaves out the types that nothing refers to any more.
fn leave_out_unused(schema: &mut Value) {
    loop {
        let mut used = Vec::new();
        references(schema, &mut |_, name| used.push(name.to_owned()));
        let Some(types) = schema.get_mut(TYPES).and_then(Value::as_object_mut) else {
            return;
        };
        let before = types.len();
        types.retain(|name, _| used.contains(name));
        if types.len() == before {
            return;
        }
    }
}

const TYPES: &str = "definitions";
const REFERENCE: &str = "$ref";
const ELEMENTS: &str = "items";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_stands_in_place_of_a_reference_and_keeps_the_words_beside_it() {
        let mut schema = json!({
            "properties": {
                "until": {"description": "When it ends.", "allOf": [{"$ref": "#/definitions/Span"}]},
                "rest": {"$ref": "#/definitions/Text"},
            },
            "definitions": {
                "Span": {"description": "A span.", "allOf": [{"$ref": "#/definitions/Text"}]},
                "Text": {"type": "string"},
            },
        });
        put(&mut schema);
        let expected = json!({
            "properties": {
                "until": {"description": "When it ends.", "type": "string"},
                "rest": {"$ref": "#/definitions/Text"},
            },
            "definitions": {"Text": {"type": "string"}},
        });
        assert_eq!(schema, expected);
    }

    #[test]
    fn a_table_of_a_list_is_found_as_the_element_of_itself() {
        let step = json!({"type": "object", "properties": {"at": {"type": "string"}}});
        let mut schema = json!({
            "properties": {"step": {"type": "array", "items": {"$ref": "#/definitions/Step"}}},
            "definitions": {"Step": step},
        });
        put(&mut schema);
        let step = json!({
            "type": "object",
            "properties": {"at": {"type": "string"}},
            "items": {"$ref": "#/definitions/Step"},
        });
        assert_eq!(schema["definitions"]["Step"], step);
    }
}

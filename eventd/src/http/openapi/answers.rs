//! What holds for the things that are answered: the fields that a thing always has are always there, null where they are empty.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use utoipa::openapi::schema::{Object, Schema};
use utoipa::openapi::{OpenApi as Document, RefOr};

use super::operations;

/// What an answer holds only where it was asked for: `count`, `html` and `replies` add it.
const ASKED_FOR: [&str; 3] = ["total", "body_html", "replies"];

/// Says of what is only answered, never sent, that its fields are always there.
pub(super) fn finish(document: &mut Document) {
    let (mut sent, mut answered) = (BTreeSet::new(), BTreeSet::new());
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            named(&serde_json::to_value(&operation.request_body).unwrap_or_default(), &mut sent);
            named(&serde_json::to_value(&operation.responses).unwrap_or_default(), &mut answered);
        }
    }
    let Some(components) = &mut document.components else { return };
    let within: BTreeMap<String, BTreeSet<String>> = components
        .schemas
        .iter()
        .map(|(name, schema)| {
            let mut names = BTreeSet::new();
            named(&serde_json::to_value(schema).unwrap_or_default(), &mut names);
            (name.clone(), names)
        })
        .collect();
    let (sent, answered) = (reached(sent, &within), reached(answered, &within));
    for (name, schema) in &mut components.schemas {
        if answered.contains(name) && !sent.contains(name) {
            complete(schema);
        }
    }
}

/// The components that a part of the document names.
fn named(part: &Value, names: &mut BTreeSet<String>) {
    match part {
        Value::Object(fields) => {
            let reference = fields.get("$ref").and_then(Value::as_str);
            names.extend(reference.and_then(|at| at.rsplit('/').next()).map(str::to_owned));
            fields.values().for_each(|field| named(field, names));
        }
        Value::Array(items) => items.iter().for_each(|item| named(item, names)),
        _ => {}
    }
}

/// These components, and all that they are made of.
fn reached(from: BTreeSet<String>, within: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut ahead: Vec<String> = from.into_iter().collect();
    while let Some(name) = ahead.pop() {
        ahead.extend(
            within.get(&name).into_iter().flatten().filter(|inner| !reached.contains(*inner)).cloned(),
        );
        reached.insert(name);
    }
    reached
}

fn complete(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => require_all(object),
        RefOr::T(Schema::AllOf(parts)) => parts.items.iter_mut().for_each(complete),
        _ => {}
    }
}

fn require_all(object: &mut Object) {
    let fields = object.properties.iter().filter(|(name, field)| {
        may_be_null(field) && !ASKED_FOR.contains(&name.as_str()) && !object.required.contains(name)
    });
    let missing: Vec<String> = fields.map(|(name, _)| name.clone()).collect();
    object.required.extend(missing);
}

/// Only those are left to be said: of the others the type says it.
fn may_be_null(field: &RefOr<Schema>) -> bool {
    let field = serde_json::to_value(field).unwrap_or_default();
    let is_null = |kind: &Value| kind == "null";
    let either = field["oneOf"].as_array().into_iter().flatten();
    field["type"].as_array().is_some_and(|kinds| kinds.iter().any(is_null))
        || either.into_iter().any(|part| is_null(&part["type"]))
}

//! Response bodies: fields without a value are present as null, so that the schema requires them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use utoipa::openapi::schema::{Object, Schema};
use utoipa::openapi::{Components, OpenApi as Document, RefOr};

use crate::http::declaration::operations;

/// Fields that are absent unless the query parameters `count`, `html` and `replies` request them.
const ON_REQUEST: [&str; 4] = ["total", "body_html", "description_html", "replies"];

/// Requires all fields of components that occur in responses and in no request.
pub(super) fn complete(document: &mut Document) {
    let (mut in_requests, mut in_responses) = (BTreeSet::new(), BTreeSet::new());
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            let (request, responses) = (&operation.request_body, &operation.responses);
            collect_components(&serde_json::to_value(request).unwrap_or_default(), &mut in_requests);
            collect_components(&serde_json::to_value(responses).unwrap_or_default(), &mut in_responses);
        }
    }
    let Some(components) = &mut document.components else { return };
    let nested = nested_components(components);
    let (in_requests, in_responses) = (closure(in_requests, &nested), closure(in_responses, &nested));
    for (name, schema) in &mut components.schemas {
        if in_responses.contains(name) && !in_requests.contains(name) {
            require_fields(schema);
        }
    }
}

/// The components that each component refers to.
pub(super) fn nested_components(components: &Components) -> BTreeMap<String, BTreeSet<String>> {
    let refers_to = |(name, schema): (&String, &RefOr<Schema>)| {
        let mut names = BTreeSet::new();
        collect_components(&serde_json::to_value(schema).unwrap_or_default(), &mut names);
        (name.clone(), names)
    };
    components.schemas.iter().map(refers_to).collect()
}

/// Adds the names of all components that a part of the document refers to.
pub(super) fn collect_components(part: &Value, names: &mut BTreeSet<String>) {
    match part {
        Value::Object(fields) => {
            let reference = fields.get("$ref").and_then(Value::as_str);
            names.extend(reference.and_then(|at| at.rsplit('/').next()).map(str::to_owned));
            fields.values().for_each(|field| collect_components(field, names));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_components(item, names)),
        _ => {}
    }
}

/// The given components and all that they contain, directly or not.
pub(super) fn closure(
    from: BTreeSet<String>,
    nested: &BTreeMap<String, BTreeSet<String>>,
) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut pending: Vec<String> = from.into_iter().collect();
    while let Some(name) = pending.pop() {
        let inner = nested.get(&name).into_iter().flatten();
        pending.extend(inner.filter(|inner| !reached.contains(*inner)).cloned());
        reached.insert(name);
    }
    reached
}

fn require_fields(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => require_all(object),
        RefOr::T(Schema::AllOf(parts)) => parts.items.iter_mut().for_each(require_fields),
        _ => {}
    }
}

fn require_all(object: &mut Object) {
    let fields = object.properties.iter().filter(|(name, field)| {
        may_be_null(field) && !ON_REQUEST.contains(&name.as_str()) && !object.required.contains(name)
    });
    let missing: Vec<String> = fields.map(|(name, _)| name.clone()).collect();
    object.required.extend(missing);
}

/// Whether a field is nullable. The derived schema requires all fields that are not.
fn may_be_null(field: &RefOr<Schema>) -> bool {
    let field = serde_json::to_value(field).unwrap_or_default();
    let is_null = |kind: &Value| kind == "null";
    let either = field["oneOf"].as_array().into_iter().flatten();
    field["type"].as_array().is_some_and(|kinds| kinds.iter().any(is_null))
        || either.into_iter().any(|part| is_null(&part["type"]))
}

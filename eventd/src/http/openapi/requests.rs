//! Request bodies: unknown fields are refused, optional fields may be null, and the fields of a merge patch
//! are all optional.

use std::collections::BTreeSet;

use http::Method;
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{AdditionalProperties, Object, Schema, SchemaType, Type};
use utoipa::openapi::{OpenApi as Document, Ref, RefOr, Required};

use super::responses::{closure, collect_components, nested_components};
use crate::http::declaration::operations;

const MERGE_PATCH: &str = "application/merge-patch+json";
const JSON: &str = "application/json";

/// A component that a request body refers to.
struct BodySchema {
    /// The component that routes declare.
    source: String,
    /// The component to write. Differs from `source` for a merge patch.
    target: String,
    is_patch: bool,
}

/// Completes the schemas of request bodies. A route with a merge patch declares the type that a PUT or POST
/// of the same thing takes; the patch gets a copy of that schema in which nothing is required.
pub(super) fn complete(document: &mut Document) {
    let mut schemas = Vec::new();
    for item in document.paths.paths.values_mut() {
        for (method, operation) in operations(item) {
            let Some(RefOr::T(body)) = &mut operation.request_body else { continue };
            let is_patch = component_of(body, MERGE_PATCH).is_some();
            if is_patch && method == Method::POST {
                body.required = Some(Required::False);
            }
            schemas.extend(if is_patch { refer_to_patch(body) } else { whole(body) });
        }
    }
    let Some(components) = &mut document.components else { return };
    for BodySchema { source, target, is_patch } in schemas {
        let Some(RefOr::T(Schema::Object(object))) = components.schemas.get(&source) else { continue };
        let mut object: Object = object.clone();
        accept_null(&mut object);
        if is_patch {
            object.required.clear();
            let description = "A JSON merge patch (RFC 7396): missing fields are unchanged, null resets a \
                field to its default.";
            object.description = Some(description.to_owned());
        }
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        components.schemas.insert(target, RefOr::T(Schema::Object(object)));
    }
    accept_null_within(document);
}

/// Lets every field that is not required be null, which means the same as its absence.
fn accept_null(object: &mut Object) {
    let optional = object.properties.iter_mut().filter(|(name, _)| !object.required.contains(name));
    for (_, field) in optional {
        let kind = match field {
            RefOr::T(Schema::Object(field)) => &mut field.schema_type,
            RefOr::T(Schema::Array(field)) => &mut field.schema_type,
            _ => continue,
        };
        if let SchemaType::Type(only) = kind {
            *kind = SchemaType::Array(vec![only.clone(), Type::Null]);
        }
    }
}

/// Does so in the components that only request bodies contain, such as recurrence rules.
fn accept_null_within(document: &mut Document) {
    let (mut bodies, mut responses) = (BTreeSet::new(), BTreeSet::new());
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            let (body, answers) = (&operation.request_body, &operation.responses);
            collect_components(&serde_json::to_value(body).unwrap_or_default(), &mut bodies);
            collect_components(&serde_json::to_value(answers).unwrap_or_default(), &mut responses);
        }
    }
    let Some(components) = &mut document.components else { return };
    let nested = nested_components(components);
    let (inner, responses) = (closure(bodies.clone(), &nested), closure(responses, &nested));
    for name in inner.difference(&bodies).filter(|name| !responses.contains(*name)) {
        if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(name) {
            accept_null(object);
        }
    }
}

fn whole(body: &RequestBody) -> Option<BodySchema> {
    let name = component_of(body, JSON)?;
    Some(BodySchema { source: name.clone(), target: name, is_patch: false })
}

/// Points all media types of a body at the schema of the patch, such as `EventInputChange`.
fn refer_to_patch(body: &mut RequestBody) -> Option<BodySchema> {
    let source = component_of(body, MERGE_PATCH)?;
    let target = format!("{}Change", source.trim_start_matches("New").trim_end_matches("Change"));
    for content in body.content.values_mut() {
        if let RefOr::T(content) = content {
            content.schema = Some(RefOr::Ref(Ref::from_schema_name(&target)));
        }
    }
    Some(BodySchema { source, target, is_patch: true })
}

/// The name of the component that a body has for a media type.
fn component_of(body: &RequestBody, media_type: &str) -> Option<String> {
    let RefOr::T(content) = body.content.get(media_type)? else { return None };
    let reference = match content.schema.as_ref()? {
        RefOr::Ref(reference) => reference,
        // The schema of an optional body is one of null and the reference.
        RefOr::T(Schema::OneOf(either)) => either.items.iter().find_map(|item| match item {
            RefOr::Ref(reference) => Some(reference),
            RefOr::T(_) => None,
        })?,
        RefOr::T(_) => return None,
    };
    reference.ref_location.rsplit('/').next().map(str::to_owned)
}

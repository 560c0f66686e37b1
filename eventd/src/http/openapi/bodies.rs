//! What holds for the bodies of requests: unknown fields are refused, and a merge patch names what it changes of a thing.

use http::Method;
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{AdditionalProperties, Object, Schema};
use utoipa::openapi::{OpenApi as Document, Ref, RefOr, Required};

use super::operations;

const PATCH: &str = "application/merge-patch+json";
const JSON: &str = "application/json";

/// Completes the document. A route names as the body of a merge patch what a PUT or POST of the thing takes.
pub(super) fn finish(document: &mut Document) {
    let mut named = Vec::new();
    for item in document.paths.paths.values_mut() {
        for (method, operation) in operations(item) {
            let Some(RefOr::T(body)) = &mut operation.request_body else { continue };
            let partial = schema_of(body, PATCH).is_some();
            if partial && method == Method::POST {
                body.required = Some(Required::False);
            }
            let bodies =
                if partial { patch(body) } else { schema_of(body, JSON).map(|name| (name.clone(), name)) };
            named.extend(bodies.map(|(whole, name)| (whole, name, partial)));
        }
    }
    let Some(components) = &mut document.components else { return };
    for (whole, name, partial) in named {
        let Some(RefOr::T(Schema::Object(object))) = components.schemas.get(&whole) else { continue };
        let mut object: Object = object.clone();
        if partial {
            object.required.clear();
            object.description = Some(
                "A JSON merge patch (RFC 7396): what is left out stays, and null gives back the default."
                    .to_owned(),
            );
        }
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        components.schemas.insert(name, RefOr::T(Schema::Object(object)));
    }
}

/// Points a merge patch at a schema of its own. Answers the name of the whole, and that of the change.
fn patch(body: &mut RequestBody) -> Option<(String, String)> {
    let whole = schema_of(body, PATCH)?;
    let change = format!("{}Change", whole.trim_start_matches("New").trim_end_matches("Change"));
    let RefOr::T(content) = body.content.get_mut(PATCH)? else { return None };
    content.schema = Some(RefOr::Ref(Ref::from_schema_name(&change)));
    let content = content.clone();
    body.content.insert(JSON.to_owned(), RefOr::T(content));
    Some((whole, change))
}

/// The component that a body has for a type.
fn schema_of(body: &RequestBody, kind: &str) -> Option<String> {
    let RefOr::T(content) = body.content.get(kind)? else { return None };
    let reference = match content.schema.as_ref()? {
        RefOr::Ref(reference) => reference,
        // A body that may be left out: nothing, or the thing.
        RefOr::T(Schema::OneOf(either)) => either.items.iter().find_map(|item| match item {
            RefOr::Ref(reference) => Some(reference),
            RefOr::T(_) => None,
        })?,
        RefOr::T(_) => return None,
    };
    reference.ref_location.rsplit('/').next().map(str::to_owned)
}

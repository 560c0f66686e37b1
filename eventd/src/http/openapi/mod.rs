//! The OpenAPI document: the declarations of all routes, and what holds for all of them.

mod components;
mod examples;
mod requests;
mod responses;

use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, RefOr, Required};

use super::declaration::operations;
use super::idempotency;
use super::problem::ProblemBody;

// Tags are listed in this order. Tags of routes that are missing here follow.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "eventd",
        description = include_str!("description.md"),
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "occurrences", description = "The agenda and single occurrences"),
        (name = "events", description = "Events, which organizers publish"),
        (name = "registrations", description = "Registrations, waitlists and check-in"),
        (name = "recurrence", description = "Recurrence rules"),
        (name = "organizers", description = "Co-organizers of events"),
        (name = "categories", description = "Categories and tags of events"),
        (name = "comments", description = "Comments on events"),
        (name = "notifications", description = "What I am told in the app, and when I am reminded"),
        (name = "webhooks", description = "URLs of mine that are told of changes"),
        (name = "subscriptions", description = "Calendars of others that I follow"),
        (name = "stream", description = "What changes, live"),
        (name = "calendars", description = "Events and occurrences as iCalendar files"),
        (name = "auth", description = "Signing in and out"),
        (name = "users", description = "Accounts"),
        (name = "sessions", description = "My sessions"),
        (name = "tokens", description = "My personal access tokens"),
    ),
    components(schemas(ProblemBody)),
)]
struct Common;

/// Builds the document from the declarations of routes.
pub(crate) fn document(declarations: impl Iterator<Item = Document>) -> Document {
    let mut document = Common::openapi();
    for declaration in declarations {
        document.merge(declaration);
    }
    if let Some(components) = &mut document.components {
        let schemes = [
            (
                "bearer",
                "The `access_token` of `POST /api/v1/auth/login`, or the secret of a personal access token",
            ),
            (
                "session",
                "The `access_token` of `POST /api/v1/auth/login`. A personal access token is refused",
            ),
        ];
        for (name, description) in schemes {
            components.add_security_scheme(name, SecurityScheme::Http(bearer(description)));
        }
    }
    components::refer_to_items(&mut document);
    requests::complete(&mut document);
    responses::complete(&mut document);
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            qualify_id(operation);
            examples::add(operation);
            if idempotency::takes_key(&method, path) {
                operation.parameters.get_or_insert_default().push(RefOr::T(idempotency_key()));
            }
        }
    }
    components::remove_unused(&mut document);
    document
}

fn bearer(description: &str) -> Http {
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.description = Some(description.to_owned());
    bearer
}

/// Prefixes the id of an operation with its tag: handlers in several files have the same name, such as
/// `read`, and ids must be unique.
fn qualify_id(operation: &mut Operation) {
    if let (Some(id), Some(tag)) = (&operation.operation_id, operation.tags.iter().flatten().next()) {
        operation.operation_id = Some(format!("{tag}_{id}"));
    }
}

/// The header of [`idempotency::takes_key`].
fn idempotency_key() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Makes the request take effect once: a repeat with the same key within 24 hours gets the first \
             response again. Error responses are not stored, so that a failed request can be repeated",
        ))
        .schema(Some(
            ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255)),
        ))
        .build()
}

//! The OpenAPI document, generated from the routes, and what it tells the server: which methods an address has.

mod answers;
mod bodies;

use std::sync::LazyLock;

use http::Method;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr, Required, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use super::problem::ProblemBody;
use super::routes;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "eventd",
        description = "Events: publish them, find them, come to them. Errors are always `application/problem+json`.",
        license(name = "MIT OR Apache-2.0")
    ),
    // In the order in which people look for them; what is not here comes after.
    tags(
        (name = "occurrences", description = "The agenda, and single dates"),
        (name = "events", description = "What organizers publish"),
        (name = "registrations", description = "Places, waitlists, and who is at the door"),
        (name = "recurrence", description = "What repeats an event"),
        (name = "organizers", description = "Who else organizes an event"),
        (name = "categories", description = "What kinds of events there are"),
        (name = "comments", description = "What people say about an event"),
        (name = "calendars", description = "Events and dates as iCalendar files"),
        (name = "auth", description = "Signing in and out"),
        (name = "users", description = "Accounts"),
        (name = "sessions", description = "Where I am signed in"),
        (name = "tokens", description = "Tokens for my scripts"),
    ),
    paths(
        routes::users::create, routes::users::list, routes::users::read, routes::users::change, routes::users::delete,
        routes::users::export, routes::users::change_password,
        routes::auth::login, routes::auth::refresh, routes::auth::logout,
        routes::sessions::list, routes::sessions::end,
        routes::tokens::list, routes::tokens::create, routes::tokens::delete,
        routes::events::create, routes::events::list, routes::events::read, routes::events::replace, routes::events::change,
        routes::events::delete, routes::events::publish, routes::events::cancel, routes::events::duplicate, routes::events::occurrences,
        routes::organizers::list, routes::organizers::read, routes::organizers::add, routes::organizers::remove,
        routes::occurrences::list, routes::occurrences::facets, routes::occurrences::calendar, routes::occurrences::lasting, routes::occurrences::read, routes::occurrences::change, routes::occurrences::delete,
        routes::occurrences::cancel, routes::occurrences::restore, routes::occurrences::split, routes::recurrence::preview,
        routes::registrations::read_mine, routes::registrations::register, routes::registrations::cancel, routes::registrations::list,
        routes::registrations::add, routes::registrations::remove, routes::registrations::list_mine, routes::registrations::read,
        routes::registrations::check_in, routes::registrations::undo_check_in, routes::registrations::check_in_by_code,
        routes::registrations::ticket_svg, routes::registrations::ticket_png,
        routes::categories::list, routes::categories::read, routes::categories::create, routes::categories::change, routes::categories::delete,
        routes::categories::tags,
        routes::comments::list, routes::comments::create, routes::comments::read, routes::comments::change, routes::comments::delete,
        routes::comments::hide, routes::comments::show,
        routes::feedback::list, routes::feedback::read, routes::feedback::give, routes::feedback::withdraw, routes::feedback::answer,
        routes::calendars::of_event, routes::calendars::of_occurrence,
        routes::feedback::take_answer_back, routes::insights::of_event, routes::insights::of_mine,
        routes::health::alive, routes::health::ready, routes::health::metrics, routes::pages::document, routes::pages::docs, routes::pages::home, routes::pages::problems, routes::pages::problem,
    ),
    components(schemas(ProblemBody)),
    modifiers(&Finish),
)]
struct Api;

/// What holds for all operations, said once.
struct Finish;

impl Modify for Finish {
    fn modify(&self, document: &mut Document) {
        if let Some(components) = &mut document.components {
            components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        }
        bodies::finish(document);
        answers::finish(document);
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                name(operation);
                add_problems(operation, path, &method);
                if method == Method::POST {
                    operation.parameters.get_or_insert_default().push(RefOr::T(idempotency_key()));
                }
            }
        }
    }
}

/// Handlers of several rooms share a name, such as `read`; operations must not.
fn name(operation: &mut Operation) {
    if let (Some(id), Some(tag)) = (&operation.operation_id, operation.tags.iter().flatten().next()) {
        operation.operation_id = Some(format!("{tag}_{id}"));
    }
}

/// What every POST takes.
fn idempotency_key() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Names this request, so that it takes effect once: a repeat within 24 hours gets the first answer. What was refused is not kept, and can be tried again",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255))))
        .build()
}

fn add_problems(operation: &mut Operation, path: &str, method: &Method) {
    let secured = operation.security.as_ref().is_some_and(|security| !security.is_empty());
    let changes = *method != Method::GET;
    let body = operation.request_body.is_some();
    let problems = [
        ("400", true, "The request is wrong"),
        (
            "401",
            secured || path.starts_with("/api/v1/auth/"),
            "Sign in first, or the credentials do not hold",
        ),
        ("403", secured, "Not allowed"),
        (
            "404",
            path.contains('{')
                || path.ends_with("/events")
                // An event that they are narrowed to.
                || path.starts_with("/api/v1/occurrences")
                || path.contains("/me/")
                || path == "/metrics",
            "Not there, or not for your eyes",
        ),
        ("405", true, "Another method"),
        ("406", path.starts_with("/api/"), "The answer is of another type"),
        ("409", changes, "In conflict with the state"),
        ("412", changes && path.contains('{'), "Changed meanwhile"),
        ("413", body, "The body is too large"),
        ("415", body, "The body is not JSON"),
        ("429", path.starts_with("/api/"), "Too many requests"),
        ("503", true, "Overloaded, or the database is away"),
    ];
    for (status, applies, description) in problems {
        let responses = &mut operation.responses.responses;
        if applies && !responses.contains_key(status) {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            let response = ResponseBuilder::new()
                .description(description)
                .content("application/problem+json", content)
                .build();
            responses.insert(status.to_owned(), RefOr::T(response));
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::DELETE, &mut item.delete),
        (Method::PATCH, &mut item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

static DOCUMENT: LazyLock<Document> = LazyLock::new(Api::openapi);

/// The document.
pub(crate) fn document() -> &'static Document {
    &DOCUMENT
}

/// An address that the document has.
pub(crate) struct Address {
    /// Its place among all.
    pub(crate) index: usize,
    /// As the document writes it, such as `/api/v1/events/{event}`.
    pub(crate) path: String,
    pub(crate) methods: Vec<Method>,
}

static ADDRESSES: LazyLock<Vec<Address>> = LazyLock::new(|| {
    let mut paths: Vec<_> = Api::openapi().paths.paths.into_iter().collect();
    // The most literal of the addresses that fit comes first.
    paths.sort_by_key(|(path, _)| (path.matches('{').count(), path.ends_with('}')));
    let address = |(index, (path, mut item)): (usize, (String, PathItem))| Address {
        index,
        path,
        methods: operations(&mut item).map(|(method, _)| method).collect(),
    };
    paths.into_iter().enumerate().map(address).collect()
});

/// All addresses.
pub(crate) fn addresses() -> &'static [Address] {
    &ADDRESSES
}

/// The address that a path is meant for.
pub(crate) fn address(path: &str) -> Option<&'static Address> {
    ADDRESSES.iter().find(|address| fits(&address.path, path))
}

fn fits(template: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    template.split('/').all(|t| segments.next().is_some_and(|s| t == s || fills(t, s)))
        && segments.next().is_none()
}

/// Whether a segment is what a parameter stands for, with what is to follow it: `{event}`, `{event}.ics`.
fn fills(template: &str, segment: &str) -> bool {
    let rest = template.strip_prefix('{').and_then(|name| name.split_once('}'));
    rest.and_then(|(_, rest)| segment.strip_suffix(rest)).is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_knows_its_methods() {
        let methods = |path: &str| address(path).map(|address| address.methods.as_slice());
        assert_eq!(methods("/healthz"), Some([Method::GET].as_slice()));
        assert_eq!(methods("/api/v1/events"), Some([Method::GET, Method::POST].as_slice()));
        assert_eq!(methods("/api/v1/users/me/password"), Some([Method::PUT].as_slice()));
        assert_eq!(methods("/api/v1/events/0198.ics"), Some([Method::GET].as_slice()));
        assert_eq!(methods("/api/v1/occurrences/0198.ics"), Some([Method::GET].as_slice()));
        for unknown in ["/api/v1/nothing", "/api/v1/events/", "/api/v1/events//publish", "/healthz/x", ""] {
            assert_eq!(methods(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn every_reference_in_the_document_leads_somewhere() {
        let json = serde_json::to_value(document()).unwrap();
        let text = json.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(json.pointer(reference).is_some(), "{reference} leads nowhere");
        }
    }

    #[test]
    fn each_operation_has_a_name_of_its_own() {
        let mut document = document().clone();
        let all = document.paths.paths.values_mut().flat_map(operations);
        let mut names: Vec<_> = all.map(|(_, operation)| operation.operation_id.clone().unwrap()).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "{names:?}");
        assert!(names.contains(&"events_create".to_owned()), "{names:?}");
    }

    #[test]
    fn a_change_names_the_fields_of_the_thing_and_demands_none() {
        let json = serde_json::to_value(document()).unwrap();
        let body = |path: &str, method: &str| {
            let content = &json["paths"][path][method]["requestBody"]["content"];
            let reference = |kind: &str| {
                content[kind]["schema"]["$ref"].as_str().map(|at| at.trim_start_matches('#').to_owned())
            };
            assert!(
                method != "patch"
                    || reference("application/merge-patch+json") == reference("application/json")
            );
            json.pointer(&reference("application/json").unwrap()).unwrap()
        };
        let (new, change) = (body("/api/v1/events", "post"), body("/api/v1/events/{event}", "patch"));
        assert_eq!(new["properties"], change["properties"]);
        assert!(!new["required"].as_array().unwrap().is_empty() && change["required"].is_null());
        assert!(new["additionalProperties"] == false && change["additionalProperties"] == false);
        let account = body("/api/v1/users/{user}", "patch");
        assert!(account["properties"]["email"].is_object() && account["required"].is_null());
    }
}

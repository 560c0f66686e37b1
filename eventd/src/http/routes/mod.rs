//! The routes, in a file for each part of the domain. A handler reads the request, calls the library once,
//! and builds the response. Its `#[utoipa::path]` is the only declaration of the route.

mod account_pages;
pub(crate) mod agenda_query;
mod auth;
mod calendars;
mod categories;
mod comments;
mod event_pages;
mod events;
mod feedback;
mod feeds;
pub(crate) mod health;
mod import;
mod index;
mod insights;
mod notifications;
mod occurrences;
mod organizers;
mod pages;
mod recurrence;
mod registrations;
mod sessions;
mod stream;
mod subscriptions;
mod tokens;
mod unsubscribe;
mod user_reference;
mod users;
mod webhooks;

use std::sync::LazyLock;

use utoipa::openapi::OpenApi as Document;

use super::route::RouteTable;
use super::{dav, openapi};

static TABLE: LazyLock<RouteTable> = LazyLock::new(|| {
    let routes = [
        account_pages::routes(),
        auth::routes(),
        calendars::routes(),
        categories::routes(),
        comments::routes(),
        dav::routes(),
        event_pages::routes(),
        events::routes(),
        feedback::routes(),
        feeds::routes(),
        health::routes(),
        import::routes(),
        index::routes(),
        insights::routes(),
        notifications::routes(),
        occurrences::routes(),
        organizers::routes(),
        pages::routes(),
        recurrence::routes(),
        registrations::routes(),
        sessions::routes(),
        stream::routes(),
        subscriptions::routes(),
        tokens::routes(),
        unsubscribe::routes(),
        users::routes(),
        webhooks::routes(),
    ];
    RouteTable::new(routes.into_iter().flatten().collect())
});

/// All routes.
pub(crate) fn table() -> &'static RouteTable {
    &TABLE
}

/// The OpenAPI document of all routes, which this builds each time.
pub(crate) fn document() -> Document {
    openapi::document(TABLE.documents())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::http::declaration::operations;

    fn document_json() -> Value {
        serde_json::to_value(document()).unwrap()
    }

    #[test]
    fn allow_lists_the_methods_of_a_path() {
        let allow = |path: &str| table().find(path).map(|(endpoint, _)| endpoint.allow());
        for (path, methods) in [
            ("/healthz", "GET"),
            ("/api/v1/events", "GET, POST"),
            ("/api/v1/events/", "GET, POST"),
            ("/api/v1/users/me/password", "PUT"),
            ("/api/v1/events/0198.ics", "GET"),
            ("/api/v1/occurrences/0198.ics", "GET"),
            ("/docs/start.js", "GET"),
        ] {
            assert_eq!(allow(path).as_deref(), Some(methods), "{path}");
        }
        for unknown in ["/api/v1/nothing", "/api/v1/events//publish", "/healthz/x", ""] {
            assert_eq!(allow(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn every_reference_in_the_document_resolves() {
        let json = document_json();
        let text = json.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(json.pointer(reference).is_some(), "{reference} is missing");
        }
    }

    #[test]
    fn operation_ids_are_unique() {
        let mut document = document();
        let all = document.paths.paths.values_mut().flat_map(operations);
        let ids: Vec<_> = all.map(|(_, operation)| operation.operation_id.clone().unwrap()).collect();
        let unique: BTreeSet<_> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len(), "{ids:?}");
        assert!(ids.contains(&"events_create".to_owned()), "{ids:?}");
    }

    /// A handler reads a parameter by its name, which must be that of the declared path.
    #[test]
    fn declared_parameters_are_those_of_the_path() {
        let json = document_json();
        for (path, item) in json["paths"].as_object().unwrap() {
            let in_path: BTreeSet<&str> =
                path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
            for (method, operation) in item.as_object().unwrap() {
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let declared: BTreeSet<&str> = parameters
                    .filter(|parameter| parameter["in"] == "path")
                    .map(|parameter| parameter["name"].as_str().unwrap())
                    .collect();
                assert_eq!(declared, in_path, "{method} {path}");
            }
        }
    }

    #[test]
    fn routes_with_a_body_declare_its_problems_and_others_do_not() {
        let json = document_json();
        for (path, item) in json["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let responses = &operation["responses"];
                let has = |status: &str| responses.get(status).is_some();
                let has_body = operation.get("requestBody").is_some();
                assert_eq!((has("413"), has("415")), (has_body, has_body), "{method} {path}");
                assert_eq!(
                    (has("406"), has("429")),
                    (path.starts_with("/api/"), !["/healthz", "/readyz", "/metrics"].contains(&&**path)),
                    "{method} {path}"
                );
                let secured = operation.get("security").is_some();
                assert!(!secured || has("401"), "{method} {path}");
            }
        }
    }

    #[test]
    fn a_merge_patch_has_the_fields_of_the_whole_and_requires_none() {
        let json = document_json();
        let body = |path: &str, method: &str| {
            let content = &json["paths"][path][method]["requestBody"]["content"];
            let reference = |media_type: &str| {
                content[media_type]["schema"]["$ref"].as_str().map(|at| at.trim_start_matches('#').to_owned())
            };
            let of_json = reference("application/json");
            assert!(method != "patch" || reference("application/merge-patch+json") == of_json);
            json.pointer(&of_json.unwrap()).unwrap()
        };
        let (new, change) = (body("/api/v1/events", "post"), body("/api/v1/events/{event}", "patch"));
        assert_eq!(new["properties"], change["properties"]);
        assert!(!new["required"].as_array().unwrap().is_empty() && change["required"].is_null());
        assert!(new["additionalProperties"] == false && change["additionalProperties"] == false);
        let account = body("/api/v1/users/{user}", "patch");
        assert!(account["properties"]["email"].is_object() && account["required"].is_null());
    }
}

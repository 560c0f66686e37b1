//! `/api/v1`: where everything else is.

use serde::Serialize;

use crate::http::call::{Answer, Call};
use crate::http::problem_responses::OpenProblems;
use crate::http::reply;
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![index]
}

/// What this server is, and links to what a client begins with.
#[derive(Serialize, utoipa::ToSchema)]
struct ApiIndex {
    /// The program.
    #[schema(example = "eventd")]
    name: &'static str,
    /// The version of the program.
    version: &'static str,
    /// Absolute links.
    links: ApiLinks,
}

/// Links to what a client begins with.
#[derive(Serialize, utoipa::ToSchema)]
struct ApiLinks {
    /// The agenda: upcoming occurrences.
    occurrences: String,
    /// Events by their next occurrence.
    events: String,
    /// Categories.
    categories: String,
    /// Tags of upcoming events.
    tags: String,
    /// Sign-in.
    sign_in: String,
    /// The account of the signed-in user.
    me: String,
    /// The registrations of the signed-in user.
    registrations: String,
    /// The notifications of the signed-in user.
    notifications: String,
    /// The API documentation for people.
    documentation: String,
    /// The OpenAPI document.
    openapi: String,
    /// The kinds of problems.
    problems: String,
}

/// Links to all that the API has
#[utoipa::path(
    get,
    path = "/api/v1",
    tag = "service",
    responses(
        (status = 200, description = "The links", body = ApiIndex),
        OpenProblems,
    )
)]
async fn index(call: Call) -> Answer {
    call.no_query()?;
    let link = |path: &str| format!("{}{path}", call.public_url);
    reply::json(&ApiIndex {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        links: ApiLinks {
            occurrences: link("/api/v1/occurrences"),
            events: link("/api/v1/events"),
            categories: link("/api/v1/categories"),
            tags: link("/api/v1/tags"),
            sign_in: link("/api/v1/auth/login"),
            me: link("/api/v1/users/me"),
            registrations: link("/api/v1/registrations"),
            notifications: link("/api/v1/notifications"),
            documentation: link("/docs"),
            openapi: link("/openapi.json"),
            problems: link("/problems"),
        },
    })
}

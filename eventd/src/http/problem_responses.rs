//! Sets of problem responses that routes declare in their `responses(…)`.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

type Responses = BTreeMap<String, RefOr<Response>>;

/// Responses with problems as their bodies.
fn problems(of: &[(&str, &str)]) -> Responses {
    let response = |description: &str| {
        let schema = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new().description(description);
        RefOr::T(response.content("application/problem+json", schema).build())
    };
    of.iter().map(|(status, description)| ((*status).to_owned(), response(description))).collect()
}

const INVALID: (&str, &str) = ("400", "Invalid request");
const NOT_ACCEPTABLE: (&str, &str) = ("406", "`Accept` excludes the media types of the response");
const RATE_LIMITED: (&str, &str) = ("429", "Too many requests");
const UNAVAILABLE: (&str, &str) = ("503", "Overloaded, or the database is unavailable");
const UNAUTHORIZED: (&str, &str) = ("401", "Not signed in, or invalid credentials");
const FORBIDDEN: (&str, &str) = ("403", "Not allowed, or a quota is exceeded");

/// Problems of probes and metrics, whose rate is not limited.
pub(crate) struct ProbeProblems;

impl IntoResponses for ProbeProblems {
    fn responses() -> Responses {
        problems(&[UNAVAILABLE])
    }
}

/// Problems of pages.
pub(crate) struct PageProblems;

impl IntoResponses for PageProblems {
    fn responses() -> Responses {
        problems(&[RATE_LIMITED, UNAVAILABLE])
    }
}

/// Problems of an API route without authentication. Its media type is negotiated, and its rate limited.
pub(crate) struct OpenProblems;

impl IntoResponses for OpenProblems {
    fn responses() -> Responses {
        problems(&[INVALID, NOT_ACCEPTABLE, RATE_LIMITED, UNAVAILABLE])
    }
}

/// Problems of an API route that checks credentials in the body.
pub(crate) struct SignInProblems;

impl IntoResponses for SignInProblems {
    fn responses() -> Responses {
        let mut responses = OpenProblems::responses();
        responses.extend(problems(&[UNAUTHORIZED]));
        responses
    }
}

/// Problems of an API route that reads a bearer token.
pub(crate) struct ApiProblems;

impl IntoResponses for ApiProblems {
    fn responses() -> Responses {
        let mut responses = SignInProblems::responses();
        responses.extend(problems(&[FORBIDDEN]));
        responses
    }
}

/// Problems of a request body.
pub(crate) struct BodyProblems;

impl IntoResponses for BodyProblems {
    fn responses() -> Responses {
        problems(&[
            ("408", "The body arrived too slowly"),
            ("413", "The body is too large"),
            ("415", "Unsupported media type of the body"),
        ])
    }
}

/// 404.
pub(crate) struct NotFound;

impl IntoResponses for NotFound {
    fn responses() -> Responses {
        problems(&[("404", "Not found, or not visible to you")])
    }
}

/// 409.
pub(crate) struct Conflict;

impl IntoResponses for Conflict {
    fn responses() -> Responses {
        problems(&[("409", "Conflict with the current state")])
    }
}

/// 412, for routes that read `If-Match`.
pub(crate) struct PreconditionFailed;

impl IntoResponses for PreconditionFailed {
    fn responses() -> Responses {
        problems(&[("412", "Changed since the version in `If-Match`")])
    }
}

/// 304, for routes that read `If-None-Match`.
pub(crate) struct NotModified;

impl IntoResponses for NotModified {
    fn responses() -> Responses {
        let response = ResponseBuilder::new().description("Not modified").build();
        BTreeMap::from([("304".to_owned(), RefOr::T(response))])
    }
}

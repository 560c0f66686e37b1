//! Problems: every error as RFC 9457 has it, and the one table from the library's errors to HTTP.

use std::sync::Arc;

use eventcore::{Error, Violation};
use http::{HeaderValue, Method, StatusCode, header};
use serde::Serialize;
use warp::reply::Response;

/// An error on its way out. The request id is filled in at the door.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    pub(crate) detail: String,
    pub(crate) errors: Vec<Violation>,
    /// For 405.
    pub(crate) allow: Option<String>,
    /// What really happened, where that is for the log alone.
    pub(crate) cause: Option<Cause>,
}

/// What went wrong inside.
#[derive(Debug, Clone)]
pub(crate) struct Cause(Arc<Error>);

impl Cause {
    /// Writes it to the log, with the request that ran into it.
    pub(crate) fn log(&self, request: &str, method: &Method, route: &str) {
        match &*self.0 {
            Error::Internal(source) => {
                let error = source.as_ref() as &dyn std::error::Error;
                tracing::error!(request, %method, route, error, "internal error");
            }
            other => tracing::warn!(request, %method, route, error = %other, "unavailable"),
        }
    }
}

/// What is sent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// A stable reference to what kind of problem it is; it answers with an explanation.
    #[serde(rename = "type")]
    #[schema(example = "/problems/invalid-input")]
    kind: String,
    /// The kind in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What happened this time.
    detail: String,
    /// The id of the request.
    instance: String,
    /// Every wrong field, where input was wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Violation>,
}

/// The kinds of problems.
macro_rules! kinds {
    ($($kind:ident $slug:literal $status:ident $title:literal $explanation:literal;)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Kind { $($kind,)+ }

        impl Kind {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// The last part of its address.
            pub(crate) const fn slug(self) -> &'static str {
                match self { $(Self::$kind => $slug,)+ }
            }

            pub(crate) const fn status(self) -> StatusCode {
                match self { $(Self::$kind => StatusCode::$status,)+ }
            }

            pub(crate) const fn title(self) -> &'static str {
                match self { $(Self::$kind => $title,)+ }
            }

            /// What its page says.
            pub(crate) const fn explanation(self) -> &'static str {
                match self { $(Self::$kind => $explanation,)+ }
            }
        }
    };
}

kinds! {
    InvalidInput "invalid-input" BAD_REQUEST "Invalid input" "Fields of the request break rules. `errors` names every one of them with a pointer, a code and a message.";
    MalformedJson "malformed-json" BAD_REQUEST "Malformed JSON" "The body is not JSON in UTF-8, or is nested more than 32 levels deep.";
    UnknownField "unknown-field" BAD_REQUEST "Unknown field" "The body or the query has fields that do not exist, so a typing error never silently does something else.";
    Unauthenticated "unauthenticated" UNAUTHORIZED "Sign in first" "Send an access token as `Authorization: Bearer …`; `POST /api/v1/auth/login` gives one.";
    InvalidCredentials "invalid-credentials" UNAUTHORIZED "Invalid credentials" "The name, the password or the token is not right, or no longer holds.";
    TokenExpired "token-expired" UNAUTHORIZED "The token has expired" "Exchange the refresh token for a new pair with `POST /api/v1/auth/refresh`.";
    Forbidden "forbidden" FORBIDDEN "Not allowed" "You are known, and may not do this.";
    NotFound "not-found" NOT_FOUND "Not found" "There is nothing here, or nothing for your eyes.";
    MethodNotAllowed "method-not-allowed" METHOD_NOT_ALLOWED "Method not allowed" "The address exists, and answers the methods that `Allow` names.";
    NotAcceptable "not-acceptable" NOT_ACCEPTABLE "Not acceptable" "The answer exists only in types that `Accept` rules out.";
    UnsupportedMediaType "unsupported-media-type" UNSUPPORTED_MEDIA_TYPE "Unsupported media type" "Bodies are `application/json`; a PATCH may say `application/merge-patch+json`.";
    PayloadTooLarge "payload-too-large" PAYLOAD_TOO_LARGE "Payload too large" "A body has at most 1 MiB.";
    HeadTooLarge "head-too-large" REQUEST_HEADER_FIELDS_TOO_LARGE "Head too large" "The address and the headers of a request have at most 16 KiB together.";
    UsernameTaken "username-taken" CONFLICT "Username taken" "Another user has this username; names are compared without case.";
    EmailTaken "email-taken" CONFLICT "E-mail address taken" "Another user has this address; addresses are compared without case.";
    EventFull "event-full" CONFLICT "Event full" "No seats are left for the party, and there is no waitlist.";
    RegistrationClosed "registration-closed" CONFLICT "Registration closed" "Registration for this date has closed.";
    RegistrationNotOpen "registration-not-open" CONFLICT "Registration not open" "Registration for this date has not opened yet.";
    OccurrencePast "occurrence-past" CONFLICT "Date past" "The date has begun or is over.";
    OccurrenceCancelled "occurrence-cancelled" CONFLICT "Date cancelled" "The date, or its whole event, was cancelled.";
    EventNotPublished "event-not-published" CONFLICT "Event not published" "The event is still a draft.";
    PartyTooLarge "party-too-large" CONFLICT "Party too large" "The party has more people than `max_party_size` of the event allows.";
    HasRegistrations "has-registrations" CONFLICT "People have registered" "What people registered for is cancelled instead, so that they are told and keep their record.";
    CategoryInUse "category-in-use" CONFLICT "Category in use" "Events use the category: name another one to take them.";
    VersionMismatch "version-mismatch" PRECONDITION_FAILED "Changed meanwhile" "Somebody changed the thing since you read it: read it again, then change it.";
    IdempotencyKeyReused "idempotency-key-reused" CONFLICT "Idempotency-Key reused" "The key came with another request before, or with one whose answer was lost when the server broke off: then look whether it took effect. A new request wants a new key.";
    NotAttended "not-attended" FORBIDDEN "Not attended" "Only people who held a place can do this.";
    NotConfirmed "not-confirmed" CONFLICT "Not confirmed" "Who waits, or has given the place up, has no place to be checked in to.";
    OccurrenceNotOver "occurrence-not-over" CONFLICT "Date not over" "This can be done once the date is over.";
    RateLimited "rate-limited" TOO_MANY_REQUESTS "Too many requests" "Wait as many seconds as `Retry-After` says.";
    Unavailable "unavailable" SERVICE_UNAVAILABLE "Unavailable" "The server is overloaded or ending, or its database is away. `Retry-After` says when to try again.";
    Internal "internal" INTERNAL_SERVER_ERROR "Internal error" "The fault is ours. The log has the details under the request id.";
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), allow: None, cause: None }
    }

    /// What a bare status from elsewhere means.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let kind = match status {
            StatusCode::BAD_REQUEST => Kind::InvalidInput,
            StatusCode::PAYLOAD_TOO_LARGE => Kind::PayloadTooLarge,
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Kind::HeadTooLarge,
            StatusCode::NOT_FOUND => Kind::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Kind::MethodNotAllowed,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Kind::UnsupportedMediaType,
            StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE => {
                Kind::Unavailable
            }
            _ => Kind::Internal,
        };
        Self::new(kind, kind.title())
    }

    /// The response, its body still without the request id: [`Problem::render`] writes it.
    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::default();
        *response.status_mut() = self.kind.status();
        response.extensions_mut().insert(self);
        response
    }

    /// The headers and the body for the request `instance`.
    pub(crate) fn render(&self, instance: &str) -> (http::HeaderMap, Vec<u8>) {
        let body = ProblemBody {
            kind: format!("/problems/{}", self.kind.slug()),
            title: self.kind.title().to_owned(),
            status: self.kind.status().as_u16(),
            detail: self.detail.clone(),
            instance: instance.to_owned(),
            errors: self.errors.clone(),
        };
        let mut headers = http::HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self.kind {
            Kind::Unauthenticated => {
                _ = headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            }
            Kind::InvalidCredentials | Kind::TokenExpired => {
                headers.insert(
                    header::WWW_AUTHENTICATE,
                    HeaderValue::from_static("Bearer error=\"invalid_token\""),
                );
            }
            Kind::Unavailable | Kind::RateLimited => {
                _ = headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"))
            }
            _ => {}
        }
        if let Some(allow) = self.allow.as_deref().and_then(|allow| HeaderValue::from_str(allow).ok()) {
            headers.insert(header::ALLOW, allow);
        }
        (headers, serde_json::to_vec(&body).unwrap_or_default())
    }
}

impl From<Error> for Problem {
    /// The one table from the library's errors to HTTP.
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Invalid(wrong) if wrong.as_slice().iter().all(|v| v.code == "unknown_field") => {
                Kind::UnknownField
            }
            Error::Invalid(_) => Kind::InvalidInput,
            Error::Unauthenticated => Kind::Unauthenticated,
            Error::InvalidCredentials | Error::InvalidToken => Kind::InvalidCredentials,
            Error::TokenExpired => Kind::TokenExpired,
            Error::Forbidden(_) => Kind::Forbidden,
            Error::NotFound(_) => Kind::NotFound,
            Error::UsernameTaken => Kind::UsernameTaken,
            Error::EmailTaken => Kind::EmailTaken,
            Error::EventFull => Kind::EventFull,
            Error::RegistrationClosed => Kind::RegistrationClosed,
            Error::RegistrationNotOpen => Kind::RegistrationNotOpen,
            Error::OccurrencePast | Error::OccurrenceBegun => Kind::OccurrencePast,
            Error::OccurrenceCancelled => Kind::OccurrenceCancelled,
            Error::EventNotPublished => Kind::EventNotPublished,
            Error::PartyTooLarge { .. } => Kind::PartyTooLarge,
            Error::HasRegistrations => Kind::HasRegistrations,
            Error::CategoryInUse => Kind::CategoryInUse,
            Error::VersionMismatch { .. } => Kind::VersionMismatch,
            Error::IdempotencyKeyReused => Kind::IdempotencyKeyReused,
            Error::NotAttended => Kind::NotAttended,
            Error::NotConfirmed { .. } => Kind::NotConfirmed,
            Error::OccurrenceNotOver => Kind::OccurrenceNotOver,
            Error::Unavailable(_) | Error::Contended => Kind::Unavailable,
            _ => Kind::Internal,
        };
        let detail = match &error {
            Error::Internal(_) => "the fault is ours; it has been logged under this request".to_owned(),
            Error::Unavailable(_) => "the database is away: try again shortly".to_owned(),
            Error::Invalid(wrong) if wrong.as_slice().len() > 1 => {
                format!("{} fields are wrong", wrong.as_slice().len())
            }
            other => other.to_string(),
        };
        let mut problem = Self::new(kind, detail);
        match error {
            Error::Invalid(wrong) => problem.errors = wrong.as_slice().to_vec(),
            Error::Internal(_) | Error::Unavailable(_) => problem.cause = Some(Cause(Arc::new(error))),
            _ => {}
        }
        problem
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_its_status() {
        for (error, slug, status) in [
            (Error::invalid("/title", "required", ""), "invalid-input", 400),
            (Error::invalid("/colour", "unknown_field", ""), "unknown-field", 400),
            (Error::Unauthenticated, "unauthenticated", 401),
            (Error::InvalidCredentials, "invalid-credentials", 401),
            (Error::InvalidToken, "invalid-credentials", 401),
            (Error::TokenExpired, "token-expired", 401),
            (Error::Forbidden(""), "forbidden", 403),
            (Error::NotFound("event"), "not-found", 404),
            (Error::UsernameTaken, "username-taken", 409),
            (Error::EmailTaken, "email-taken", 409),
            (Error::EventFull, "event-full", 409),
            (Error::RegistrationClosed, "registration-closed", 409),
            (Error::RegistrationNotOpen, "registration-not-open", 409),
            (Error::OccurrencePast, "occurrence-past", 409),
            (Error::OccurrenceBegun, "occurrence-past", 409),
            (Error::OccurrenceCancelled, "occurrence-cancelled", 409),
            (Error::EventNotPublished, "event-not-published", 409),
            (Error::PartyTooLarge { max: 4 }, "party-too-large", 409),
            (Error::HasRegistrations, "has-registrations", 409),
            (Error::CategoryInUse, "category-in-use", 409),
            (Error::VersionMismatch { current: 2 }, "version-mismatch", 412),
            (Error::IdempotencyKeyReused, "idempotency-key-reused", 409),
            (Error::NotAttended, "not-attended", 403),
            (Error::NotConfirmed { waits: true }, "not-confirmed", 409),
            (Error::OccurrenceNotOver, "occurrence-not-over", 409),
            (Error::Unavailable(String::new()), "unavailable", 503),
            (Error::Contended, "unavailable", 503),
            (Error::internal("secret"), "internal", 500),
        ] {
            let code = error.code();
            let problem = Problem::from(error);
            assert_eq!((problem.kind.slug(), problem.kind.status().as_u16()), (slug, status));
            assert!(slug.replace('-', "_") == code || slug == "unknown-field", "{slug} {code}");
        }
    }

    #[test]
    fn internals_stay_inside() {
        let (_, body) = Problem::from(Error::internal("secret table")).render("42");
        let body = String::from_utf8(body).unwrap();
        assert!(!body.contains("secret") && body.contains("\"instance\":\"42\""), "{body}");
    }
}

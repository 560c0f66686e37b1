//! Errors as problem details (RFC 9457), and the mapping from the library's errors to them.

use std::sync::Arc;
use std::time::Duration;

use eventcore::{Error, Violation};
use http::{HeaderValue, Method, StatusCode, header};
use serde::Serialize;
use warp::reply::Response;

use super::problem_kind::Kind;

/// How long a client waits unless the error says otherwise.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// An error before it is rendered. The edge service adds the request id.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    pub(crate) detail: String,
    pub(crate) errors: Vec<Violation>,
    /// The value of `Allow`, for 405.
    pub(crate) allow: Option<String>,
    /// The value of `Retry-After`, for 429 and 503. `None` if it helps only that an operator acts.
    pub(crate) retry_after: Option<Duration>,
    /// The internal error, which is logged and not sent.
    pub(crate) cause: Option<Cause>,
    /// How to sign in, for 401.
    pub(crate) challenge: Challenge,
    /// The precondition of WebDAV that is not met, as the XML of its element (RFC 4918, 16). It is sent in
    /// place of the problem.
    pub(crate) dav_error: Option<Box<str>>,
}

/// How to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// With a token (RFC 6750).
    Bearer,
    /// With a name and a password (RFC 7617), as calendar programs can.
    Basic,
}

/// An internal error.
#[derive(Debug, Clone)]
pub(crate) struct Cause(Arc<Error>);

impl Cause {
    /// Logs the error with its request.
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

/// The body of a problem response.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// The kind of problem, as the path of a page that explains it.
    #[serde(rename = "type")]
    #[schema(example = "/problems/invalid-input")]
    kind: String,
    /// The kind of problem in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What happened in this case.
    detail: String,
    /// The request id, as in `X-Request-Id`.
    instance: String,
    /// All invalid fields, if the input is invalid.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Violation>,
}

/// The greatest length of `detail`, in characters. Some details quote what a client sent.
pub(crate) const MAX_DETAIL: usize = 500;

/// The beginning of a detail that is too long.
fn shortened(mut detail: String) -> String {
    if let Some((end, _)) = detail.char_indices().nth(MAX_DETAIL - 1)
        && detail[end..].chars().nth(1).is_some()
    {
        detail.truncate(end);
        detail.push('…');
    }
    detail
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: shortened(detail.into()),
            errors: Vec::new(),
            allow: None,
            retry_after: Some(RETRY_AFTER),
            cause: None,
            challenge: Challenge::Bearer,
            dav_error: None,
        }
    }

    /// The problem for an error status that a layer below set without one.
    pub(crate) fn from_status(status: StatusCode) -> Self {
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

    /// An empty response that carries the problem. [`Problem::render`] gives its body.
    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::default();
        *response.status_mut() = self.kind.status();
        response.extensions_mut().insert(self);
        response
    }

    /// The headers and the body of the response to the request `instance`.
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
        let content_type = if self.dav_error.is_some() {
            "application/xml; charset=utf-8"
        } else {
            "application/problem+json"
        };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self.kind {
            Kind::Unauthenticated | Kind::InvalidCredentials | Kind::TokenExpired
                if self.challenge == Challenge::Basic =>
            {
                let basic = HeaderValue::from_static("Basic realm=\"Events\", charset=\"UTF-8\"");
                headers.insert(header::WWW_AUTHENTICATE, basic);
            }
            Kind::Unauthenticated => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Kind::InvalidCredentials | Kind::TokenExpired => {
                headers.insert(
                    header::WWW_AUTHENTICATE,
                    HeaderValue::from_static("Bearer error=\"invalid_token\""),
                );
            }
            Kind::Unavailable | Kind::RateLimited => {
                if let Some(wait) = self.retry_after {
                    headers.insert(header::RETRY_AFTER, whole_seconds(wait).into());
                }
            }
            _ => {}
        }
        if let Some(allow) = self.allow.as_deref().and_then(|allow| HeaderValue::from_str(allow).ok()) {
            headers.insert(header::ALLOW, allow);
        }
        let bytes = match &self.dav_error {
            Some(element) => format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:error xmlns:D=\"DAV:\" \
                 xmlns:C=\"urn:ietf:params:xml:ns:caldav\">{element}</D:error>\n"
            )
            .into_bytes(),
            None => serde_json::to_vec(&body).unwrap_or_default(),
        };
        (headers, bytes)
    }
}

/// Whole seconds, rounded up: a client that comes earlier is refused again.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Invalid(wrong) if wrong.as_slice().iter().all(|v| v.code == "unknown_field") => {
                Kind::UnknownField
            }
            Error::Invalid(_) => Kind::InvalidInput,
            Error::Unauthenticated => Kind::Unauthenticated,
            Error::InvalidCredentials | Error::InvalidToken => Kind::InvalidCredentials,
            Error::TokenExpired => Kind::TokenExpired,
            Error::PasswordRequired => Kind::PasswordRequired,
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
            Error::EmailNotVerified => Kind::EmailNotVerified,
            Error::PartyTooLarge { .. } => Kind::PartyTooLarge,
            Error::HasRegistrations => Kind::HasRegistrations,
            Error::CategoryInUse => Kind::CategoryInUse,
            Error::VersionMismatch { .. } => Kind::VersionMismatch,
            Error::IdempotencyKeyReused => Kind::IdempotencyKeyReused,
            Error::NotAttended => Kind::NotAttended,
            Error::NotConfirmed { .. } => Kind::NotConfirmed,
            Error::WrongOccurrence { .. } => Kind::WrongOccurrence,
            Error::CheckInClosed { .. } => Kind::CheckInClosed,
            Error::OccurrenceNotOver => Kind::OccurrenceNotOver,
            Error::DeliveryWaiting => Kind::DeliveryWaiting,
            Error::SubscribedEvent => Kind::SubscribedEvent,
            Error::SubscriptionDisabled => Kind::SubscriptionDisabled,
            Error::RateLimited { .. } => Kind::RateLimited,
            Error::QuotaExceeded { .. } => Kind::QuotaExceeded,
            Error::Unavailable { .. } | Error::Contended | Error::Overloaded => Kind::Unavailable,
            _ => Kind::Internal,
        };
        let detail = match &error {
            Error::Internal(_) => "internal error: the server has logged it under this request id".to_owned(),
            Error::Unavailable { cause, .. } if cause.is_transient() => {
                "the database is unavailable: try again shortly".to_owned()
            }
            Error::Unavailable { .. } => {
                "the database is unavailable until the operator of the server acts".to_owned()
            }
            Error::Invalid(wrong) if wrong.as_slice().len() > 1 => {
                format!("{} fields are invalid", wrong.as_slice().len())
            }
            other => other.to_string(),
        };
        let mut problem = Self::new(kind, detail);
        match error {
            Error::RateLimited { wait, .. } => problem.retry_after = Some(wait),
            Error::Invalid(wrong) => problem.errors = wrong.as_slice().to_vec(),
            Error::Internal(_) | Error::Unavailable { .. } => {
                if !error.is_transient() {
                    problem.retry_after = None;
                }
                problem.cause = Some(Cause(Arc::new(error)));
            }
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
        let [title, starts_at] = [String::new(), String::new()];
        for (error, slug, status) in [
            (Error::invalid("/title", "required", ""), "invalid-input", 400),
            (Error::invalid("/colour", "unknown_field", ""), "unknown-field", 400),
            (Error::Unauthenticated, "unauthenticated", 401),
            (Error::InvalidCredentials, "invalid-credentials", 401),
            (Error::InvalidToken, "invalid-credentials", 401),
            (Error::TokenExpired, "token-expired", 401),
            (Error::PasswordRequired, "password-required", 403),
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
            (Error::EmailNotVerified, "email-not-verified", 403),
            (Error::PartyTooLarge { max: 4 }, "party-too-large", 409),
            (Error::HasRegistrations, "has-registrations", 409),
            (Error::CategoryInUse, "category-in-use", 409),
            (Error::VersionMismatch { current: 2 }, "version-mismatch", 412),
            (Error::IdempotencyKeyReused, "idempotency-key-reused", 409),
            (Error::NotAttended, "not-attended", 403),
            (Error::NotConfirmed { waits: true }, "not-confirmed", 409),
            (
                Error::WrongOccurrence { title: title.clone(), starts_at: starts_at.clone() },
                "wrong-occurrence",
                409,
            ),
            (Error::CheckInClosed { title, starts_at }, "check-in-closed", 409),
            (Error::DeliveryWaiting, "delivery-waiting", 409),
            (Error::SubscribedEvent, "subscribed-event", 403),
            (Error::SubscriptionDisabled, "subscription-disabled", 409),
            (Error::OccurrenceNotOver, "occurrence-not-over", 409),
            (Error::unavailable(eventcore::error::Cause::Busy, ""), "unavailable", 503),
            (Error::Contended, "unavailable", 503),
            (Error::Overloaded, "unavailable", 503),
            (Error::QuotaExceeded { what: "events", limit: 1 }, "quota-exceeded", 403),
            (Error::RateLimited { reason: "", wait: Duration::ZERO }, "rate-limited", 429),
            (Error::internal("secret"), "internal", 500),
        ] {
            let code = error.code();
            assert_eq!(error.http_status(), status, "{slug}");
            let problem = Problem::from(error);
            assert_eq!((problem.kind.slug(), problem.kind.status().as_u16()), (slug, status));
            assert!(slug.replace('-', "_") == code || slug == "unknown-field", "{slug} {code}");
        }
    }

    #[test]
    fn a_long_detail_is_shortened() {
        for (sent, kept) in [(MAX_DETAIL, MAX_DETAIL), (MAX_DETAIL + 1, MAX_DETAIL), (100_000, MAX_DETAIL)] {
            let detail = Problem::new(Kind::InvalidInput, "é".repeat(sent)).detail;
            assert_eq!((detail.chars().count(), detail.ends_with('…')), (kept, sent > kept));
        }
    }

    #[test]
    fn a_wait_is_rounded_up_to_seconds() {
        for (millis, seconds) in [(1, "1"), (1_000, "1"), (1_001, "2"), (900_000, "900")] {
            let problem =
                Problem::from(Error::RateLimited { reason: "", wait: Duration::from_millis(millis) });
            assert_eq!(problem.render("").0[header::RETRY_AFTER], seconds);
        }
    }

    #[test]
    fn only_what_passes_invites_to_try_again() {
        use eventcore::error::Cause;
        for (error, invites) in [
            (Error::unavailable(Cause::Locked, ""), true),
            (Error::unavailable(Cause::Unreachable, ""), true),
            (Error::Contended, true),
            (Error::unavailable(Cause::Full, ""), false),
            (Error::unavailable(Cause::NewerSchema, ""), false),
        ] {
            let text = format!("{error:?}");
            let (headers, body) = Problem::from(error).render("");
            assert_eq!(headers.contains_key(header::RETRY_AFTER), invites, "{text}");
            assert_eq!(String::from_utf8(body).unwrap().contains("try again"), invites, "{text}");
        }
    }

    #[test]
    fn internal_errors_are_not_sent() {
        let (_, body) = Problem::from(Error::internal("secret table")).render("42");
        let body = String::from_utf8(body).unwrap();
        assert!(!body.contains("secret") && body.contains("\"instance\":\"42\""), "{body}");
    }
}

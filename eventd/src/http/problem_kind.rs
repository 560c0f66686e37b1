//! The kinds of problems, each with its HTTP status and texts.

use http::StatusCode;

/// What went wrong, as a client can tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    InvalidInput,
    MalformedJson,
    UnknownField,
    Unauthenticated,
    InvalidCredentials,
    TokenExpired,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    UnsupportedMediaType,
    PayloadTooLarge,
    HeadTooLarge,
    UsernameTaken,
    EmailTaken,
    EventFull,
    RegistrationClosed,
    RegistrationNotOpen,
    OccurrencePast,
    OccurrenceCancelled,
    EventNotPublished,
    PartyTooLarge,
    HasRegistrations,
    CategoryInUse,
    VersionMismatch,
    IdempotencyKeyReused,
    NotAttended,
    NotConfirmed,
    OccurrenceNotOver,
    RateLimited,
    Unavailable,
    Internal,
}

/// What is fixed for a kind.
pub(crate) struct Description {
    /// The last segment of the problem's URL.
    pub(crate) slug: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) title: &'static str,
    /// The text of the problem's page.
    pub(crate) explanation: &'static str,
}

const fn describe(
    slug: &'static str,
    status: StatusCode,
    title: &'static str,
    explanation: &'static str,
) -> Description {
    Description { slug, status, title, explanation }
}

impl Kind {
    /// All kinds, in the order of the page that lists them.
    pub(crate) const ALL: &'static [Self] = &[
        Self::InvalidInput,
        Self::MalformedJson,
        Self::UnknownField,
        Self::Unauthenticated,
        Self::InvalidCredentials,
        Self::TokenExpired,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::UnsupportedMediaType,
        Self::PayloadTooLarge,
        Self::HeadTooLarge,
        Self::UsernameTaken,
        Self::EmailTaken,
        Self::EventFull,
        Self::RegistrationClosed,
        Self::RegistrationNotOpen,
        Self::OccurrencePast,
        Self::OccurrenceCancelled,
        Self::EventNotPublished,
        Self::PartyTooLarge,
        Self::HasRegistrations,
        Self::CategoryInUse,
        Self::VersionMismatch,
        Self::IdempotencyKeyReused,
        Self::NotAttended,
        Self::NotConfirmed,
        Self::OccurrenceNotOver,
        Self::RateLimited,
        Self::Unavailable,
        Self::Internal,
    ];

    pub(crate) const fn slug(self) -> &'static str {
        self.description().slug
    }

    pub(crate) const fn status(self) -> StatusCode {
        self.description().status
    }

    pub(crate) const fn title(self) -> &'static str {
        self.description().title
    }

    pub(crate) const fn explanation(self) -> &'static str {
        self.description().explanation
    }

    const fn description(self) -> Description {
        match self {
            Self::InvalidInput => describe(
                "invalid-input",
                StatusCode::BAD_REQUEST,
                "Invalid input",
                "Fields of the request are invalid. `errors` lists each of them with a pointer, a code \
                 and a message.",
            ),
            Self::MalformedJson => describe(
                "malformed-json",
                StatusCode::BAD_REQUEST,
                "Malformed JSON",
                "The body is not valid JSON in UTF-8, or is nested more than 32 levels deep.",
            ),
            Self::UnknownField => describe(
                "unknown-field",
                StatusCode::BAD_REQUEST,
                "Unknown field",
                "The body or the query has unknown fields. They are refused because a misspelt field \
                 would otherwise be ignored.",
            ),
            Self::Unauthenticated => describe(
                "unauthenticated",
                StatusCode::UNAUTHORIZED,
                "Sign in first",
                "Send an access token as `Authorization: Bearer …`. `POST /api/v1/auth/login` issues one.",
            ),
            Self::InvalidCredentials => describe(
                "invalid-credentials",
                StatusCode::UNAUTHORIZED,
                "Invalid credentials",
                "The username, password or token is wrong, or the token is no longer valid.",
            ),
            Self::TokenExpired => describe(
                "token-expired",
                StatusCode::UNAUTHORIZED,
                "Token expired",
                "Exchange the refresh token for a new pair with `POST /api/v1/auth/refresh`.",
            ),
            Self::Forbidden => describe(
                "forbidden",
                StatusCode::FORBIDDEN,
                "Not allowed",
                "You are signed in, but not allowed to do this.",
            ),
            Self::NotFound => describe(
                "not-found",
                StatusCode::NOT_FOUND,
                "Not found",
                "It does not exist, or you may not see it.",
            ),
            Self::MethodNotAllowed => describe(
                "method-not-allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                "Method not allowed",
                "The path exists, but not with this method. `Allow` lists the methods.",
            ),
            Self::NotAcceptable => describe(
                "not-acceptable",
                StatusCode::NOT_ACCEPTABLE,
                "Not acceptable",
                "The response exists only in media types that `Accept` excludes.",
            ),
            Self::UnsupportedMediaType => describe(
                "unsupported-media-type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Unsupported media type",
                "Send the body as `application/json`, or a PATCH also as `application/merge-patch+json`.",
            ),
            Self::PayloadTooLarge => describe(
                "payload-too-large",
                StatusCode::PAYLOAD_TOO_LARGE,
                "Payload too large",
                "A body must be at most 1 MiB.",
            ),
            Self::HeadTooLarge => describe(
                "head-too-large",
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "Request header too large",
                "The URL and the headers of a request must be at most 16 KiB together.",
            ),
            Self::UsernameTaken => describe(
                "username-taken",
                StatusCode::CONFLICT,
                "Username taken",
                "Another user has this username. Usernames are compared without case.",
            ),
            Self::EmailTaken => describe(
                "email-taken",
                StatusCode::CONFLICT,
                "E-mail address taken",
                "Another user has this e-mail address. Addresses are compared without case.",
            ),
            Self::EventFull => describe(
                "event-full",
                StatusCode::CONFLICT,
                "Event full",
                "There are not enough free seats for the party, and the event has no waitlist.",
            ),
            Self::RegistrationClosed => describe(
                "registration-closed",
                StatusCode::CONFLICT,
                "Registration closed",
                "Registration for this occurrence has closed.",
            ),
            Self::RegistrationNotOpen => describe(
                "registration-not-open",
                StatusCode::CONFLICT,
                "Registration not open",
                "Registration for this occurrence has not opened yet.",
            ),
            Self::OccurrencePast => describe(
                "occurrence-past",
                StatusCode::CONFLICT,
                "Occurrence is over",
                "The occurrence has started or is over.",
            ),
            Self::OccurrenceCancelled => describe(
                "occurrence-cancelled",
                StatusCode::CONFLICT,
                "Occurrence cancelled",
                "The occurrence or its whole event was cancelled.",
            ),
            Self::EventNotPublished => describe(
                "event-not-published",
                StatusCode::CONFLICT,
                "Event not published",
                "The event is still a draft.",
            ),
            Self::PartyTooLarge => describe(
                "party-too-large",
                StatusCode::CONFLICT,
                "Party too large",
                "The party is larger than the `max_party_size` of the event.",
            ),
            Self::HasRegistrations => describe(
                "has-registrations",
                StatusCode::CONFLICT,
                "Registrations exist",
                "Users have registered. Cancel instead of deleting, so that they are notified and keep \
                 their record.",
            ),
            Self::CategoryInUse => describe(
                "category-in-use",
                StatusCode::CONFLICT,
                "Category in use",
                "Events use the category. Move them to another one with `?move_to=slug`.",
            ),
            Self::VersionMismatch => describe(
                "version-mismatch",
                StatusCode::PRECONDITION_FAILED,
                "Version mismatch",
                "It was changed after you read it. Read it again, then repeat the change.",
            ),
            Self::IdempotencyKeyReused => describe(
                "idempotency-key-reused",
                StatusCode::CONFLICT,
                "Idempotency-Key reused",
                "The key belongs to another request, or to one whose response was lost when the server \
                 stopped. In the latter case, check whether the request took effect. Use a new key for \
                 a new request.",
            ),
            Self::NotAttended => describe(
                "not-attended",
                StatusCode::FORBIDDEN,
                "Not attended",
                "Only confirmed attendees can do this.",
            ),
            Self::NotConfirmed => describe(
                "not-confirmed",
                StatusCode::CONFLICT,
                "Not confirmed",
                "The registration is waitlisted or cancelled, so it cannot be checked in.",
            ),
            Self::OccurrenceNotOver => describe(
                "occurrence-not-over",
                StatusCode::CONFLICT,
                "Occurrence not over",
                "This is possible once the occurrence is over.",
            ),
            Self::RateLimited => describe(
                "rate-limited",
                StatusCode::TOO_MANY_REQUESTS,
                "Too many requests",
                "Wait for the number of seconds in `Retry-After`.",
            ),
            Self::Unavailable => describe(
                "unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
                "Unavailable",
                "The server is overloaded or stopping, or its database is unavailable. Retry after the \
                 number of seconds in `Retry-After`.",
            ),
            Self::Internal => describe(
                "internal",
                StatusCode::INTERNAL_SERVER_ERROR,
                "Internal error",
                "The error is in the server. Its log has the details under the request id.",
            ),
        }
    }
}

//! The kinds of problems, each with its HTTP status and texts.

use http::StatusCode;

/// A kind of problem that clients can distinguish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    InvalidInput,
    MalformedJson,
    UnknownField,
    Unauthenticated,
    InvalidCredentials,
    TokenExpired,
    PasswordRequired,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    UnsupportedMediaType,
    PayloadTooLarge,
    RequestTimeout,
    HeadTooLarge,
    UsernameTaken,
    EmailTaken,
    EventFull,
    RegistrationClosed,
    RegistrationNotOpen,
    OccurrencePast,
    OccurrenceCancelled,
    EventNotPublished,
    EmailNotVerified,
    PartyTooLarge,
    HasRegistrations,
    CategoryInUse,
    VersionMismatch,
    IdempotencyKeyReused,
    NotAttended,
    NotConfirmed,
    WrongOccurrence,
    CheckInClosed,
    OccurrenceNotOver,
    DeliveryWaiting,
    SubscribedEvent,
    SubscriptionDisabled,
    QuotaExceeded,
    RateLimited,
    Unavailable,
    Internal,
}

/// The slug, the status and the texts of a kind.
struct Description {
    kind: Kind,
    slug: &'static str,
    status: StatusCode,
    title: &'static str,
    explanation: &'static str,
}

const fn describe(
    kind: Kind,
    slug: &'static str,
    status: StatusCode,
    title: &'static str,
    explanation: &'static str,
) -> Description {
    Description { kind, slug, status, title, explanation }
}

impl Kind {
    /// All kinds, in the order of the page that lists them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        DESCRIPTIONS.iter().map(|description| description.kind)
    }

    /// The last segment of the problem's URL.
    pub(crate) const fn slug(self) -> &'static str {
        DESCRIPTIONS[self as usize].slug
    }

    pub(crate) const fn status(self) -> StatusCode {
        DESCRIPTIONS[self as usize].status
    }

    pub(crate) const fn title(self) -> &'static str {
        DESCRIPTIONS[self as usize].title
    }

    /// The text of the problem's page.
    pub(crate) const fn explanation(self) -> &'static str {
        DESCRIPTIONS[self as usize].explanation
    }
}

// The table has a row for each kind, in their order.
const _: () = {
    let mut index = 0;
    while index < DESCRIPTIONS.len() {
        assert!(DESCRIPTIONS[index].kind as usize == index);
        index += 1;
    }
};

static DESCRIPTIONS: [Description; Kind::Internal as usize + 1] = [
    describe(
        Kind::InvalidInput,
        "invalid-input",
        StatusCode::BAD_REQUEST,
        "Invalid input",
        "Fields of the request are invalid. `errors` lists each of them with a pointer, a code and a \
         message.",
    ),
    describe(
        Kind::MalformedJson,
        "malformed-json",
        StatusCode::BAD_REQUEST,
        "Malformed JSON",
        "The body is not valid JSON in UTF-8, or is nested more than 32 levels deep.",
    ),
    describe(
        Kind::UnknownField,
        "unknown-field",
        StatusCode::BAD_REQUEST,
        "Unknown field",
        "The body or the query has unknown fields. They are refused because a misspelt field would \
         otherwise be ignored.",
    ),
    describe(
        Kind::Unauthenticated,
        "unauthenticated",
        StatusCode::UNAUTHORIZED,
        "Sign in first",
        "Send an access token as `Authorization: Bearer …`. `POST /api/v1/auth/login` issues one.",
    ),
    describe(
        Kind::InvalidCredentials,
        "invalid-credentials",
        StatusCode::UNAUTHORIZED,
        "Invalid credentials",
        "The username, password or token is wrong, or the token is no longer valid.",
    ),
    describe(
        Kind::TokenExpired,
        "token-expired",
        StatusCode::UNAUTHORIZED,
        "Token expired",
        "Exchange the refresh token for a new pair with `POST /api/v1/auth/refresh`.",
    ),
    describe(
        Kind::PasswordRequired,
        "password-required",
        StatusCode::FORBIDDEN,
        "Password required",
        "Changes of credentials need the password to have been given in the last 5 minutes: at the sign-in, \
         or with `POST /api/v1/auth/confirm`. Then repeat the request. Where its body takes \
         `current_password`, sending that suffices.",
    ),
    describe(
        Kind::Forbidden,
        "forbidden",
        StatusCode::FORBIDDEN,
        "Not allowed",
        "You are signed in, but not allowed to do this.",
    ),
    describe(
        Kind::NotFound,
        "not-found",
        StatusCode::NOT_FOUND,
        "Not found",
        "It does not exist, or you may not see it.",
    ),
    describe(
        Kind::MethodNotAllowed,
        "method-not-allowed",
        StatusCode::METHOD_NOT_ALLOWED,
        "Method not allowed",
        "The path exists, but not with this method. `Allow` lists the methods.",
    ),
    describe(
        Kind::NotAcceptable,
        "not-acceptable",
        StatusCode::NOT_ACCEPTABLE,
        "Not acceptable",
        "The response exists only in media types that `Accept` excludes.",
    ),
    describe(
        Kind::UnsupportedMediaType,
        "unsupported-media-type",
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "Unsupported media type",
        "Send the body as `application/json`, a PATCH also as `application/merge-patch+json`, and a calendar \
         file as `text/calendar`.",
    ),
    describe(
        Kind::PayloadTooLarge,
        "payload-too-large",
        StatusCode::PAYLOAD_TOO_LARGE,
        "Payload too large",
        "A body must be at most 1 MiB, a calendar file 10 MiB, or 16 KiB where bodies are small. `detail` \
         names the limit.",
    ),
    describe(
        Kind::RequestTimeout,
        "request-timeout",
        StatusCode::REQUEST_TIMEOUT,
        "Request timeout",
        "The body took too long, or arrived too slowly. `detail` names the limit.",
    ),
    describe(
        Kind::HeadTooLarge,
        "head-too-large",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        "Request header too large",
        "The URL and the headers of a request must be at most 16 KiB together.",
    ),
    describe(
        Kind::UsernameTaken,
        "username-taken",
        StatusCode::CONFLICT,
        "Username taken",
        "Another user has this username. Usernames are compared without case.",
    ),
    describe(
        Kind::EmailTaken,
        "email-taken",
        StatusCode::CONFLICT,
        "E-mail address taken",
        "Another user has this e-mail address. Addresses are compared without case.",
    ),
    describe(
        Kind::EventFull,
        "event-full",
        StatusCode::CONFLICT,
        "Event full",
        "There are not enough free seats for the party, and the event has no waitlist.",
    ),
    describe(
        Kind::RegistrationClosed,
        "registration-closed",
        StatusCode::CONFLICT,
        "Registration closed",
        "Registration for this occurrence has closed.",
    ),
    describe(
        Kind::RegistrationNotOpen,
        "registration-not-open",
        StatusCode::CONFLICT,
        "Registration not open",
        "Registration for this occurrence has not opened yet.",
    ),
    describe(
        Kind::OccurrencePast,
        "occurrence-past",
        StatusCode::CONFLICT,
        "Occurrence is over",
        "The occurrence has started or is over.",
    ),
    describe(
        Kind::OccurrenceCancelled,
        "occurrence-cancelled",
        StatusCode::CONFLICT,
        "Occurrence cancelled",
        "The occurrence or its whole event was cancelled.",
    ),
    describe(
        Kind::EventNotPublished,
        "event-not-published",
        StatusCode::CONFLICT,
        "Event not published",
        "The event is still a draft.",
    ),
    describe(
        Kind::EmailNotVerified,
        "email-not-verified",
        StatusCode::FORBIDDEN,
        "E-mail address not verified",
        "This server wants a verified e-mail address of those who register and publish. Follow the link in \
         the mail that was sent to your address, or send another one by POST /api/v1/users/me/verify-email.",
    ),
    describe(
        Kind::PartyTooLarge,
        "party-too-large",
        StatusCode::CONFLICT,
        "Party too large",
        "The party is larger than the `max_party_size` of the event.",
    ),
    describe(
        Kind::HasRegistrations,
        "has-registrations",
        StatusCode::CONFLICT,
        "Registrations exist",
        "Users have registered. Cancel instead of deleting, so that they are notified and keep their \
         record.",
    ),
    describe(
        Kind::CategoryInUse,
        "category-in-use",
        StatusCode::CONFLICT,
        "Category in use",
        "Events use the category. Move them to another one with `?move_to=slug`.",
    ),
    describe(
        Kind::VersionMismatch,
        "version-mismatch",
        StatusCode::PRECONDITION_FAILED,
        "Version mismatch",
        "It was changed after you read it. Read it again, then repeat the change.",
    ),
    describe(
        Kind::IdempotencyKeyReused,
        "idempotency-key-reused",
        StatusCode::CONFLICT,
        "Idempotency-Key reused",
        "The key belongs to another request, or to one whose response was lost when the server stopped. \
         In the latter case, check whether the request took effect. Use a new key for a new request.",
    ),
    describe(
        Kind::NotAttended,
        "not-attended",
        StatusCode::FORBIDDEN,
        "Not attended",
        "Only confirmed attendees can do this.",
    ),
    describe(
        Kind::NotConfirmed,
        "not-confirmed",
        StatusCode::CONFLICT,
        "Not confirmed",
        "The registration is waitlisted or cancelled, so it cannot be checked in.",
    ),
    describe(
        Kind::WrongOccurrence,
        "wrong-occurrence",
        StatusCode::CONFLICT,
        "Ticket for another occurrence",
        "The ticket is for another occurrence than `occurrence_id`. To take it all the same, send it without \
         `occurrence_id`.",
    ),
    describe(
        Kind::CheckInClosed,
        "check-in-closed",
        StatusCode::CONFLICT,
        "Check-in closed",
        "Without `occurrence_id`, a ticket is taken from 24 hours before the start of its occurrence until \
         24 hours after its end.",
    ),
    describe(
        Kind::OccurrenceNotOver,
        "occurrence-not-over",
        StatusCode::CONFLICT,
        "Occurrence not over",
        "This is possible once the occurrence is over.",
    ),
    describe(
        Kind::DeliveryWaiting,
        "delivery-waiting",
        StatusCode::CONFLICT,
        "Delivery still being tried",
        "The delivery to the webhook is sent soon, or again after a failure. It can be repeated once it has \
         ended.",
    ),
    describe(
        Kind::SubscribedEvent,
        "subscribed-event",
        StatusCode::FORBIDDEN,
        "Event of a followed calendar",
        "The event comes from a calendar that its organizer follows, and only that changes it. Change it \
         there. To change it here, end the subscription and keep its events.",
    ),
    describe(
        Kind::SubscriptionDisabled,
        "subscription-disabled",
        StatusCode::CONFLICT,
        "Subscription disabled",
        "The calendar is not followed at the moment. Enable the subscription first.",
    ),
    describe(
        Kind::QuotaExceeded,
        "quota-exceeded",
        StatusCode::FORBIDDEN,
        "Quota exceeded",
        "Your account has, or has created, as much as it may. `detail` names the quota. A quota within a \
         time has room again when the oldest of what counts is older than that.",
    ),
    describe(
        Kind::RateLimited,
        "rate-limited",
        StatusCode::TOO_MANY_REQUESTS,
        "Too many requests",
        "Wait for the number of seconds in `Retry-After`.",
    ),
    describe(
        Kind::Unavailable,
        "unavailable",
        StatusCode::SERVICE_UNAVAILABLE,
        "Unavailable",
        "The server is overloaded or stopping, or its database is unavailable. Retry after the number \
         of seconds in `Retry-After`. Without that header, an operator must act first, such as when the disk \
         is full.",
    ),
    describe(
        Kind::Internal,
        "internal",
        StatusCode::INTERNAL_SERVER_ERROR,
        "Internal error",
        "The error is in the server. Its log has the details under the request id.",
    ),
];

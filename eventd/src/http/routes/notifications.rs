//! My notifications, what I want to be told, and muted events.

use eventcore::notifications::{
    Notification, NotificationPage, NotificationPreferences, PreferencesInput, RegistrationReminders,
};
use eventcore::{EventId, NotificationId, OccurrenceId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::call::{Answer, Call};
use crate::http::problem_responses::{ApiProblems, BodyProblems, Conflict, NotFound};
use crate::http::query_parameters::PageParameters;
use crate::http::reply;
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    let routes = routes![
        list,
        read,
        read_all,
        preferences,
        replace_preferences,
        mute_state,
        mute,
        unmute,
        reminders,
        set_reminders
    ];
    routes.into_iter().map(Route::small_body).collect()
}

/// Whether an event is muted.
#[derive(Serialize, ToSchema)]
struct MuteState {
    /// Whether the user is told nothing of the event.
    muted: bool,
}

/// List my notifications, newest first
///
/// They are kept for 90 days.
#[utoipa::path(
    get,
    path = "/api/v1/notifications",
    tag = "notifications",
    security(("bearer" = [])),
    params(
        ("unread" = Option<bool>, Query, description = "Whether to list only those that are unread"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of notifications, and the number of all that are unread",
            body = NotificationPage),
        ApiProblems,
    )
)]
async fn list(call: Call) -> Answer {
    let actor = call.actor().await?;
    let mut query = call.query();
    let page = query.page();
    let unread = query.parsed("unread", "must be true or false").unwrap_or(false);
    query.finish()?;
    let found = call.core.notifications(&actor, unread, &page).await?;
    reply::page_within(&call, &found.page, &found)
}

/// Mark a notification as read
#[utoipa::path(
    post,
    path = "/api/v1/notifications/{notification}/read",
    tag = "notifications",
    security(("bearer" = [])),
    params(("notification" = String, Path)),
    responses(
        (status = 200, description = "The notification, which is read", body = Notification),
        ApiProblems, NotFound, Conflict,
    )
)]
async fn read(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    reply::json(&call.core.read_notification(&actor, call.id("notification")?).await?)
}

/// Mark all my notifications as read
#[utoipa::path(
    post,
    path = "/api/v1/notifications/read-all",
    tag = "notifications",
    security(("bearer" = [])),
    params(
        ("until" = Option<String>, Query,
            description = "The id of the newest notification that was shown. Newer ones stay unread"),
    ),
    responses(
        (status = 204, description = "All of them are read"),
        ApiProblems, Conflict,
    )
)]
async fn read_all(call: Call) -> Answer {
    let actor = call.writer().await?;
    let mut query = call.query();
    let until: Option<NotificationId> = query.parsed("until", "must be the id of a notification");
    query.finish()?;
    call.core.read_all_notifications(&actor, until).await?;
    Ok(reply::no_content())
}

/// Read what I want to be told, and when I am reminded
#[utoipa::path(
    get,
    path = "/api/v1/notifications/preferences",
    tag = "notifications",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "All kinds with their channels, and the reminders",
            body = NotificationPreferences),
        ApiProblems,
    )
)]
async fn preferences(call: Call) -> Answer {
    call.no_query()?;
    reply::json(&call.core.notification_preferences(&call.actor().await?).await?)
}

/// Replace what I want to be told, and when I am reminded
///
/// What is left out gets its default: every channel, and reminders a day and an hour before the start.
/// Notices about the account cannot be turned off.
#[utoipa::path(
    put,
    path = "/api/v1/notifications/preferences",
    tag = "notifications",
    security(("bearer" = [])),
    request_body = PreferencesInput,
    responses(
        (status = 200, description = "The preferences that now apply", body = NotificationPreferences),
        ApiProblems, BodyProblems,
    )
)]
async fn replace_preferences(call: Call) -> Answer {
    call.no_query()?;
    let (actor, core) = (call.writer().await?, call.core.clone());
    reply::json(&core.set_notification_preferences(&actor, &call.json::<PreferencesInput>()?).await?)
}

/// Read when I am reminded of my registration
#[utoipa::path(
    get,
    path = "/api/v1/occurrences/{occurrence}/registration/reminders",
    tag = "notifications",
    security(("bearer" = [])),
    params(("occurrence" = String, Path)),
    responses(
        (status = 200, description = "The reminders; null if my own list applies",
            body = RegistrationReminders),
        ApiProblems, NotFound,
    )
)]
async fn reminders(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    let occurrence: OccurrenceId = call.id("occurrence")?;
    reply::json(&call.core.registration_reminders(&actor, occurrence).await?)
}

/// Set when I am reminded of my registration
///
/// With null, my own list applies again.
#[utoipa::path(
    put,
    path = "/api/v1/occurrences/{occurrence}/registration/reminders",
    tag = "notifications",
    security(("bearer" = [])),
    params(("occurrence" = String, Path)),
    request_body = RegistrationReminders,
    responses(
        (status = 200, description = "The reminders that now apply to it", body = RegistrationReminders),
        ApiProblems, BodyProblems, NotFound,
    )
)]
async fn set_reminders(call: Call) -> Answer {
    call.no_query()?;
    let (actor, core) = (call.writer().await?, call.core.clone());
    let occurrence: OccurrenceId = call.id("occurrence")?;
    let input = call.json::<RegistrationReminders>()?;
    reply::json(&core.set_registration_reminders(&actor, occurrence, &input).await?)
}

/// Read whether I have muted an event
#[utoipa::path(
    get,
    path = "/api/v1/events/{event}/mute",
    tag = "notifications",
    security(("bearer" = [])),
    params(("event" = String, Path)),
    responses(
        (status = 200, description = "Whether the event is muted", body = MuteState),
        ApiProblems, NotFound,
    )
)]
async fn mute_state(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    let muted = call.core.is_muted(&actor, call.id::<EventId>("event")?).await?;
    reply::json(&MuteState { muted })
}

/// Mute an event
///
/// I am told nothing of it any more, on any channel: no reminders, and not its cancellation.
#[utoipa::path(
    put,
    path = "/api/v1/events/{event}/mute",
    tag = "notifications",
    security(("bearer" = [])),
    params(("event" = String, Path)),
    responses(
        (status = 204, description = "The event is muted"),
        ApiProblems, NotFound,
    )
)]
async fn mute(call: Call) -> Answer {
    call.no_query()?;
    call.core.mute_event(&call.writer().await?, call.id("event")?).await?;
    Ok(reply::no_content())
}

/// Unmute an event
#[utoipa::path(
    delete,
    path = "/api/v1/events/{event}/mute",
    tag = "notifications",
    security(("bearer" = [])),
    params(("event" = String, Path)),
    responses(
        (status = 204, description = "The event is not muted"),
        ApiProblems, NotFound,
    )
)]
async fn unmute(call: Call) -> Answer {
    call.no_query()?;
    call.core.unmute_event(&call.writer().await?, call.id("event")?).await?;
    Ok(reply::no_content())
}

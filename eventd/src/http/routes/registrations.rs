//! Registrations: one's own, those of a date, and the door.

use eventcore::registrations::{
    CheckIn, MyRegistration, NewAttendee, Party, Registered, Registration, RegistrationStatus, TicketInput,
};
use eventcore::{OccurrenceId, Page, RegistrationId};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{any_of, id, route};
use crate::http::call::{Answer, Call, Context};
use crate::http::reply::{self, Versioned};
use crate::http::{attendees, etag, qr, table};

pub(super) fn routes(context: &Context) -> BoxedFilter<(Response,)> {
    let of_dates = any_of!(
        route!(context, get { occurrence } "registration" => read_mine),
        route!(context, put { occurrence } "registration" => register),
        route!(context, delete { occurrence } "registration" => cancel),
        route!(context, get { occurrence } "registrations" => list),
        route!(context, post { occurrence } "registrations" => add),
        route!(context, delete { occurrence } "registrations" { registration } => remove),
    );
    let below = any_of!(
        route!(context, get => list_mine),
        route!(context, get { registration } => read),
        route!(context, post { registration } "check-in" => check_in),
        route!(context, delete { registration } "check-in" => undo_check_in),
        route!(context, get { registration } "ticket.svg" => ticket_svg),
        route!(context, get { registration } "ticket.png" => ticket_png),
    );
    any_of!(
        warp::path("occurrences").and(of_dates),
        warp::path("registrations").and(below),
        route!(context, post "check-in" => check_in_by_code),
    )
}

fn occurrence_id(text: &str) -> Result<OccurrenceId, eventcore::Error> {
    id(text, "occurrence")
}

fn registration_id(text: &str) -> Result<RegistrationId, eventcore::Error> {
    id(text, "registration")
}

fn versioned(registration: &Registration) -> Versioned<'_, Registration> {
    Versioned {
        value: registration,
        version: registration.version(),
        updated_at: Some(registration.updated_at),
    }
}

fn registered(registered: &Registered, location: &str) -> Answer {
    let answer = versioned(&registered.registration);
    if registered.created { answer.created(location) } else { answer.changed() }
}

/// My registration for a date
#[utoipa::path(get, path = "/api/v1/occurrences/{occurrence}/registration", tag = "registrations", security(("bearer" = [])),
    params(("occurrence" = String, Path)),
    responses((status = 200, description = "The registration", body = Registration), (status = 304, description = "You have it")))]
pub(crate) async fn read_mine(call: Call, occurrence: &str) -> Answer {
    call.no_query()?;
    let registration = call.core.my_registration(&call.actor().await?, occurrence_id(occurrence)?).await?;
    versioned(&registration).ok(&call)
}

/// Register for a date, or change the registration; what is left out stays as it is
#[utoipa::path(put, path = "/api/v1/occurrences/{occurrence}/registration", tag = "registrations", security(("bearer" = [])),
    params(("occurrence" = String, Path)), request_body = Option<Party>,
    responses((status = 200, description = "As it was, or changed", body = Registration), (status = 201, description = "New: confirmed, or waitlisted", body = Registration)))]
pub(crate) async fn register(call: Call, occurrence: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (core, occurrence) = (call.core.clone(), occurrence_id(occurrence)?);
    let expected = etag::expected(&call.headers);
    let party = Party { expected, ..call.json_if_any::<Party>()?.unwrap_or_default() };
    let outcome = core.register(&actor, occurrence, &party).await?;
    registered(&outcome, &format!("/api/v1/occurrences/{occurrence}/registration"))
}

/// Cancel my registration
#[utoipa::path(delete, path = "/api/v1/occurrences/{occurrence}/registration", tag = "registrations", security(("bearer" = [])),
    params(("occurrence" = String, Path)), responses((status = 204, description = "You have none, or no longer")))]
pub(crate) async fn cancel(call: Call, occurrence: &str) -> Answer {
    call.no_query()?;
    let (actor, expected) = (call.writer().await?, etag::expected(&call.headers));
    call.core.cancel_registration(&actor, occurrence_id(occurrence)?, expected).await?;
    Ok(reply::nothing())
}

/// Attendees and waitlist of a date, for its organizers; as a table with `Accept: text/csv`, which then comes whole
#[utoipa::path(get, path = "/api/v1/occurrences/{occurrence}/registrations", tag = "registrations", security(("bearer" = [])),
    params(("occurrence" = String, Path), ("status" = Option<RegistrationStatus>, Query, description = "The waitlist comes in its order, all else by time"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query), ("count" = Option<bool>, Query)),
    responses((status = 200, description = "A page of registrations, or all as CSV", content((Page<Registration> = "application/json"), (String = "text/csv")))))]
pub(crate) async fn list(call: Call, occurrence: &str) -> Answer {
    let actor = call.actor().await?;
    let date = occurrence_id(occurrence)?;
    let mut query = call.query();
    let status = query.parsed("status", "must be confirmed, waitlisted, cancelled or attended");
    let page = query.page();
    query.finish()?;
    if table::is_wanted(&call) {
        return Ok(attendees::csv(call.core.clone(), actor, date, status).await?);
    }
    let registrations = call.core.registrations(&actor, date, status, &page).await?;
    reply::page(&call, &format!("/occurrences/{occurrence}/registrations"), &registrations)
}

/// Register someone, for the organizers
#[utoipa::path(post, path = "/api/v1/occurrences/{occurrence}/registrations", tag = "registrations", security(("bearer" = [])),
    params(("occurrence" = String, Path)), request_body = NewAttendee,
    responses((status = 200, description = "As it was, or changed", body = Registration), (status = 201, description = "New: confirmed, or waitlisted", body = Registration)))]
pub(crate) async fn add(call: Call, occurrence: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let core = call.core.clone();
    let outcome =
        core.add_registration(&actor, occurrence_id(occurrence)?, &call.json::<NewAttendee>()?).await?;
    registered(&outcome, &format!("/api/v1/registrations/{}", outcome.registration.id))
}

/// Take someone off a date, for the organizers
#[utoipa::path(delete, path = "/api/v1/occurrences/{occurrence}/registrations/{registration}", tag = "registrations", security(("bearer" = [])),
    params(("occurrence" = String, Path), ("registration" = String, Path)), responses((status = 204, description = "They are off")))]
pub(crate) async fn remove(call: Call, occurrence: &str, registration: &str) -> Answer {
    call.no_query()?;
    let (actor, date) = (call.writer().await?, occurrence_id(occurrence)?);
    let (registration, expected) = (registration_id(registration)?, etag::expected(&call.headers));
    call.core.remove_registration(&actor, date, registration, expected).await?;
    Ok(reply::nothing())
}

/// All of my registrations: what is ahead first, soonest first, then what is over, latest first
#[utoipa::path(get, path = "/api/v1/registrations", tag = "registrations", security(("bearer" = [])),
    params(("status" = Option<RegistrationStatus>, Query),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query), ("count" = Option<bool>, Query)),
    responses((status = 200, description = "A page of registrations with their dates", body = Page<MyRegistration>)))]
pub(crate) async fn list_mine(call: Call) -> Answer {
    let actor = call.actor().await?;
    let mut query = call.query();
    let status = query.parsed("status", "must be confirmed, waitlisted, cancelled or attended");
    let page = query.page();
    query.finish()?;
    reply::page(&call, "/registrations", &call.core.my_registrations(&actor, status, &page).await?)
}

/// One registration, for its user and the organizers
#[utoipa::path(get, path = "/api/v1/registrations/{registration}", tag = "registrations", security(("bearer" = [])),
    params(("registration" = String, Path)),
    responses((status = 200, description = "The registration", body = Registration), (status = 304, description = "You have it")))]
pub(crate) async fn read(call: Call, registration: &str) -> Answer {
    call.no_query()?;
    let registration = call.core.registration(&call.actor().await?, registration_id(registration)?).await?;
    versioned(&registration).ok(&call)
}

/// Check someone in, for the organizers
#[utoipa::path(post, path = "/api/v1/registrations/{registration}/check-in", tag = "registrations", security(("bearer" = [])),
    params(("registration" = String, Path)),
    responses((status = 200, description = "They are in; `already` says that they were before", body = CheckIn)))]
pub(crate) async fn check_in(call: Call, registration: &str) -> Answer {
    call.no_query()?;
    let (actor, expected) = (call.writer().await?, etag::expected(&call.headers));
    reply::json(&call.core.check_in(&actor, registration_id(registration)?, expected).await?)
}

/// Take a check-in back
#[utoipa::path(delete, path = "/api/v1/registrations/{registration}/check-in", tag = "registrations", security(("bearer" = [])),
    params(("registration" = String, Path)), responses((status = 204, description = "They are not in")))]
pub(crate) async fn undo_check_in(call: Call, registration: &str) -> Answer {
    call.no_query()?;
    let (actor, expected) = (call.writer().await?, etag::expected(&call.headers));
    call.core.undo_check_in(&actor, registration_id(registration)?, expected).await?;
    Ok(reply::nothing())
}

/// Check someone in by the code of their ticket, for the organizers
#[utoipa::path(post, path = "/api/v1/check-in", tag = "registrations", security(("bearer" = [])), request_body = TicketInput,
    responses((status = 200, description = "They are in; `already` says that they were before", body = CheckIn), (status = 404, description = "No ticket for this door")))]
pub(crate) async fn check_in_by_code(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let core = call.core.clone();
    reply::json(&core.check_in_by_code(&actor, &call.json::<TicketInput>()?).await?)
}

/// The ticket as a QR code, drawn in lines
#[utoipa::path(get, path = "/api/v1/registrations/{registration}/ticket.svg", tag = "registrations", security(("bearer" = [])),
    params(("registration" = String, Path)), responses((status = 200, description = "The code", body = String, content_type = "image/svg+xml")))]
pub(crate) async fn ticket_svg(call: Call, registration: &str) -> Answer {
    let code = ticket(&call, registration).await?;
    Ok(reply::secret("image/svg+xml", qr::svg(&code)?))
}

/// The ticket as a QR code, in dots
#[utoipa::path(get, path = "/api/v1/registrations/{registration}/ticket.png", tag = "registrations", security(("bearer" = [])),
    params(("registration" = String, Path)), responses((status = 200, description = "The code", body = [u8], content_type = "image/png")))]
pub(crate) async fn ticket_png(call: Call, registration: &str) -> Answer {
    let code = ticket(&call, registration).await?;
    Ok(reply::secret("image/png", qr::png(&code)?))
}

async fn ticket(call: &Call, registration: &str) -> Result<String, crate::http::problem::Problem> {
    call.no_query()?;
    let registration = call.core.registration(&call.actor().await?, registration_id(registration)?).await?;
    Ok(registration.ticket_code.ok_or(eventcore::Error::NotFound("ticket"))?)
}

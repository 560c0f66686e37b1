//! Registrations: mine, those of an occurrence, and check-in.

use eventcore::registrations::{
    CheckIn, MyRegistration, NewAttendee, Party, Registered, Registration, RegistrationStatus, TicketInput,
};
use eventcore::{Error, OccurrenceId, Page, Precondition, RegistrationId};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::http::call::{Answer, Call, after_sign_in};
use crate::http::links::Linked;
use crate::http::problem::Problem;
use crate::http::problem_responses::{
    ApiProblems, BodyProblems, Conflict, NotFound, NotModified, PreconditionFailed,
};
use crate::http::query::Query;
use crate::http::query_parameters::{IfMatch, PageParameters};
use crate::http::reply::{self, Versioned};
use crate::http::route::{Route, routes};
use crate::http::{attendee_list, csv_reply, etag, qr};

pub(super) fn routes() -> Vec<Route> {
    let mut routes = routes![read_mine, register, cancel, list, add, remove, list_mine, read];
    routes.extend(routes![check_in, undo_check_in, check_in_by_code, ticket_svg, ticket_png]);
    routes.into_iter().map(Route::small_body).collect()
}

fn versioned(registration: Registration, base: &str) -> Versioned<Registration> {
    // Not dated: it also shows the names of the user, and the place on a waitlist, which changes with the
    // registrations before it.
    let version = registration.version();
    Versioned { value: registration.linked(base), version, updated_at: None }
}

fn registered(registered: Registered, location: &str, base: &str) -> Answer {
    let registration = versioned(registered.registration, base);
    if registered.created { registration.created(location) } else { registration.changed() }
}

fn status(query: &mut Query) -> Option<RegistrationStatus> {
    query.parsed("status", "must be confirmed, waitlisted, cancelled or attended")
}

/// Read my registration for an occurrence
#[utoipa::path(
    get,
    path = "/api/v1/occurrences/{occurrence}/registration",
    tag = "registrations",
    security(("bearer" = [])),
    params(("occurrence" = String, Path)),
    responses(
        (status = 200, description = "My registration", body = Registration),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn read_mine(call: Call) -> Answer {
    call.no_query()?;
    let caller = call.caller().await?;
    let occurrence = call.id("occurrence").map_err(Problem::from);
    let occurrence = after_sign_in(&call.core, &caller, occurrence).await?;
    let registration = call.core.my_registration(&caller, occurrence).await?;
    versioned(registration, &call.public_url).ok(&call)
}

/// Register for an occurrence, or change my registration
///
/// Missing fields are unchanged.
#[utoipa::path(
    put,
    path = "/api/v1/occurrences/{occurrence}/registration",
    tag = "registrations",
    security(("bearer" = [])),
    params(("occurrence" = String, Path), IfMatch),
    request_body = Option<Party>,
    responses(
        (status = 200, description = "My registration, changed or unchanged", body = Registration),
        (status = 201, description = "My new registration, confirmed or waitlisted", body = Registration),
        ApiProblems, BodyProblems, NotFound, Conflict, PreconditionFailed,
    )
)]
async fn register(call: Call) -> Answer {
    call.no_query()?;
    let (core, base, caller) = (call.core.clone(), call.public_url.clone(), call.writing_caller().await?);
    let (occurrence, party) = after_sign_in(&core, &caller, wanted_registration(call)).await?;
    let outcome = core.register(&caller, occurrence, &party).await?;
    registered(outcome, &format!("/api/v1/occurrences/{occurrence}/registration"), &base)
}

fn wanted_registration(call: Call) -> Result<(OccurrenceId, Party), Problem> {
    let (occurrence, expected) = (call.id("occurrence")?, etag::precondition(&call.headers)?);
    Ok((occurrence, Party { expected, ..call.json_if_any::<Party>()?.unwrap_or_default() }))
}

/// Cancel my registration
#[utoipa::path(
    delete,
    path = "/api/v1/occurrences/{occurrence}/registration",
    tag = "registrations",
    security(("bearer" = [])),
    params(("occurrence" = String, Path), IfMatch),
    responses(
        (status = 204, description = "Cancelled, or there was none"),
        ApiProblems, NotFound, Conflict, PreconditionFailed,
    )
)]
async fn cancel(call: Call) -> Answer {
    call.no_query()?;
    let caller = call.writing_caller().await?;
    let (occurrence, expected) = after_sign_in(&call.core, &caller, named_occurrence(&call)).await?;
    call.core.cancel_registration(&caller, occurrence, expected.as_ref()).await?;
    Ok(reply::no_content())
}

fn named_occurrence(call: &Call) -> Result<(OccurrenceId, Option<Precondition>), Problem> {
    Ok((call.id("occurrence")?, etag::precondition(&call.headers)?))
}

/// List the attendees and the waitlist of an occurrence (organizers only)
///
/// Send `Accept: text/csv` for a table of all of them.
#[utoipa::path(
    get,
    path = "/api/v1/occurrences/{occurrence}/registrations",
    tag = "registrations",
    security(("bearer" = [])),
    params(
        ("occurrence" = String, Path),
        ("status" = Option<RegistrationStatus>, Query,
            description = "`waitlisted` is in waitlist order, all others are in order of registration"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of registrations, or all of them as CSV",
            content((Page<Registration> = "application/json"), (String = "text/csv"))),
        ApiProblems, NotFound,
    )
)]
async fn list(call: Call) -> Answer {
    let actor = call.actor().await?;
    let occurrence: OccurrenceId = call.id("occurrence")?;
    let mut query = call.query();
    let status = status(&mut query);
    let page = query.page();
    query.finish()?;
    if csv_reply::is_preferred(&call) {
        return Ok(attendee_list::csv(call.core.clone(), actor, occurrence, status).await?);
    }
    let page = call.core.registrations(&actor, occurrence, status, &page).await?;
    reply::page(&call, &page.linked(&call.public_url))
}

/// Register a user (organizers only)
#[utoipa::path(
    post,
    path = "/api/v1/occurrences/{occurrence}/registrations",
    tag = "registrations",
    security(("bearer" = [])),
    params(("occurrence" = String, Path)),
    request_body = NewAttendee,
    responses(
        (status = 200, description = "The registration, changed or unchanged", body = Registration),
        (status = 201, description = "The new registration, confirmed or waitlisted", body = Registration),
        ApiProblems, BodyProblems, NotFound, Conflict,
    )
)]
async fn add(call: Call) -> Answer {
    call.no_query()?;
    let (core, base, caller) = (call.core.clone(), call.public_url.clone(), call.writing_caller().await?);
    let (occurrence, attendee) = after_sign_in(&core, &caller, wanted_attendee(call)).await?;
    let outcome = core.add_registration(&caller, occurrence, &attendee).await?;
    let location = format!("/api/v1/registrations/{}", outcome.registration.id);
    registered(outcome, &location, &base)
}

fn wanted_attendee(call: Call) -> Result<(OccurrenceId, NewAttendee), Problem> {
    Ok((call.id("occurrence")?, call.json::<NewAttendee>()?))
}

/// Remove an attendee from an occurrence (organizers only)
#[utoipa::path(
    delete,
    path = "/api/v1/occurrences/{occurrence}/registrations/{registration}",
    tag = "registrations",
    security(("bearer" = [])),
    params(("occurrence" = String, Path), ("registration" = String, Path), IfMatch),
    responses(
        (status = 204, description = "Removed"),
        ApiProblems, NotFound, Conflict, PreconditionFailed,
    )
)]
async fn remove(call: Call) -> Answer {
    call.no_query()?;
    let caller = call.writing_caller().await?;
    let (occurrence, registration, expected) =
        after_sign_in(&call.core, &caller, named_registration(&call)).await?;
    call.core.remove_registration(&caller, occurrence, registration, expected.as_ref()).await?;
    Ok(reply::no_content())
}

fn named_registration(call: &Call) -> Result<(OccurrenceId, RegistrationId, Option<Precondition>), Problem> {
    Ok((call.id("occurrence")?, call.id("registration")?, etag::precondition(&call.headers)?))
}

/// List my registrations: upcoming ones, soonest first, then past ones, latest first
#[utoipa::path(
    get,
    path = "/api/v1/registrations",
    tag = "registrations",
    security(("bearer" = [])),
    params(("status" = Option<RegistrationStatus>, Query), PageParameters),
    responses(
        (status = 200, description = "A page of registrations with their occurrences",
            body = Page<MyRegistration>),
        ApiProblems,
    )
)]
async fn list_mine(call: Call) -> Answer {
    let actor = call.actor().await?;
    let mut query = call.query();
    let status = status(&mut query);
    let page = query.page();
    query.finish()?;
    let page = call.core.my_registrations(&actor, status, &page).await?;
    reply::page(&call, &page.linked(&call.public_url))
}

/// Read a registration (its user and organizers only)
#[utoipa::path(
    get,
    path = "/api/v1/registrations/{registration}",
    tag = "registrations",
    security(("bearer" = [])),
    params(("registration" = String, Path)),
    responses(
        (status = 200, description = "The registration", body = Registration),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn read(call: Call) -> Answer {
    call.no_query()?;
    let registration = call.core.registration(&call.actor().await?, call.id("registration")?).await?;
    versioned(registration, &call.public_url).ok(&call)
}

/// Check an attendee in (organizers only)
#[utoipa::path(
    post,
    path = "/api/v1/registrations/{registration}/check-in",
    tag = "registrations",
    security(("bearer" = [])),
    params(("registration" = String, Path), IfMatch),
    responses(
        (status = 200, description = "Checked in; `already` is true if that was so before", body = CheckIn),
        ApiProblems, NotFound, Conflict, PreconditionFailed,
    )
)]
async fn check_in(call: Call) -> Answer {
    call.no_query()?;
    let (actor, expected) = (call.writer().await?, etag::precondition(&call.headers)?);
    let done = call.core.check_in(&actor, call.id("registration")?, expected.as_ref()).await?;
    reply::json(&done.linked(&call.public_url))
}

/// Undo a check-in (organizers only)
#[utoipa::path(
    delete,
    path = "/api/v1/registrations/{registration}/check-in",
    tag = "registrations",
    security(("bearer" = [])),
    params(("registration" = String, Path), IfMatch),
    responses(
        (status = 204, description = "Check-in undone, or not checked in"),
        ApiProblems, NotFound, PreconditionFailed,
    )
)]
async fn undo_check_in(call: Call) -> Answer {
    call.no_query()?;
    let (actor, expected) = (call.writer().await?, etag::precondition(&call.headers)?);
    call.core.undo_check_in(&actor, call.id("registration")?, expected.as_ref()).await?;
    Ok(reply::no_content())
}

/// Check an attendee in by ticket code (organizers only)
#[utoipa::path(
    post,
    path = "/api/v1/check-in",
    tag = "registrations",
    security(("bearer" = [])),
    request_body = TicketInput,
    responses(
        (status = 200, description = "Checked in; `already` is true if that was so before", body = CheckIn),
        ApiProblems, BodyProblems, NotFound, Conflict,
    )
)]
async fn check_in_by_code(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (core, base) = (call.core.clone(), call.public_url.clone());
    let done = core.check_in_by_code(&actor, &call.json::<TicketInput>()?).await?;
    reply::json(&done.linked(&base))
}

/// Read the ticket's QR code as SVG
#[utoipa::path(
    get,
    path = "/api/v1/registrations/{registration}/ticket.svg",
    tag = "registrations",
    security(("bearer" = [])),
    params(("registration" = String, Path)),
    responses(
        (status = 200, description = "The image", body = String, content_type = "image/svg+xml"),
        ApiProblems, NotFound,
    )
)]
async fn ticket_svg(call: Call) -> Answer {
    let code = ticket_code(&call).await?;
    Ok(reply::private_content(&call, qr::svg(&code)?))
}

/// The schema of an image.
struct Image;

impl PartialSchema for Image {
    fn schema() -> RefOr<Schema> {
        let binary = SchemaFormat::KnownFormat(KnownFormat::Binary);
        ObjectBuilder::new().schema_type(Type::String).format(Some(binary)).into()
    }
}

impl ToSchema for Image {}

/// Read the ticket's QR code as PNG
#[utoipa::path(
    get,
    path = "/api/v1/registrations/{registration}/ticket.png",
    tag = "registrations",
    security(("bearer" = [])),
    params(("registration" = String, Path)),
    responses(
        (status = 200, description = "The image", body = inline(Image), content_type = "image/png"),
        ApiProblems, NotFound,
    )
)]
async fn ticket_png(call: Call) -> Answer {
    let code = ticket_code(&call).await?;
    Ok(reply::private_content(&call, qr::png(&code)?))
}

async fn ticket_code(call: &Call) -> Result<String, Problem> {
    call.no_query()?;
    let registration = call.core.registration(&call.actor().await?, call.id("registration")?).await?;
    Ok(registration.ticket_code.ok_or(Error::NotFound("ticket"))?)
}

//! `/import`: events from calendar files.

use eventcore::calendars::{ImportOptions, ImportReport};
use eventcore::events::{EventStatus, Visibility};

use crate::http::call::{Answer, Call};
use crate::http::problem_responses::{ApiProblems, BodyProblems, Conflict};
use crate::http::reply;
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    let routes: Vec<Route> = routes![import];
    routes.into_iter().map(Route::file_body).collect()
}

/// Whether new events are published.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the words that the handler reads")]
enum StatusOfNew {
    Draft,
    Published,
}

/// What an import fills in.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters that the handler reads")]
struct ImportParameters {
    /// Store nothing: only report what an import would do; default false
    dry_run: Option<bool>,
    /// Whether to import what is over, too; default false
    past: Option<bool>,
    /// Location of new events without one; default `To be announced`
    #[param(min_length = 1, max_length = 300)]
    location: Option<String>,
    /// Capacity of new events; default 100
    #[param(minimum = 1, maximum = 1_000_000)]
    capacity: Option<i64>,
    /// IANA time zone of times and dates without one; default that of the calendar (`X-WR-TIMEZONE`), else
    /// mine
    timezone: Option<String>,
    /// Who can see new events; default `private` if CLASS is PRIVATE or CONFIDENTIAL, otherwise `public`
    #[param(inline)]
    visibility: Option<Visibility>,
    /// Status of new events; default `draft` if STATUS is TENTATIVE, otherwise `published`
    #[param(inline)]
    status: Option<StatusOfNew>,
}

/// Import events from an iCalendar file of up to 10 MiB and 20,000 components
///
/// Each UID becomes an event of mine, with its rule and the occurrences that differ. A UID that I have
/// imported before, or that is the id of an event that I organize, changes that event, as an edit would;
/// properties that the file lacks keep their values. Each UID is stored whole or not at all. The report says
/// what became of each component: `created`, `updated`, `unchanged`, or `skipped`, with the reason and its
/// line.
///
/// A file that is no complete iCalendar file in UTF-8 is refused, and nothing of it is stored.
#[utoipa::path(
    post,
    path = "/api/v1/import",
    tag = "calendars",
    security(("bearer" = [])),
    params(ImportParameters),
    request_body(content = String, content_type = "text/calendar", description = "The file, in UTF-8"),
    responses(
        (status = 200, description = "What became of each component", body = ImportReport),
        ApiProblems, BodyProblems, Conflict,
    )
)]
async fn import(call: Call) -> Answer {
    let actor = call.writer().await?;
    let mut query = call.query();
    let options = ImportOptions {
        dry_run: query.parsed("dry_run", "must be true or false").unwrap_or(false),
        past: query.parsed("past", "must be true or false").unwrap_or(false),
        location: query.parsed("location", "must be a text"),
        capacity: query.parsed("capacity", "must be 1 to 1,000,000"),
        timezone: query.parsed("timezone", "must be an IANA time zone such as Europe/Berlin"),
        visibility: query.parsed("visibility", "must be public, unlisted or private"),
        status: query.word("status", &[("draft", EventStatus::Draft), ("published", EventStatus::Published)]),
    };
    query.add_violations(&options.violations());
    query.finish()?;
    let core = call.core.clone();
    reply::json(&core.import_calendar(&actor, call.file()?, &options).await?)
}

//! Lists of events to subscribe to: as calendars (RFC 5545), Atom (RFC 4287) and JSON Feed.

use eventcore::Actor;
use eventcore::agenda::AgendaFilter;
use eventcore::calendars::{CalendarFeed, FeedLinks, SyndicationFormat};
use http::header;
use percent_encoding::percent_decode_str;

use super::agenda_query::{FilterParameters, Listing, filter};
use crate::http::call::{Answer, Call};
use crate::http::etag;
use crate::http::problem::Problem;
use crate::http::problem_responses::{ApiProblems, NotFound, NotModified, OpenProblems};
use crate::http::reply;
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![
        public,
        public_atom,
        public_json,
        of_category,
        of_category_atom,
        of_category_json,
        of_tag,
        of_tag_atom,
        of_tag_json,
        of_organizer,
        of_organizer_atom,
        of_organizer_json,
        personal,
        personal_atom,
        personal_json
    ]
}

/// The format of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Calendar,
    Syndication(SyndicationFormat),
}

const CALENDAR: Format = Format::Calendar;
const ATOM: Format = Format::Syndication(SyndicationFormat::Atom);
const JSON_FEED: Format = Format::Syndication(SyndicationFormat::JsonFeed);

/// Subscribe to public events that are not over, with the filters of the agenda
///
/// The list has each event with an occurrence that matches, with all its occurrences; of more than 10,000
/// those that start soonest.
#[utoipa::path(
    get,
    path = "/api/v1/calendars/public.ics",
    tag = "calendars",
    security((), ("bearer" = [])),
    params(FilterParameters, ("status" = Option<eventcore::events::OccurrenceStatus>, Query)),
    responses(
        (status = 200, description = "The calendar", body = String, content_type = "text/calendar"),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn public(call: Call) -> Answer {
    send_list(&call, public_list(&call).await?, CALENDAR).await
}

/// Follow public events that are not over, with the filters of the agenda: as Atom (RFC 4287)
///
/// The list has each event with an occurrence that matches, with all its occurrences; of more than 10,000
/// those that start soonest.
#[utoipa::path(
    get,
    path = "/api/v1/calendars/public.atom",
    tag = "calendars",
    security((), ("bearer" = [])),
    params(FilterParameters, ("status" = Option<eventcore::events::OccurrenceStatus>, Query)),
    responses(
        (status = 200, description = "The Atom feed", body = String, content_type = "application/atom+xml"),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn public_atom(call: Call) -> Answer {
    send_list(&call, public_list(&call).await?, ATOM).await
}

/// Follow public events that are not over, with the filters of the agenda: as JSON Feed 1.1
///
/// The list has each event with an occurrence that matches, with all its occurrences; of more than 10,000
/// those that start soonest.
#[utoipa::path(
    get,
    path = "/api/v1/calendars/public.json",
    tag = "calendars",
    security((), ("bearer" = [])),
    params(FilterParameters, ("status" = Option<eventcore::events::OccurrenceStatus>, Query)),
    responses(
        (status = 200, description = "The JSON Feed", body = Object, content_type = "application/feed+json"),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn public_json(call: Call) -> Answer {
    send_list(&call, public_list(&call).await?, JSON_FEED).await
}

/// Subscribe to the public events of a category that are not over
#[utoipa::path(
    get,
    path = "/api/v1/calendars/categories/{category}.ics",
    tag = "calendars",
    security((), ("bearer" = [])),
    params(("category" = String, Path, description = "The slug of the category")),
    responses(
        (status = 200, description = "The calendar", body = String, content_type = "text/calendar"),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn of_category(call: Call) -> Answer {
    send_list(&call, of_category_list(&call).await?, CALENDAR).await
}

/// Follow the public events of a category that are not over, as Atom (RFC 4287)
#[utoipa::path(
    get,
    path = "/api/v1/calendars/categories/{category}.atom",
    tag = "calendars",
    security((), ("bearer" = [])),
    params(("category" = String, Path, description = "The slug of the category")),
    responses(
        (status = 200, description = "The Atom feed", body = String, content_type = "application/atom+xml"),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn of_category_atom(call: Call) -> Answer {
    send_list(&call, of_category_list(&call).await?, ATOM).await
}

/// Follow the public events of a category that are not over, as JSON Feed 1.1
#[utoipa::path(
    get,
    path = "/api/v1/calendars/categories/{category}.json",
    tag = "calendars",
    security((), ("bearer" = [])),
    params(("category" = String, Path, description = "The slug of the category")),
    responses(
        (status = 200, description = "The JSON Feed", body = Object, content_type = "application/feed+json"),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn of_category_json(call: Call) -> Answer {
    send_list(&call, of_category_list(&call).await?, JSON_FEED).await
}

/// Subscribe to the public events with a tag that are not over
///
/// Case and accents do not matter. A tag that no event has gives an empty list.
#[utoipa::path(
    get,
    path = "/api/v1/calendars/tags/{tag}.ics",
    tag = "calendars",
    security((), ("bearer" = [])),
    params(("tag" = String, Path)),
    responses(
        (status = 200, description = "The calendar", body = String, content_type = "text/calendar"),
        NotModified, ApiProblems,
    )
)]
async fn of_tag(call: Call) -> Answer {
    send_list(&call, of_tag_list(&call).await?, CALENDAR).await
}

/// Follow the public events with a tag that are not over, as Atom (RFC 4287)
///
/// Case and accents do not matter. A tag that no event has gives an empty list.
#[utoipa::path(
    get,
    path = "/api/v1/calendars/tags/{tag}.atom",
    tag = "calendars",
    security((), ("bearer" = [])),
    params(("tag" = String, Path)),
    responses(
        (status = 200, description = "The Atom feed", body = String, content_type = "application/atom+xml"),
        NotModified, ApiProblems,
    )
)]
async fn of_tag_atom(call: Call) -> Answer {
    send_list(&call, of_tag_list(&call).await?, ATOM).await
}

/// Follow the public events with a tag that are not over, as JSON Feed 1.1
///
/// Case and accents do not matter. A tag that no event has gives an empty list.
#[utoipa::path(
    get,
    path = "/api/v1/calendars/tags/{tag}.json",
    tag = "calendars",
    security((), ("bearer" = [])),
    params(("tag" = String, Path)),
    responses(
        (status = 200, description = "The JSON Feed", body = Object, content_type = "application/feed+json"),
        NotModified, ApiProblems,
    )
)]
async fn of_tag_json(call: Call) -> Answer {
    send_list(&call, of_tag_list(&call).await?, JSON_FEED).await
}

/// Subscribe to the public events of an organizer that are not over
#[utoipa::path(
    get,
    path = "/api/v1/calendars/organizers/{username}.ics",
    tag = "calendars",
    security((), ("bearer" = [])),
    params(("username" = String, Path)),
    responses(
        (status = 200, description = "The calendar", body = String, content_type = "text/calendar"),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn of_organizer(call: Call) -> Answer {
    send_list(&call, of_organizer_list(&call).await?, CALENDAR).await
}

/// Follow the public events of an organizer that are not over, as Atom (RFC 4287)
#[utoipa::path(
    get,
    path = "/api/v1/calendars/organizers/{username}.atom",
    tag = "calendars",
    security((), ("bearer" = [])),
    params(("username" = String, Path)),
    responses(
        (status = 200, description = "The Atom feed", body = String, content_type = "application/atom+xml"),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn of_organizer_atom(call: Call) -> Answer {
    send_list(&call, of_organizer_list(&call).await?, ATOM).await
}

/// Follow the public events of an organizer that are not over, as JSON Feed 1.1
#[utoipa::path(
    get,
    path = "/api/v1/calendars/organizers/{username}.json",
    tag = "calendars",
    security((), ("bearer" = [])),
    params(("username" = String, Path)),
    responses(
        (status = 200, description = "The JSON Feed", body = Object, content_type = "application/feed+json"),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn of_organizer_json(call: Call) -> Answer {
    send_list(&call, of_organizer_list(&call).await?, JSON_FEED).await
}

/// Subscribe to what I attend, wait for and organize, by a secret address
///
/// It has occurrences until 90 days after their end. Those for which I am on the waitlist are tentative. The
/// calendar reminds me by my lead times.
#[utoipa::path(
    get,
    path = "/api/v1/calendars/personal/{secret}.ics",
    tag = "calendars",
    params(("secret" = String, Path, description = "As `POST /users/me/calendar` has returned it")),
    responses(
        (status = 200, description = "The calendar", body = String, content_type = "text/calendar"),
        NotModified, OpenProblems, NotFound,
    )
)]
async fn personal(call: Call) -> Answer {
    send_personal(&call, CALENDAR).await
}

/// Follow what I attend, wait for and organize, by a secret address: as Atom (RFC 4287)
///
/// It has occurrences until 90 days after their end.
#[utoipa::path(
    get,
    path = "/api/v1/calendars/personal/{secret}.atom",
    tag = "calendars",
    params(("secret" = String, Path, description = "As `POST /users/me/calendar` has returned it")),
    responses(
        (status = 200, description = "The Atom feed", body = String, content_type = "application/atom+xml"),
        NotModified, OpenProblems, NotFound,
    )
)]
async fn personal_atom(call: Call) -> Answer {
    send_personal(&call, ATOM).await
}

/// Follow what I attend, wait for and organize, by a secret address: as JSON Feed 1.1
///
/// It has occurrences until 90 days after their end.
#[utoipa::path(
    get,
    path = "/api/v1/calendars/personal/{secret}.json",
    tag = "calendars",
    params(("secret" = String, Path, description = "As `POST /users/me/calendar` has returned it")),
    responses(
        (status = 200, description = "The JSON Feed", body = Object, content_type = "application/feed+json"),
        NotModified, OpenProblems, NotFound,
    )
)]
async fn personal_json(call: Call) -> Answer {
    send_personal(&call, JSON_FEED).await
}

/// What a list has, and what programs show as its name.
struct List {
    actor: Actor,
    filter: AgendaFilter,
    name: String,
}

async fn public_list(call: &Call) -> Result<List, Problem> {
    let actor = call.actor().await?;
    let mut query = call.query();
    let tz = query.zone();
    let filter = filter(call, &actor, query, Listing::Feed, tz).await?;
    Ok(List { actor, filter, name: "Events".to_owned() })
}

async fn of_category_list(call: &Call) -> Result<List, Problem> {
    call.no_query()?;
    let actor = call.actor().await?;
    let category = call.core.category(call.parameter("category")).await?;
    let filter = AgendaFilter { categories: vec![category.slug], ..AgendaFilter::default() };
    Ok(List { actor, filter, name: category.name })
}

async fn of_tag_list(call: &Call) -> Result<List, Problem> {
    call.no_query()?;
    let actor = call.actor().await?;
    let tag = percent_decode_str(call.parameter("tag")).decode_utf8_lossy().into_owned();
    let filter = AgendaFilter { tags: vec![tag.clone()], ..AgendaFilter::default() };
    // As for lists, which name the parameter of the query.
    filter.violations().into_result()?;
    Ok(List { actor, filter, name: tag })
}

async fn of_organizer_list(call: &Call) -> Result<List, Problem> {
    call.no_query()?;
    let actor = call.actor().await?;
    let organizer = call.core.profile_by_username(call.parameter("username")).await?;
    let filter = AgendaFilter { organizer: Some(organizer.id), ..AgendaFilter::default() };
    Ok(List { actor, filter, name: organizer.display_name })
}

async fn send_personal(call: &Call, format: Format) -> Answer {
    call.no_query()?;
    let feed = call.core.personal_calendar(call.parameter("secret")).await?;
    let mut response = send(call, feed, format).await?;
    reply::set_private(&mut response);
    Ok(response)
}

/// Sends a list, or `304` if the client has it: without its events, if it is known that they are the same.
async fn send_list(call: &Call, list: List, format: Format) -> Answer {
    let List { actor, filter, name } = &list;
    if call.headers.contains_key(header::IF_NONE_MATCH) {
        let shows_names = format != CALENDAR;
        if let Some(version) = call.core.known_feed(actor, filter, name, shows_names).await? {
            let version = match format {
                Format::Calendar => version,
                Format::Syndication(format) => version.syndicated(format, &links(call)),
            };
            let tag = etag::tag(0, version.fingerprint())?;
            if let Some(known) = etag::known(&call.headers, &tag) {
                return Ok(reply::not_modified(known));
            }
        }
    }
    send(call, call.core.calendar_feed(actor, filter, name).await?, format).await
}

/// Sends a feed in parts, so that none is whole in memory, or `304` if the client has it.
async fn send(call: &Call, feed: CalendarFeed, format: Format) -> Answer {
    let mut feed = match format {
        Format::Calendar => feed,
        Format::Syndication(format) => feed.syndicated(format, links(call)),
    };
    let tag = etag::tag(0, feed.version().fingerprint())?;
    if let Some(known) = etag::known(&call.headers, &tag) {
        return Ok(reply::not_modified(known));
    }
    let changed_at = feed.changed_at().await?;
    // The first part is made before the status is sent, so that a database that is away is told.
    let first = feed.next_part().await?;
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        let mut part = Ok(first);
        while let Some(sent) = part.transpose() {
            let failed = sent.is_err();
            // The client has gone if nobody receives.
            if sender.send(sent).await.is_err() || failed {
                break;
            }
            part = feed.next_part().await;
        }
    });
    Ok(reply::streamed(call, receiver, tag, changed_at))
}

/// The addresses of a list, which differ in the end of the path.
fn links(call: &Call) -> FeedLinks {
    let (base, path) = (call.public_url.to_string(), call.path.as_str());
    let (list, _) = path.rsplit_once('.').unwrap_or((path, ""));
    let query = call.raw_query();
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    FeedLinks { address: format!("{base}{path}{query}"), calendar: format!("{base}{list}.ics{query}"), base }
}

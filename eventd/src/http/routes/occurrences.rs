//! `/occurrences`: the agenda.

use chrono_tz::Tz;
use eventcore::events::{
    AgendaFilter, Bound, Event, EventInput, EventStatus, Facets, MonthOfDays, Occurrence, OccurrenceStatus,
    Overrides,
};
use eventcore::{Actor, Error, Order, Page, Timestamp, UserId};
use serde_json::{Map, Value};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{any_of, events, id, route};
use crate::http::call::{Answer, Call, Context};
use crate::http::etag;
use crate::http::problem::Problem;
use crate::http::query::{Edge, Query};
use crate::http::reply::{self, Versioned};

pub(super) fn routes(context: &Context) -> BoxedFilter<(Response,)> {
    let below = any_of!(
        route!(context, get => list),
        route!(context, get "facets" => facets),
        route!(context, get "calendar" => calendar),
        route!(context, get "lasting" => lasting),
        route!(context, get { occurrence } => read),
        route!(context, patch { occurrence } => change),
        route!(context, delete { occurrence } => delete),
        route!(context, post { occurrence } "cancel" => cancel),
        route!(context, post { occurrence } "restore" => restore),
        route!(context, post { occurrence } "split" => split),
    );
    warp::path("occurrences").and(below).boxed()
}

/// What the filters are read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listing {
    Occurrences,
    Events,
    Facets,
    /// A month has its own period.
    Calendar,
}

impl Listing {
    const fn has_period(self) -> bool {
        !matches!(self, Self::Calendar)
    }

    const fn is_sorted(self) -> bool {
        matches!(self, Self::Occurrences | Self::Events)
    }
}

/// Reads the filters that all agendas share, where all else has been read already: everything that is wrong is named at once.
pub(super) async fn filter(
    call: &Call,
    actor: &Actor,
    mut query: Query,
    listing: Listing,
    tz: Tz,
) -> Result<AgendaFilter, Problem> {
    let mut filter = AgendaFilter {
        title: query.text("title"),
        location: query.text("location"),
        q: query.text("q"),
        categories: query.texts("category"),
        tags: query.texts("tag"),
        available: query.parsed("available", "must be true or false").unwrap_or(false),
        event: query.parsed_text("event", "must be the id of an event"),
        ..AgendaFilter::default()
    };
    if listing.has_period() {
        filter.from = query.time("from", tz, Edge::From);
        filter.to = query.time("to", tz, Edge::To);
    }
    if listing.is_sorted() {
        let words =
            [("starts_at", Sort::Soonest), ("-starts_at", Sort::Latest), ("relevance", Sort::Relevance)];
        let sort = query.word("sort", &words).unwrap_or(Sort::Soonest);
        filter.order = if sort == Sort::Latest { Order::Descending } else { Order::Ascending };
        filter.by_relevance = sort == Sort::Relevance;
    }
    if listing == Listing::Events {
        filter.event_status = query.parsed::<EventStatus>("status", "must be draft, published or cancelled");
    } else {
        filter.status = query.parsed::<OccurrenceStatus>("status", "must be scheduled or cancelled");
    }
    let organizer =
        query.parsed_text::<Organizer>("organizer", "must be the id or the name of a user, or me");
    let registered = query.parsed_text::<Me>("registered", "must be me");
    query.also(&filter.wrong());
    query.finish()?;
    if registered.is_some() {
        filter.registered = Some(actor.signed_in()?.id);
    }
    if let Some(organizer) = organizer {
        filter.organizer = Some(organizer.id(call, actor).await?);
    }
    Ok(filter)
}

/// The caller, said as `me`.
struct Me;

impl std::str::FromStr for Me {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "me" { Ok(Self) } else { Err(()) }
    }
}

/// Who organizes: by id, by name, or as `me`.
enum Organizer {
    Me,
    Id(UserId),
    Name(String),
}

impl std::str::FromStr for Organizer {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.parse() {
            _ if text == "me" => Ok(Self::Me),
            Ok(id) => Ok(Self::Id(id)),
            Err(_) if text.chars().any(char::is_control) => Err(()),
            Err(_) => Ok(Self::Name(text.to_owned())),
        }
    }
}

impl Organizer {
    /// A name that nobody has organizes nothing.
    async fn id(self, call: &Call, actor: &Actor) -> Result<UserId, Error> {
        let name = match self {
            Self::Me => return Ok(actor.signed_in()?.id),
            Self::Id(id) => return Ok(id),
            Self::Name(name) => name,
        };
        match call.core.profile_by_username(&name).await {
            Ok(profile) => Ok(profile.id),
            Err(Error::NotFound(_)) => Ok(UserId::from(uuid::Uuid::nil())),
            Err(error) => Err(error),
        }
    }
}

/// In which order dates are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Soonest,
    Latest,
    Relevance,
}

/// What narrows every agenda, for the document: [`filter`] reads it.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is written, never made")]
pub(super) struct Sought {
    /// Words of title, tags, location and description: all of them, the last as the beginning of a word; `"one behind the other"`, `-without`
    #[param(max_length = 500)]
    q: Option<String>,
    /// Slug of a category; given again, any of them
    category: Option<Vec<String>>,
    /// A tag; given again, all of them
    tag: Option<Vec<String>>,
    /// Takes place, and has free seats
    available: Option<bool>,
    /// `me`: dates at which I have a place or wait for one
    registered: Option<String>,
}

/// The agenda: dates from now on, soonest first
#[utoipa::path(get, path = "/api/v1/occurrences", tag = "occurrences", security((), ("bearer" = [])),
    params(
        Sought,
        ("title" = Option<String>, Query, max_length = 200, description = "Stands in the title, without case or accents"),
        ("location" = Option<String>, Query, max_length = 200, description = "Stands in the location, without case or accents"),
        ("from" = Option<String>, Query, description = "Starts at or after: RFC 3339, or a date. Now, when nothing is said; in the past, it lists the past"),
        ("to" = Option<String>, Query, description = "Starts before this instant, or until the end of this date"),
        ("tz" = Option<String>, Query, description = "IANA time zone in which plain dates are meant; UTC when nothing is said"),
        ("organizer" = Option<String>, Query, description = "Id or name of a user, or `me`, who then also sees drafts"),
        ("event" = Option<String>, Query, description = "Dates of this event"),
        ("status" = Option<OccurrenceStatus>, Query),
        ("sort" = Option<String>, Query, description = "`starts_at`, `-starts_at`, or, with `q`, `relevance`"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query), ("count" = Option<bool>, Query)),
    responses((status = 200, description = "A page of dates", body = Page<Occurrence>)))]
pub(crate) async fn list(call: Call) -> Answer {
    let actor = call.actor().await?;
    let mut query = call.query();
    let (page, tz) = (query.page(), query.zone());
    let filter = filter(&call, &actor, query, Listing::Occurrences, tz).await?;
    reply::page(&call, "/occurrences", &call.core.occurrences(&actor, &filter, &page).await?)
}

/// Dates that last for more than a day and take place in a time, wherever they begin: those that end first come first
#[utoipa::path(get, path = "/api/v1/occurrences/lasting", tag = "occurrences", security((), ("bearer" = [])),
    params(
        ("from" = Option<String>, Query, description = "Goes on after this instant, or from this date on; now, when nothing is said"),
        ("to" = Option<String>, Query, description = "Begins before this instant, or until the end of this date"),
        ("tz" = Option<String>, Query, description = "IANA time zone in which plain dates are meant; UTC when nothing is said"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query), ("count" = Option<bool>, Query)),
    responses((status = 200, description = "A page of dates", body = Page<Occurrence>)))]
pub(crate) async fn lasting(call: Call) -> Answer {
    call.actor().await?;
    let mut query = call.query();
    let (page, tz) = (query.page(), query.zone());
    let (from, to) = (query.time("from", tz, Edge::From), query.time("to", tz, Edge::To));
    query.finish()?;
    let from = from.map_or_else(|| call.core.now(), Bound::instant);
    let to = to.map_or(Timestamp::MAX, Bound::instant);
    reply::page(&call, "/occurrences/lasting", &call.core.lasting(from, to, &page).await?)
}

/// How many of the dates that the filters find are of what category, tag and month
#[utoipa::path(get, path = "/api/v1/occurrences/facets", tag = "occurrences", security((), ("bearer" = [])),
    params(
        Sought,
        ("title" = Option<String>, Query, max_length = 200), ("location" = Option<String>, Query, max_length = 200),
        ("organizer" = Option<String>, Query, description = "Id or name of a user, or `me`"), ("event" = Option<String>, Query),
        ("status" = Option<OccurrenceStatus>, Query),
        ("from" = Option<String>, Query), ("to" = Option<String>, Query),
        ("tz" = Option<String>, Query, description = "IANA time zone of the months and of plain dates; UTC when nothing is said")),
    responses((status = 200, description = "The counts", body = Facets)))]
pub(crate) async fn facets(call: Call) -> Answer {
    let actor = call.actor().await?;
    let mut query = call.query();
    let tz = query.zone();
    let filter = filter(&call, &actor, query, Listing::Facets, tz).await?;
    reply::json(&call.core.facets(&actor, &filter, tz).await?)
}

/// Number of matching occurrences per day of a month; one of several days counts on each of its days
#[utoipa::path(get, path = "/api/v1/occurrences/calendar", tag = "occurrences", security((), ("bearer" = [])),
    params(
        ("month" = String, Query, description = "Such as 2027-03"),
        ("tz" = Option<String>, Query, description = "IANA time zone whose days they are; UTC when nothing is said"),
        Sought,
        ("title" = Option<String>, Query, max_length = 200), ("location" = Option<String>, Query, max_length = 200),
        ("organizer" = Option<String>, Query, description = "Id or name of a user, or `me`"), ("event" = Option<String>, Query),
        ("status" = Option<OccurrenceStatus>, Query)),
    responses((status = 200, description = "Each day of the month", body = MonthOfDays)))]
pub(crate) async fn calendar(call: Call) -> Answer {
    let actor = call.actor().await?;
    let mut query = call.query();
    let tz = query.zone();
    let month = query.required("month", "must be a month such as 2027-03");
    let filter = filter(&call, &actor, query, Listing::Calendar, tz).await?;
    let month = month.ok_or_else(|| Error::internal("a month that is missing was not refused"))?;
    reply::json(&call.core.calendar(&actor, &filter, month, tz).await?)
}

/// One date
#[utoipa::path(get, path = "/api/v1/occurrences/{occurrence}", tag = "occurrences", security((), ("bearer" = [])),
    params(("occurrence" = String, Path)),
    responses((status = 200, description = "The date", body = Occurrence), (status = 304, description = "You have it")))]
pub(crate) async fn read(call: Call, occurrence: &str) -> Answer {
    call.no_query()?;
    let occurrence = call.core.occurrence(&call.actor().await?, id(occurrence, "occurrence")?).await?;
    versioned(&occurrence).ok(&call)
}

fn versioned(occurrence: &Occurrence) -> Versioned<'_, Occurrence> {
    Versioned { value: occurrence, version: occurrence.version, updated_at: None }
}

/// Change one date: what it has of its own, apart from the event (JSON merge patch; null gives back the event's)
#[utoipa::path(patch, path = "/api/v1/occurrences/{occurrence}", tag = "occurrences", security(("bearer" = [])),
    params(("occurrence" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body(content = Overrides, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The date", body = Occurrence)))]
pub(crate) async fn change(call: Call, occurrence: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (core, expected) = (call.core.clone(), etag::expected(&call.headers));
    let id = id(occurrence, "occurrence")?;
    versioned(&core.change_occurrence(&actor, id, &call.json::<Value>()?, expected).await?).changed()
}

/// Take a date that nobody registered for off the schedule
#[utoipa::path(delete, path = "/api/v1/occurrences/{occurrence}", tag = "occurrences", security(("bearer" = [])),
    params(("occurrence" = String, Path), ("If-Match" = Option<String>, Header)), responses((status = 204, description = "It is gone")))]
pub(crate) async fn delete(call: Call, occurrence: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    call.core.delete_occurrence(&actor, id(occurrence, "occurrence")?, etag::expected(&call.headers)).await?;
    Ok(reply::nothing())
}

/// Cancel one date
#[utoipa::path(post, path = "/api/v1/occurrences/{occurrence}/cancel", tag = "occurrences", security(("bearer" = [])),
    params(("occurrence" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "The date", body = Occurrence)))]
pub(crate) async fn cancel(call: Call, occurrence: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let expected = etag::expected(&call.headers);
    versioned(&call.core.cancel_occurrence(&actor, id(occurrence, "occurrence")?, expected).await?).changed()
}

/// Bring a cancelled date back
#[utoipa::path(post, path = "/api/v1/occurrences/{occurrence}/restore", tag = "occurrences", security(("bearer" = [])),
    params(("occurrence" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "The date", body = Occurrence)))]
pub(crate) async fn restore(call: Call, occurrence: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let expected = etag::expected(&call.headers);
    versioned(&call.core.restore_occurrence(&actor, id(occurrence, "occurrence")?, expected).await?).changed()
}

/// Change this date and all that follow: they become an event of their own, to which the body, a JSON merge patch, is applied
#[utoipa::path(post, path = "/api/v1/occurrences/{occurrence}/split", tag = "occurrences", security(("bearer" = [])),
    params(("occurrence" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body(content = EventInput, content_type = "application/merge-patch+json"),
    responses((status = 201, description = "The new event", body = Event)))]
pub(crate) async fn split(call: Call, occurrence: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (core, expected) = (call.core.clone(), etag::expected(&call.headers));
    let id = id(occurrence, "occurrence")?;
    let patch = call.json_if_any()?.unwrap_or_else(|| Value::Object(Map::new()));
    let event = core.split_event(&actor, id, &patch, expected).await?;
    events::versioned(&event).created(&format!("/api/v1/events/{}", event.id))
}

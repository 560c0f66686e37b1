//! The query parameters that filter occurrences and events.

use chrono_tz::Tz;
use eventcore::agenda::AgendaFilter;
use eventcore::events::{EventStatus, OccurrenceStatus};
use eventcore::{Actor, Error, Order, UserId};

use super::user_reference::UserReference;
use crate::http::call::Call;
use crate::http::problem::Problem;
use crate::http::query::{DayBoundary, Query};

/// What the filter is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listing {
    Occurrences,
    Events,
    Facets,
    Calendar,
    Feed,
}

impl Listing {
    /// Whether `from`, `to` and `current` apply. A calendar takes a month instead, and a feed is of what is
    /// not over.
    const fn has_period(self) -> bool {
        !matches!(self, Self::Calendar | Self::Feed)
    }

    const fn is_sorted(self) -> bool {
        matches!(self, Self::Occurrences | Self::Events)
    }
}

/// Reads the filter. Call it after all other parameters were read: it fails with the violations of all of
/// them.
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
        overlaps: query.parsed("overlaps", "must be true or false").unwrap_or(false),
        ..AgendaFilter::default()
    };
    if listing.has_period() {
        filter.from = query.time("from", tz, DayBoundary::Start);
        filter.to = query.time("to", tz, DayBoundary::End);
        filter.current = query.parsed("current", "must be true or false").unwrap_or(false);
    }
    if listing.is_sorted() {
        let words = [
            ("starts_at", Sort::Ascending),
            ("-starts_at", Sort::Descending),
            ("relevance", Sort::Relevance),
        ];
        let sort = query.word("sort", &words).unwrap_or(Sort::Ascending);
        filter.order = if sort == Sort::Descending { Order::Descending } else { Order::Ascending };
        filter.by_relevance = sort == Sort::Relevance;
    }
    if listing == Listing::Events {
        filter.event_status = query.parsed::<EventStatus>("status", "must be draft, published or cancelled");
    } else {
        filter.status = query.parsed::<OccurrenceStatus>("status", "must be scheduled or cancelled");
    }
    let organizer = query.parsed_text::<UserReference>("organizer", "must be a user id, a username or me");
    let registered = query.parsed_text::<Me>("registered", "must be me");
    query.add_violations(&filter.violations());
    query.finish()?;
    if registered.is_some() {
        filter.registered = Some(actor.signed_in()?.id);
    }
    if let Some(organizer) = organizer {
        filter.organizer = Some(resolve(organizer, call, actor).await?);
    }
    Ok(filter)
}

/// The word `me`.
struct Me;

impl std::str::FromStr for Me {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "me" { Ok(Self) } else { Err(()) }
    }
}

/// The id of an organizer. An unknown username becomes the nil id, which organizes nothing.
async fn resolve(organizer: UserReference, call: &Call, actor: &Actor) -> Result<UserId, Error> {
    match organizer.resolve(call, actor).await {
        Err(Error::NotFound(_)) => Ok(UserId::from(uuid::Uuid::nil())),
        found => found,
    }
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Ascending,
    Descending,
    Relevance,
}

/// The parameters of all listings.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters that `filter` reads")]
pub(super) struct FilterParameters {
    /// Search in title, tags, location and description. All words must occur, the last one as a
    /// prefix. `"two words"` matches adjacent words, and `-word` excludes a word
    #[param(max_length = 500)]
    q: Option<String>,
    /// Slug of a category; if repeated, any of them matches
    category: Option<Vec<String>>,
    /// Tag; if repeated, all of them must match
    tag: Option<Vec<String>>,
    /// Only occurrences with free seats whose registration is open now
    available: Option<bool>,
    /// `me`: only occurrences for which I am confirmed or waitlisted
    registered: Option<String>,
    /// Substring of the title, without case and accents
    #[param(max_length = 200)]
    title: Option<String>,
    /// Substring of the location, without case and accents
    #[param(max_length = 200)]
    location: Option<String>,
    /// User id or username of the organizer, or `me`, which includes my drafts
    organizer: Option<String>,
    /// Id of an event
    event: Option<String>,
}

/// The parameters of listings of a period.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters that `filter` reads")]
pub(super) struct PeriodParameters {
    /// Start at or after this instant or date; with `overlaps`, end after it. Past ones are allowed. Default:
    /// all upcoming ones, which start after now, or are all-day and last until today or longer
    from: Option<String>,
    /// Start before this instant, or no later than this date
    to: Option<String>,
    /// List what takes place at any time between `from`, by default now, and `to`, rather than what starts
    /// between them; default false. All-day occurrences cover the days of their own time zones, whatever `tz`
    /// is
    overlaps: Option<bool>,
    /// Add what takes place now, though it started before `from`; default false. With `available` it adds
    /// nothing
    current: Option<bool>,
}

/// The order of listings that are sorted.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters that `filter` reads")]
pub(super) struct SortParameter {
    /// `starts_at` (default), `-starts_at`, or, with `q`, `relevance`
    sort: Option<String>,
}

/// The time zone of plain dates.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters that `Query::zone` reads")]
pub(super) struct ZoneParameter {
    /// IANA time zone of plain dates, days and months; default UTC
    tz: Option<String>,
}

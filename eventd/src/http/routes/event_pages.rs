//! Pages of events, occurrences and tickets.

use eventcore::agenda::AgendaFilter;
use eventcore::events::{EventStatus, Occurrence, OccurrenceStatus};
use eventcore::phase::Phase;
use eventcore::registrations::{Registration, RegistrationStatus, Ticket};
use eventcore::time::Moment;
use eventcore::{Actor, Cursor, Error, EventId, OccurrenceId, Order, Page, PageRequest, Timestamp};
use serde::Serialize;

use crate::http::call::{Answer, Call};
use crate::http::pages::{self, Item};
use crate::http::problem_responses::{NotFound, PageProblems};
use crate::http::qr;
use crate::http::route::{Route, routes};
use crate::words;

/// The occurrences that one page of an event lists.
const LISTED: u32 = 20;

/// Pages are for readers, who find them by links: the API document leaves them out.
pub(super) fn routes() -> Vec<Route> {
    routes![event, occurrence, ticket].into_iter().map(Route::undocumented).collect()
}

#[derive(Serialize)]
struct EventPage {
    event: Item,
    /// The only occurrence, or the next one of a series.
    next: Option<Item>,
    /// The occurrences of a series, a part of them at a time.
    listed: Vec<Item>,
    /// Whether past occurrences are listed.
    past: bool,
    previous: Option<String>,
    following: Option<String>,
}

/// An event
#[utoipa::path(
    get,
    path = "/events/{event}",
    tag = "pages",
    params(("event" = String, Path)),
    responses(
        (status = 200, description = "An HTML page", body = String, content_type = "text/html"),
        PageProblems, NotFound,
    )
)]
async fn event(call: Call) -> Answer {
    let id: EventId = call.id("event")?;
    // Links are passed on with parameters of those who pass them on, which change nothing.
    let mut query = call.query();
    let past = query.parsed("past", "must be true or false").unwrap_or(false);
    let cursor = query.text("cursor").map(Cursor::from);
    let mut event = call.core.event(&Actor::Anonymous, id).await?;
    eventcore::events::add_html(std::slice::from_mut(&mut event)).await?;
    let is_single = event.recurrence.is_none() && event.occurrence_count <= 1;
    let (base, now) = (&*call.public_url, call.core.now());
    let shown = if is_single {
        single(&call, id).await?
    } else {
        let mut page = series(&call, id, past, cursor).await?;
        page.items.retain(|occurrence| (occurrence.phase(now) == Phase::Past) == past);
        page
    };
    let of_one = shown.items.first().filter(|_| is_single);
    let is_cancelled = |one: &Occurrence| one.status == OccurrenceStatus::Cancelled;
    let mut item = Item::of_event(&event, base);
    item.cancelled = event.status == EventStatus::Cancelled || of_one.is_some_and(is_cancelled);
    item.category = category_name(&call, event.category.as_deref()).await;
    item.json_ld = match of_one {
        Some(one) => pages::of_occurrence(one, base),
        None => pages::of_series(&event, &shown.items, base),
    };
    let next = of_one.or(event.next_occurrence.as_ref());
    let link = |cursor: &Cursor| {
        let past = if past { "&past=true" } else { "" };
        format!("{}?cursor={}{past}", item.page, cursor.as_str())
    };
    let page = EventPage {
        next: next.map(|next| Item::of_occurrence(next, base, now)),
        listed: shown
            .items
            .iter()
            .filter(|_| !is_single)
            .map(|one| Item::of_occurrence(one, base, now))
            .collect(),
        past,
        previous: shown.previous.as_ref().map(link),
        following: shown.next.as_ref().map(link),
        event: item,
    };
    pages::page(&call, "pages/event.html", &page)
}

/// The occurrence of an event that has one.
async fn single(call: &Call, event: EventId) -> Result<Page<Occurrence>, Error> {
    let from = Some(Timestamp::MIN.into());
    let filter = AgendaFilter { event: Some(event), from, ..AgendaFilter::default() };
    call.core.occurrences(&Actor::Anonymous, &filter, &PageRequest::first(1)).await
}

/// What takes place or lies ahead, soonest first, or what is past, latest first.
async fn series(
    call: &Call,
    event: EventId,
    past: bool,
    cursor: Option<Cursor>,
) -> Result<Page<Occurrence>, Error> {
    let filter = if past {
        AgendaFilter {
            event: Some(event),
            from: Some(Timestamp::MIN.into()),
            to: Some(call.core.now().into()),
            order: Order::Descending,
            ..AgendaFilter::default()
        }
    } else {
        AgendaFilter { event: Some(event), current: true, ..AgendaFilter::default() }
    };
    call.core.occurrences(&Actor::Anonymous, &filter, &PageRequest::first(LISTED).at(cursor)).await
}

/// The name of a category; its slug if it was deleted meanwhile.
async fn category_name(call: &Call, slug: Option<&str>) -> Option<String> {
    let slug = slug?;
    Some(call.core.category(slug).await.map_or_else(|_| slug.to_owned(), |category| category.name))
}

#[derive(Serialize)]
struct OccurrencePage {
    occurrence: Item,
}

/// An occurrence
#[utoipa::path(
    get,
    path = "/occurrences/{occurrence}",
    tag = "pages",
    params(("occurrence" = String, Path)),
    responses(
        (status = 200, description = "An HTML page", body = String, content_type = "text/html"),
        PageProblems, NotFound,
    )
)]
async fn occurrence(call: Call) -> Answer {
    let id: OccurrenceId = call.id("occurrence")?;
    let mut occurrence = call.core.occurrence(&Actor::Anonymous, id).await?;
    eventcore::events::add_html(std::slice::from_mut(&mut occurrence)).await?;
    let mut item = Item::of_occurrence(&occurrence, &call.public_url, call.core.now());
    item.category = category_name(&call, occurrence.category.as_deref()).await;
    item.json_ld = pages::of_occurrence(&occurrence, &call.public_url);
    pages::page(&call, "pages/occurrence.html", &OccurrencePage { occurrence: item })
}

#[derive(Serialize)]
struct TicketPage {
    occurrence: Item,
    ticket: TicketItem,
}

/// A ticket as its page shows it.
#[derive(Serialize)]
struct TicketItem {
    /// Why it is of no use, if so.
    notice: Option<&'static str>,
    status: String,
    /// The QR code as SVG, while the ticket is of use.
    qr: Option<String>,
    code: Option<String>,
    name: String,
    party_size: i64,
    /// Whether everyone may see the event.
    shared: bool,
}

/// A ticket, by its code
#[utoipa::path(
    get,
    path = "/tickets/{ticket}",
    tag = "pages",
    params(("ticket" = String, Path)),
    responses(
        (status = 200, description = "An HTML page", body = String, content_type = "text/html"),
        PageProblems, NotFound,
    )
)]
async fn ticket(call: Call) -> Answer {
    let Ticket { registration, occurrence } = call.core.ticket(call.parameter("ticket")).await?;
    let item = Item::of_occurrence(&occurrence, &call.public_url, call.core.now());
    // The page of a private event is found by nobody who is not signed in.
    let shared = call.core.occurrence(&Actor::Anonymous, occurrence.id).await.is_ok();
    let code = registration.ticket_code.clone().filter(|_| !item.cancelled);
    let qr = code.as_deref().map(qr::svg).transpose()?.map(String::from_utf8).transpose();
    let ticket = TicketItem {
        notice: notice(&registration, item.cancelled),
        status: status(&registration, occurrence.starts_at),
        qr: qr.map_err(Error::internal)?,
        code,
        name: registration.user.display_name,
        party_size: registration.party_size,
        shared,
    };
    pages::private_page(&call, "pages/ticket.html", &TicketPage { occurrence: item, ticket })
}

const fn notice(registration: &Registration, is_cancelled: bool) -> Option<&'static str> {
    match registration.status {
        _ if is_cancelled => Some("This occurrence is cancelled."),
        RegistrationStatus::Cancelled => Some("This registration is cancelled."),
        RegistrationStatus::Waitlisted => Some("You are on the waitlist: there is no seat yet."),
        RegistrationStatus::Confirmed | RegistrationStatus::Attended => None,
    }
}

/// The status in words, with the time of the check-in by the clock of the occurrence.
fn status(registration: &Registration, starts_at: Moment) -> String {
    match (registration.status, registration.checked_in_at, starts_at) {
        (RegistrationStatus::Attended, Some(at), Moment::At(start)) => {
            let at = at.to_utc().with_timezone(start.offset());
            format!("Checked in on {}", words::moment(Moment::At(at)))
        }
        (RegistrationStatus::Attended, ..) => "Checked in".to_owned(),
        (RegistrationStatus::Confirmed, ..) => "Confirmed".to_owned(),
        (RegistrationStatus::Waitlisted, ..) => match registration.position {
            Some(position) => format!("Number {position} on the waitlist"),
            None => "On the waitlist".to_owned(),
        },
        (RegistrationStatus::Cancelled, ..) => "Cancelled".to_owned(),
    }
}

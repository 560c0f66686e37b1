//! Events and occurrences as pages show them.

use std::borrow::Cow;

use eventcore::accounts::PublicProfile;
use eventcore::events::{Event, Links, Occurrence, OccurrenceStatus, Visibility, webcal_address};
use eventcore::markdown;
use eventcore::phase::Phase;
use eventcore::time::{Moment, Timestamp};
use serde::Serialize;

use super::{StructuredData, root};
use crate::http::links::files;
use crate::words::{Period, beginning, moment, plain};

/// The characters of a description in a preview of a link.
const SUMMARY: usize = 200;

/// An event or an occurrence.
#[derive(Serialize)]
pub(crate) struct Item {
    title: String,
    /// The title without marks of direction.
    plain_title: String,
    location: String,
    online: Option<String>,
    pub(crate) cancelled: bool,
    when: Period,
    /// The start by the rule, if it was moved from there.
    moved_from: Option<String>,
    /// `12 of 40 left`.
    seats: String,
    /// Whether users can register, and until when.
    registration: String,
    organizers: Vec<String>,
    pub(crate) category: Option<String>,
    tags: Vec<String>,
    recurrence: Option<String>,
    /// The description as safe HTML.
    description: String,
    /// The beginning of the description as text.
    summary: String,
    unlisted: bool,
    /// Path of its page.
    pub(crate) page: String,
    /// Path of the page of its event.
    event_page: String,
    /// Address of its page.
    address: String,
    /// Path of its iCalendar file.
    ics: String,
    google: String,
    outlook: String,
    office365: String,
    yahoo: String,
    /// Address of its iCalendar file for programs that subscribe.
    webcal: String,
    pub(crate) json_ld: StructuredData,
}

impl Item {
    /// `base` is the public URL.
    pub(crate) fn of_occurrence(occurrence: &Occurrence, base: &str, now: Timestamp) -> Self {
        let Occurrence { starts_at, ends_at, original_start, .. } = *occurrence;
        let linked = LinkedItem::new(&occurrence.links, base);
        let when = Period::new(starts_at, ends_at, &occurrence.timezone);
        let is_moved = starts_at != original_start;
        Self {
            moved_from: is_moved.then(|| moment(original_start)),
            seats: seats(occurrence),
            registration: registration(occurrence, now),
            cancelled: occurrence.status == OccurrenceStatus::Cancelled,
            organizers: vec![name(&occurrence.organizer)],
            recurrence: occurrence.recurrence.as_ref().map(|recurrence| recurrence.text.clone()),
            event_page: format!("{}/events/{}", root(base), occurrence.event_id),
            ..linked.item(
                &Texts {
                    title: &occurrence.title,
                    description: &occurrence.description,
                    html: occurrence.description_html.as_deref(),
                    location: &occurrence.location,
                    url: occurrence.url.as_deref(),
                    category: occurrence.category.as_deref(),
                    tags: &occurrence.tags,
                    visibility: occurrence.visibility,
                },
                when,
            )
        }
    }

    /// `base` is the public URL.
    pub(crate) fn of_event(event: &Event, base: &str) -> Self {
        let linked = LinkedItem::new(&event.links, base);
        let when = Period::new(event.starts_at, event.ends_at, &event.timezone);
        Self {
            organizers: std::iter::once(&event.organizer).chain(&event.co_organizers).map(name).collect(),
            recurrence: event.recurrence.as_ref().map(|recurrence| recurrence.text.clone()),
            ..linked.item(
                &Texts {
                    title: &event.title,
                    description: &event.description,
                    html: event.description_html.as_deref(),
                    location: &event.location,
                    url: event.url.as_deref(),
                    category: event.category.as_deref(),
                    tags: &event.tags,
                    visibility: event.visibility,
                },
                when,
            )
        }
    }
}

/// What events and occurrences both have.
struct Texts<'a> {
    title: &'a str,
    description: &'a str,
    html: Option<&'a str>,
    location: &'a str,
    url: Option<&'a str>,
    category: Option<&'a str>,
    tags: &'a [String],
    visibility: Visibility,
}

/// The links of an item, with the public URL.
struct LinkedItem<'a> {
    links: &'a Links,
    base: &'a str,
}

impl<'a> LinkedItem<'a> {
    const fn new(links: &'a Links, base: &'a str) -> Self {
        Self { links, base }
    }

    fn item(&self, texts: &Texts<'_>, when: Period) -> Item {
        let Self { links, base } = self;
        let text = plain(&markdown::to_text(texts.description));
        let fallback = format!("{}, {}", when.text, plain(texts.location));
        let path = format!("{}{}", root(base), links.page);
        Item {
            title: texts.title.to_owned(),
            plain_title: plain(texts.title),
            location: texts.location.to_owned(),
            online: texts.url.map(str::to_owned),
            cancelled: false,
            when,
            moved_from: None,
            seats: String::new(),
            registration: String::new(),
            organizers: Vec::new(),
            category: texts.category.map(str::to_owned),
            tags: texts.tags.to_vec(),
            recurrence: None,
            description: lower_headings(texts.html.unwrap_or_default()).into_owned(),
            summary: if text.is_empty() { fallback } else { beginning(&text, SUMMARY) },
            unlisted: texts.visibility == Visibility::Unlisted,
            event_page: path.clone(),
            page: path,
            address: format!("{base}{}", links.page),
            ics: files(root(base)) + &links.ics,
            google: links.google.clone(),
            outlook: links.outlook.clone(),
            office365: links.office365.clone(),
            yahoo: links.yahoo.clone(),
            webcal: webcal_address(&files(base)) + &links.webcal,
            json_ld: StructuredData::Null,
        }
    }
}

/// `Ada (ada)`.
fn name(profile: &PublicProfile) -> String {
    if profile.display_name == profile.username {
        return profile.username.clone();
    }
    // Isolated, so that marks of direction end with the name.
    format!("\u{2068}{}\u{2069} ({})", profile.display_name, profile.username)
}

/// Headings of a description stand below those of the page. The HTML is sanitized: its headings have no
/// attributes, and its text no `<`.
fn lower_headings(html: &str) -> Cow<'_, str> {
    if !html.contains("<h") {
        return html.into();
    }
    // From the lowest on, so that none is lowered twice.
    let lower = |html: String, from: u8, to: u8| {
        html.replace(&format!("<h{from}>"), &format!("<h{to}>"))
            .replace(&format!("</h{from}>"), &format!("</h{to}>"))
    };
    let levels = [(5, 6), (4, 6), (3, 5), (2, 4), (1, 3)];
    levels.into_iter().fold(html.to_owned(), |html, (from, to)| lower(html, from, to)).into()
}

fn seats(occurrence: &Occurrence) -> String {
    let Occurrence { seats_left, capacity, waitlist_length, .. } = *occurrence;
    if occurrence.status == OccurrenceStatus::Cancelled {
        return "Cancelled".to_owned();
    }
    let seats = if seats_left == 0 { "Full".to_owned() } else { format!("{seats_left} of {capacity} left") };
    if waitlist_length == 0 { seats } else { format!("{seats}, {waitlist_length} on the waitlist") }
}

fn registration(occurrence: &Occurrence, now: Timestamp) -> String {
    let begins = |at: Moment| matches!(at, Moment::At(at) if Timestamp::from(at) > now);
    let until = |at: Option<Moment>| at.map_or_else(String::new, |at| format!(" until {}", moment(at)));
    if occurrence.status == OccurrenceStatus::Cancelled {
        return "Closed".to_owned();
    }
    if occurrence.phase(now) == Phase::Past {
        return "Closed: it is over".to_owned();
    }
    let closes_at = occurrence.registration_closes_at;
    match occurrence.registration_opens_at.filter(|at| begins(*at)) {
        Some(opens_at) => format!("Opens on {}", moment(opens_at)),
        None if !occurrence.registration_open => "Closed".to_owned(),
        None if occurrence.seats_left == 0 && !occurrence.waitlist_enabled => "Closed: it is full".to_owned(),
        None if occurrence.seats_left == 0 => format!("Open for the waitlist{}", until(closes_at)),
        None => format!("Open{}", until(closes_at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_stand_below_those_of_the_page() {
        assert_eq!(lower_headings("<h1>a</h1><h2>b</h2><h3>c</h3>"), "<h3>a</h3><h4>b</h4><h5>c</h5>");
        assert_eq!(lower_headings("<h4>a</h4><h6>b</h6><p>h1</p>"), "<h6>a</h6><h6>b</h6><p>h1</p>");
        assert_eq!(lower_headings("<p>&lt;h1&gt;</p>"), "<p>&lt;h1&gt;</p>");
    }
}

//! The entries of feeds for readers of news: an item for each event, or for each occurrence that a person
//! attends, with what its page shows first.

use std::fmt::Write;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use chrono_tz::Tz;

use super::entry::{CalendarEntry, EntryEnd, EntryStatus, TimeValue};
use super::shown::Shown;
use super::source::{CalendarOccurrenceRow, Source};
use crate::error::Result;
use crate::events::{EventStatus, Visibility};
use crate::markdown;
use crate::time::Timestamp;

/// Where a feed is, and what it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedLinks {
    /// The public URL of the server, without a slash at its end.
    pub base: String,
    /// The address of the feed itself.
    pub address: String,
    /// The address of the same list as a calendar.
    pub calendar: String,
}

/// The formats of feeds besides iCalendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyndicationFormat {
    /// Atom (RFC 4287).
    Atom,
    /// JSON Feed 1.1.
    JsonFeed,
}

/// An item of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FeedItem {
    /// A `urn:uuid:` that never changes.
    pub(super) id: String,
    /// Path of its page, unless nobody could see that without signing in.
    pub(super) page: Option<String>,
    pub(super) title: String,
    /// When and where, as text.
    pub(super) summary: String,
    pub(super) html: String,
    /// The address of an online event.
    pub(super) url: Option<String>,
    pub(super) organizer: String,
    pub(super) labels: Vec<String>,
    pub(super) published_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

/// The items of an event. The HTML of their descriptions is missing.
pub(super) fn items(
    source: &Source,
    rows: Vec<CalendarOccurrenceRow>,
    shown: &Shown,
) -> Result<Vec<(FeedItem, String)>> {
    let event = &source.event;
    match shown {
        Shown::Whole => {
            let all =
                rows.into_iter().map(CalendarOccurrenceRow::into_occurrence).collect::<Result<Vec<_>>>()?;
            let all = event.identified(all);
            let entries = event.entries(&all);
            let recurrence = source.recurrence_in_words()?;
            let entry = entries.first();
            entry.map(|entry| item(source, entry, recurrence.as_deref(), None)).into_iter().collect()
        }
        Shown::Some(attended) => {
            let mut items = Vec::new();
            for row in rows {
                let Some(attendance) = attended.get(&row.id) else { continue };
                let id = row.id;
                for occurrence in event.identified(vec![row.into_occurrence()?]) {
                    let entry = attendance.entry(event, &occurrence, true);
                    let path = format!("/occurrences/{id}");
                    items.push(item(source, &entry, None, Some((id.to_string(), path)))?);
                }
            }
            Ok(items)
        }
    }
}

fn item(
    source: &Source,
    entry: &CalendarEntry<'_>,
    recurrence: Option<&str>,
    occurrence: Option<(String, String)>,
) -> Result<(FeedItem, String)> {
    let id = source.id();
    let (id, path) = occurrence.unwrap_or_else(|| (id.to_string(), format!("/events/{id}")));
    let has_page = source.visibility() != Visibility::Private && source.event.status != EventStatus::Draft;
    let when = when(entry, source.event.tz);
    let mut html = format!("<p>{}<br>{}</p>", escape(&when), escape(entry.location));
    if let Some(text) = recurrence {
        // A String is always written.
        _ = write!(html, "<p>{}</p>", escape(text));
    }
    let item = FeedItem {
        id: format!("urn:uuid:{id}"),
        page: has_page.then_some(path),
        title: match entry.status {
            EntryStatus::Cancelled => format!("Cancelled: {}", entry.title),
            EntryStatus::Tentative | EntryStatus::Confirmed => entry.title.to_owned(),
        },
        summary: format!("{when}, {}", entry.location),
        html,
        url: entry.url.map(str::to_owned),
        organizer: source.organizer().to_owned(),
        labels: source.labels()?,
        published_at: entry.created_at,
        updated_at: entry.updated_at,
    };
    Ok((item, entry.description.to_owned()))
}

/// Adds the descriptions, which are Markdown, to the HTML of their items.
pub(super) async fn render(items: Vec<(FeedItem, String)>) -> Result<Vec<FeedItem>> {
    let (mut items, texts): (Vec<_>, Vec<_>) = items.into_iter().unzip();
    for (item, html) in items.iter_mut().zip(markdown::all_to_html(texts).await?) {
        item.html.push_str(&html);
    }
    Ok(items)
}

/// `Thursday, 4 March 2027, 18:30–20:30 (Europe/Berlin)`. Of a series, when it begins.
fn when(entry: &CalendarEntry<'_>, tz: Tz) -> String {
    if let (TimeValue::Date(first), EntryEnd::At(TimeValue::Date(end))) = (entry.starts, entry.ends) {
        let last = end.pred_opt().filter(|last| *last > first);
        return match last {
            Some(last) => format!("{} – {}", day(first), day(last)),
            None => day(first),
        };
    }
    let starts = local(entry.starts, tz);
    let ends = match entry.ends {
        EntryEnd::At(at) => local(at, tz),
        EntryEnd::Untold => starts,
        EntryEnd::After(seconds) => starts + TimeDelta::try_seconds(seconds).unwrap_or_default(),
    };
    let (time, zone) = ("%H:%M", tz.name());
    let from = format!("{}, {}", day(starts.date()), starts.format(time));
    if starts.date() == ends.date() {
        format!("{from}–{} ({zone})", ends.format(time))
    } else {
        format!("{from} – {}, {} ({zone})", day(ends.date()), ends.format(time))
    }
}

fn day(day: NaiveDate) -> String {
    day.format("%A, %-d %B %Y").to_string()
}

fn local(at: TimeValue, tz: Tz) -> NaiveDateTime {
    match at {
        TimeValue::Date(day) => day.into(),
        TimeValue::Local(at) => at,
        TimeValue::Utc(at) => at.in_zone(tz).naive_local(),
    }
}

/// Escapes text for HTML and XML, also in attributes. Characters that XML 1.0 does not have are dropped.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(c),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped_and_what_xml_has_not_is_dropped() {
        assert_eq!(
            escape("<a href=\"x\">'&'\u{0}\u{b}\u{fffe}\n"),
            "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;\n"
        );
    }
}

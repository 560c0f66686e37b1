//! What is over does not change: past occurrences keep the values of their event.

use crate::db::{Queries, Tx, sql};
use crate::error::Result;
use crate::events::input::ValidEvent;
use crate::events::rows::EventRow;
use crate::search;
use crate::time::Timestamp;

/// The values of an event that a change is about to replace; `None` for those that stay.
#[derive(Debug, Default, PartialEq, Eq)]
struct ReplacedValues<'e> {
    title: Option<&'e str>,
    description: Option<&'e str>,
    location: Option<&'e str>,
    url: Option<&'e str>,
    /// The event had no address, and gets one.
    without_url: Option<bool>,
    timezone: Option<&'e str>,
    all_day: Option<bool>,
    waitlist_enabled: Option<bool>,
}

impl<'e> ReplacedValues<'e> {
    fn of(old: &'e EventRow, new: &'e ValidEvent) -> Self {
        fn replaced<T: Copy + PartialEq>(old: T, new: T) -> Option<T> {
            (old != new).then_some(old)
        }
        Self {
            title: replaced(&*old.title, &*new.title),
            description: replaced(&*old.description, &*new.description),
            location: replaced(&*old.location, &*new.location),
            url: old.url.as_deref().filter(|url| new.url.as_deref() != Some(*url)),
            without_url: (old.url.is_none() && new.url.is_some()).then_some(true),
            timezone: replaced(&*old.timezone, new.tz.name()),
            all_day: replaced(old.all_day, new.span.all_day),
            waitlist_enabled: replaced(old.waitlist_enabled, new.waitlist_enabled),
        }
    }

    const fn has_texts(&self) -> bool {
        self.title.is_some() || self.description.is_some() || self.location.is_some()
    }
}

/// Copies the values that a change of the event replaces to its past occurrences, unless these have their
/// own.
///
/// Call it before the event is updated, with all its occurrences locked, if any of them has begun. Category
/// and tags are copies in any case: changes leave those of past occurrences.
pub(crate) async fn keep_values(tx: &mut Tx, old: &EventRow, new: &ValidEvent, now: Timestamp) -> Result<()> {
    let replaced = ReplacedValues::of(old, new);
    if replaced.timezone.is_some() || replaced.all_day.is_some() {
        keep_clock(tx, old, now).await?;
    }
    if replaced.has_texts() {
        keep_texts(tx, old, &replaced, now).await?;
    }
    if replaced.url.is_none() && replaced.without_url.is_none() && replaced.waitlist_enabled.is_none() {
        return Ok(());
    }
    tx.query(sql!(
        "UPDATE occurrences SET
            url = CASE WHEN without_url THEN NULL ELSE coalesce(url, $3) END,
            without_url = without_url OR (url IS NULL AND $4),
            waitlist_enabled = coalesce(waitlist_enabled, $5)
         WHERE event_id = $1 AND ends_at <= $2"
    ))
    .bind(old.id)
    .bind(now)
    .bind(replaced.url.map(str::to_owned))
    .bind(replaced.without_url.unwrap_or(false))
    .bind(replaced.waitlist_enabled)
    .execute()
    .await?;
    Ok(())
}

async fn keep_texts(
    tx: &mut Tx,
    old: &EventRow,
    replaced: &ReplacedValues<'_>,
    now: Timestamp,
) -> Result<()> {
    let document = search::insert_document(tx, old.id, &old.texts()?).await?;
    tx.query(sql!(
        "UPDATE occurrences SET
            document_id = CASE WHEN title IS NULL AND location IS NULL AND description IS NULL
                THEN $3 ELSE document_id END,
            title = coalesce(title, $4), description = coalesce(description, $5),
            location = coalesce(location, $6)
         WHERE event_id = $1 AND ends_at <= $2"
    ))
    .bind(old.id)
    .bind(now)
    .bind(document)
    .bind(replaced.title.map(str::to_owned))
    .bind(replaced.description.map(str::to_owned))
    .bind(replaced.location.map(str::to_owned))
    .execute()
    .await?;
    Ok(())
}

/// Keeps the time zone of past occurrences, and of timed ones that have begun: they took place by this clock.
async fn keep_clock(tx: &mut Tx, old: &EventRow, now: Timestamp) -> Result<()> {
    tx.query(sql!(
        "UPDATE occurrences SET timezone = coalesce(timezone, $3)
         WHERE event_id = $1 AND (ends_at <= $2 OR (starts_at <= $2 AND NOT all_day))"
    ))
    .bind(old.id)
    .bind(now)
    .bind(old.timezone.clone())
    .execute()
    .await?;
    Ok(())
}

//! Updating rows of `events`, inserting rows of `occurrences`, and their columns.

use super::copies::Copies;
use super::rows::EventRow;
use super::schedule::expansion::PlannedOccurrence;
use crate::db::{Queries, RowInsert, RowList, SqlValue, SqlWriter, Tx, sql};
use crate::error::{Error, Result};
use crate::id::{EventId, OccurrenceId};
use crate::recurrence::{DateValue, Recurrence};
use crate::time::{Timestamp, format_local};

/// An occurrence to insert.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewOccurrence {
    pub(super) id: OccurrenceId,
    pub(super) planned: PlannedOccurrence,
}

impl NewOccurrence {
    /// The planned occurrences, with new ids.
    pub(super) fn list(planned: &[PlannedOccurrence], now: Timestamp) -> Vec<Self> {
        planned.iter().map(|planned| Self { id: OccurrenceId::at(now), planned: *planned }).collect()
    }

    /// Its start and end.
    pub(super) const fn times(&self) -> (Timestamp, Timestamp) {
        (self.planned.original_start, self.planned.ends_at)
    }
}

/// Updates all columns of an event that can be changed. Its version must have been incremented. On PostgreSQL
/// the statement also runs `inserts`.
pub(super) async fn update_event(tx: &mut Tx, event: &EventRow, inserts: Vec<RowInsert>) -> Result<()> {
    let mut sql = SqlWriter::new(tx.dialect());
    for (n, insert) in inserts.into_iter().enumerate() {
        sql.push(if n == 0 { "WITH " } else { ", " }).named_insert(n, insert);
    }
    sql.push(" UPDATE events SET ").separated(", ", columns(event), |sql, (name, value)| {
        sql.push(name).push(" = ").value(value);
    });
    // Calendars have counted the versions of the former category.
    sql.push(", calendar_changes = calendar_changes + coalesce((SELECT c.version FROM categories c");
    sql.push(" WHERE c.id = events.category_id AND c.id IS DISTINCT FROM ");
    sql.value(event.category_id.map(crate::id::CategoryId::as_uuid)).push("), 0)");
    sql.push(" WHERE id = ").value(event.id.as_uuid());
    sql.query(tx).execute().await?;
    Ok(())
}

/// The columns of an event that can be changed, with their values.
fn columns(event: &EventRow) -> Vec<(&'static str, SqlValue)> {
    let edge = |edge: Option<super::window::WindowEdge>| SqlValue::from(edge.map(|edge| edge.to_string()));
    let window = event.window();
    vec![
        ("title", event.title.as_str().into()),
        ("description", event.description.as_str().into()),
        ("location", event.location.as_str().into()),
        ("url", event.url.as_deref().into()),
        ("starts_local", event.starts_local.as_str().into()),
        ("timezone", event.timezone.as_str().into()),
        ("starts_offset_seconds", event.starts_offset_seconds.into()),
        ("duration_seconds", event.duration_seconds.into()),
        ("all_day", event.all_day.into()),
        ("capacity", event.capacity.into()),
        ("visibility", event.visibility.as_str().into()),
        ("waitlist_enabled", event.waitlist_enabled.into()),
        ("registration_opens", edge(window.opens)),
        ("registration_closes", edge(window.closes)),
        ("max_party_size", event.max_party_size.into()),
        ("status", event.status.as_str().into()),
        ("category_id", event.category_id.map(crate::id::CategoryId::as_uuid).into()),
        ("tags", event.tags.as_str().into()),
        ("rrule", event.rrule.as_deref().into()),
        ("rdate", event.rdate.as_str().into()),
        ("exdate", event.exdate.as_str().into()),
        ("expanded_until", event.expanded_until.into()),
        ("updated_at", event.updated_at.into()),
        ("version", event.version.into()),
    ]
}

/// All columns of an event, with their values.
pub(super) fn all_columns(event: &EventRow) -> Vec<(&'static str, SqlValue)> {
    let mut columns = columns(event);
    columns.extend([
        ("id", event.id.as_uuid().into()),
        ("organizer_id", event.organizer_id.as_uuid().into()),
        ("subscription_id", event.subscription_id.map(crate::id::SubscriptionId::as_uuid).into()),
        ("created_at", event.created_at.into()),
    ]);
    columns
}

/// The columns that new occurrences have in common, with their values.
pub(super) fn inherited(copies: &Copies, now: Timestamp) -> Vec<(&'static str, SqlValue)> {
    vec![
        ("event_id", copies.event.as_uuid().into()),
        ("organizer_id", copies.organizer.as_uuid().into()),
        ("category_id", copies.category.map(crate::id::CategoryId::as_uuid).into()),
        ("tags", copies.tags.as_str().into()),
        ("capacity", copies.capacity.into()),
        ("listed", copies.listed.into()),
        ("all_day", copies.all_day.into()),
        ("status", copies.status.as_str().into()),
        ("created_at", now.into()),
        ("updated_at", now.into()),
    ]
}

/// The other columns of new occurrences.
pub(super) const OWN_COLUMNS: &str = "id, original_start, starts_at, ends_at, original_local, \
    registration_opens_at, registration_closes_at";
/// Their values, from rows `v` of [`own_rows`].
pub(super) const OWN_VALUES: &str =
    "v.id, v.original_start, v.original_start, v.ends_at, v.original_local, v.opens_at, v.closes_at";

/// The rows of new occurrences, each with the copies of its event.
pub(super) fn own_rows(occurrences: &[(&Copies, &NewOccurrence)]) -> RowList {
    let planned = || occurrences.iter().map(|(_, occurrence)| occurrence.planned);
    let periods = || {
        occurrences.iter().map(|(copies, occurrence)| copies.open_period(occurrence.planned.original_start))
    };
    RowList::default()
        .ids("of_event", occurrences.iter().map(|(copies, _)| copies.event.as_uuid()))
        .ids("id", occurrences.iter().map(|(_, occurrence)| occurrence.id.as_uuid()))
        .instants("original_start", planned().map(|planned| planned.original_start))
        .instants("ends_at", planned().map(|planned| planned.ends_at))
        .texts("original_local", planned().map(|planned| format_local(planned.local)))
        .instants("opens_at", periods().map(|period| period.opens_at))
        .instants("closes_at", periods().map(|period| period.closes_at))
}

/// Inserts occurrences and returns their number; those with an original start that the event already has are
/// skipped.
pub(super) async fn insert_occurrences(
    tx: &mut Tx,
    copies: &Copies,
    document: i64,
    occurrences: &[NewOccurrence],
    now: Timestamp,
) -> Result<u64> {
    if occurrences.is_empty() {
        return Ok(0);
    }
    let occurrences: Vec<_> = occurrences.iter().map(|occurrence| (copies, occurrence)).collect();
    let inherited = inherited(copies, now);
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("INSERT INTO occurrences (");
    sql.separated(", ", &inherited, |sql, (name, _)| _ = sql.push(name));
    sql.push(", document_id, ").push(OWN_COLUMNS).push(") SELECT ");
    sql.separated(", ", inherited, |sql, (_, value)| _ = sql.value(value));
    sql.push(", ").value(document).push(", ").push(OWN_VALUES);
    sql.push(" FROM ").rows("v", own_rows(&occurrences));
    // Without WHERE, SQLite would parse ON CONFLICT as the condition of a join.
    sql.push(" WHERE TRUE ON CONFLICT (event_id, original_start) DO NOTHING");
    Ok(sql.query(tx).execute().await?)
}

/// Counts a change of occurrences that calendars show and the version of their event does not tell. The event
/// must be locked.
pub(super) async fn count_calendar_change(tx: &mut Tx, id: EventId) -> Result<()> {
    tx.query(sql!("UPDATE events SET calendar_changes = calendar_changes + 1 WHERE id = $1"))
        .bind(id)
        .execute()
        .await?;
    Ok(())
}

/// Keeps what calendars of attendees know the occurrences of an event by, before it becomes a series or
/// ceases to be one: with the RECURRENCE-ID of a series, or without. See `calendars::invitation`.
pub(super) async fn keep_invitation_names(tx: &mut Tx, id: EventId, was_series: bool) -> Result<()> {
    tx.query(sql!(
        "UPDATE occurrences SET invitation_event = event_id,
            invitation_local = CASE WHEN $2 THEN coalesce(invitation_local, original_local) END,
            invitation_start = CASE WHEN $2 THEN coalesce(invitation_start, original_start) END
         WHERE event_id = $1 AND registered AND invitation_event IS NULL"
    ))
    .bind(id)
    .bind(was_series)
    .execute()
    .await?;
    Ok(())
}

/// The values of the columns `rrule`, `rdate` and `exdate`; the last two are JSON lists.
pub(super) fn recurrence_columns(
    recurrence: Option<&Recurrence>,
) -> Result<(Option<String>, String, String)> {
    let none = Recurrence::default();
    let Recurrence { rrule, rdate, exdate } = recurrence.unwrap_or(&none);
    let list = |dates: &[DateValue]| serde_json::to_string(dates).map_err(Error::internal);
    Ok((rrule.as_ref().map(ToString::to_string), list(rdate)?, list(exdate)?))
}

/// Stores a changed recurrence of an event whose occurrences already agree with it.
pub(super) async fn update_recurrence(
    tx: &mut Tx,
    id: EventId,
    recurrence: &Recurrence,
    now: Timestamp,
) -> Result<()> {
    let (rrule, rdate, exdate) = recurrence_columns(Some(recurrence))?;
    tx.query(sql!(
        "UPDATE events SET rrule = $2, rdate = $3, exdate = $4,
            expanded_until = CASE WHEN $5 THEN NULL ELSE expanded_until END,
            updated_at = $6, version = version + 1
         WHERE id = $1"
    ))
    .bind(id)
    .bind(rrule)
    .bind(rdate)
    .bind(exdate)
    .bind(recurrence.is_bounded())
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

//! Reading a calendar: fetching it, importing it, and ending what it lacks. All of it outside of the
//! transaction that records what became of it.

use std::time::Duration;

use sqlx::FromRow;

use super::ending;
use super::fetcher::{CalendarRequest, FetchError, FetchedCalendar, Validators};
use super::missing;
use super::subscription::{NewEventDefaults, SubscriptionEnd, SubscriptionReport};
use crate::actor::{Actor, Role};
use crate::calendars::ImportReport;
use crate::core::EventCore;
use crate::db::{Queries, sql, transaction};
use crate::error::{Cause, Error, Result};
use crate::id::{SubscriptionId, UserId};
use crate::seal::digest;
use crate::time::Timestamp;

/// How long a file that has not changed is not read again.
const WHOLE_AGAIN: Duration = Duration::from_hours(24);
/// The most reasons in a report.
const MAX_REASONS: usize = 20;

#[derive(FromRow)]
struct ReadRow {
    user_id: UserId,
    role: Role,
    account_enabled: bool,
    url: String,
    #[sqlx(flatten)]
    defaults: NewEventDefaults,
    etag: Option<String>,
    last_modified: Option<String>,
    fingerprint: Option<Vec<u8>>,
    read_at: Option<Timestamp>,
    disabled_because: Option<SubscriptionEnd>,
    version: i64,
}

/// What became of a subscription whose turn it was.
#[derive(Debug, Clone)]
pub(crate) enum Refreshed {
    /// It is gone, or not followed.
    Nothing,
    /// It was not tried: its owner cannot sign in at the moment.
    Postponed,
    /// It was not tried: too many calendars are being fetched from its server.
    Busy,
    /// Some of its events are ended, and then it is deleted.
    Ended,
    /// It was tried as it was in this version.
    Tried { version: i64, outcome: ReadOutcome },
}

/// What became of an attempt to read a calendar.
#[derive(Debug, Clone)]
pub(crate) enum ReadOutcome {
    /// It has not changed.
    Unchanged,
    /// It was read.
    Read { validators: Validators, fingerprint: [u8; 32], report: SubscriptionReport },
    /// Its server says that it is gone.
    Gone,
    /// Why it could not be read.
    Failed(String),
}

/// Reads a calendar, and changes its events.
///
/// # Errors
/// If the database fails, or this process fetches no calendars: try again.
pub(crate) async fn refresh(core: &EventCore, id: SubscriptionId) -> Result<Refreshed> {
    let Some(row) = find(core, id).await? else { return Ok(Refreshed::Nothing) };
    let actor = Actor::subscription(row.user_id, row.role);
    match row.disabled_because {
        Some(SubscriptionEnd::Ending) => {
            ending::end_events(core, &actor, id).await?;
            return Ok(Refreshed::Ended);
        }
        Some(_) => return Ok(Refreshed::Nothing),
        None if !row.account_enabled => return Ok(Refreshed::Postponed),
        None => {}
    }
    let started = core.now();
    let Some(outcome) = read(core, &actor, id, &row, started).await? else { return Ok(Refreshed::Busy) };
    if matches!(outcome, ReadOutcome::Unchanged | ReadOutcome::Read { .. }) {
        missing::end_missing(core, &actor, id, started).await?;
    }
    Ok(Refreshed::Tried { version: row.version, outcome })
}

async fn find(core: &EventCore, id: SubscriptionId) -> Result<Option<ReadRow>> {
    let mut db = core.db().read().await?;
    Ok(db
        .query(sql!(
            "SELECT s.user_id, u.role, u.disabled_at IS NULL AS account_enabled, s.url, s.location,
                s.capacity, s.timezone, s.visibility, s.drafts, s.etag, s.last_modified, s.fingerprint,
                s.read_at, s.disabled_because, s.version
             FROM calendar_subscriptions s JOIN users u ON u.id = s.user_id
             WHERE s.id = $1 AND u.deleted_at IS NULL"
        ))
        .bind(id)
        .optional()
        .await?)
}

impl ReadRow {
    /// Whether the file is read although it has not changed.
    fn must_be_read(&self, now: Timestamp) -> bool {
        self.read_at.is_none_or(|at| now.since(at) >= WHOLE_AGAIN)
    }

    fn validators(&self) -> Validators {
        Validators { etag: self.etag.clone(), last_modified: self.last_modified.clone() }
    }
}

/// Fetches a calendar and imports it. `None` if its server is busy.
async fn read(
    core: &EventCore,
    actor: &Actor,
    id: SubscriptionId,
    row: &ReadRow,
    now: Timestamp,
) -> Result<Option<ReadOutcome>> {
    let Some(fetcher) = core.calendar_fetcher().get() else {
        return Err(Error::unavailable(Cause::NotOffered, "this process does not fetch calendars"));
    };
    let is_whole = row.must_be_read(now);
    let request = CalendarRequest {
        url: row.url.clone(),
        validators: if is_whole { Validators::default() } else { row.validators() },
        max_size: EventCore::MAX_IMPORT,
        policy: core.webhook_policy().clone(),
    };
    let (bytes, validators) = match fetcher.fetch(&request).await {
        Ok(FetchedCalendar::File { bytes, validators }) => (bytes, validators),
        Ok(FetchedCalendar::NotModified) if is_whole => {
            let reason = "the server answers with the status 304 although it was not asked for changes";
            return Ok(Some(ReadOutcome::Failed(reason.to_owned())));
        }
        Ok(FetchedCalendar::NotModified) => return Ok(Some(ReadOutcome::Unchanged)),
        Ok(FetchedCalendar::Gone) => return Ok(Some(ReadOutcome::Gone)),
        Ok(FetchedCalendar::Refused(status)) => {
            return Ok(Some(ReadOutcome::Failed(format!("the server answers with the status {status}"))));
        }
        Err(FetchError::Busy) => return Ok(None),
        Err(FetchError::Failed(reason)) => return Ok(Some(ReadOutcome::Failed(reason))),
    };
    let fingerprint = digest(&[&bytes]);
    if !is_whole && row.fingerprint.as_deref() == Some(&fingerprint[..]) {
        return Ok(Some(ReadOutcome::Unchanged));
    }
    match core.import_subscribed(actor, bytes, &row.defaults.clone().options(), id).await {
        Ok((report, uids)) => {
            transaction!(core.db(), |tx| missing::mark(tx, id, &uids, now))?;
            Ok(Some(ReadOutcome::Read { validators, fingerprint, report: summary(&report) }))
        }
        Err(error @ (Error::Invalid(_) | Error::EmailNotVerified)) => {
            Ok(Some(ReadOutcome::Failed(error.to_string())))
        }
        Err(error) => Err(error),
    }
}

/// The numbers of a report, and why something is skipped that is not over.
fn summary(report: &ImportReport) -> SubscriptionReport {
    let reasons = report.components.iter().filter_map(|component| component.reason.clone());
    SubscriptionReport {
        created: report.created,
        updated: report.updated,
        unchanged: report.unchanged,
        skipped: report.skipped,
        reasons: reasons.filter(|reason| reason.code != "past").take(MAX_REASONS).collect(),
    }
}

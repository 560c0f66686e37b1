//! Finding what is due, and reminding.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::FromRow;

use super::lead_times::{Window, latest_due};
use crate::db::{Locking, Queries, Tx, sql};
use crate::error::Result;
use crate::events::zone;
use crate::id::{OccurrenceId, RegistrationId, UserId};
use crate::jobs::{self, DueOccurrence, Job, Next};
use crate::notifications::kind::NotificationKind;
use crate::notifications::notify::{Draft, ToldDetails, lock_recipients, notify};
use crate::notifications::occasion::Occasion;
use crate::reminder_list::ReminderList;
use crate::time::{LeadTime, Timestamp};

/// How often time is looked at.
const PERIOD: Duration = Duration::from_secs(10);
/// The registrations of one transaction.
const BATCH: u16 = 500;

#[derive(FromRow)]
struct Candidate {
    lead: String,
    id: OccurrenceId,
    starts_at: Timestamp,
    timezone: String,
}

/// Leaves each occurrence of which a reminder fell due since `looked_at_until` to a job. At the first call,
/// nothing is due.
pub(crate) async fn find_due(
    tx: &mut Tx,
    looked_at_until: Option<Timestamp>,
    now: Timestamp,
) -> Result<Next> {
    let window = Window { from: looked_at_until.unwrap_or(now), until: now };
    if window.from < window.until {
        let mut due: Vec<DueOccurrence> = Vec::new();
        for candidate in candidates(tx, window).await? {
            let Candidate { lead, id, starts_at, timezone } = candidate;
            let tz = zone(&timezone);
            let is_due = lead.parse().is_ok_and(|lead: LeadTime| window.due(lead, starts_at, tz).is_some());
            if is_due && due.last().is_none_or(|last| last.id != id) {
                let Window { from, until } = window;
                due.push(DueOccurrence { id, starts_at, from, until, after: None });
            }
        }
        let jobs: Vec<Job> = due.into_iter().map(Job::Remind).collect();
        jobs::enqueue(tx, &jobs, now, now).await?;
    }
    // A clock that was set back does not remind again.
    let until = window.from.max(window.until);
    Ok(Next::Again { job: Job::FindReminders { looked_at_until: Some(until) }, at: now.plus(PERIOD) })
}

/// The occurrences ahead with registrations for which some lead time may have fallen due, one after another.
async fn candidates(tx: &mut Tx, window: Window) -> Result<Vec<Candidate>> {
    Ok(tx
        .query(sql!(
            sqlite "SELECT l.lead, o.id, o.starts_at, coalesce(o.timezone, e.timezone) AS timezone
             FROM reminder_leads l CROSS JOIN occurrences o JOIN events e ON e.id = o.event_id
             WHERE o.starts_at > $1 + (l.seconds - l.slack_seconds) * 1000000
                AND o.starts_at <= $2 + (l.seconds + l.slack_seconds) * 1000000 AND o.starts_at > $2
                AND o.status = 'scheduled' AND o.registered AND e.status = 'published'
             ORDER BY o.id",
            postgres "SELECT l.lead, o.id, o.starts_at, coalesce(o.timezone, e.timezone) AS timezone
             FROM reminder_leads l
             JOIN occurrences o ON o.starts_at > CAST($1 AS TIMESTAMPTZ)
                    + (l.seconds - l.slack_seconds) * INTERVAL '1 second'
                AND o.starts_at <= CAST($2 AS TIMESTAMPTZ)
                    + (l.seconds + l.slack_seconds) * INTERVAL '1 second'
                AND o.starts_at > $2
             JOIN events e ON e.id = o.event_id
             WHERE o.status = 'scheduled' AND o.registered AND e.status = 'published'
             ORDER BY o.id"
        ))
        .bind(window.from)
        .bind(window.until)
        .all()
        .await?)
}

#[derive(FromRow)]
struct Attendee {
    user_id: UserId,
    id: RegistrationId,
    created_at: Timestamp,
    reminders: Option<String>,
    timezone: String,
}

/// Reminds the next batch of those who are registered for an occurrence, unless it has moved, is cancelled or
/// has begun.
pub(crate) async fn remind(tx: &mut Tx, due: &DueOccurrence, now: Timestamp) -> Result<Next> {
    if due.starts_at <= now {
        return Ok(Next::Done);
    }
    let attendees: Vec<Attendee> = tx
        .query(sql!(
            "SELECT r.user_id, r.id, r.created_at, coalesce(r.reminders, u.reminders) AS reminders,
                coalesce(o.timezone, e.timezone) AS timezone
             FROM registrations r JOIN users u ON u.id = r.user_id
             JOIN occurrences o ON o.id = r.occurrence_id JOIN events e ON e.id = o.event_id
             WHERE r.occurrence_id = $1 AND r.status = 'confirmed' AND r.user_id > $3
                AND o.starts_at = $2 AND o.status = 'scheduled' AND e.status = 'published'
             ORDER BY r.user_id LIMIT $4"
        ))
        .bind(due.id)
        .bind(due.starts_at)
        .bind(due.after.unwrap_or(UserId::from(uuid::Uuid::nil())))
        .bind(i64::from(BATCH))
        .all()
        .await?;
    let window = Window { from: due.from, until: due.until };
    let mut drafts = Vec::new();
    for attendee in &attendees {
        let list = ReminderList::read(attendee.reminders.as_deref())?;
        let tz = zone(&attendee.timezone);
        if let Some((lead, at)) = latest_due(&list, window, due.starts_at, tz, attendee.created_at) {
            let kind = NotificationKind::Reminder;
            let occasion = Occasion { kind, subject: attendee.id.as_uuid(), at };
            let draft = Draft::of_occurrence(attendee.user_id, occasion, due.id);
            drafts
                .push(Draft { details: ToldDetails { lead: Some(lead), ..ToldDetails::default() }, ..draft });
        }
    }
    let living = lock_recipients(tx, drafts.iter().map(|draft| draft.user), Locking::Wait).await?;
    drafts.retain(|draft| living.contains(&draft.user));
    notify(tx, &drafts, BTreeSet::new(), now).await?;
    Ok(match attendees.last().filter(|_| attendees.len() >= usize::from(BATCH)) {
        Some(last) => {
            let after = Some(last.user_id);
            Next::Again { job: Job::Remind(DueOccurrence { after, ..due.clone() }), at: now }
        }
        None => Next::Done,
    })
}

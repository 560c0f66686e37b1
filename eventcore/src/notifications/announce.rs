//! News for all who are registered: the first in the transaction of the change, the rest by a job, in bounded
//! batches.

use std::collections::{BTreeSet, HashMap};

use sqlx::FromRow;
use uuid::Uuid;

use super::decision::News;
use super::kind::NotificationKind;
use super::notify::{Draft, ToldDetails, lock_recipients, notify};
use super::occasion::Occasion;
use crate::db::{Locking, Queries, RowList, SqlWriter, Tx, sql};
use crate::error::Result;
use crate::id::{EventId, OccurrenceId, RegistrationId, UserId, uuid_at};
use crate::jobs::{self, AffectedOccurrence, Announcement, Job};
use crate::time::Timestamp;

/// The registrations that the transaction of the change tells itself.
const AT_ONCE: usize = 100;
/// The registrations of one transaction of the job. Others write between two of them.
const BATCH: usize = 500;

/// An announcement of nothing yet.
pub(super) fn empty(event: EventId, cancelled: bool, by: Option<UserId>, now: Timestamp) -> Announcement {
    let (old_location, occurrences, after) = (None, Vec::new(), None);
    Announcement { id: uuid_at(now), at: now, event, by, cancelled, old_location, occurrences, after }
}

/// Adds the occurrences that news is about.
pub(super) async fn add(
    tx: &mut Tx,
    announcement: &mut Announcement,
    news: News,
    now: Timestamp,
) -> Result<()> {
    match news {
        News::Moved { occurrence, old_starts_at, .. } => {
            entry(announcement, occurrence).old_starts_at = Some(old_starts_at);
        }
        News::Relocated { occurrence, old_location, .. } => {
            announcement.old_location.get_or_insert(old_location);
            entry(announcement, occurrence).relocated = true;
        }
        News::Restored { occurrence, .. } => entry(announcement, occurrence).restored = true,
        News::Cancelled { occurrence, .. } => _ = entry(announcement, occurrence),
        News::EventRelocated { event, old_location } => {
            announcement.old_location.get_or_insert(old_location);
            for (occurrence,) in inheriting_place(tx, event, now).await? {
                entry(announcement, occurrence).relocated = true;
            }
        }
        News::EventCancelled { event, at } => {
            for (occurrence,) in cancelled_at(tx, event, at).await? {
                entry(announcement, occurrence);
            }
        }
    }
    Ok(())
}

/// The entry of an occurrence, which is added if it is missing.
fn entry(announcement: &mut Announcement, id: OccurrenceId) -> &mut AffectedOccurrence {
    let all = &mut announcement.occurrences;
    let at = all.iter().rposition(|occurrence| occurrence.id == id).unwrap_or_else(|| {
        all.push(AffectedOccurrence { id, old_starts_at: None, relocated: false, restored: false });
        all.len() - 1
    });
    &mut all[at]
}

async fn inheriting_place(tx: &mut Tx, event: EventId, now: Timestamp) -> Result<Vec<(OccurrenceId,)>> {
    Ok(tx
        .query(sql!(
            "SELECT id FROM occurrences WHERE event_id = $1 AND ends_at > $2 AND registered
                AND status = 'scheduled' AND location IS NULL"
        ))
        .bind(event)
        .bind(now)
        .all()
        .await?)
}

async fn cancelled_at(tx: &mut Tx, event: EventId, at: Timestamp) -> Result<Vec<(OccurrenceId,)>> {
    Ok(tx
        .query(sql!(
            "SELECT id FROM occurrences WHERE event_id = $1 AND updated_at = $2 AND registered
                AND status = 'cancelled'"
        ))
        .bind(event)
        .bind(at)
        .all()
        .await?)
}

/// Begins to tell: the first are told at once, and a job tells the rest; or all, if another transaction has
/// locked one of the first.
pub(super) async fn begin(tx: &mut Tx, mut announcement: Announcement, now: Timestamp) -> Result<()> {
    retain_registered(tx, &mut announcement, now).await?;
    let (recipients, has_more) = recipients(tx, &announcement, AT_ONCE).await?;
    // This transaction may hold rows for which others wait that have locked users: it waits for no user.
    let users = recipients.iter().map(|recipient| recipient.user_id);
    let locked = lock_recipients(tx, users, Locking::Skip).await?;
    let left = if recipients.iter().all(|recipient| locked.contains(&recipient.user_id)) {
        notify(tx, &drafts(&announcement, &recipients), BTreeSet::new(), now).await?;
        has_more.then(|| rest(&announcement, &recipients)).flatten()
    } else {
        Some(announcement)
    };
    if let Some(left) = left {
        jobs::enqueue(tx, &[Job::Announce(left)], now, now).await?;
    }
    Ok(())
}

/// Leaves out the occurrences that are over, and those for which nobody ever registered; sorts the others by
/// their starts.
async fn retain_registered(tx: &mut Tx, announcement: &mut Announcement, now: Timestamp) -> Result<()> {
    if announcement.occurrences.is_empty() {
        return Ok(());
    }
    let ids = announcement.occurrences.iter().map(|occurrence| occurrence.id.as_uuid());
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("SELECT o.id FROM ").rows("v", RowList::default().ids("id", ids));
    sql.push(" JOIN occurrences o ON o.id = v.id WHERE o.registered AND o.ends_at > ").value(now);
    sql.push(" ORDER BY o.starts_at, o.id");
    let registered: Vec<(OccurrenceId,)> = sql.query(tx).all().await?;
    let mut by_id: HashMap<OccurrenceId, AffectedOccurrence> =
        announcement.occurrences.drain(..).map(|occurrence| (occurrence.id, occurrence)).collect();
    announcement.occurrences = registered.iter().filter_map(|(id,)| by_id.remove(id)).collect();
    Ok(())
}

/// Tells the next batch. Returns what is left to tell.
pub(crate) async fn spread(
    tx: &mut Tx,
    announcement: &Announcement,
    now: Timestamp,
) -> Result<Option<Announcement>> {
    let (recipients, has_more) = recipients(tx, announcement, BATCH).await?;
    let living =
        lock_recipients(tx, recipients.iter().map(|recipient| recipient.user_id), Locking::Wait).await?;
    let mut drafts = drafts(announcement, &recipients);
    drafts.retain(|draft| living.contains(&draft.user));
    notify(tx, &drafts, BTreeSet::new(), now).await?;
    Ok(has_more.then(|| rest(announcement, &recipients)).flatten())
}

#[derive(FromRow)]
struct Recipient {
    user_id: UserId,
    id: RegistrationId,
    occurrence_id: OccurrenceId,
}

/// What is left to tell after these recipients.
fn rest(announcement: &Announcement, told: &[Recipient]) -> Option<Announcement> {
    let last = told.last()?;
    let after = Some((last.user_id, last.id));
    Some(Announcement { after, ..announcement.clone() })
}

/// Who is registered for one of the occurrences, if that still is as it is announced, from the last person
/// who was told on: at least one person if any is left, and otherwise at most so many registrations. A
/// person comes with all their registrations. Also returns whether there are more.
async fn recipients(
    tx: &mut Tx,
    announcement: &Announcement,
    limit: usize,
) -> Result<(Vec<Recipient>, bool)> {
    let mut limit = limit;
    loop {
        let mut recipients = some_recipients(tx, announcement, limit + 1).await?;
        if recipients.len() <= limit {
            return Ok((recipients, false));
        }
        // Those of the last person may go on.
        let last = recipients.last().map(|recipient| recipient.user_id);
        if recipients.first().map(|recipient| recipient.user_id) != last {
            recipients.retain(|recipient| Some(recipient.user_id) != last);
            return Ok((recipients, true));
        }
        limit *= 4;
    }
}

/// The order is that of an index, and of nothing more: PostgreSQL would sort all registrations for each batch
/// as long as it believed the table to be empty.
async fn some_recipients(tx: &mut Tx, announcement: &Announcement, limit: usize) -> Result<Vec<Recipient>> {
    if announcement.occurrences.is_empty() {
        return Ok(Vec::new());
    }
    let user = announcement.after.map_or(Uuid::nil(), |(user, _)| user.as_uuid());
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("SELECT r.user_id, r.id, r.occurrence_id FROM registrations r");
    sql.push(" JOIN occurrences o ON o.id = r.occurrence_id WHERE ");
    match announcement.occurrences.as_slice() {
        [one] => sql.push("r.occurrence_id = ").value(one.id.as_uuid()),
        _ => sql.push("r.event_id = ").value(announcement.event.as_uuid()),
    };
    sql.push(" AND o.status = ").value(if announcement.cancelled { "cancelled" } else { "scheduled" });
    sql.push(" AND r.status <> 'cancelled' AND r.user_id > ").value(user);
    sql.push(" ORDER BY r.user_id LIMIT ").push(&limit.to_string());
    Ok(sql.query(tx).all().await?)
}

/// One notification for each person, of the first occurrence for which they are registered.
fn drafts(announcement: &Announcement, recipients: &[Recipient]) -> Vec<Draft> {
    let kind = if announcement.cancelled {
        NotificationKind::EventCancelled
    } else {
        NotificationKind::EventChanged
    };
    let occasion = Occasion { kind, subject: announcement.id, at: announcement.at };
    let order: HashMap<OccurrenceId, usize> =
        announcement.occurrences.iter().enumerate().map(|(n, occurrence)| (occurrence.id, n)).collect();
    let mut first: HashMap<UserId, usize> = HashMap::new();
    for recipient in recipients.iter().filter(|recipient| Some(recipient.user_id) != announcement.by) {
        if let Some(n) = order.get(&recipient.occurrence_id) {
            first.entry(recipient.user_id).and_modify(|least| *least = (*least).min(*n)).or_insert(*n);
        }
    }
    let draft = |(user, n): (UserId, usize)| {
        let occurrence = &announcement.occurrences[n];
        let details = ToldDetails {
            old_starts_at: occurrence.old_starts_at,
            old_location: announcement.old_location.clone().filter(|_| occurrence.relocated),
            restored: occurrence.restored,
            ..ToldDetails::default()
        };
        Draft { details, ..Draft::of_occurrence(user, occasion, occurrence.id) }
    };
    first.into_iter().map(draft).collect()
}

//! `notify`: the one function that writes notifications.

use std::collections::{BTreeSet, HashSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::occasion::Occasion;
use crate::change_log;
use crate::changes::Topic;
use crate::db::{Dialect, Locking, Queries, RowInsert, RowList, SqlWriter, Tx};
use crate::error::{Error, Result};
use crate::id::{EventId, OccurrenceId, UserId};
use crate::time::{LeadTime, Timestamp};

/// A notification to write.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    pub(super) user: UserId,
    pub(super) occasion: Occasion,
    /// The event, if there is no occurrence.
    pub(super) event: Option<EventId>,
    pub(super) occurrence: Option<OccurrenceId>,
    /// Who did it, if that is told.
    pub(super) actor: Option<UserId>,
    pub(super) details: ToldDetails,
}

/// What else is told. Stored as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ToldDetails {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) old_starts_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) old_location: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) restored: bool,
    /// Whether the reader did it: then the notification is not shown, and only mailed for their calendar.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) own: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) lead: Option<LeadTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) client: Option<String>,
    /// The host of a webhook, or of a calendar that is followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) receiver: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) gone: bool,
    /// How many events of a calendar have disappeared.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) missing: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl ToldDetails {
    fn to_json(&self) -> Result<Option<String>> {
        if *self == Self::default() {
            return Ok(None);
        }
        serde_json::to_string(self).map(Some).map_err(Error::internal)
    }
}

/// Locks users against deletion, and returns those that are not deleted; with [`Locking::Skip`] also without
/// those that others have locked.
///
/// A deletion that has committed is seen. One that begins waits for this transaction, and then deletes what
/// it has written. A transaction that has locked an occurrence needs no lock of a user whose registration for
/// it is told: a deletion waits for the occurrence too.
pub(super) async fn lock_recipients(
    tx: &mut Tx,
    users: impl IntoIterator<Item = UserId>,
    locking: Locking,
) -> Result<HashSet<UserId>> {
    let ids: Vec<Uuid> = users.into_iter().map(UserId::as_uuid).collect();
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("SELECT u.id FROM users u WHERE u.id IN (SELECT v.id FROM ");
    sql.rows("v", RowList::default().ids("id", ids)).push(") AND u.deleted_at IS NULL ORDER BY u.id");
    if tx.dialect() == Dialect::Postgres {
        sql.push(" FOR KEY SHARE OF u").push(locking.clause());
    }
    let living: Vec<(UserId,)> = sql.query(tx).all().await?;
    Ok(living.into_iter().map(|(id,)| id).collect())
}

/// Writes notifications, in one statement, and that they and other `topics` have changed. Those that exist,
/// those of muted events and those that their readers do not want on any channel are left out.
///
/// The users are locked against deletion: see [`lock_recipients`].
pub(super) async fn notify(
    tx: &mut Tx,
    drafts: &[Draft],
    topics: BTreeSet<Topic>,
    now: Timestamp,
) -> Result<()> {
    let inserts = inserts(drafts, topics, now)?;
    if inserts.is_empty() {
        return Ok(());
    }
    let mut sql = SqlWriter::new(tx.dialect());
    sql.insert_all(inserts);
    sql.query(tx).execute_deferred().await?;
    Ok(())
}

/// The INSERTs of notifications, and of what has changed: they and `topics`.
pub(super) fn inserts(
    drafts: &[Draft],
    mut topics: BTreeSet<Topic>,
    now: Timestamp,
) -> Result<Vec<RowInsert>> {
    let mut inserts = Vec::new();
    if !drafts.is_empty() {
        inserts.push(insert(drafts, now)?);
        topics.extend(
            drafts
                .iter()
                .filter(|draft| !draft.details.own)
                .map(|draft| Topic::Notification(draft.user, draft.occasion.notification_of(draft.user))),
        );
    }
    inserts.extend(change_log::insert(&topics, now));
    Ok(inserts)
}

/// The INSERT of notifications. `drafts` is not empty.
fn insert(drafts: &[Draft], now: Timestamp) -> Result<RowInsert> {
    let details: Vec<Option<String>> =
        drafts.iter().map(|draft| draft.details.to_json()).collect::<Result<_>>()?;
    let each = || drafts.iter();
    let rows = RowList::default()
        .ids("user_id", each().map(|draft| draft.user.as_uuid()))
        .ids("id", each().map(|draft| draft.occasion.notification_of(draft.user).as_uuid()))
        .texts("kind", each().map(|draft| draft.occasion.kind.to_string()))
        .ids("event_id", each().map(|draft| draft.event.map(EventId::as_uuid)))
        .ids("occurrence_id", each().map(|draft| draft.occurrence.map(OccurrenceId::as_uuid)))
        .ids("subject_id", each().map(|draft| draft.occasion.subject))
        .ids("actor_id", each().map(|draft| draft.actor.map(UserId::as_uuid)))
        .texts("details", details)
        // Notices about the account have mails of their own.
        .booleans("mailed", each().map(|draft| draft.occasion.kind.mail().is_some()))
        .booleans("own", each().map(|draft| draft.details.own))
        .instants("created_at", each().map(|_| now));
    Ok(RowInsert {
        select:
            "INSERT INTO notifications (user_id, id, kind, event_id, occurrence_id, subject_id, actor_id, \
                title, starts_at, timezone, all_day, details, in_app, created_at, \
                mail_due_at)
             SELECT v.user_id, v.id, v.kind, e.id, v.occurrence_id, v.subject_id, v.actor_id, \
                coalesce(o.title, e.title), o.starts_at, coalesce(o.timezone, e.timezone), \
                coalesce(o.all_day, e.all_day, FALSE), v.details, \
                CASE WHEN v.own THEN FALSE ELSE coalesce(p.in_app, TRUE) END, v.created_at, \
                CASE WHEN coalesce(p.email, TRUE) AND v.mailed \
                    THEN v.created_at END
             FROM ",
        rows,
        rest: " LEFT JOIN occurrences o ON o.id = v.occurrence_id
             LEFT JOIN events e ON e.id = coalesce(v.event_id, o.event_id)
             LEFT JOIN notification_preferences p ON p.user_id = v.user_id AND p.kind = v.kind
            WHERE coalesce(CASE WHEN v.own THEN p.email ELSE p.in_app OR p.email END, TRUE)
                AND NOT EXISTS (SELECT 1 FROM event_mutes m WHERE m.user_id = v.user_id AND m.event_id = e.id)
            ON CONFLICT (user_id, id) DO NOTHING",
    })
}

//! The events of UIDs.
//!
//! The table `imported_events` has the events of a user by the UIDs of files. The UID of a file that this
//! library has written is the id of its event: its organizers import it into that event. What comes from a
//! calendar that the user follows is apart from that, in `subscribed_events`.

use std::collections::{HashMap, HashSet};

use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, RowList, SqlWriter, Tx, sql};
use crate::error::{Error, Result};
use crate::events::{co_organizes, is_organized_by};
use crate::id::{EventId, SubscriptionId, UserId};

/// UIDs of one statement.
const UIDS_OF_STATEMENT: usize = 1_000;

/// Whose UIDs are imported.
#[derive(Debug, Clone, Copy)]
pub(super) struct UidOwner {
    pub(super) actor: Actor,
    /// The user of the actor.
    pub(super) user: UserId,
    /// The calendar that the user follows, if the file is that.
    pub(super) subscription: Option<SubscriptionId>,
}

/// The event of a UID, or of a part of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct UidEvent<'u> {
    pub(super) uid: &'u str,
    pub(super) part: &'u str,
    pub(super) event: EventId,
}

impl EventCore {
    /// Those of the UIDs that have events.
    pub(super) async fn known_uids(&self, owner: &UidOwner, uids: &[String]) -> Result<HashSet<String>> {
        let mut db = self.db().read().await?;
        let mut known = HashSet::new();
        for uids in uids.chunks(UIDS_OF_STATEMENT) {
            known.extend(known_uids(&mut db, owner, uids).await?);
        }
        Ok(known)
    }
}

/// Those of some UIDs that have events: the user has imported them, or organizes the event with that id.
pub(super) async fn known_uids(
    db: &mut impl Queries,
    owner: &UidOwner,
    uids: &[String],
) -> Result<HashSet<String>> {
    let mut sql = SqlWriter::new(db.dialect());
    sql.push("SELECT v.uid FROM ").rows("v", RowList::default().texts("uid", uids.iter().cloned()));
    // In the order of the joins SQLite looks each UID up.
    match owner.subscription {
        Some(subscription) => {
            sql.push(" CROSS JOIN subscribed_events i WHERE i.subscription_id = ");
            sql.value(subscription.as_uuid()).push(" AND i.uid = v.uid");
        }
        None => {
            sql.push(" CROSS JOIN imported_events i WHERE i.user_id = ").value(owner.user.as_uuid());
            sql.push(" AND i.uid = v.uid");
        }
    }
    let found: Vec<(String,)> = sql.query(db).all().await?;
    let mut known: HashSet<String> = found.into_iter().map(|(uid,)| uid).collect();
    let ids: Vec<EventId> = uids.iter().filter_map(|uid| uid.parse().ok()).collect();
    if owner.subscription.is_none() && !ids.is_empty() {
        let own = organized(db, owner.user, &ids).await?;
        known.extend(uids.iter().filter(|uid| uid.parse().is_ok_and(|id| own.contains(&id))).cloned());
    }
    Ok(known)
}

/// Those of the events that a user organizes, also together with others.
async fn organized(db: &mut impl Queries, user: UserId, ids: &[EventId]) -> Result<HashSet<EventId>> {
    let mut sql = SqlWriter::new(db.dialect());
    sql.push("SELECT e.id FROM ").rows("v", RowList::default().ids("id", ids.iter().map(|id| id.as_uuid())));
    let user = sql.placeholder(user.as_uuid());
    sql.push(" CROSS JOIN events e WHERE e.id = v.id AND (e.organizer_id = ").push(&user);
    sql.push(" OR ").push(&co_organizes("e.id", &user)).push(")");
    let found: Vec<(EventId,)> = sql.query(db).all().await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// The events of a UID by their parts.
#[derive(Debug, Default)]
pub(super) struct KnownEvents {
    pub(super) events: HashMap<String, EventId>,
    /// Those that the user no longer organizes.
    stale: HashMap<String, EventId>,
}

impl KnownEvents {
    /// Finds those of a UID.
    pub(super) async fn find(tx: &mut Tx, owner: &UidOwner, uid: &str) -> Result<Self> {
        let of_subscription =
            sql!("SELECT part, event_id FROM subscribed_events WHERE subscription_id = $1 AND uid = $2");
        let of_user = sql!("SELECT part, event_id FROM imported_events WHERE user_id = $1 AND uid = $2");
        let query = match owner.subscription {
            Some(subscription) => tx.query(of_subscription).bind(subscription),
            None => tx.query(of_user).bind(owner.user),
        };
        let rows: Vec<(String, EventId)> = query.bind(uid.to_owned()).all().await?;
        let mut known = Self::default();
        for (part, id) in rows {
            let is_own = is_organized_by(tx, &owner.actor, id).await?;
            let list = if is_own { &mut known.events } else { &mut known.stale };
            list.insert(part, id);
        }
        if owner.subscription.is_none()
            && !known.events.contains_key("")
            && let Ok(id) = uid.parse()
            && is_organized_by(tx, &owner.actor, id).await?
        {
            known.events.insert(String::new(), id);
        }
        Ok(known)
    }

    /// Forgets the event of a part if the user no longer organizes it.
    pub(super) async fn forget_stale(&mut self, tx: &mut Tx, owner: &UidOwner, part: &str) -> Result<()> {
        let Some(stale) = self.stale.remove(part) else { return Ok(()) };
        let of_subscription =
            sql!("DELETE FROM subscribed_events WHERE subscription_id = $1 AND event_id = $2");
        let of_user = sql!("DELETE FROM imported_events WHERE user_id = $1 AND event_id = $2");
        let query = match owner.subscription {
            Some(subscription) => tx.query(of_subscription).bind(subscription),
            None => tx.query(of_user).bind(owner.user),
        };
        query.bind(stale).execute().await?;
        Ok(())
    }
}

/// Keeps the calendar that is followed, if it is one, until the transaction ends.
///
/// # Errors
/// `not_found` if it is not followed any more.
pub(super) async fn must_be_followed(tx: &mut Tx, owner: &UidOwner) -> Result<()> {
    let Some(subscription) = owner.subscription else { return Ok(()) };
    let locked: Option<(SubscriptionId,)> = tx
        .query(sql!(
            sqlite "SELECT id FROM calendar_subscriptions WHERE id = $1 AND disabled_at IS NULL",
            postgres "SELECT id FROM calendar_subscriptions WHERE id = $1 AND disabled_at IS NULL
                FOR KEY SHARE"
        ))
        .bind(subscription)
        .optional()
        .await?;
    locked.map(drop).ok_or(Error::NotFound("subscription"))
}

/// Stores which events UIDs have.
///
/// # Errors
/// `unavailable` if another import has stored one meanwhile: the transaction is run again.
pub(super) async fn remember(tx: &mut Tx, owner: &UidOwner, mut uids: Vec<UidEvent<'_>>) -> Result<()> {
    if uids.is_empty() {
        return Ok(());
    }
    // Imports that store the same UIDs at the same time wait for each other in this order.
    uids.sort_unstable_by_key(|one| (one.uid, one.part));
    let (table, column, id) = match owner.subscription {
        Some(subscription) => ("subscribed_events", "subscription_id", subscription.as_uuid()),
        None => ("imported_events", "user_id", owner.user.as_uuid()),
    };
    let rows = RowList::default()
        .texts("uid", uids.iter().map(|one| one.uid.to_owned()))
        .texts("part", uids.iter().map(|one| one.part.to_owned()))
        .ids("event_id", uids.iter().map(|one| one.event.as_uuid()));
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("INSERT INTO ").push(table).push(" (").push(column).push(", uid, part, event_id) SELECT ");
    sql.value(id).push(", v.uid, v.part, v.event_id FROM ").rows("v", rows);
    sql.push(" WHERE TRUE ON CONFLICT (").push(column).push(", uid, part) DO NOTHING");
    let inserted = sql.query(tx).execute().await?;
    if inserted == u64::try_from(uids.len()).unwrap_or(u64::MAX) { Ok(()) } else { Err(Error::Contended) }
}

/// An event that a user has imported, as their data has it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, sqlx::FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportedUid {
    /// The UID of the file, or its digest.
    pub uid: String,
    /// The event.
    pub event_id: EventId,
}

impl EventCore {
    /// The events that a user has imported. The caller checks permissions.
    pub(crate) async fn imports_of(&self, user: UserId) -> Result<Vec<ImportedUid>> {
        let mut db = self.db().read().await?;
        let imports = db
            .query(sql!("SELECT uid, event_id FROM imported_events WHERE user_id = $1 ORDER BY event_id"))
            .bind(user)
            .all()
            .await?;
        Ok(imports)
    }
}

/// Forgets the UIDs of what a user has imported.
pub(crate) async fn forget_imports(tx: &mut Tx, user: UserId) -> Result<()> {
    tx.query(sql!("DELETE FROM imported_events WHERE user_id = $1")).bind(user).execute().await?;
    Ok(())
}

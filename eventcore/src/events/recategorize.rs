//! Deleting a category and moving its events to another.

use crate::actor::Actor;
use crate::categories::{find_by_slug, load, lock, require_by_slug};
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Dialect, Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{CategoryId, EventId, OccurrenceId};
use crate::precondition::{Precondition, must_be_version};
use crate::time::Timestamp;

impl EventCore {
    /// Deletes a category; its events and its slugs move to the category `move_to`. Only admins can.
    ///
    /// # Errors
    /// `category_in_use` if it has events and `move_to` is `None`; `invalid_input` if `move_to` is no other
    /// category; `version_mismatch` if `expected` is not the stored version.
    pub async fn delete_category(
        &self,
        actor: &Actor,
        slug: &str,
        move_to: Option<&str>,
        expected: Option<&Precondition>,
    ) -> Result<()> {
        actor.must_write_as_admin()?;
        let now = self.now();
        transaction!(self.db(), |tx| delete(tx, slug, move_to, expected, now))
    }
}

async fn delete(
    tx: &mut Tx,
    slug: &str,
    move_to: Option<&str>,
    expected: Option<&Precondition>,
    now: Timestamp,
) -> Result<()> {
    let id = require_by_slug(tx, slug).await?;
    let target = match move_to {
        Some(slug) => find_by_slug(tx, slug).await?.filter(|target| *target != id),
        None => None,
    };
    // Events precede categories in the lock order (see `db::lock_order`).
    let locked = if target.is_some() { lock_events_in(tx, id).await? } else { 0 };
    lock(tx, id, target).await?;
    must_be_version(load(tx, id, now).await?.version, expected)?;
    match (target, move_to) {
        (Some(target), _) => move_contents(tx, id, target, locked, now).await?,
        (None, Some(_)) => {
            return Err(Error::invalid("/move_to", "invalid", "must be the slug of another category"));
        }
        (None, None) if is_used(tx, id).await? => return Err(Error::CategoryInUse),
        (None, None) => {}
    }
    tx.query(sql!("DELETE FROM category_slugs WHERE category_id = $1")).bind(id).execute().await?;
    tx.query(sql!("DELETE FROM categories WHERE id = $1")).bind(id).execute().await?;
    tx.record(Change::CategoryDeleted { category: id });
    Ok(())
}

/// Moves events and slugs of a category to another. Both categories must be locked, and the `locked` events
/// of the first.
async fn move_contents(
    tx: &mut Tx,
    from: CategoryId,
    to: CategoryId,
    locked: i64,
    now: Timestamp,
) -> Result<()> {
    if count_events_in(tx, from).await? != locked {
        // An event got the category after the events were locked. Locking it now would violate the lock
        // order.
        return Err(Error::Contended);
    }
    move_events(tx, from, to, now).await?;
    tx.query(sql!("UPDATE category_slugs SET category_id = $2 WHERE category_id = $1"))
        .bind(from)
        .bind(to)
        .execute()
        .await?;
    Ok(())
}

/// Locks the events of a category until the transaction ends; returns their number.
async fn lock_events_in(tx: &mut Tx, category: CategoryId) -> Result<i64> {
    let lock = sql!(
        sqlite "SELECT id FROM events WHERE category_id = $1 ORDER BY id",
        postgres "SELECT id FROM events WHERE category_id = $1 ORDER BY id FOR NO KEY UPDATE"
    );
    let locked: Vec<(EventId,)> = tx.query(lock).bind(category).all().await?;
    i64::try_from(locked.len()).map_err(Error::internal)
}

async fn count_events_in(tx: &mut Tx, category: CategoryId) -> Result<i64> {
    Ok(tx.query(sql!("SELECT count(*) FROM events WHERE category_id = $1")).bind(category).scalar().await?)
}

/// Whether events have the category, or past occurrences of events that had it.
async fn is_used(tx: &mut Tx, category: CategoryId) -> Result<bool> {
    Ok(tx
        .query(sql!(
            "SELECT EXISTS (SELECT 1 FROM events WHERE category_id = $1)
                OR EXISTS (SELECT 1 FROM occurrences WHERE category_id = $1)"
        ))
        .bind(category)
        .scalar()
        .await?)
}

/// Changes the category of events and of occurrences, which it locks. Events and categories must be
/// locked.
async fn move_events(tx: &mut Tx, from: CategoryId, to: CategoryId, now: Timestamp) -> Result<()> {
    if tx.dialect() == Dialect::Postgres {
        let _: Vec<(OccurrenceId,)> = tx
            .query(sql!(
                "SELECT id FROM occurrences WHERE category_id = $1 ORDER BY id",
                for update
            ))
            .bind(from)
            .all()
            .await?;
    }
    tx.query(sql!("UPDATE occurrences SET category_id = $2 WHERE category_id = $1"))
        .bind(from)
        .bind(to)
        .execute()
        .await?;
    tx.query(sql!(
        "UPDATE events SET category_id = $2, updated_at = $3, version = version + 1,
            calendar_changes = calendar_changes + (SELECT c.version FROM categories c WHERE c.id = $1)
         WHERE category_id = $1"
    ))
    .bind(from)
    .bind(to)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

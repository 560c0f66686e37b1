//! Deleting a category, whose events move to another one.

use crate::actor::Actor;
use crate::categories::{find_by_slug, load, lock, must_curate, named};
use crate::core::EventCore;
use crate::db::{Dialect, Queries, Tx, sql, transaction};
use crate::error::{Error, Result, must_be_version};
use crate::id::{CategoryId, EventId, OccurrenceId};
use crate::time::Timestamp;

impl EventCore {
    /// Removes a category. Only admins may. Its events go to the category `move_to`, and so do its links.
    ///
    /// # Errors
    /// `category_in_use` where it has events and nothing takes them.
    pub async fn delete_category(
        &self,
        actor: &Actor,
        slug: &str,
        move_to: Option<&str>,
        expected: Option<i64>,
    ) -> Result<()> {
        must_curate(actor)?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let id = named(tx, slug).await?;
            let heir = match move_to {
                Some(other) => find_by_slug(tx, other).await?.filter(|heir| *heir != id),
                None => None,
            };
            // Events come before their category, as for whoever edits one.
            let events = if heir.is_some() { lock_with_category(tx, id).await? } else { 0 };
            lock(tx, id, heir).await?;
            must_be_version(load(tx, id, now).await?.version, expected)?;
            match (heir, move_to) {
                (Some(heir), _) => hand_over(tx, id, heir, events, now).await?,
                (None, Some(_)) => return Err(Error::invalid("/move_to", "invalid", "must be the slug of another category")),
                (None, None) if with_category(tx, id).await? > 0 => return Err(Error::CategoryInUse),
                (None, None) => {}
            }
            tx.query(sql!("DELETE FROM category_slugs WHERE category_id = $1")).bind(id).execute().await?;
            tx.query(sql!("DELETE FROM categories WHERE id = $1")).bind(id).execute().await?;
            Ok(())
        })
    }
}

/// Gives everything that a locked category has to another: its links, and its events, of which so many are locked.
async fn hand_over(tx: &mut Tx, from: CategoryId, to: CategoryId, locked: i64, now: Timestamp) -> Result<()> {
    if with_category(tx, from).await? != locked {
        // One was put into it just before it was locked, and may be held by whoever waits for the category now.
        return Err(Error::Contended);
    }
    change_category(tx, from, to, now).await?;
    tx.query(sql!("UPDATE category_slugs SET category_id = $2 WHERE category_id = $1"))
        .bind(from)
        .bind(to)
        .execute()
        .await?;
    Ok(())
}

/// Keeps everyone else from changing the events with a category until the transaction ends; answers how many they are.
async fn lock_with_category(tx: &mut Tx, category: CategoryId) -> Result<i64> {
    let lock = sql!(
        sqlite "SELECT id FROM events WHERE category_id = $1 ORDER BY id",
        postgres "SELECT id FROM events WHERE category_id = $1 ORDER BY id FOR NO KEY UPDATE"
    );
    let locked: Vec<(EventId,)> = tx.query(lock).bind(category).all().await?;
    i64::try_from(locked.len()).map_err(Error::internal)
}

/// How many events have a category.
async fn with_category(tx: &mut Tx, category: CategoryId) -> Result<i64> {
    Ok(tx.query(sql!("SELECT count(*) FROM events WHERE category_id = $1")).bind(category).scalar().await?)
}

/// Gives the events with a category, and their dates, another one. The events are locked, and so are both categories.
async fn change_category(tx: &mut Tx, from: CategoryId, to: CategoryId, now: Timestamp) -> Result<()> {
    if tx.dialect() == Dialect::Postgres {
        let _: Vec<(OccurrenceId,)> = tx
            .query(sql!(
                "SELECT id FROM occurrences WHERE event_id IN (SELECT id FROM events WHERE category_id = $1) ORDER BY id",
                for update
            ))
            .bind(from)
            .all()
            .await?;
    }
    tx.query(sql!(
        "UPDATE occurrences SET category_id = $2 WHERE event_id IN (SELECT id FROM events WHERE category_id = $1)"
    ))
    .bind(from)
    .bind(to)
    .execute()
    .await?;
    tx.query(sql!(
        "UPDATE events SET category_id = $2, updated_at = $3, version = version + 1 WHERE category_id = $1"
    ))
    .bind(from)
    .bind(to)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

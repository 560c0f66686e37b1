//! The claim of an empty database for sample data.

use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::Result;
use crate::time::Timestamp;

/// The outcome of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DemoClaim {
    /// The database was empty. It is marked as a demo from now on.
    Claimed,
    /// The database is marked as a demo already.
    IsDemo,
    /// The database has accounts, so it is not for sample data.
    HasAccounts,
}

impl EventCore {
    /// Marks an empty database as a demo. Only the system may.
    ///
    /// Of several processes that claim a database at once, one succeeds; the others wait for the end of its
    /// transaction, and then find the demo or an empty database.
    pub async fn claim_for_demo(&self, actor: &Actor) -> Result<DemoClaim> {
        actor.must_be_system()?;
        let now = self.now();
        transaction!(self.db(), |tx| claim(tx, now))
    }
}

async fn claim(tx: &mut Tx, now: Timestamp) -> Result<DemoClaim> {
    // First, as it waits for another process that claims the database. Also deleted accounts count.
    let marked = tx
        .query(sql!(
            "INSERT INTO settings (key, value)
             SELECT 'demo', $1 WHERE NOT EXISTS (SELECT 1 FROM users) ON CONFLICT (key) DO NOTHING"
        ))
        .bind(now.to_string())
        .execute()
        .await?;
    if marked > 0 {
        return Ok(DemoClaim::Claimed);
    }
    let is_demo =
        tx.query(sql!("SELECT EXISTS (SELECT 1 FROM settings WHERE key = 'demo')")).scalar().await?;
    Ok(if is_demo { DemoClaim::IsDemo } else { DemoClaim::HasAccounts })
}

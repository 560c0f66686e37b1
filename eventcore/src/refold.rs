//! Stored folded texts after a change of the folding: they are folded again by the version of this program.

use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::Result;
use crate::{accounts, categories, counters, fold, search};

impl EventCore {
    /// Folds all stored texts anew if they are folded by another version. Those of documents are left to be
    /// indexed.
    pub(crate) async fn follow_folding(&self) -> Result<()> {
        let stored = sql!("SELECT value FROM settings WHERE key = 'folding'");
        let stored: Option<(String,)> = self.db().read().await?.query(stored).optional().await?;
        if stored.is_none_or(|(version,)| version != fold::VERSION) {
            transaction!(self.db(), |tx| refold(tx))?;
        }
        Ok(())
    }
}

async fn refold(tx: &mut Tx) -> Result<()> {
    // First, so that of several processes one does it after the other.
    tx.query(sql!(
        "INSERT INTO settings (key, value) VALUES ('folding', $1)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    ))
    .bind(fold::VERSION.to_owned())
    .execute()
    .await?;
    search::mark_unindexed(tx).await?;
    categories::refold_tags(tx).await?;
    // The labels of tags contain their folded forms.
    counters::recount(tx).await?;
    accounts::user::refold(tx).await
}

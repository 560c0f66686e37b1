//! The key that signs links, in the database.

use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::Result;
use crate::signed_link::LinkKey;

impl EventCore {
    /// The key that signs links, which the first use creates.
    pub(crate) async fn link_key(&self) -> Result<LinkKey> {
        if let Some(known) = self.known_link_key().get() {
            return Ok(known.clone());
        }
        let stored: Option<(String,)> = {
            let mut db = self.db().read().await?;
            db.query(sql!("SELECT value FROM settings WHERE key = 'link_key'")).optional().await?
        };
        let Some((text,)) = stored else {
            // Not kept: a transaction around this one may be rolled back. The next call reads what is stored.
            let new = LinkKey::generate()?;
            return transaction!(self.db(), |tx| create(tx, &new));
        };
        let key = LinkKey::stored(&text)?;
        Ok(self.known_link_key().get_or_init(|| key).clone())
    }
}

/// Stores a key, unless another process has stored one; returns the stored key.
async fn create(tx: &mut Tx, new: &LinkKey) -> Result<LinkKey> {
    tx.query(sql!("INSERT INTO settings (key, value) VALUES ('link_key', $1) ON CONFLICT (key) DO NOTHING"))
        .bind(new.text())
        .execute()
        .await?;
    let stored: (String,) = tx.query(sql!("SELECT value FROM settings WHERE key = 'link_key'")).one().await?;
    LinkKey::stored(&stored.0)
}

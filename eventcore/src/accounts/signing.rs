//! The key that signs access tokens.

use super::token::{Signer, random};
use crate::core::EventCore;
use crate::db::{Queries, sql, transaction};
use crate::error::Result;

impl EventCore {
    /// What signs access tokens, the same in every process on this database.
    pub(crate) async fn signer(&self) -> Result<&Signer> {
        self.signer_cell().get_or_try_init(|| self.make_signer()).await
    }

    async fn make_signer(&self) -> Result<Signer> {
        if let Some(secret) = self.jwt_secret() {
            return Ok(Signer::new(secret.as_bytes()));
        }
        let fresh = random()?;
        let secret: String = transaction!(self.db(), tx => {
            tx.query(sql!("INSERT INTO settings (key, value) VALUES ('jwt_secret', $1) ON CONFLICT (key) DO NOTHING"))
                .bind(fresh.clone())
                .execute()
                .await?;
            Ok(tx.query(sql!("SELECT value FROM settings WHERE key = 'jwt_secret'")).scalar().await?)
        })?;
        Ok(Signer::new(secret.as_bytes()))
    }
}

//! The secret that signs access tokens.

use super::token::{Signer, random};
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::Result;

impl EventCore {
    /// The signer of access tokens. All processes on a database share its secret.
    pub(super) async fn signer(&self) -> Result<&Signer> {
        self.signer_cell().get_or_try_init(|| self.load_signer()).await
    }

    async fn load_signer(&self) -> Result<Signer> {
        if let Some(secret) = self.jwt_secret() {
            return Ok(Signer::new(secret.as_bytes()));
        }
        let candidate = random()?;
        let secret = transaction!(self.db(), |tx| find_or_insert_secret(tx, &candidate))?;
        Ok(Signer::new(secret.as_bytes()))
    }
}

/// The stored secret. Stores `candidate` if there is none.
async fn find_or_insert_secret(tx: &mut Tx, candidate: &str) -> Result<String> {
    tx.query(sql!(
        "INSERT INTO settings (key, value) VALUES ('jwt_secret', $1) ON CONFLICT (key) DO NOTHING"
    ))
    .bind(candidate.to_owned())
    .execute()
    .await?;
    Ok(tx.query(sql!("SELECT value FROM settings WHERE key = 'jwt_secret'")).scalar().await?)
}

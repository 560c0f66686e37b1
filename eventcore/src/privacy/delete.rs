//! Deleting an account: it is anonymised, and what hung on it is let go.

use crate::accounts::{Username, must_be_self_or_admin, must_not_be_last_admin, session, user};
use crate::actor::{Actor, Role};
use crate::core::EventCore;
use crate::db::{Dialect, Queries, Tx, sql, transaction};
use crate::error::must_be_version;
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::{events, registrations};

impl EventCore {
    /// Anonymises an account: its registrations are cancelled, its future events go to a co-organizer or are cancelled, its name is gone.
    pub async fn delete_user(&self, actor: &Actor, id: UserId, expected: Option<i64>) -> Result<()> {
        must_be_self_or_admin(actor, id)?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let events = events::lock_organized(tx, id).await?;
            lock_with_others(tx, id).await?;
            let row = user::find_locked(tx, id).await?.ok_or(Error::NotFound("user"))?;
            must_be_version(row.version, expected)?;
            if row.role == Role::Admin {
                must_not_be_last_admin(tx, id).await?;
            }
            events::release_organizer(tx, id, &events, now).await?;
            registrations::release_user(tx, id, now).await?;
            session::end_all(tx, id, None).await?;
            tx.query(sql!("DELETE FROM access_tokens WHERE user_id = $1")).bind(id).execute().await?;
            // Twenty-four random hexadecimal digits of the id keep the placeholder unique.
            let placeholder: String = id.as_uuid().simple().to_string().chars().skip(8).collect();
            tx.query(sql!(
                "UPDATE users SET username = $2, email = NULL, email_folded = NULL, email_verified_at = NULL, display_name = 'deleted user', search_text = '',
                    timezone = 'UTC', role = 'user', password_hash = NULL, deleted_at = $3, updated_at = $3, version = version + 1
                 WHERE id = $1"
            ))
            .bind(id)
            .bind(format!("{}{placeholder}", Username::DELETED))
            .bind(now)
            .execute()
            .await?;
            Ok(())
        })
    }
}

/// Locks a user who leaves together with those of whom one may take their events, and with the other admins where one of them leaves: one after the
/// other in the order of their ids, because they may leave at the same moment.
async fn lock_with_others(tx: &mut Tx, id: UserId) -> Result<()> {
    if tx.dialect() == Dialect::Postgres {
        let _: Vec<(UserId,)> = tx
            .query(sql!(
                "SELECT id FROM users WHERE id IN (
                    SELECT me.id FROM users me WHERE me.id = $1
                    UNION SELECT c.user_id FROM event_organizers c JOIN events e ON e.id = c.event_id WHERE e.organizer_id = $1
                    UNION SELECT a.id FROM users a WHERE a.role = 'admin' AND a.deleted_at IS NULL
                        AND EXISTS (SELECT 1 FROM users me WHERE me.id = $1 AND me.role = 'admin'))
                 ORDER BY id",
                for update
            ))
            .bind(id)
            .all()
            .await?;
    }
    Ok(())
}

//! Deleting an account.

use crate::accounts::{
    Username, access_token, forget_clients, forget_links, must_be_self_or_admin, must_not_be_last_admin,
    session, user,
};
use crate::actor::{Actor, Role};
use crate::calendars::{forget_imports, forget_snapshots, personal};
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Dialect, Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::precondition::{Precondition, must_be_version};
use crate::time::Timestamp;
use crate::{events, mails, registrations, subscriptions, webhooks};

impl EventCore {
    /// Deletes an account by anonymising it. Only the user and admins may.
    ///
    /// Its upcoming events pass to a co-organizer or are cancelled, its registrations are cancelled, and its
    /// sessions, tokens and the address of its calendar are revoked, and its webhooks and subscriptions
    /// deleted. Comments and feedback stay under the name "deleted user".
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the stored version; `forbidden` for the last admin. See also
    /// [`Actor::may_change_credentials`].
    pub async fn delete_user(
        &self,
        actor: &Actor,
        id: UserId,
        expected: Option<&Precondition>,
    ) -> Result<()> {
        must_be_self_or_admin(actor, id)?;
        let now = self.now();
        actor.may_change_credentials(now)?;
        transaction!(self.db(), |tx| delete(tx, id, expected, now))
    }
}

async fn delete(tx: &mut Tx, id: UserId, expected: Option<&Precondition>, now: Timestamp) -> Result<()> {
    let events = events::lock_events_of_organizer(tx, id).await?;
    lock_users(tx, id).await?;
    let row = user::find_locked(tx, id).await?.ok_or(Error::NotFound("user"))?;
    must_be_version(row.version, expected)?;
    if row.role == Role::Admin {
        must_not_be_last_admin(tx, id).await?;
    }
    events::release_events_of(tx, id, &events, now).await?;
    registrations::cancel_registrations_of(tx, id, now).await?;
    session::end_all(tx, id, None).await?;
    access_token::delete_all(tx, id).await?;
    personal::delete(tx, id).await?;
    forget_snapshots(tx, id).await?;
    forget_imports(tx, id).await?;
    forget_links(tx, id).await?;
    forget_clients(tx, id).await?;
    mails::forget(tx, id).await?;
    webhooks::forget(tx, id).await?;
    subscriptions::forget(tx, id).await?;
    anonymise(tx, id, now).await?;
    tx.record(Change::AccountDeleted { user: id });
    Ok(())
}

async fn anonymise(tx: &mut Tx, id: UserId, now: Timestamp) -> Result<()> {
    // Usernames have up to 32 characters. The last 24 digits of the id, which are random, make this one
    // unique.
    let digits: String = id.as_uuid().simple().to_string().chars().skip(8).collect();
    tx.query(sql!(
        "UPDATE users SET username = $2, email = NULL, email_folded = NULL, email_verified_at = NULL,
            external_id = NULL, display_name = 'deleted user', search_text = '', timezone = 'UTC',
            role = 'user', password_hash = NULL, pending_email = NULL, email_bounced_at = NULL,
            takes_replies = FALSE, deleted_at = $3, updated_at = $3, version = version + 1
         WHERE id = $1"
    ))
    .bind(id)
    .bind(format!("{}{digits}", Username::DELETED_PREFIX))
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// Locks the user, the co-organizers who may take over their events, and, if the user is an admin, all
/// admins.
///
/// One statement locks them in id order (see the [lock order](crate::db::lock_order)), because several of
/// them may be deleted concurrently.
async fn lock_users(tx: &mut Tx, id: UserId) -> Result<()> {
    if tx.dialect() == Dialect::Postgres {
        let _: Vec<(UserId,)> = tx
            .query(sql!(
                "SELECT id FROM users WHERE id IN (
                    SELECT me.id FROM users me WHERE me.id = $1
                    UNION SELECT c.user_id FROM event_organizers c
                        JOIN events e ON e.id = c.event_id WHERE e.organizer_id = $1
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

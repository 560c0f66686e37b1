//! Writing comments: adding, changing, deleting and hiding them.

use serde_json::{Value, json};

use super::comment::{Comment, CommentInput, CommentRow};
use super::read::find;
use super::rules;
use crate::actor::Actor;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::events::{self, Relation};
use crate::id::{CommentId, EventId, UserId};
use crate::input::{merge_patch, must_be_object};
use crate::precondition::{Precondition, must_be_version};
use crate::quotas::Quotas;
use crate::time::Timestamp;

impl EventCore {
    /// Adds a comment to an event, or a reply to a comment on it. Every signed-in user who can see the event
    /// may.
    ///
    /// # Errors
    /// `quota_exceeded`, see [`Quotas`].
    pub async fn add_comment(&self, actor: &Actor, event: EventId, input: &CommentInput) -> Result<Comment> {
        let author = actor.writer()?.id;
        let now = self.now();
        let quotas = self.quotas().of(actor);
        transaction!(self.db(), |tx| add(tx, actor, author, event, input, quotas, now))
    }

    /// Changes the text of a comment by a JSON merge patch (RFC 7396). Only its author may.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the stored version.
    pub async fn change_comment(
        &self,
        actor: &Actor,
        id: CommentId,
        patch: &Value,
        expected: Option<&Precondition>,
    ) -> Result<Comment> {
        actor.may_write()?;
        must_be_object(patch)?;
        let now = self.now();
        transaction!(self.db(), |tx| change(tx, actor, id, patch, expected, now))
    }

    /// Deletes a comment. Only its author may. While it has replies, a placeholder without text remains.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the stored version.
    pub async fn delete_comment(
        &self,
        actor: &Actor,
        id: CommentId,
        expected: Option<&Precondition>,
    ) -> Result<()> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), |tx| delete(tx, actor, id, expected, now))
    }

    /// Hides a comment, or shows it again. Only the event's organizers may. A hidden comment is visible to
    /// its author and the organizers only.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the stored version.
    pub async fn hide_comment(
        &self,
        actor: &Actor,
        id: CommentId,
        hidden: bool,
        expected: Option<&Precondition>,
    ) -> Result<Comment> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), |tx| set_hidden(tx, actor, id, hidden, expected, now))
    }
}

async fn add(
    tx: &mut Tx,
    actor: &Actor,
    author: UserId,
    event: EventId,
    input: &CommentInput,
    quotas: Quotas,
    now: Timestamp,
) -> Result<Comment> {
    events::find(tx, actor, event).await?.must_see()?;
    input.violations().into_result()?;
    quotas.lock_for_comments(tx, author).await?;
    if let Some(parent) = input.parent_id {
        must_accept_replies(tx, actor, event, parent).await?;
    }
    quotas.check_comments(tx, author, now).await?;
    let id = CommentId::at(now);
    tx.query(sql!(
        "INSERT INTO comments (id, event_id, parent_id, author_id, body, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)"
    ))
    .bind(id)
    .bind(event)
    .bind(input.parent_id)
    .bind(author)
    .bind(input.body.clone())
    .bind(now)
    .execute()
    .await?;
    tx.record(Change::CommentPosted { event, comment: id, author, parent: input.parent_id });
    load(tx, actor, id).await
}

async fn change(
    tx: &mut Tx,
    actor: &Actor,
    id: CommentId,
    patch: &Value,
    expected: Option<&Precondition>,
    now: Timestamp,
) -> Result<Comment> {
    let (row, relation) = find_locked(tx, actor, id).await?;
    rules::must_be_author(row.status(), actor.is(row.author_id))?;
    must_be_version(row.version, expected)?;
    let mut value = json!({"body": row.body, "parent_id": row.parent_id});
    merge_patch(&mut value, patch.clone());
    let mut input = CommentInput::read(value);
    input.parse_errors.settle_read_only(&row.clone().visible_to(actor, relation))?;
    let mut violations = input.violations();
    if input.parent_id != row.parent_id {
        violations.add("/parent_id", "immutable", "cannot be changed");
    }
    violations.into_result()?;
    if input.body != row.body {
        tx.query(sql!("UPDATE comments SET body = $2, edited_at = $3, version = version + 1 WHERE id = $1"))
            .bind(id)
            .bind(input.body)
            .bind(now)
            .execute()
            .await?;
        tx.record(Change::CommentChanged { event: row.event_id, comment: id });
    }
    load(tx, actor, id).await
}

async fn delete(
    tx: &mut Tx,
    actor: &Actor,
    id: CommentId,
    expected: Option<&Precondition>,
    now: Timestamp,
) -> Result<()> {
    let (row, _) = find_locked(tx, actor, id).await?;
    rules::must_be_author(row.status(), actor.is(row.author_id))?;
    must_be_version(row.version, expected)?;
    tx.record(Change::CommentDeleted { event: row.event_id, comment: id });
    if row.reply_count > 0 {
        tx.query(sql!("UPDATE comments SET body = '', deleted_at = $2, version = version + 1 WHERE id = $1"))
            .bind(id)
            .bind(now)
            .execute()
            .await?;
        return Ok(());
    }
    tx.query(sql!("DELETE FROM comments WHERE id = $1")).bind(id).execute().await?;
    if let Some(parent) = row.parent_id {
        delete_placeholder(tx, parent).await?;
    }
    Ok(())
}

/// Deletes a comment that is a placeholder and has no replies.
async fn delete_placeholder(tx: &mut Tx, id: CommentId) -> Result<()> {
    tx.query(sql!(
        "DELETE FROM comments WHERE id = $1 AND deleted_at IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM comments r WHERE r.parent_id = $1)"
    ))
    .bind(id)
    .execute()
    .await?;
    Ok(())
}

async fn set_hidden(
    tx: &mut Tx,
    actor: &Actor,
    id: CommentId,
    hidden: bool,
    expected: Option<&Precondition>,
    now: Timestamp,
) -> Result<Comment> {
    let (row, relation) = find_locked(tx, actor, id).await?;
    rules::must_moderate(row.status(), relation)?;
    must_be_version(row.version, expected)?;
    if row.hidden != hidden {
        tx.query(sql!("UPDATE comments SET hidden_at = $2, version = version + 1 WHERE id = $1"))
            .bind(id)
            .bind(hidden.then_some(now))
            .execute()
            .await?;
        tx.record(Change::CommentHidden { event: row.event_id, comment: id, hidden });
    }
    load(tx, actor, id).await
}

/// A comment as the actor sees it.
async fn load(tx: &mut Tx, actor: &Actor, id: CommentId) -> Result<Comment> {
    let (row, relation) = find(tx, actor, id).await?;
    Ok(row.visible_to(actor, relation))
}

/// Finds a comment and locks it until the transaction ends. Locks the parent of a reply first.
async fn find_locked(tx: &mut Tx, actor: &Actor, id: CommentId) -> Result<(CommentRow, Relation)> {
    let (row, _) = find(tx, actor, id).await?;
    if let Some(parent) = row.parent_id {
        lock(tx, parent).await?;
    }
    lock(tx, id).await?;
    // Read again: the row may have changed before the lock was granted.
    find(tx, actor, id).await
}

async fn lock(tx: &mut Tx, id: CommentId) -> Result<()> {
    let locked: Option<(CommentId,)> =
        tx.query(sql!("SELECT id FROM comments WHERE id = $1", for update)).bind(id).optional().await?;
    locked.map(|_| ()).ok_or(Error::NotFound("comment"))
}

/// Requires that the comment `parent` is on the event and accepts replies, and locks it.
async fn must_accept_replies(tx: &mut Tx, actor: &Actor, event: EventId, parent: CommentId) -> Result<()> {
    let accepts = match find_locked(tx, actor, parent).await {
        Ok((row, _)) => {
            row.event_id == event && rules::accepts_replies(row.status(), row.parent_id.is_some())
        }
        Err(Error::NotFound(_)) => false,
        Err(error) => return Err(error),
    };
    if accepts {
        return Ok(());
    }
    Err(Error::invalid(
        "/parent_id",
        "invalid",
        "must be a visible comment on this event that is not a reply itself",
    ))
}

//! Saying something, saying it better, taking it back, and hiding what should not have been said.

use serde_json::{Value, json};

use super::comment::{Comment, CommentInput, CommentRow};
use super::read::find;
use super::rules;
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::must_be_version;
use crate::error::{Error, Result};
use crate::events::{self, Relation};
use crate::id::{CommentId, EventId};
use crate::input::merge_patch;
use crate::time::Timestamp;

impl EventCore {
    /// Says something on an event, or replies to a comment on it. Whoever may see the event may.
    pub async fn add_comment(&self, actor: &Actor, event: EventId, input: &CommentInput) -> Result<Comment> {
        let author = actor.writer()?.id;
        let now = self.now();
        transaction!(self.db(), tx => {
            events::find(tx, actor, event).await?.visible()?;
            input.wrong().into_result()?;
            if let Some(parent) = input.parent_id {
                must_take_replies(tx, actor, event, parent).await?;
            }
            let id = CommentId::at(now);
            tx.query(sql!("INSERT INTO comments (id, event_id, parent_id, author_id, body, created_at) VALUES ($1, $2, $3, $4, $5, $6)"))
                .bind(id)
                .bind(event)
                .bind(input.parent_id)
                .bind(author)
                .bind(input.body.clone())
                .bind(now)
                .execute()
                .await?;
            seen(tx, actor, id).await
        })
    }

    /// Changes what a comment says, by a JSON merge patch (RFC 7396). Only its author may.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the version that is stored.
    pub async fn change_comment(
        &self,
        actor: &Actor,
        id: CommentId,
        patch: &Value,
        expected: Option<i64>,
    ) -> Result<Comment> {
        actor.may_write()?;
        if !patch.is_object() {
            return Err(Error::invalid("", "wrong_type", "must be a JSON object"));
        }
        let now = self.now();
        transaction!(self.db(), tx => {
            let (row, _) = hold(tx, actor, id).await?;
            rules::must_own(row.status(), actor.is(row.author_id))?;
            must_be_version(row.version, expected)?;
            let mut value = json!({"body": row.body, "parent_id": row.parent_id});
            merge_patch(&mut value, patch.clone());
            let input: CommentInput = serde_json::from_value(value).map_err(Error::internal)?;
            let mut wrong = input.wrong();
            if input.parent_id != row.parent_id {
                wrong.add("/parent_id", "immutable", "never changes");
            }
            wrong.into_result()?;
            if input.body != row.body {
                tx.query(sql!("UPDATE comments SET body = $2, edited_at = $3, version = version + 1 WHERE id = $1"))
                    .bind(id)
                    .bind(input.body)
                    .bind(now)
                    .execute()
                    .await?;
            }
            seen(tx, actor, id).await
        })
    }

    /// Takes a comment back. Only its author may. Where there are replies, a placeholder stays until they are gone too.
    pub async fn delete_comment(&self, actor: &Actor, id: CommentId, expected: Option<i64>) -> Result<()> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let (row, _) = hold(tx, actor, id).await?;
            rules::must_own(row.status(), actor.is(row.author_id))?;
            must_be_version(row.version, expected)?;
            remove(tx, &row, now).await
        })
    }

    /// Hides a comment from everyone but its author and the event's organizers, or shows it again. Only organizers may.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the version that is stored.
    pub async fn hide_comment(
        &self,
        actor: &Actor,
        id: CommentId,
        hidden: bool,
        expected: Option<i64>,
    ) -> Result<Comment> {
        actor.may_write()?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let (row, relation) = hold(tx, actor, id).await?;
            rules::must_moderate(row.status(), relation)?;
            must_be_version(row.version, expected)?;
            if row.hidden != hidden {
                tx.query(sql!("UPDATE comments SET hidden_at = $2, version = version + 1 WHERE id = $1"))
                    .bind(id)
                    .bind(hidden.then_some(now))
                    .execute()
                    .await?;
            }
            seen(tx, actor, id).await
        })
    }
}

async fn seen(tx: &mut Tx, actor: &Actor, id: CommentId) -> Result<Comment> {
    let (row, relation) = find(tx, actor, id).await?;
    Ok(row.seen_by(actor, relation))
}

/// Takes hold of a comment, and before it of what it replies to, until the transaction ends.
async fn hold(tx: &mut Tx, actor: &Actor, id: CommentId) -> Result<(CommentRow, Relation)> {
    let (row, _) = find(tx, actor, id).await?;
    if let Some(parent) = row.parent_id {
        lock(tx, parent).await?;
    }
    lock(tx, id).await?;
    find(tx, actor, id).await
}

async fn lock(tx: &mut Tx, id: CommentId) -> Result<()> {
    let locked: Option<(CommentId,)> =
        tx.query(sql!("SELECT id FROM comments WHERE id = $1", for update)).bind(id).optional().await?;
    locked.map(|_| ()).ok_or(Error::NotFound("comment"))
}

async fn must_take_replies(tx: &mut Tx, actor: &Actor, event: EventId, parent: CommentId) -> Result<()> {
    let takes = match hold(tx, actor, parent).await {
        Ok((row, _)) => row.event_id == event && rules::takes_replies(row.status(), row.parent_id.is_some()),
        Err(Error::NotFound(_)) => false,
        Err(error) => return Err(error),
    };
    if takes {
        return Ok(());
    }
    Err(Error::invalid(
        "/parent_id",
        "invalid",
        "must be a comment on this event that can be read and is no reply itself",
    ))
}

async fn remove(tx: &mut Tx, row: &CommentRow, now: Timestamp) -> Result<()> {
    if row.reply_count > 0 {
        tx.query(sql!("UPDATE comments SET body = '', deleted_at = $2, version = version + 1 WHERE id = $1"))
            .bind(row.id)
            .bind(now)
            .execute()
            .await?;
        return Ok(());
    }
    tx.query(sql!("DELETE FROM comments WHERE id = $1")).bind(row.id).execute().await?;
    if let Some(parent) = row.parent_id {
        tx.query(sql!(
            "DELETE FROM comments WHERE id = $1 AND deleted_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM comments r WHERE r.parent_id = $1)"
        ))
        .bind(parent)
        .execute()
        .await?;
    }
    Ok(())
}

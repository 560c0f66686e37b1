//! Reading comments: those of an event, the replies to one, and a single one.

use super::comment::{COLUMNS, Comment, CommentFilter, CommentRow, TABLES};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::placeholders;
use crate::db::{Queries, Sql, sql};
use crate::error::{Error, Result};
use crate::events::{self, Relation};
use crate::id::{CommentId, EventId, UserId};
use crate::markdown;
use crate::page::{Key, Keyset, Order, Page, PageRequest};
use crate::time::Timestamp;

/// Replies to a comment that come with it, where they are asked for.
const FIRST_REPLIES: usize = 20;

impl EventCore {
    /// A page of the comments on an event that reply to none, or of the replies to one of them: oldest first.
    pub async fn comments(
        &self,
        actor: &Actor,
        event: EventId,
        filter: &CommentFilter,
        page: &PageRequest,
    ) -> Result<Page<Comment>> {
        let CommentFilter { parent, replies, html } = *filter;
        let mut db = self.db().read().await?;
        let relation = events::find(&mut db, actor, event).await?.visible()?.relation;
        if let Some(parent) = parent {
            must_be_on(&mut db, event, parent).await?;
        }
        let keyset = Keyset::new(page, &format!("comments on {event} {parent:?}"), Order::Ascending)?;
        let position = keyset.position.unwrap_or(keyset.beginning());
        let under = if parent.is_some() {
            "c.parent_id = $4"
        } else {
            "c.parent_id IS NULL AND coalesce($4, c.id) = c.id"
        };
        let rows: Vec<CommentRow> = db
            .query(Sql::built(format!(
                "SELECT {COLUMNS} FROM {TABLES} WHERE c.event_id = $1 AND {under} AND {}",
                keyset.beyond("c.created_at", "c.id", 2)
            )))
            .bind(event)
            .bind(Timestamp::from_micros(position.number))
            .bind(position.id)
            .bind(parent)
            .all()
            .await?;
        let total = if page.count { Some(count(&mut db, event, parent).await?) } else { None };
        let page = keyset.page(rows, |row| Key { number: row.created_at.as_micros(), id: row.id.as_uuid() });
        let replies = if replies { Some(first_replies(&mut db, &page.items).await?) } else { None };
        drop(db);
        let seen = |row: CommentRow| row.seen_by(actor, relation);
        let with_replies = |row: CommentRow| {
            let to = |reply: &&CommentRow| reply.parent_id == Some(row.id);
            let replies = replies.as_ref().map(|all| all.iter().filter(to).cloned().map(seen).collect());
            Comment { replies, ..seen(row) }
        };
        let mut page = Page { total, ..page.map(with_replies) };
        if html {
            add_html(&mut page.items).await?;
        }
        Ok(page)
    }

    /// One comment, for those who may see the event.
    pub async fn comment(&self, actor: &Actor, id: CommentId, html: bool) -> Result<Comment> {
        let mut db = self.db().read().await?;
        let (row, relation) = find(&mut db, actor, id).await?;
        drop(db);
        let mut comment = row.seen_by(actor, relation);
        if html {
            add_html(std::slice::from_mut(&mut comment)).await?;
        }
        Ok(comment)
    }

    /// Everything that a user said, oldest first: for rooms that have checked who asks.
    pub(crate) async fn comments_of(&self, user: UserId) -> Result<Vec<Comment>> {
        let author = Actor::user(user, crate::actor::Role::User);
        let mut db = self.db().read().await?;
        let rows: Vec<CommentRow> = db
            .query(Sql::built(format!(
                "SELECT {COLUMNS} FROM {TABLES} WHERE c.author_id = $1 AND c.deleted_at IS NULL ORDER BY c.created_at, c.id"
            )))
            .bind(user)
            .all()
            .await?;
        Ok(rows.into_iter().map(|row| row.seen_by(&author, Relation::Stranger)).collect())
    }
}

/// Adds their bodies as HTML to comments, and to the replies that come with them.
async fn add_html(comments: &mut [Comment]) -> Result<()> {
    let mut texts = Vec::new();
    each(comments, &mut |comment| texts.extend(comment.body.clone()));
    let mut rendered = markdown::all_to_html(texts).await?.into_iter();
    each(comments, &mut |comment| comment.body_html = comment.body.as_ref().and_then(|_| rendered.next()));
    Ok(())
}

/// Does something with comments and with their replies, in one order.
fn each(comments: &mut [Comment], act: &mut impl FnMut(&mut Comment)) {
    for comment in comments {
        act(comment);
        each(comment.replies.as_deref_mut().unwrap_or_default(), act);
    }
}

/// Passes a comment on the event.
async fn must_be_on(db: &mut impl Queries, event: EventId, comment: CommentId) -> Result<()> {
    let on: Option<(CommentId,)> = db
        .query(sql!("SELECT id FROM comments WHERE id = $1 AND event_id = $2"))
        .bind(comment)
        .bind(event)
        .optional()
        .await?;
    on.map(|_| ()).ok_or(Error::NotFound("comment"))
}

/// The first replies to each of some comments, oldest first.
async fn first_replies(db: &mut impl Queries, comments: &[CommentRow]) -> Result<Vec<CommentRow>> {
    let answered: Vec<CommentId> =
        comments.iter().filter(|row| row.reply_count > 0).map(|row| row.id).collect();
    if answered.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = db.query(Sql::built(format!(
        "SELECT * FROM (SELECT {COLUMNS}, row_number() OVER (PARTITION BY c.parent_id ORDER BY c.created_at, c.id) AS place
            FROM {TABLES} WHERE c.parent_id IN ({})) replies
         WHERE place <= {FIRST_REPLIES} ORDER BY created_at, id",
        placeholders(answered.len(), 1)
    )));
    for id in answered {
        query = query.bind(id);
    }
    Ok(query.all().await?)
}

async fn count(db: &mut impl Queries, event: EventId, parent: Option<CommentId>) -> Result<i64> {
    let count = match parent {
        Some(_) => sql!("SELECT count(*) FROM comments WHERE event_id = $1 AND parent_id = $2"),
        None => sql!(
            "SELECT count(*) FROM comments WHERE event_id = $1 AND parent_id IS NULL AND coalesce($2, id) = id"
        ),
    };
    Ok(db.query(count).bind(event).bind(parent).scalar().await?)
}

/// A comment, and what the actor, who may see its event, is to that.
pub(super) async fn find(
    db: &mut impl Queries,
    actor: &Actor,
    id: CommentId,
) -> Result<(CommentRow, Relation)> {
    let row: Option<CommentRow> = db
        .query(Sql::built(format!("SELECT {COLUMNS} FROM {TABLES} WHERE c.id = $1")))
        .bind(id)
        .optional()
        .await?;
    let row = row.ok_or(Error::NotFound("comment"))?;
    let seen = events::find(db, actor, row.event_id).await.and_then(events::Seen::visible);
    let relation = seen.map_err(|error| error.of("comment"))?.relation;
    Ok((row, relation))
}

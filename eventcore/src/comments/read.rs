//! Reading comments.

use super::comment::{COLUMNS, Comment, CommentFilter, CommentRow, TABLES};
use crate::actor::{Actor, Role};
use crate::core::EventCore;
use crate::db::{Queries, Sql, placeholders, sql};
use crate::error::{Error, Result};
use crate::events::{self, Relation};
use crate::id::{CommentId, EventId, UserId};
use crate::markdown;
use crate::page::{Keyset, Order, Page, PageRequest, SortKey};
use crate::time::Timestamp;

/// The number of replies that are included with a comment.
const MAX_FIRST_REPLIES: usize = 20;

impl EventCore {
    /// A page of the comments on an event, or of the replies to one of them, oldest first. Everyone who can
    /// see the event may read them.
    pub async fn comments(
        &self,
        actor: &Actor,
        event: EventId,
        filter: &CommentFilter,
        page: &PageRequest,
    ) -> Result<Page<Comment>> {
        let CommentFilter { parent, replies, html } = *filter;
        let mut db = self.db().read().await?;
        let relation = events::find(&mut db, actor, event).await?.must_see()?.relation;
        if let Some(parent) = parent {
            must_be_comment_on(&mut db, event, parent).await?;
        }
        let keyset = Keyset::new(page, &format!("comments on {event} {parent:?}"), Order::Ascending)?;
        let position = keyset.position.unwrap_or(keyset.beginning());
        // The second form names $4 too, because PostgreSQL refuses an argument that no placeholder uses.
        let by_parent = if parent.is_some() {
            "c.parent_id = $4"
        } else {
            "c.parent_id IS NULL AND coalesce($4, c.id) = c.id"
        };
        let rows: Vec<CommentRow> = db
            .query(Sql::dynamic(format!(
                "SELECT {COLUMNS} FROM {TABLES} WHERE c.event_id = $1 AND {by_parent} AND {}",
                keyset.beyond("c.created_at", "c.id", 2)
            )))
            .bind(event)
            .bind(Timestamp::from_micros(position.number))
            .bind(position.id)
            .bind(parent)
            .all()
            .await?;
        let total = if page.count { Some(count(&mut db, event, parent).await?) } else { None };
        let page =
            keyset.page(rows, |row| SortKey { number: row.created_at.as_micros(), id: row.id.as_uuid() });
        let replies = if replies { Some(first_replies(&mut db, &page.items).await?) } else { None };
        drop(db);
        let comment = |row: CommentRow| row.visible_to(actor, relation);
        let with_replies = |row: CommentRow| {
            let is_reply = |reply: &&CommentRow| reply.parent_id == Some(row.id);
            let replies =
                replies.as_ref().map(|all| all.iter().filter(is_reply).cloned().map(comment).collect());
            Comment { replies, ..comment(row) }
        };
        let mut page = Page { total, ..page.map(with_replies) };
        if html {
            add_html(&mut page.items).await?;
        }
        Ok(page)
    }

    /// A comment. Everyone who can see its event may read it.
    pub async fn comment(&self, actor: &Actor, id: CommentId, html: bool) -> Result<Comment> {
        let mut db = self.db().read().await?;
        let (row, relation) = find(&mut db, actor, id).await?;
        drop(db);
        let mut comment = row.visible_to(actor, relation);
        if html {
            add_html(std::slice::from_mut(&mut comment)).await?;
        }
        Ok(comment)
    }

    /// All comments of a user, oldest first. Makes no permission check.
    pub(crate) async fn comments_of(&self, user: UserId) -> Result<Vec<Comment>> {
        let author = Actor::user(user, Role::User);
        let mut db = self.db().read().await?;
        let rows: Vec<CommentRow> = db
            .query(Sql::dynamic(format!(
                "SELECT {COLUMNS} FROM {TABLES}
                 WHERE c.author_id = $1 AND c.deleted_at IS NULL ORDER BY c.created_at, c.id"
            )))
            .bind(user)
            .all()
            .await?;
        Ok(rows.into_iter().map(|row| row.visible_to(&author, Relation::Stranger)).collect())
    }
}

/// Renders the texts of comments and their included replies.
async fn add_html(comments: &mut [Comment]) -> Result<()> {
    let mut texts = Vec::new();
    visit_all(comments, &mut |comment| texts.extend(comment.body.clone()));
    let mut rendered = markdown::all_to_html(texts).await?.into_iter();
    visit_all(comments, &mut |comment| {
        comment.body_html = comment.body.as_ref().and_then(|_| rendered.next());
    });
    Ok(())
}

/// Applies `visit` to each comment and then to its included replies.
fn visit_all(comments: &mut [Comment], visit: &mut impl FnMut(&mut Comment)) {
    for comment in comments {
        visit(comment);
        visit_all(comment.replies.as_deref_mut().unwrap_or_default(), visit);
    }
}

/// Requires that the comment is on the event.
async fn must_be_comment_on(db: &mut impl Queries, event: EventId, comment: CommentId) -> Result<()> {
    let found: Option<(CommentId,)> = db
        .query(sql!("SELECT id FROM comments WHERE id = $1 AND event_id = $2"))
        .bind(comment)
        .bind(event)
        .optional()
        .await?;
    found.map(|_| ()).ok_or(Error::NotFound("comment"))
}

/// The first replies to each of these comments, oldest first.
async fn first_replies(db: &mut impl Queries, comments: &[CommentRow]) -> Result<Vec<CommentRow>> {
    let answered: Vec<CommentId> =
        comments.iter().filter(|row| row.reply_count > 0).map(|row| row.id).collect();
    if answered.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = db.query(Sql::dynamic(format!(
        "SELECT * FROM (SELECT {COLUMNS},
                row_number() OVER (PARTITION BY c.parent_id ORDER BY c.created_at, c.id) AS reply_number
            FROM {TABLES} WHERE c.parent_id IN ({})) replies
         WHERE reply_number <= {MAX_FIRST_REPLIES} ORDER BY created_at, id",
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
            "SELECT count(*) FROM comments
             WHERE event_id = $1 AND parent_id IS NULL AND coalesce($2, id) = id"
        ),
    };
    Ok(db.query(count).bind(event).bind(parent).scalar().await?)
}

/// Finds a comment, and the relation of the actor to its event, which they must be able to see.
pub(super) async fn find(
    db: &mut impl Queries,
    actor: &Actor,
    id: CommentId,
) -> Result<(CommentRow, Relation)> {
    let row: Option<CommentRow> = db
        .query(Sql::dynamic(format!("SELECT {COLUMNS} FROM {TABLES} WHERE c.id = $1")))
        .bind(id)
        .optional()
        .await?;
    let row = row.ok_or(Error::NotFound("comment"))?;
    let event = events::find(db, actor, row.event_id).await.and_then(events::EventForActor::must_see);
    let relation = event.map_err(|error| error.rename_not_found("comment"))?.relation;
    Ok((row, relation))
}

//! What a comment is, as it is stored and as everyone sees it.

use sqlx::FromRow;

use super::rules::{self, CommentStatus};
use crate::accounts::PublicProfile;
use crate::actor::Actor;
use crate::error::Violations;
use crate::events::Relation;
use crate::id::{CommentId, EventId, UserId};
use crate::input::{Fields, Lines, check_text};
use crate::time::Timestamp;

/// A comment, as far as the reader may see it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Comment {
    /// Names it.
    pub id: CommentId,
    /// The event that it is about.
    pub event_id: EventId,
    /// The comment that it replies to; null for one that replies to none.
    pub parent_id: Option<CommentId>,
    /// Who said it; null in a placeholder.
    pub author: Option<PublicProfile>,
    /// Whether one of the event's organizers said it; false in a placeholder.
    pub by_organizer: bool,
    /// Markdown; null in a placeholder.
    pub body: Option<String>,
    /// The body as HTML that is safe to show, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_html: Option<String>,
    /// Whether it can be read.
    pub status: CommentStatus,
    /// How many replies it has, placeholders included.
    pub reply_count: i64,
    /// The first of them, oldest first, at most 20, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub replies: Option<Vec<Comment>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its author last changed it.
    pub edited_at: Option<Timestamp>,
    /// Rises with every change.
    pub version: i64,
}

/// Which comments on an event a list shows, and with what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CommentFilter {
    /// The replies to this comment; where it is none, the comments that reply to none.
    pub parent: Option<CommentId>,
    /// With their first replies: whoever shows conversations has most of them at once.
    pub replies: bool,
    /// With the bodies as HTML too.
    pub html: bool,
}

/// A comment as someone wants it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = NewComment))]
pub struct CommentInput {
    /// Markdown, 1 to 5,000 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 5_000))]
    pub body: String,
    /// The comment to reply to, which is no reply itself; it never changes.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub parent_id: Option<CommentId>,
    /// What a reader of foreign input could not make sense of; empty when built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub misread: Violations,
}

impl<'de> serde::Deserialize<'de> for CommentInput {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Fields::of(serde_json::Value::deserialize(deserializer)?);
        let (body, parent_id) = (fields.text("body").unwrap_or_default(), fields.parsed("parent_id"));
        Ok(Self { body, parent_id, misread: fields.finish() })
    }
}

impl CommentInput {
    /// Everything that is wrong with it by itself.
    pub(super) fn wrong(&self) -> Violations {
        let mut wrong = self.misread.clone();
        check_text(&mut wrong, "body", &self.body, 1, 5_000, Lines::Many);
        wrong
    }
}

/// What every query for comments selects, from `comments c`, `events e`, `users u`.
pub(super) const COLUMNS: &str = "c.id, c.event_id, c.parent_id, c.author_id, u.username, u.display_name, c.body, \
     c.hidden_at IS NOT NULL AS hidden, c.deleted_at IS NOT NULL AS deleted, c.created_at, c.edited_at, c.version, \
     (c.author_id = e.organizer_id OR EXISTS (SELECT 1 FROM event_organizers x WHERE x.event_id = c.event_id AND x.user_id = c.author_id)) AS by_organizer, \
     (SELECT count(*) FROM comments r WHERE r.parent_id = c.id) AS reply_count";

/// The tables of [`COLUMNS`].
pub(super) const TABLES: &str =
    "comments c JOIN events e ON e.id = c.event_id JOIN users u ON u.id = c.author_id";

/// A row of `comments`, with its author.
#[derive(Debug, Clone, FromRow)]
pub(super) struct CommentRow {
    pub(super) id: CommentId,
    pub(super) event_id: EventId,
    pub(super) parent_id: Option<CommentId>,
    pub(super) author_id: UserId,
    username: String,
    display_name: String,
    pub(super) body: String,
    pub(super) hidden: bool,
    pub(super) deleted: bool,
    pub(super) created_at: Timestamp,
    edited_at: Option<Timestamp>,
    pub(super) version: i64,
    by_organizer: bool,
    pub(super) reply_count: i64,
}

impl CommentRow {
    pub(super) const fn status(&self) -> CommentStatus {
        match (self.deleted, self.hidden) {
            (true, _) => CommentStatus::Deleted,
            (false, true) => CommentStatus::Hidden,
            (false, false) => CommentStatus::Visible,
        }
    }

    /// What the actor sees of it: all, or a placeholder.
    pub(super) fn seen_by(self, actor: &Actor, relation: Relation) -> Comment {
        let status = self.status();
        let readable = rules::reads(status, actor.is(self.author_id), relation);
        let body = readable.then_some(self.body);
        Comment {
            id: self.id,
            event_id: self.event_id,
            parent_id: self.parent_id,
            author: readable.then_some(PublicProfile {
                id: self.author_id,
                username: self.username,
                display_name: self.display_name,
            }),
            by_organizer: readable && self.by_organizer,
            body,
            body_html: None,
            status,
            reply_count: self.reply_count,
            replies: None,
            created_at: self.created_at,
            edited_at: self.edited_at.filter(|_| readable),
            version: self.version,
        }
    }
}

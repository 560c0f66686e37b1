//! The comment: its public types, and the rows of the table `comments`.

use sqlx::FromRow;

use super::rules::{self, CommentStatus};
use crate::accounts::PublicProfile;
use crate::actor::Actor;
use crate::error::Violations;
use crate::events::Relation;
use crate::id::{CommentId, EventId, UserId};
use crate::input::{Fields, Lines, check_text, deserialize_by_fields};
use crate::time::Timestamp;

/// A comment as the reader may see it. A placeholder has no author and no text.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Comment {
    /// The id.
    pub id: CommentId,
    /// The event.
    pub event_id: EventId,
    /// The comment that it replies to; null for a comment on the event itself.
    pub parent_id: Option<CommentId>,
    /// The author; null in a placeholder.
    pub author: Option<PublicProfile>,
    /// Whether the author is an organizer of the event; false in a placeholder.
    pub by_organizer: bool,
    /// The text as Markdown; null in a placeholder.
    pub body: Option<String>,
    /// The text as sanitized HTML, if requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_html: Option<String>,
    /// Its visibility.
    pub status: CommentStatus,
    /// The number of replies.
    pub reply_count: i64,
    /// The first replies, oldest first, at most 20, if requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub replies: Option<Vec<Comment>>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its author last changed it; null if never.
    pub edited_at: Option<Timestamp>,
    /// Increases with every change.
    pub version: i64,
}

/// The filter of [`EventCore::comments`](crate::EventCore::comments), and what each comment includes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CommentFilter {
    /// The comment whose replies are listed; `None` lists the comments on the event itself.
    pub parent: Option<CommentId>,
    /// Whether to include the first 20 replies to each comment.
    pub replies: bool,
    /// Whether to include the texts as HTML.
    pub html: bool,
}

/// A comment to add, or the new fields of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = NewComment))]
pub struct CommentInput {
    /// The text as Markdown, 1–5,000 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 5_000))]
    pub body: String,
    /// The comment to reply to, which must not be a reply itself. It cannot be changed later.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub parent_id: Option<CommentId>,
    /// Violations found while parsing; empty if built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(CommentInput);

impl CommentInput {
    /// A comment with a text: Markdown, 1–5,000 characters.
    pub fn new(body: impl Into<String>) -> Self {
        Self { body: body.into(), ..Self::default() }
    }

    /// A reply to a comment.
    #[must_use]
    pub const fn reply_to(mut self, comment: CommentId) -> Self {
        self.parent_id = Some(comment);
        self
    }

    fn take(fields: &mut Fields) -> Self {
        let (body, parent_id) = (fields.string("body").unwrap_or_default(), fields.parsed("parent_id"));
        Self { body, parent_id, parse_errors: Violations::default() }
    }

    /// The violations of all fields. Whether the parent accepts replies is checked separately.
    pub(super) fn violations(&self) -> Violations {
        let mut violations = self.parse_errors.clone();
        check_text(&mut violations, "body", &self.body, 1, 5_000, Lines::Many);
        violations
    }
}

/// The columns of [`CommentRow`], from [`TABLES`].
pub(super) const COLUMNS: &str = "c.id, c.event_id, c.parent_id, c.author_id, u.username, u.display_name, \
     c.body, c.hidden_at IS NOT NULL AS hidden, c.deleted_at IS NOT NULL AS deleted, c.created_at, \
     c.edited_at, c.version, \
     (c.author_id = e.organizer_id OR EXISTS (SELECT 1 FROM event_organizers x \
        WHERE x.event_id = c.event_id AND x.user_id = c.author_id)) AS by_organizer, \
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

    /// The comment as the actor sees it: in full, or as a placeholder.
    pub(super) fn visible_to(self, actor: &Actor, relation: Relation) -> Comment {
        let status = self.status();
        let readable = rules::can_read(status, actor.is(self.author_id), relation);
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

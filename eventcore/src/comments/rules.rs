//! The rules for reading, changing, hiding and answering comments. Pure functions.

use crate::db::text_enum;
use crate::error::{Error, Result};
use crate::events::Relation;

text_enum! {
    /// The visibility of a comment.
    pub enum CommentStatus {
        /// Visible to everyone who can see the event.
        Visible = "visible",
        /// Hidden by an organizer: visible to its author and the organizers only.
        Hidden = "hidden",
        /// Deleted by its author: a placeholder for its replies.
        Deleted = "deleted",
    }
}

/// Whether someone who can see the event can read a comment on it. `own`: they are its author.
pub(super) const fn can_read(status: CommentStatus, own: bool, relation: Relation) -> bool {
    match status {
        CommentStatus::Visible => true,
        CommentStatus::Hidden => own || relation.organizes(),
        CommentStatus::Deleted => false,
    }
}

/// Requires the author of a comment that is not deleted.
pub(super) fn must_be_author(status: CommentStatus, own: bool) -> Result<()> {
    match status {
        CommentStatus::Deleted => Err(Error::NotFound("comment")),
        _ if own => Ok(()),
        _ => Err(Error::Forbidden("only the author can do this")),
    }
}

/// Requires an organizer of the event, and a comment that is not deleted.
pub(super) fn must_moderate(status: CommentStatus, relation: Relation) -> Result<()> {
    match status {
        CommentStatus::Deleted => Err(Error::NotFound("comment")),
        _ if relation.organizes() => Ok(()),
        _ => Err(Error::Forbidden("only the event's organizers can do this")),
    }
}

/// Whether a comment accepts replies: it is visible and not a reply itself.
pub(super) const fn accepts_replies(status: CommentStatus, is_reply: bool) -> bool {
    matches!(status, CommentStatus::Visible) && !is_reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_comments_are_for_author_and_organizers() {
        use CommentStatus::{Deleted, Hidden, Visible};
        use Relation::{Admin, CoOrganizer, Organizer, Registered, Stranger};
        for relation in [Stranger, Registered, CoOrganizer, Organizer, Admin] {
            assert!(can_read(Visible, false, relation));
            assert!(can_read(Hidden, true, relation));
            assert_eq!(can_read(Hidden, false, relation), relation.organizes(), "{relation:?}");
            assert!(!can_read(Deleted, true, relation));
            assert_eq!(must_moderate(Visible, relation).is_ok(), relation.organizes());
            assert_eq!(must_moderate(Deleted, relation).unwrap_err().code(), "not_found");
        }
    }

    #[test]
    fn authors_change_comments_and_visible_ones_accept_replies() {
        use CommentStatus::{Deleted, Hidden, Visible};
        assert!(must_be_author(Hidden, true).is_ok());
        assert_eq!(must_be_author(Visible, false).unwrap_err().code(), "forbidden");
        assert_eq!(must_be_author(Deleted, true).unwrap_err().code(), "not_found");
        assert!(accepts_replies(Visible, false));
        for (status, is_reply) in [(Visible, true), (Hidden, false), (Deleted, false)] {
            assert!(!accepts_replies(status, is_reply), "{status} {is_reply}");
        }
    }
}

//! Who reads a comment, who changes it, and what can be replied to: pure rules.

use crate::db::text_enum;
use crate::error::{Error, Result};
use crate::events::Relation;

text_enum! {
    /// Whether a comment can be read.
    pub enum CommentStatus {
        /// It can.
        Visible = "visible",
        /// An organizer hid it: only its author and organizers still read it.
        Hidden = "hidden",
        /// Its author deleted it; its replies keep its place.
        Deleted = "deleted",
    }
}

/// Whether someone who sees the event reads this comment of it.
pub(super) const fn reads(status: CommentStatus, own: bool, relation: Relation) -> bool {
    match status {
        CommentStatus::Visible => true,
        CommentStatus::Hidden => own || relation.organizes(),
        CommentStatus::Deleted => false,
    }
}

/// Passes the author of a comment that still stands.
pub(super) fn must_own(status: CommentStatus, own: bool) -> Result<()> {
    match status {
        CommentStatus::Deleted => Err(Error::NotFound("comment")),
        _ if own => Ok(()),
        _ => Err(Error::Forbidden("only its author can do this")),
    }
}

/// Passes who may hide a comment that still stands.
pub(super) fn must_moderate(status: CommentStatus, relation: Relation) -> Result<()> {
    match status {
        CommentStatus::Deleted => Err(Error::NotFound("comment")),
        _ if relation.organizes() => Ok(()),
        _ => Err(Error::Forbidden("only the event's organizers can do this")),
    }
}

/// Whether there can be a reply to a comment of the same event.
pub(super) const fn takes_replies(status: CommentStatus, is_reply: bool) -> bool {
    matches!(status, CommentStatus::Visible) && !is_reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_reads_what() {
        use CommentStatus::{Deleted, Hidden, Visible};
        use Relation::{Admin, CoOrganizer, Organizer, Registered, Stranger};
        for relation in [Stranger, Registered, CoOrganizer, Organizer, Admin] {
            assert!(reads(Visible, false, relation));
            assert!(reads(Hidden, true, relation));
            assert_eq!(reads(Hidden, false, relation), relation.organizes(), "{relation:?}");
            assert!(!reads(Deleted, true, relation));
            assert_eq!(must_moderate(Visible, relation).is_ok(), relation.organizes());
            assert_eq!(must_moderate(Deleted, relation).unwrap_err().code(), "not_found");
        }
    }

    #[test]
    fn what_can_be_changed_and_replied_to() {
        use CommentStatus::{Deleted, Hidden, Visible};
        assert!(must_own(Hidden, true).is_ok());
        assert_eq!(must_own(Visible, false).unwrap_err().code(), "forbidden");
        assert_eq!(must_own(Deleted, true).unwrap_err().code(), "not_found");
        assert!(takes_replies(Visible, false));
        assert!(
            !takes_replies(Visible, true) && !takes_replies(Hidden, false) && !takes_replies(Deleted, false)
        );
    }
}

//! Comments: the public discussion under an event, with one level of replies.

mod comment;
mod read;
mod rules;
mod write;

pub use comment::{Comment, CommentFilter, CommentInput};
pub use rules::CommentStatus;

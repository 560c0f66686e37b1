//! Comments: what people say under an event, and what is said in reply.

mod comment;
mod read;
mod rules;
mod write;

pub use comment::{Comment, CommentFilter, CommentInput};
pub use rules::CommentStatus;

//! Comments: what people say under an event, and what is said in reply.

mod comment;
mod read;
mod rules;
mod say;

pub use comment::{Comment, CommentFilter, CommentInput, CommentStatus};

//! Seats and waitlists of occurrences: the rules of admission and promotion, and promotion in the database.

#[cfg(test)]
mod histories;
mod line;
mod promote;
mod rules;

pub(crate) use line::{WaitingLine, WaitingParty};
pub use promote::Promoted;
pub(crate) use promote::{lock_occurrence, promote_waitlist};
pub(crate) use rules::{Effect, Holding, RequestEffect, Seats, admit, leave, resize};

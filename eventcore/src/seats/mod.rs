//! Seats and waitlists of occurrences: the rules of admission and promotion, and promotion in the database.

#[cfg(test)]
mod histories;
mod promote;
mod rules;

pub(crate) use promote::{lock_occurrence, promote_from_waitlist, promote_waitlist, save_counts};
pub(crate) use rules::{Effect, Holding, RequestEffect, Seats, admit, leave, resize};

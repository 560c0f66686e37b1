//! Seats and waitlists: the rules, and the promotion that every change of an occurrence's seats ends with.

#[cfg(test)]
mod histories;
mod promote;
mod rules;

pub(crate) use promote::{
    lock_occurrence, promote_event_waitlists, promote_from_waitlist, promote_waitlist, save_counts,
};
pub(crate) use rules::{Effect, Held, Own, Seats, admit, leave, resize};

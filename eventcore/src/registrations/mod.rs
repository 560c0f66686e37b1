//! Registrations: the places of people at the dates of events, and the waitlists for them.

#[cfg(test)]
mod histories;
mod pass_on;
mod release;
mod rules;

#[expect(unused_imports, reason = "for single dates: their changes come next")]
pub(crate) use pass_on::pass_on;
pub(crate) use pass_on::pass_on_event;
pub(crate) use release::release_user;

//! Registrations: the places of people at the dates of events, and the waitlists for them.

mod admission;
mod cancel;
mod check_in;
mod crowd;
mod hall;
#[cfg(test)]
mod histories;
mod pass_on;
mod read;
mod recount;
mod register;
mod registration;
mod release;
mod rules;
mod ticket;
mod walk;
mod wire;

pub use check_in::{CheckIn, ShownTicket};
pub(crate) use crowd::Crowds;
pub(crate) use pass_on::{pass_on, pass_on_event};
pub use recount::Discrepancy;
pub use registration::{MyRegistration, NewAttendee, Party, Registered, Registration, RegistrationStatus};
pub(crate) use release::release_user;
pub use walk::Walk;

//! Registrations: the places of people at the dates of events, and the waitlists for them.

mod admission;
mod batch;
mod cancel;
mod check_in;
mod consistency;
mod json_args;
mod locked_occurrence;
mod positions;
mod queue;
mod read;
mod register;
mod registration;
mod release;
mod ticket;

pub use check_in::{CheckIn, TicketInput};
pub use consistency::Discrepancy;
pub use positions::WaitlistPositions;
pub(crate) use queue::Crowds;
pub use registration::{MyRegistration, NewAttendee, Party, Registered, Registration, RegistrationStatus};
pub(crate) use release::release_user;

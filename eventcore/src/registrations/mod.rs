//! Registrations of users for occurrences: registering, cancelling, check-in and reading.

mod admission;
mod attendee_table;
mod cancel;
mod cancel_all;
mod check_in;
mod consistency;
mod occurrence_facts;
mod positions;
mod read;
mod read_many;
mod register;
mod registration;
mod ticket;
mod ticket_holder;

pub(crate) use admission::Admissions;
pub use attendee_table::attendee_table;
pub(crate) use cancel_all::cancel_registrations_of;
pub use check_in::{CheckIn, TicketInput};
pub use consistency::Discrepancy;
pub use positions::WaitlistPositions;
pub use registration::{
    MyRegistration, NewAttendee, Party, Registered, Registration, RegistrationLinks, RegistrationStatus,
};
pub(crate) use ticket::format as format_ticket_code;
pub use ticket_holder::Ticket;

pub use crate::seats::Promoted;

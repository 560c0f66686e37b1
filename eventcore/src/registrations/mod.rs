//! Registrations of users for occurrences: registering, cancelling, check-in and reading.
//!
//! # At the entrance
//!
//! ```
//! use eventcore::registrations::{Party, RegistrationStatus, TicketInput};
//! # use eventcore::ManualClock;
//! # use eventcore::accounts::NewUser;
//! # use eventcore::events::EventInput;
//! # use eventcore::{Actor, EventCore};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let clock = ManualClock::new("2035-03-22T18:00:00Z".parse()?);
//! # let core = EventCore::builder().temporary().clock(clock).open().await?;
//! # let mut people = Vec::new();
//! # for name in ["ada", "bob"] {
//! #     let user =
//! #         NewUser { username: name.into(), email: format!("{name}@example.org"), ..NewUser::default() };
//! #     let user = core.create_user(&Actor::System, &user).await?;
//! #     people.push(Actor::user(user.id, user.role));
//! # }
//! # let [ada, bob] = people[..] else { panic!() };
//! # let talk: EventInput = serde_json::from_value(serde_json::json!({
//! #     "title": "Talk", "location": "Hall 2", "capacity": 4, "starts_at": "2035-03-22T18:30:00Z",
//! # }))?;
//! # let talk = core.create_event(&ada, &talk).await?;
//! # let occurrence = talk.next_occurrence.clone().ok_or("no occurrence")?.id;
//! let ticket = core.register(&bob, occurrence, &Party::of(2)).await?.registration.ticket_code;
//! // Half an hour before the start, the organizer scans the ticket.
//! let scanned = TicketInput { code: ticket, ..TicketInput::default() };
//! let checked_in = core.check_in_by_code(&ada, &scanned).await?;
//! assert_eq!(checked_in.registration.status, RegistrationStatus::Attended);
//! assert!(!checked_in.already);
//! # core.close().await;
//! # Ok(())
//! # }
//! ```

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

//! Reminders: derived when they are due, from occurrences, registrations and lead times.
//!
//! Nothing is stored ahead, so a moved or cancelled occurrence, or a cancelled registration, needs no repair.
//! A recurring job, which stores how far time has been looked at, finds the occurrences for which some lead
//! time fell due since, and leaves each of them to a job that reminds those who are registered, in batches.
//!
//! - A person is reminded of a confirmed registration by its own list of lead times, or else by that of the
//!   person, or else a day and an hour before the start.
//! - A lead time that had passed when the person registered is skipped. So is one that had passed when the
//!   occurrence moved, or the person moved up from the waitlist.
//! - If several fell due while no worker ran, the latest is sent, and only while the occurrence is ahead.
//! - Days of a lead time are calendar days in the zone of the event; hours and minutes are exact. An all-day
//!   occurrence starts at the beginning of its first day in its zone.

mod due;
mod lead_times;
mod of_registration;

pub(crate) use due::{find_due, remind};
pub use of_registration::{OwnReminders, RegistrationReminders};

//! Subscriptions: calendars of others, at a URL, that organizers follow. What such a calendar has becomes
//! events of the organizer, for which people register here.
//!
//! 1. A job for each subscription fetches the calendar every hour, by the [`CalendarFetcher`] of the program.
//!    A server that knows `If-None-Match` or `If-Modified-Since` answers that nothing has changed, most
//!    times.
//! 2. What it sends is imported, as the file of an [import](crate::calendars) is: UID by UID, each whole or
//!    not at all. The subscription has the report. Its events are its own, though: an event that the
//!    organizer has made or imported by hand is not changed, whatever its UID is.
//! 3. An event that the calendar lacks twice in a row, and that lies ahead, is gone: it is deleted if nobody
//!    has registered, and otherwise cancelled, and those who have registered are told as usual. The organizer
//!    is told how many. What is over stays: most calendars drop it.
//!
//! # Read-only
//!
//! Only the calendar changes its events: anyone else is refused with [`Error::SubscribedEvent`].
//! Registrations, comments and feedback are the organizer's, who also publishes drafts and names
//! co-organizers. Admins may change events of others as always, so that they can take down what should not be
//! public: they cancel an event, or make it private, and it stays so. They cannot delete it, because the
//! calendar would create it again, nor split its series.
//!
//! # Failures
//!
//! An attempt fails if the server cannot be reached, answers with an error, or with something that is no
//! calendar, or with too much of it. The next one follows after an hour. A calendar that fails for three
//! days, or whose server answers that it is gone (410), is not read any more, and the owner is told. Its
//! events stay: that an address is gone does not say that what it had announced does not take place. The
//! owner may enable the subscription again, give it another URL, or end it.
//!
//! # Addresses
//!
//! As for [webhooks](crate::webhooks), whose policy applies: the fetcher asks it about each address that it
//! connects to, after the look-up, and again for each redirect.
//!
//! [`Error::SubscribedEvent`]: crate::Error::SubscribedEvent

mod ending;
mod fetcher;
mod missing;
mod read;
mod refresh;
mod settle;
mod subscription;
mod write;

pub use fetcher::{CalendarFetcher, CalendarRequest, FetchError, FetchedCalendar, Fetching, Validators};
pub(crate) use refresh::{Refreshed, refresh};
pub(crate) use settle::settle;
pub use subscription::{
    CalendarSubscription, CalendarSubscriptionInput, SubscriptionEnd, SubscriptionReport, UnsubscribeChoice,
};
pub(crate) use write::forget;

//! Notifications: what people should know, in the app and by e-mail.
//!
//! No operation calls this module. Operations record their [changes](crate::changes), and before the commit
//! of a transaction `hook` maps them to notifications: `decision` is the one place that says who is told of
//! what, and `notify` the one function that writes. What is told is therefore stored with what caused it, or
//! not at all.
//!
//! - **Once.** The id of a notification is derived from person and occasion, so a repeat makes no second one.
//! - **Not of oneself.** Nobody is told of what they did themselves, except for the outcome of a
//!   registration, whose notification is the receipt, and for notices about the account.
//! - **Not of what one may not see.** Those who are registered, and organizers, see their events. The author
//!   of a comment is told of replies as long as they can see the event.
//! - **Large audiences.** News for all who are registered reaches the first in the transaction itself, and
//!   the rest by a [job](crate::jobs) in bounded batches, each of which is a transaction.
//! - **Mails.** What a reader wants by e-mail gets one mail, which a job writes afterwards: see `mail`.
//! - **Reminders** are not stored until they are due: see `reminders`.
//!
//! Notifications are kept for 90 days.

mod announce;
mod consistency;
mod decision;
mod hook;
mod kind;
mod mail;
mod mute;
mod notification;
mod notify;
mod occasion;
mod preferences;
mod prune;
mod read;
mod reminders;
mod row;
mod text;
mod told;

pub use crate::reminder_list::ReminderList;
pub(crate) use announce::spread;
pub(crate) use hook::Notifier;
pub use kind::NotificationKind;
pub use mail::MailPreferences;
pub(crate) use mail::{mail_facts, queue_mails};
pub use notification::{Notification, NotificationPage};
pub use preferences::{KindPreference, NotificationPreferences, PreferencesInput};
pub(crate) use prune::prune;
pub use reminders::{OwnReminders, RegistrationReminders};
pub(crate) use reminders::{find_due, remind};
pub(crate) use told::{told, unread_counts};

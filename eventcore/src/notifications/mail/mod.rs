//! Mails of notifications: what a reader wants to be told by e-mail gets one mail.
//!
//! A notification is stored with the time from which on its mail is due, so telling costs what it did. A job
//! ([`queue`]) reads what is due through a partial index, in bounded batches, and writes the mails in the
//! transaction that takes the mark off: each mail exists once. Its id is that of its notification, and so is
//! its Message-ID.
//!
//! When a mail is delivered, [`facts`] finds out what it tells, and [`truth`] whether that is still true.
//! What is not is dropped.

mod facts;
mod plan;
mod queue;
mod truth;
mod unsubscribe;

pub(crate) use facts::mail_facts;
pub(crate) use queue::queue_mails;
pub use unsubscribe::MailPreferences;

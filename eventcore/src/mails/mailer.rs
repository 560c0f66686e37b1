//! [`Mailer`]: who delivers mails.

use std::pin::Pin;

use super::facts::NotificationFacts;
use super::mail::Mail;
use crate::id::MailId;
use crate::time::Timestamp;

/// A mail to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// The id, from which the Message-ID follows.
    pub id: MailId,
    /// The address.
    pub address: String,
    /// The display name of the recipient.
    pub name: String,
    /// The username of the recipient.
    pub username: String,
    /// The IANA time zone in which the recipient is told times.
    pub timezone: String,
    /// What it tells.
    pub mail: Mail,
    /// What else it tells, if it is about notifications.
    pub facts: Option<NotificationFacts>,
    /// The token of the link that it carries: what it is about, or for a mail about notifications the one
    /// that turns off its kind.
    pub token: Option<String>,
    /// When it was written.
    pub created_at: Timestamp,
}

/// Why a mail was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// It may be delivered later: the server is away, or asks to come again.
    #[error("{0}")]
    Temporary(String),
    /// It will never be delivered: the server refuses the address or the mail.
    #[error("{reason}")]
    Permanent {
        /// What the server says.
        reason: String,
        /// Whether the address is refused, rather than the mail.
        bounced: bool,
    },
}

/// The future of a delivery.
pub type Delivery<'a> = Pin<Box<dyn Future<Output = Result<(), DeliveryError>> + Send + 'a>>;

/// Writes and delivers mails.
pub trait Mailer: Send + Sync {
    /// Delivers a mail. A repeat with the same id must be recognisable as one.
    fn deliver<'a>(&'a self, mail: &'a OutgoingMail) -> Delivery<'a>;

    /// The address to which calendars send answers to invitations. Without one, mails have no invitations.
    fn address_for_answers(&self) -> Option<String> {
        None
    }
}

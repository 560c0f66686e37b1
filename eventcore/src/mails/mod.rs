//! Mails: written in the transaction that causes them, and delivered by workers afterwards.
//!
//! A room that tells someone something by mail calls `queue` in its transaction. A [`Mail`] says what
//! happened, in facts; the program that delivers it writes the text, in the time zone of the recipient. That
//! program implements [`Mailer`] and passes it to [`EventCore::deliver_mails_by`].
//!
//! What a mail about [notifications](crate::notifications) tells is found out when it is delivered: what is
//! not true any more is not sent.
//!
//! A mail is delivered at least once. Its [`MailId`] names it, so that a repeat has the same Message-ID and
//! is recognised as one.
//!
//! [`EventCore::deliver_mails_by`]: crate::EventCore::deliver_mails_by
//! [`MailId`]: crate::MailId

mod deliver;
mod facts;
mod kept;
mod mail;
mod mailer;
mod outbox;
mod prune;
mod waiting;

pub(crate) use deliver::{DeliveryOutcome, conclude, deliver, unsubscribe_target};
pub use facts::{
    CommentFacts, FeedbackFacts, Invitation, InvitationMethod, NotificationFacts, RegistrationFacts,
    ReplyAddress,
};
pub use kept::KeptMail;
pub use mail::{Mail, MailKind};
pub use mailer::{Delivery, DeliveryError, Mailer, OutgoingMail};
pub use outbox::MailState;
pub(crate) use outbox::{NotificationMail, forget, queue, queue_notifications};
pub(crate) use prune::{KEPT, prune};
pub(crate) use waiting::find_waiting;

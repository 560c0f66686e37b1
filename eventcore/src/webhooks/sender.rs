//! [`WebhookSender`]: who sends to webhooks.

use std::pin::Pin;

use super::policy::WebhookPolicy;
use crate::id::WebhookDeliveryId;

/// A signed message to send by POST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedMessage {
    /// Where to.
    pub url: String,
    /// The id of the delivery: the header `webhook-id`. It is the same for repeats.
    pub id: WebhookDeliveryId,
    /// When it is sent, in seconds since 1970: the header `webhook-timestamp`.
    pub timestamp: i64,
    /// The signatures, separated by spaces: the header `webhook-signature`.
    pub signature: String,
    /// The body: JSON.
    pub body: String,
    /// Which addresses may be connected to.
    pub policy: WebhookPolicy,
}

/// The answer of a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookAnswer {
    /// The status.
    pub status: u16,
    /// The beginning of the body.
    pub body: String,
}

/// Why there was no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Too many messages are being sent to this receiver. It was not tried.
    #[error("too many messages are being sent to this receiver")]
    Busy,
    /// The receiver could not be reached, or did not answer.
    #[error("{0}")]
    Failed(String),
}

/// The future of a message that is sent.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<WebhookAnswer, SendError>> + Send + 'a>>;

/// Sends messages to webhooks.
pub trait WebhookSender: Send + Sync {
    /// Sends a message and waits for the answer, for less than the time of a lease.
    ///
    /// It connects only to addresses that the policy of the message allows, follows no redirects, and reads a
    /// bounded part of the answer.
    fn send<'a>(&'a self, message: &'a SignedMessage) -> Sending<'a>;
}

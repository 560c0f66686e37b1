//! Webhooks: URLs of users that are told of changes, by the scheme of [Standard Webhooks].
//!
//! A webhook belongs to a user. It is told of the events that the user organizes or co-organizes, and, if an
//! admin asks for it, of all events. The owner chooses the [kinds](WebhookKind) of changes.
//!
//! 1. `decision` says for each [change](crate::changes) of which kind it is. In the transaction of the
//!    change, `outbox` adds a [job](crate::jobs) if a webhook may be told. Without such a webhook this writes
//!    nothing, and takes no statement of its own where the change is stored in one.
//! 2. The job of `spread` writes a delivery for each webhook and change.
//! 3. The job of each delivery sends it, by `attempt`. What it tells is read at that time, with the
//!    permissions that the owner has then: what the owner may not see is never sent. A delivery of an event
//!    that the owner no longer organizes is dropped.
//!
//! A delivery is sent at least once. Its id is the `webhook-id`, which stays the same for repeats. It counts
//! as delivered when the answer has a status of 200 to 299. Otherwise it is tried again for 24 hours. If
//! nothing else was delivered meanwhile, the webhook is then disabled. A status of 410 disables it at once.
//!
//! # Secrets
//!
//! A secret signs each delivery, so it is stored encrypted, not hashed. Its key is in the same database, as
//! are the keys that sign tokens: encryption keeps secrets out of logs and exports of single tables. Whoever
//! reads the whole database can decrypt them, and is kept out by the permissions of the file or the server.
//!
//! # Addresses
//!
//! [`WebhookPolicy`] decides which addresses may be connected to. The program that sends implements
//! [`WebhookSender`], and asks the policy about each address that it connects to, after the look-up.
//!
//! [Standard Webhooks]: https://www.standardwebhooks.com
//!
//! # Creating one
//!
//! ```
//! use eventcore::webhooks::WebhookInput;
//! # use eventcore::accounts::NewUser;
//! # use eventcore::{Actor, EventCore};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let core = EventCore::builder().temporary().open().await?;
//! # let ada = NewUser { username: "ada".into(), email: "ada@example.org".into(), ..NewUser::default() };
//! # let ada = core.create_user(&Actor::System, &ada).await?;
//! # let ada = Actor::user(ada.id, ada.role);
//! let hook: WebhookInput = serde_json::from_str(
//!     r#"{"url": "https://hooks.example.org/events", "kinds": ["registration.confirmed"]}"#,
//! )?;
//! let created = core.create_webhook(&ada, &hook).await?;
//! // It is shown once: the receiver verifies signatures with it.
//! assert!(created.secret.starts_with("whsec_"));
//! # core.close().await;
//! # Ok(())
//! # }
//! ```

mod address;
mod attempt;
mod decision;
mod delivery;
mod kind;
mod manual;
mod outbox;
mod payload;
mod policy;
mod prune;
mod read;
mod secret;
mod sender;
mod spread;
mod url;
mod webhook;
mod write;

pub(crate) use attempt::{WebhookOutcome, begin, conclude};
pub use delivery::{DeliveryState, WebhookDelivery};
pub use kind::WebhookKind;
pub(crate) use outbox::insert;
pub use policy::WebhookPolicy;
pub(crate) use prune::prune;
pub use secret::SecretAnswer;
pub use sender::{SendError, Sending, SignedMessage, WebhookAnswer, WebhookSender};
pub(crate) use spread::spread;
pub(crate) use url::normal_url;
pub use webhook::{DisabledBecause, NewWebhook, Webhook, WebhookInput};
pub(crate) use write::forget;

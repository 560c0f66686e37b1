//! Mails: their texts and how they are sent.

mod message;
mod news;
mod sample;
mod sender;
mod text;
mod transport;

use eventcore::MailId;
use eventcore::mails::{Delivery, DeliveryError, MailKind, Mailer, OutgoingMail};

use crate::failure::Failure;
use crate::mail_settings::MailSettings;
use message::write;
use sample::sample;
use sender::Sender;
use text::MailTemplates;
use transport::Transport;

/// Writes mails, and sends them by SMTP or as files.
pub(crate) struct Post {
    templates: MailTemplates,
    sender: Sender,
    /// The base of links in mails, without a trailing slash.
    public_url: String,
    transport: Transport,
}

impl Post {
    /// # Errors
    /// If a setting is invalid, or a template of the operator.
    pub(crate) fn new(settings: &MailSettings, public_url: &str) -> Result<Self, Failure> {
        let sender = Sender::new(settings.from.as_deref(), public_url)?;
        Ok(Self {
            templates: MailTemplates::load(settings.templates.as_deref())?,
            transport: Transport::new(settings, &sender)?,
            sender,
            public_url: public_url.to_owned(),
        })
    }

    async fn send(&self, mail: &OutgoingMail) -> Result<(), DeliveryError> {
        let permanent = |reason: String, bounced| DeliveryError::Permanent { reason, bounced };
        let text = self.templates.text(mail, &self.public_url);
        let text = text.map_err(|error| permanent(error.to_string(), false))?;
        let recipient =
            sender::recipient(&mail.address, &mail.name).map_err(|reason| permanent(reason, true))?;
        let message = write(mail, &self.sender, recipient, text, &self.public_url)
            .map_err(|error| permanent(format!("the mail cannot be written: {error}"), false))?;
        self.transport.send(mail.id, &message).await
    }
}

/// What operators do with mails.
impl Post {
    /// A mail of a kind with made-up facts: the message, or its HTML alone.
    pub(crate) fn preview(&self, kind: MailKind, html: bool) -> Result<String, Failure> {
        let mail = sample(kind);
        let text = self.templates.text(&mail, &self.public_url)?;
        if html {
            return Ok(text.html);
        }
        let recipient = sender::recipient(&mail.address, &mail.name)?;
        let message = write(&mail, &self.sender, recipient, text, &self.public_url)?;
        Ok(String::from_utf8_lossy(&message.formatted()).into_owned())
    }

    /// Sends a mail to an address; returns how.
    pub(crate) async fn test(&self, address: &str) -> Result<String, Failure> {
        let text = self.templates.test(&self.public_url)?;
        let id = MailId::from(uuid::Uuid::new_v4());
        let mail = OutgoingMail { id, address: address.to_owned(), ..sample(MailKind::PasswordChanged) };
        let recipient = sender::recipient(address, "")?;
        let message = write(&mail, &self.sender, recipient, text, &self.public_url)?;
        self.transport.send(id, &message).await?;
        Ok(self.transport.to_string())
    }
}

impl Mailer for Post {
    fn deliver<'a>(&'a self, mail: &'a OutgoingMail) -> Delivery<'a> {
        Box::pin(self.send(mail))
    }

    fn address_for_answers(&self) -> Option<String> {
        Some(self.sender.mailbox.email.to_string())
    }
}

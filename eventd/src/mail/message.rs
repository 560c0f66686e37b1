//! Mails as messages (RFC 5322).

use std::time::{Duration, SystemTime};

use eventcore::mails::OutgoingMail;
use lettre::Message;
use lettre::address::Envelope;
use lettre::error::Error;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use super::sender::Sender;
use super::text::MailText;

/// Writes a mail. A repeat of the same mail is the same message, but for the boundary of its parts.
pub(super) fn write(
    mail: &OutgoingMail,
    sender: &Sender,
    recipient: Mailbox,
    text: MailText,
) -> Result<Message, Error> {
    let since_1970 = Duration::from_micros(mail.created_at.as_micros().max(0).unsigned_abs());
    let header = |name: &'static str, value: &str| {
        HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
    };
    // lettre would read it back from the headers.
    let envelope = Envelope::new(Some(sender.mailbox.email.clone()), vec![recipient.email.clone()])?;
    Message::builder()
        .envelope(envelope)
        .from(sender.mailbox.clone())
        .to(recipient)
        .subject(text.subject)
        .date(SystemTime::UNIX_EPOCH + since_1970)
        .message_id(Some(format!("<{}@{}>", mail.id, sender.domain())))
        // Nobody answers with notes about holidays (RFC 3834).
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .multipart(MultiPart::alternative_plain_html(text.plain, text.html))
}

#[cfg(test)]
mod tests {
    use eventcore::mails::MailKind;

    use super::super::sender::recipient;
    use super::super::text::{MailTemplates, sample};
    use super::*;

    #[test]
    fn a_server_without_a_name_sends_mails_too() {
        for url in ["http://127.0.0.1:8080", "http://[::1]:8080", "https://events.example.org"] {
            let (sender, mail) = (Sender::new(None, url).unwrap(), sample(MailKind::VerifyEmail));
            let text = MailTemplates::load(None).unwrap().text(&mail, url).unwrap();
            let message = write(&mail, &sender, recipient(&mail.address, &mail.name).unwrap(), text).unwrap();
            assert!(message.envelope().from().is_some(), "{url}");
            let written = String::from_utf8(message.formatted()).unwrap();
            assert!(written.contains(&format!("Message-ID: <{}@", mail.id)), "{written}");
            assert_eq!(written.matches("\r\nFrom: ").count() + usize::from(written.starts_with("From: ")), 1);
        }
    }
}

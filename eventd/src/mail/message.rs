//! Mails as messages (RFC 5322).

use std::time::{Duration, SystemTime};

use eventcore::mails::{Mail, MailKind, OutgoingMail};
use lettre::Message;
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};

use super::news::ticket_picture;
use super::sender::{Sender, replies};
use super::text::MailText;
use crate::failure::Failure;
use crate::http::qr;

/// Writes a mail. A repeat of the same mail is the same message, but for the boundary of its parts and the
/// DTSTAMP of an invitation. `server` is the public URL.
pub(super) fn write(
    mail: &OutgoingMail,
    sender: &Sender,
    to: Mailbox,
    text: MailText,
    server: &str,
) -> Result<Message, Failure> {
    let since_1970 = Duration::from_micros(mail.created_at.as_micros().max(0).unsigned_abs());
    let header = |name: &'static str, value: &str| {
        HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
    };
    // lettre would read it back from the headers.
    let envelope = Envelope::new(Some(sender.mailbox.email.clone()), vec![to.email.clone()])?;
    let mut message = Message::builder()
        .envelope(envelope)
        .from(sender.mailbox.clone())
        .to(to)
        .subject(text.subject)
        .date(SystemTime::UNIX_EPOCH + since_1970)
        .message_id(Some(format!("<{}@{}>", mail.id, sender.domain())))
        // Nobody answers with notes about holidays (RFC 3834).
        .raw_header(header("Auto-Submitted", "auto-generated"));
    if let (Mail::Notification { .. }, Some(token)) = (&mail.mail, &mail.token) {
        // RFC 2369 and RFC 8058: programs for mails show a button, which posts to this address.
        message = message
            .raw_header(header("List-Unsubscribe", &format!("<{server}/unsubscribe?token={token}>")))
            .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
    }
    if let Some(organizer) = mail.facts.as_ref().and_then(replies) {
        message = message.reply_to(organizer);
    }
    let parts = MultiPart::alternative().singlepart(SinglePart::plain(text.plain));
    let parts = match ticket(mail) {
        None => parts.singlepart(SinglePart::html(text.html)),
        Some(code) => {
            let picture = Attachment::new_inline(ticket_picture(mail.id));
            let picture = picture.body(qr::png(code)?, ContentType::parse("image/png")?);
            parts.multipart(MultiPart::related().singlepart(SinglePart::html(text.html)).singlepart(picture))
        }
    };
    let Some(invitation) = mail.facts.as_ref().and_then(|facts| facts.invitation.as_ref()) else {
        return Ok(message.multipart(parts)?);
    };
    // Programs for mails that know calendars take the last alternative (RFC 6047, 2.4). Others show a file.
    let method = invitation.method.as_str();
    let content_type = ContentType::parse(&format!("text/calendar; charset=utf-8; method={method}"))?;
    let calendar = SinglePart::builder().header(content_type).body(invitation.calendar.clone());
    let file = Attachment::new("invite.ics".to_owned());
    let file = file.body(invitation.calendar.clone(), ContentType::parse("application/ics")?);
    Ok(message.multipart(MultiPart::mixed().multipart(parts.singlepart(calendar)).singlepart(file))?)
}

/// The ticket that a mail shows as a QR code: those that tell of seats do.
fn ticket(mail: &OutgoingMail) -> Option<&str> {
    let tells_of_seats = matches!(
        mail.mail.kind(),
        MailKind::RegistrationConfirmed | MailKind::RegistrationPromoted | MailKind::Reminder
    );
    let registration = mail.facts.as_ref()?.registration.as_ref()?;
    registration.ticket_code.as_deref().filter(|_| tells_of_seats)
}

#[cfg(test)]
mod tests {
    use super::super::sample::sample;
    use super::super::sender::recipient;
    use super::super::text::MailTemplates;
    use super::*;

    #[test]
    fn a_server_without_a_name_sends_mails_too() {
        for url in ["http://127.0.0.1:8080", "http://[::1]:8080", "https://events.example.org"] {
            let (sender, mail) = (Sender::new(None, url).unwrap(), sample(MailKind::VerifyEmail));
            let text = MailTemplates::load(None).unwrap().text(&mail, url).unwrap();
            let to = recipient(&mail.address, &mail.name).unwrap();
            let message = write(&mail, &sender, to, text, url).unwrap();
            assert!(message.envelope().from().is_some(), "{url}");
            let written = String::from_utf8(message.formatted()).unwrap();
            assert!(written.contains(&format!("Message-ID: <{}@", mail.id)), "{written}");
            assert_eq!(written.matches("\r\nFrom: ").count() + usize::from(written.starts_with("From: ")), 1);
        }
    }
}

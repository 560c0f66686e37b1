//! Addresses in headers: the sender of all mails, recipients, and who gets replies.

use eventcore::mails::NotificationFacts;
use lettre::Address;
use lettre::message::Mailbox;

use crate::failure::Failure;
use crate::words::plain;

/// The sender of all mails.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    pub(super) mailbox: Mailbox,
}

impl Sender {
    /// The configured sender; by default eventd at the host of the public URL.
    ///
    /// # Errors
    /// If the configured one is no address.
    pub(super) fn new(configured: Option<&str>, public_url: &str) -> Result<Self, Failure> {
        let mailbox = match configured {
            Some(text) => text.parse::<Mailbox>().map_err(|error| {
                format!("mail_from must be an address, or Name <address>, but is {text:?}: {error}")
            })?,
            None => {
                let url = url::Url::parse(public_url).ok();
                // lettre reads no IP addresses in headers.
                let domain = url.as_ref().and_then(url::Url::domain).unwrap_or("localhost");
                let address = Address::new("eventd", domain);
                let address = address.unwrap_or_else(|_| Address::new_dangerous("eventd", "localhost"));
                Mailbox::new(Some("eventd".to_owned()), address)
            }
        };
        Ok(Self { mailbox })
    }

    /// The part of a Message-ID behind the `@`.
    pub(super) fn domain(&self) -> &str {
        self.mailbox.email.domain()
    }
}

/// A recipient. The domain is written in ASCII (RFC 5891), which every mail server understands.
///
/// # Errors
/// If the address cannot be used, with the reason.
pub(super) fn recipient(address: &str, name: &str) -> Result<Mailbox, String> {
    let invalid = || format!("{address:?} is no address");
    let (local, domain) = address.rsplit_once('@').ok_or_else(invalid)?;
    let domain = idna::domain_to_ascii(domain).map_err(|_| invalid())?;
    let email = Address::new(local, &domain).map_err(|_| invalid())?;
    let name = header_text(name);
    Ok(Mailbox::new((!name.is_empty()).then_some(name), email))
}

/// Who gets the replies to a mail, if that is not its sender. An address that not every mail server carries
/// in a header (RFC 6532) is left out: the mail matters more.
pub(super) fn replies(facts: &NotificationFacts) -> Option<Mailbox> {
    let to = facts.reply_to.as_ref()?;
    recipient(&to.address, &to.name).ok().filter(|to| AsRef::<str>::as_ref(&to.email).is_ascii())
}

/// A text for a header, in one line. What looks like an encoded word (RFC 2047) would be shown decoded: an
/// invisible character keeps it as it is.
pub(super) fn header_text(text: &str) -> String {
    plain(text).replace("=?", "=\u{2060}?").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use eventcore::mails::{MailKind, ReplyAddress};

    use super::super::sample::sample;
    use super::*;

    #[test]
    fn the_sender_is_configured_or_at_the_host_of_the_server() {
        let sender = |configured, url| Sender::new(configured, url).map(|sender| sender.mailbox.to_string());
        assert_eq!(
            sender(None, "https://events.example.org/app").unwrap(),
            "eventd <eventd@events.example.org>"
        );
        assert_eq!(sender(None, "http://127.0.0.1:8080").unwrap(), "eventd <eventd@localhost>");
        assert_eq!(sender(None, "http://[::1]:8080").unwrap(), "eventd <eventd@localhost>");
        assert_eq!(sender(None, "nonsense").unwrap(), "eventd <eventd@localhost>");
        let configured = sender(Some("Events <events@example.org>"), "http://x").unwrap();
        assert_eq!(configured, "Events <events@example.org>");
        assert!(sender(Some("nobody"), "http://x").unwrap_err().to_string().contains("mail_from must be"));
    }

    #[test]
    fn recipients_have_ascii_domains_and_names_of_one_line() {
        let to =
            |address: &str, name: &str| recipient(address, name).map(|mailbox| mailbox.email.to_string());
        assert_eq!(to("ada@müller.de", "Ada").unwrap(), "ada@xn--mller-kva.de");
        assert_eq!(to("jörg@müller.de", "").unwrap(), "jörg@xn--mller-kva.de");
        assert!(to("ada", "Ada").is_err());
        assert_eq!(header_text(" a\r\nBcc: x@y.org\u{202e} "), "aBcc: x@y.org");
        assert_eq!(header_text("=?utf-8?q?x?="), "=\u{2060}?utf-8?q?x?=");
    }

    #[test]
    fn replies_go_to_an_organizer_whose_address_every_server_carries() {
        let mut facts = sample(MailKind::Reminder).facts.unwrap();
        let mut written = |address: &str, name: &str| {
            facts.reply_to = Some(ReplyAddress { name: name.to_owned(), address: address.to_owned() });
            replies(&facts).map(|to| to.to_string())
        };
        assert_eq!(written("grace@example.org", "Grace").unwrap(), "Grace <grace@example.org>");
        assert_eq!(written("grace@müller.de", "").unwrap(), "grace@xn--mller-kva.de");
        assert_eq!(written("jörg@example.org", "Jörg"), None);
        assert_eq!(written("nobody", "Nobody"), None);
        let hostile = written("grace@example.org", "G\r\nBcc: x@y.org\r\n\r\n").unwrap();
        assert!(!hostile.contains(['\r', '\n']) && hostile.ends_with(" <grace@example.org>"), "{hostile}");
    }
}

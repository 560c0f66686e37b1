//! Mails that tests read: those that the library delivers, and those that the daemon writes as files.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};

use eventcore::EventCore;
use eventcore::mails::{Delivery, DeliveryError, Mail, MailKind, Mailer, OutgoingMail};
use mail_parser::{MessageParser, MimeHeaders};

use crate::eventually;

/// A mailer that keeps what is delivered.
#[derive(Default)]
pub struct Mailbox {
    delivered: Mutex<Vec<OutgoingMail>>,
    failures: Mutex<VecDeque<DeliveryError>>,
    /// Where answers to invitations go; without it there are none.
    answers: Option<String>,
}

impl Mailbox {
    /// A mailbox to which the workers of `core` deliver.
    pub fn of(core: &EventCore) -> Arc<Self> {
        let mailbox = Arc::new(Self::default());
        core.deliver_mails_by(mailbox.clone());
        mailbox
    }

    /// As [`Self::of`], and mails have invitations.
    pub fn inviting(core: &EventCore) -> Arc<Self> {
        let mailbox = Arc::new(Self { answers: Some("events@example.org".to_owned()), ..Self::default() });
        core.deliver_mails_by(mailbox.clone());
        mailbox
    }

    /// Lets the next attempt fail.
    pub fn fail_next(&self, error: DeliveryError) {
        self.failures.lock().expect("a lock").push_back(error);
    }

    /// Does the jobs that are due, then takes all mails out.
    pub async fn take(&self, core: &EventCore) -> Vec<OutgoingMail> {
        core.run_due_jobs().await.expect("the jobs run");
        std::mem::take(&mut *self.delivered.lock().expect("a lock"))
    }

    /// As [`Self::take`]: the kinds and the addresses.
    pub async fn kinds(&self, core: &EventCore) -> Vec<(MailKind, String)> {
        let taken = self.take(core).await.into_iter();
        taken.map(|mail| (mail.mail.kind(), mail.address)).collect()
    }

    /// As [`Self::take`], for one mail: its address and the token of its link.
    pub async fn link(&self, core: &EventCore) -> (String, String) {
        let mut taken = self.take(core).await;
        taken.retain(|mail| matches!(mail.mail, Mail::VerifyEmail { .. } | Mail::ResetPassword { .. }));
        assert_eq!(taken.len(), 1, "{taken:?}");
        let mail = taken.remove(0);
        (mail.address, mail.token.expect("a token"))
    }
}

impl Mailer for Mailbox {
    fn deliver<'a>(&'a self, mail: &'a OutgoingMail) -> Delivery<'a> {
        let failure = self.failures.lock().expect("a lock").pop_front();
        if failure.is_none() {
            self.delivered.lock().expect("a lock").push(mail.clone());
        }
        Box::pin(async move { failure.map_or(Ok(()), Err) })
    }

    fn address_for_answers(&self) -> Option<String> {
        self.answers.clone()
    }
}

/// A mail as a file, read by an independent parser.
#[derive(Debug, Clone)]
pub struct MailFile {
    /// The address of the recipient.
    pub to: String,
    /// The display name of the recipient.
    pub name: String,
    /// Name and address for replies, if there is one.
    pub reply_to: Option<(String, String)>,
    /// The subject.
    pub subject: String,
    /// The Message-ID.
    pub message_id: String,
    /// The text.
    pub text: String,
    /// The HTML.
    pub html: String,
    /// All header lines.
    pub headers: Vec<(String, String)>,
    /// The pictures, by their Content-IDs.
    pub pictures: Vec<(String, Vec<u8>)>,
    /// The method of the invitation, and its iCalendar file.
    pub calendar: Option<(String, String)>,
    /// The types of all parts, such as `text/plain`, in their order.
    pub types: Vec<String>,
}

impl MailFile {
    /// Parses a message.
    pub fn parse(bytes: &[u8]) -> Self {
        let message = MessageParser::default().parse(bytes).expect("a message");
        let calendar = message.parts.iter().find(|part| part.is_content_type("text", "calendar"));
        let to = message.to().and_then(|to| to.first()).expect("a recipient").clone();
        let reply_to = message.reply_to().map(|to| {
            let [to] = to.as_list().expect("a list") else { panic!("several addresses: {to:?}") };
            let (name, address) = (to.name.clone(), to.address.clone());
            (name.unwrap_or_default().into_owned(), address.unwrap_or_default().into_owned())
        });
        Self {
            reply_to,
            to: to.address.clone().unwrap_or_default().into_owned(),
            name: to.name.unwrap_or_default().into_owned(),
            subject: message.subject().unwrap_or_default().to_owned(),
            message_id: message.message_id().expect("a Message-ID").to_owned(),
            text: message.body_text(0).expect("a text").into_owned(),
            html: message.body_html(0).expect("HTML").into_owned(),
            headers: message
                .headers_raw()
                .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
                .collect(),
            calendar: calendar.map(|part| {
                let of_type = part.content_type().expect("a type");
                assert_eq!(of_type.attribute("charset"), Some("utf-8"));
                let method = of_type.attribute("method").expect("a method");
                (method.to_owned(), part.text_contents().expect("a text").to_owned())
            }),
            types: message
                .parts
                .iter()
                .filter_map(|part| part.content_type())
                .map(|of_type| format!("{}/{}", of_type.ctype(), of_type.subtype().unwrap_or_default()))
                .collect(),
            pictures: message
                .parts
                .iter()
                .filter_map(|part| Some((part.content_id()?.to_owned(), part.contents().to_vec())))
                .collect(),
        }
    }

    /// The values of all header lines with a name.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let found = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).collect()
    }

    /// The path and the query of the link to a page.
    #[track_caller]
    pub fn link(&self, page: &str) -> String {
        let start = self.text.find(&format!("/{page}?")).unwrap_or_else(|| panic!("no link: {}", self.text));
        self.text[start..].split_whitespace().next().expect("a link").to_owned()
    }
}

/// Waits until a folder has this many mails, and reads them, oldest first.
pub async fn mails_in(folder: &Path, count: usize) -> Vec<MailFile> {
    let mut files = eventually(async || {
        let entries =
            std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path());
        let files: Vec<_> =
            entries.filter(|path| path.extension().is_some_and(|extension| extension == "eml")).collect();
        if files.len() >= count { Ok(files) } else { Err(format!("{} of {count} mails", files.len())) }
    })
    .await;
    // Ids sort by their time.
    files.sort();
    files.iter().map(|file| MailFile::parse(&std::fs::read(file).expect("a mail"))).collect()
}

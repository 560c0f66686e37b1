//! [`NotificationFacts`]: what a mail about notifications tells.

use crate::time::Moment;

/// What a mail about notifications tells, as it is at the time of the delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationFacts {
    /// The title of the occurrence, or of the event.
    pub title: String,
    /// Path of the page on this server; `None` if one needs to sign in to see the event.
    pub page: Option<String>,
    /// Start and end of the occurrence, if it is about one; days of all-day ones, both inclusive.
    pub when: Option<(Moment, Moment)>,
    /// The time zone of the event.
    pub timezone: String,
    /// The location.
    pub location: String,
    /// The address of an online event.
    pub url: Option<String>,
    /// The display name of the organizer.
    pub organizer: String,
    /// Where replies go: the address of the organizer, where they take replies to such mails.
    pub reply_to: Option<ReplyAddress>,
    /// The former start, if the times have changed.
    pub old_starts_at: Option<Moment>,
    /// The former location, if the place has changed.
    pub old_location: Option<String>,
    /// Whether it takes place after all.
    pub restored: bool,
    /// Whether the recipient has done it, so that only their calendar is told: they have cancelled their
    /// registration.
    pub own: bool,
    /// The registration of the recipient.
    pub registration: Option<RegistrationFacts>,
    /// The comments or replies, oldest first.
    pub comments: Vec<CommentFacts>,
    /// The feedback, oldest first.
    pub feedback: Vec<FeedbackFacts>,
    /// What the recipient's calendar is told (iTIP, RFC 5546), if seats are told of and the mailer names an
    /// address for answers.
    pub invitation: Option<Invitation>,
}

/// An iCalendar file for the calendar of the recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// What is to be done with it.
    pub method: InvitationMethod,
    /// `text/calendar` in UTF-8.
    pub calendar: String,
}

/// What a calendar is to do with an entry (RFC 5546, 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationMethod {
    /// Add it, or change it.
    Request,
    /// Take it out.
    Cancel,
}

impl InvitationMethod {
    /// The value of METHOD.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }
}

/// The address for replies to a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyAddress {
    /// The display name of the person.
    pub name: String,
    /// Their verified e-mail address.
    pub address: String,
}

/// A registration as a mail tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationFacts {
    /// Number of people, the attendee included.
    pub party_size: i64,
    /// Position on the waitlist, from 1.
    pub position: Option<i64>,
    /// The code to show at the entrance, if it has seats.
    pub ticket_code: Option<String>,
}

/// A comment as a mail tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentFacts {
    /// The display name of the author.
    pub author: String,
    /// The comment, in Markdown.
    pub text: String,
}

/// Feedback as a mail tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedbackFacts {
    /// The display name of the author.
    pub author: String,
    /// The rating, from 1 to 5.
    pub rating: i64,
    /// The text; empty if there is none.
    pub text: String,
}

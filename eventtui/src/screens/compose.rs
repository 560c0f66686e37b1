//! Texts that are typed on the bottom line and sent: comments, replies, ratings, answers, and people to
//! register.

use eventcore::{CommentId, EventId, FeedbackId, OccurrenceId};

use crate::backend::{CoOrganizersRequest, Request};
use crate::widgets::text_field::TextField;

/// What a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ComposeMode {
    Comment,
    /// A reply to a comment.
    Reply(CommentId),
    /// A new text for a comment, based on the version that was shown.
    EditComment(CommentId, i64),
    /// An organizer's answer to feedback.
    AnswerFeedback(FeedbackId),
    /// A rating of an occurrence: stars first, then the text.
    Rating(OccurrenceId),
    /// Someone whom an organizer registers: the username first, then the party size.
    AddAttendee(OccurrenceId),
    /// A co-organizer, by username.
    AddCoOrganizer,
}

impl ComposeMode {
    /// Whether both are about the same thing. An edited comment may have another version.
    pub(crate) fn is_like(self, other: Self) -> bool {
        match (self, other) {
            (Self::EditComment(one, _), Self::EditComment(another, _)) => one == another,
            (
                Self::Comment
                | Self::Reply(_)
                | Self::EditComment(..)
                | Self::AnswerFeedback(_)
                | Self::Rating(_)
                | Self::AddAttendee(_)
                | Self::AddCoOrganizer,
                _,
            ) => self == other,
        }
    }

    /// The label of the text on the bottom line. For a rating, the caller adds the title of the occurrence.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Comment => "Comment",
            Self::Reply(_) => "Reply",
            Self::EditComment(..) => "Edit comment",
            Self::AnswerFeedback(_) => "Public answer",
            Self::Rating(_) => "Rate",
            Self::AddAttendee(_) => "Add attendee, e.g. “bob 2”",
            Self::AddCoOrganizer => "Username of the co-organizer",
        }
    }

    /// The notice after the text was accepted.
    pub(crate) const fn sent(self) -> &'static str {
        match self {
            Self::Comment | Self::Reply(_) => "Comment posted",
            Self::EditComment(..) => "Comment changed",
            Self::AnswerFeedback(_) => "Answer posted",
            Self::Rating(_) => "Thank you for your rating",
            Self::AddAttendee(_) => "Attendee added",
            Self::AddCoOrganizer => "Co-organizer added: may change the event from now on",
        }
    }

    /// What Enter does.
    pub(crate) const fn enter(self) -> &'static str {
        match self {
            Self::AddAttendee(_) => "registers",
            Self::AddCoOrganizer => "adds",
            Self::Comment
            | Self::Reply(_)
            | Self::EditComment(..)
            | Self::AnswerFeedback(_)
            | Self::Rating(_) => "sends",
        }
    }
}

/// A text that is being typed.
#[derive(Debug)]
pub(crate) struct Composition {
    pub(crate) event: EventId,
    pub(crate) mode: ComposeMode,
    pub(crate) label: String,
    /// The text at first.
    original: String,
    pub(crate) body: TextField,
}

impl Composition {
    /// Starts with `original`, or continues an unsent text.
    pub(crate) fn new(
        event: EventId,
        mode: ComposeMode,
        label: String,
        original: String,
        unsent: Option<Self>,
    ) -> Self {
        let body = unsent.map_or_else(|| TextField::of(&original), |unsent| unsent.body);
        Self { event, mode, label, original, body }
    }

    /// Whether something was typed that would be lost.
    pub(crate) fn is_changed(&self) -> bool {
        !self.body.is_empty() && self.body.text() != self.original
    }

    /// The request that sends the text, or what is wrong with the text.
    pub(crate) fn request(&self) -> Result<Request, &'static str> {
        let (event, body) = (self.event, self.body.text());
        Ok(match self.mode {
            ComposeMode::Comment => Request::PostComment { event, reply_to: None, body },
            ComposeMode::Reply(to) => Request::PostComment { event, reply_to: Some(to), body },
            ComposeMode::EditComment(comment, version) => Request::EditComment { comment, version, body },
            ComposeMode::AnswerFeedback(feedback) => Request::AnswerFeedback { feedback, text: Some(body) },
            ComposeMode::Rating(occurrence) => {
                let (rating, text) = rating(&body).ok_or("Start with 1–5 stars")?;
                Request::SubmitFeedback { occurrence, rating, text }
            }
            ComposeMode::AddAttendee(occurrence) => {
                let (username, party) =
                    attendee(&body).ok_or("Start with a username, then the party size from 1: bob 2")?;
                Request::AddAttendee { occurrence, username, party }
            }
            ComposeMode::AddCoOrganizer => {
                let (username, _) = attendee(&body).ok_or("Type one username")?;
                Request::CoOrganizers(event, CoOrganizersRequest::Add(username))
            }
        })
    }
}

/// Reads `bob 2`: a username, then the party size, 1 by default.
fn attendee(typed: &str) -> Option<(String, i64)> {
    let mut words = typed.split_whitespace();
    let name = words.next()?.trim_start_matches('@').to_owned();
    let party = words.next().map_or(Some(1), |size| size.parse().ok()).filter(|party| *party > 0)?;
    (!name.is_empty() && words.next().is_none()).then_some((name, party))
}

/// Reads `4 good talks`: stars from 1 to 5, then the text.
fn rating(typed: &str) -> Option<(i64, String)> {
    let (stars, text) = typed.trim().split_once(char::is_whitespace).unwrap_or((typed.trim(), ""));
    let rating = stars.parse().ok().filter(|rating| (1..=5).contains(rating))?;
    Some((rating, text.trim().to_owned()))
}

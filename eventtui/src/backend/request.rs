//! The requests of the screens, and their answers.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use eventcore::accounts::{Session, User};
use eventcore::comments::Comment;
use eventcore::events::{Event, Occurrence};
use eventcore::feedback::{Feedback, FeedbackPage};
use eventcore::insights::Insights;
use eventcore::registrations::{MyRegistration, Registration, RegistrationStatus};
use eventcore::{
    CommentId, Cursor, EventId, FeedbackId, OccurrenceId, Page, RegistrationId, SessionId, UserId,
};
use serde_json::Value;

use crate::api::{Days, Refusal};
use crate::search_filter::SearchFilter;

/// A request of a screen: a query or a command.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Request {
    /// The signed-in user.
    Me,
    SignIn {
        login: String,
        password: String,
    },
    /// Creates an account and signs in.
    SignUp {
        username: String,
        email: String,
        password: String,
        timezone: String,
    },
    SignOut,
    /// The current state of my account, and my sessions.
    Account,
    ChangeMe {
        user: UserId,
        version: i64,
        patch: Value,
    },
    ChangePassword {
        current: String,
        new: String,
    },
    EndSession(SessionId),
    /// A page of the occurrences that match, from now on by default. The days of the filter are days in `tz`.
    Agenda {
        wish: SearchFilter,
        tz: Tz,
        cursor: Option<Cursor>,
    },
    /// The occurrences that take place on these days, at most `most` of which start on them.
    Days {
        days: Days,
        most: usize,
    },
    /// How many occurrences take place on each day of the month in which `of` lies.
    Month {
        of: NaiveDate,
        tz: Tz,
    },
    /// One occurrence with everything that its screen shows.
    Date(OccurrenceId),
    /// A page of my registrations.
    Mine {
        cursor: Option<Cursor>,
    },
    /// A page of my events with a future occurrence.
    Organized {
        cursor: Option<Cursor>,
    },
    /// A page of the occurrences that I organized up to the end of a day, latest first.
    Over {
        until: NaiveDate,
        tz: Tz,
        cursor: Option<Cursor>,
    },
    /// A page of the attendees and the waitlist, with the current state of the occurrence.
    Attendees {
        occurrence: OccurrenceId,
        cursor: Option<Cursor>,
    },
    /// Gives feedback, or replaces mine. The rating is 1 to 5.
    Rate {
        occurrence: OccurrenceId,
        rating: i64,
        text: String,
    },
    /// Which of these occurrences, all of which I attended, I have not rated.
    Due(Vec<OccurrenceId>),
    /// The comments on an event.
    Comments(EventId),
    /// Adds a comment or a reply.
    Say {
        event: EventId,
        reply_to: Option<CommentId>,
        body: String,
    },
    /// Edits my comment.
    SayAgain {
        comment: CommentId,
        version: i64,
        body: String,
    },
    DeleteComment(CommentId),
    HideComment {
        comment: CommentId,
        hidden: bool,
    },
    /// A page of the feedback on an event, newest first.
    Feedback {
        event: EventId,
        cursor: Option<Cursor>,
    },
    /// The organizers' public reply to feedback; `None` deletes it.
    Answer {
        feedback: FeedbackId,
        text: Option<String>,
    },
    /// Statistics for organizers.
    Insights(EventId),
    /// An iCalendar file with all occurrences of an event.
    EventCalendar(EventId),
    /// An iCalendar file with one occurrence.
    DateCalendar(OccurrenceId),
    /// Registers me, or changes my party size.
    Register {
        occurrence: OccurrenceId,
        party: i64,
    },
    /// Cancels my registration.
    Unregister(OccurrenceId),
    /// Pauses or resumes my promotion from the waitlist. `version` is that of the registration.
    PassOver {
        occurrence: OccurrenceId,
        version: i64,
        over: bool,
    },
    CheckIn(RegistrationId),
    UndoCheckIn(RegistrationId),
    /// Registers another user, or changes their party size, as an organizer.
    Enlist {
        occurrence: OccurrenceId,
        username: String,
        party: i64,
    },
    /// Cancels the registration of another user, as an organizer.
    Remove {
        occurrence: OccurrenceId,
        registration: RegistrationId,
    },
    /// Several requests, one after another. A failure does not stop those that follow, unless the server is
    /// unavailable or the session has ended.
    Each(Vec<Request>),
    /// Checks in the registration with this ticket code.
    CheckInCode {
        occurrence: OccurrenceId,
        code: String,
    },
    /// Creates an event.
    Create(Value),
    /// Changes an event with all its future occurrences.
    Change {
        event: EventId,
        version: i64,
        patch: Value,
    },
    /// Changes one occurrence.
    ChangeDate {
        occurrence: OccurrenceId,
        version: i64,
        patch: Value,
    },
    /// Changes an occurrence and all that follow it.
    Split {
        occurrence: OccurrenceId,
        patch: Value,
    },
    Publish(EventId),
    CancelEvent(EventId),
    CancelDate(OccurrenceId),
    RestoreDate(OccurrenceId),
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// `None` if nobody is signed in.
    Me(Option<Box<User>>),
    Account {
        me: Box<User>,
        sessions: Vec<Session>,
    },
    Dates(Page<Occurrence>),
    Due(Vec<OccurrenceId>),
    Days(Vec<Occurrence>),
    /// Occurrences per day, for every day of the month.
    Month(BTreeMap<NaiveDate, i64>),
    Date(Box<Detail>),
    Mine(Page<MyRegistration>),
    Events(Page<Event>),
    Attendees {
        date: Box<Occurrence>,
        page: Page<Registration>,
    },
    Insights(Box<Insights>),
    /// An iCalendar file (RFC 5545).
    Calendar(String),
    /// Top-level comments, each followed by its replies.
    Comments(Vec<Comment>),
    Feedback(Box<FeedbackPage>),
    Place(Box<Registration>),
    CheckedIn {
        registration: Box<Registration>,
        /// The registration was checked in before.
        already: bool,
    },
    Event(Box<Event>),
    Changed(Box<Occurrence>),
    /// One outcome per request, in their order. Requests after the last outcome were not tried.
    Each(Vec<Result<Answer, Refusal>>),
    Done,
}

/// Everything that the screen of an occurrence shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Detail {
    pub(crate) date: Occurrence,
    pub(crate) event: Event,
    /// My registration.
    pub(crate) place: Option<Registration>,
    /// The first page of the event's occurrences from now on.
    pub(crate) dates: Vec<Occurrence>,
    /// The newest feedback on the event.
    pub(crate) feedback: FeedbackPage,
    /// The number of top-level comments; `None` if they could not be counted.
    pub(crate) comments: Option<i64>,
    /// My own feedback on the occurrence.
    pub(crate) mine: Option<Feedback>,
}

impl Detail {
    /// Whether I have, or had, a seat: a condition for giving feedback.
    pub(crate) fn was_there(&self) -> bool {
        self.place.as_ref().is_some_and(held)
    }
}

/// Whether the registration has a seat, rather than a position on the waitlist.
pub(crate) fn held(registration: &Registration) -> bool {
    matches!(registration.status, RegistrationStatus::Confirmed | RegistrationStatus::Attended)
}

/// The error for an answer of another kind than the request requires.
pub(crate) fn nonsense() -> Refusal {
    Refusal::other("unexpected answer")
}

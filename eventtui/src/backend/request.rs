//! The requests of the screens, and the responses to them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use eventcore::accounts::{AccessToken, NewSecret, PublicProfile, Session, User};
use eventcore::categories::Category;
use eventcore::comments::Comment;
use eventcore::events::{Event, Occurrence};
use eventcore::feedback::{Feedback, FeedbackPage};
use eventcore::insights::Insights;
use eventcore::notifications::{NotificationPage, NotificationPreferences};
use eventcore::registrations::{MyRegistration, Registration};
use eventcore::subscriptions::CalendarSubscription;
use eventcore::time::LeadTime;
use eventcore::webhooks::{Webhook, WebhookDelivery};
use eventcore::{
    CommentId, Cursor, EventId, FeedbackId, OccurrenceId, Page, RegistrationId, SessionId, Timestamp, UserId,
};
use serde_json::Value;

use super::grouped::{
    CategoryRequest, CoOrganizersRequest, CsvRequest, NotificationsRequest, SubscriptionsRequest,
    TokensRequest, WebhooksRequest,
};
use super::import_request::{ImportRequest, ImportedFile};
use crate::api::{ApiError, Days};
use crate::reference::Reference;
use crate::search_filter::SearchFilter;

/// A request of a screen: a query or a command.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Request {
    /// The signed-in user.
    CurrentUser,
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
    ChangeProfile {
        user: UserId,
        version: i64,
        patch: Value,
    },
    ChangePassword {
        current: String,
        new: String,
    },
    EndSession(SessionId),
    /// All that is held about me, in JSON.
    ExportAccount,
    /// Deletes my account and signs out.
    DeleteAccount {
        user: UserId,
        version: i64,
        password: String,
    },
    /// My personal access tokens.
    Tokens(TokensRequest),
    /// A request that changes credentials, after the password was given again.
    WithPassword {
        password: String,
        request: Box<Self>,
    },
    /// A page of the occurrences that match: by default, what takes place now and is upcoming. The days of
    /// the filter are days in `tz`.
    Occurrences {
        filter: SearchFilter,
        tz: Tz,
        cursor: Option<Cursor>,
    },
    /// The occurrences that take place on these days, at most `limit` of which start on them.
    OccurrencesOn {
        days: Days,
        limit: usize,
    },
    /// How many occurrences take place on each day of the month in which `day` lies.
    DailyCounts {
        day: NaiveDate,
        tz: Tz,
    },
    /// One occurrence with everything that its screen shows.
    OccurrenceDetail(OccurrenceId),
    /// The occurrence that an id or a link names; of an event the next one, else the last.
    Find(Reference),
    /// A page of my registrations.
    MyRegistrations {
        cursor: Option<Cursor>,
    },
    /// A page of my events with an occurrence that is not over.
    OrganizedEvents {
        cursor: Option<Cursor>,
    },
    /// A page of the occurrences that I organized up to the end of a day, latest first.
    PastOccurrences {
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
    SubmitFeedback {
        occurrence: OccurrenceId,
        rating: i64,
        text: String,
    },
    /// Which of these occurrences, all of which I attended, I have not rated.
    Unrated(Vec<OccurrenceId>),
    /// The comments on an event.
    Comments(EventId),
    /// Posts a comment or a reply.
    PostComment {
        event: EventId,
        reply_to: Option<CommentId>,
        body: String,
    },
    /// Edits my comment.
    EditComment {
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
    /// Sets the organizers' public answer to feedback; `None` deletes it.
    AnswerFeedback {
        feedback: FeedbackId,
        text: Option<String>,
    },
    /// The co-organizers of an event.
    CoOrganizers(EventId, CoOrganizersRequest),
    /// All categories.
    Categories,
    /// A change of a category, for admins.
    Category(CategoryRequest),
    /// Statistics for organizers.
    Insights(EventId),
    /// An iCalendar file with all occurrences of an event.
    EventCalendar(EventId),
    /// An iCalendar file with one occurrence.
    OccurrenceCalendar(OccurrenceId),
    /// A table to save.
    Csv(CsvRequest),
    /// My notifications, and muted events.
    Notifications(NotificationsRequest),
    /// My webhooks.
    Webhooks(WebhooksRequest),
    /// Calendars that I follow.
    Subscriptions(SubscriptionsRequest),
    /// A calendar file to import.
    Import(ImportRequest),
    /// Registers me, or changes my party size.
    Register {
        occurrence: OccurrenceId,
        party: i64,
    },
    /// Cancels my registration.
    CancelRegistration(OccurrenceId),
    /// Sets whether I may be promoted from the waitlist. `version` is that of the registration.
    SetAutoPromote {
        occurrence: OccurrenceId,
        version: i64,
        auto_promote: bool,
    },
    CheckIn(RegistrationId),
    UndoCheckIn(RegistrationId),
    /// Registers another user, or changes their party size, as an organizer.
    AddAttendee {
        occurrence: OccurrenceId,
        username: String,
        party: i64,
    },
    /// Cancels the registration of another user, as an organizer.
    RemoveAttendee {
        occurrence: OccurrenceId,
        registration: RegistrationId,
    },
    /// Several requests, one after another. A failure does not stop those that follow, unless the server is
    /// unavailable or the session has ended.
    Batch(Vec<Request>),
    /// Checks in the registration with this ticket code. With an occurrence, tickets of others are refused.
    CheckInByCode {
        occurrence: Option<OccurrenceId>,
        code: String,
    },
    /// Creates an event.
    CreateEvent(Value),
    /// Changes an event with all its future occurrences.
    ChangeEvent {
        event: EventId,
        version: i64,
        patch: Value,
    },
    /// Changes one occurrence.
    ChangeOccurrence {
        occurrence: OccurrenceId,
        version: i64,
        patch: Value,
    },
    /// Changes an occurrence and all that follow it.
    SplitEvent {
        occurrence: OccurrenceId,
        patch: Value,
    },
    PublishEvent(EventId),
    CancelEvent(EventId),
    /// Deletes a draft, or an event for which nobody has registered.
    DeleteEvent {
        event: EventId,
        version: i64,
    },
    CancelOccurrence(OccurrenceId),
    RestoreOccurrence(OccurrenceId),
}

impl Request {
    /// Whether it changes credentials, and may therefore need the password.
    pub(crate) const fn changes_credentials(&self) -> bool {
        matches!(
            self,
            Self::ChangeProfile { .. } | Self::EndSession(_) | Self::Tokens(TokensRequest::Create(_))
        )
    }
}

/// The response to a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Response {
    /// `None` if nobody is signed in.
    CurrentUser(Option<Box<User>>),
    Account {
        user: Box<User>,
        sessions: Vec<Session>,
    },
    Tokens(Vec<AccessToken>),
    NewToken(Box<NewSecret>),
    Occurrences(Page<Occurrence>),
    Unrated(Vec<OccurrenceId>),
    OccurrencesOn(Vec<Occurrence>),
    /// Occurrences per day, for every day of the month.
    DailyCounts(BTreeMap<NaiveDate, i64>),
    OccurrenceDetail(Box<OccurrenceDetail>),
    MyRegistrations(Page<MyRegistration>),
    Events(Page<Event>),
    Attendees {
        occurrence: Box<Occurrence>,
        page: Page<Registration>,
    },
    CoOrganizers(Vec<PublicProfile>),
    Categories(Vec<Category>),
    Insights(Box<Insights>),
    /// The text of a file to save.
    File(String),
    /// Top-level comments, each followed by its replies.
    Comments(Vec<Comment>),
    Feedback(Box<FeedbackPage>),
    Notifications(Box<NotificationPage>),
    Webhooks(Vec<Webhook>),
    WebhookSecret(WebhookSecret),
    Deliveries(Page<WebhookDelivery>),
    Subscriptions(Vec<CalendarSubscription>),
    Import(Box<ImportedFile>),
    /// Whether an event is muted now.
    Muted(bool),
    NotificationPreferences {
        preferences: Box<NotificationPreferences>,
        /// My account, if it was asked for.
        user: Option<Box<User>>,
    },
    Registration(Box<Registration>),
    CheckedIn {
        registration: Box<Registration>,
        /// The registration was checked in before.
        already: bool,
    },
    Event(Box<Event>),
    Occurrence(Box<Occurrence>),
    /// One outcome per request, in their order. Requests after the last outcome were not tried.
    Batch(Vec<Result<Response, ApiError>>),
    Done,
}

impl From<Event> for Response {
    fn from(event: Event) -> Self {
        Self::Event(Box::new(event))
    }
}

impl From<Occurrence> for Response {
    fn from(occurrence: Occurrence) -> Self {
        Self::Occurrence(Box::new(occurrence))
    }
}

impl From<OccurrenceDetail> for Response {
    fn from(detail: OccurrenceDetail) -> Self {
        Self::OccurrenceDetail(Box::new(detail))
    }
}

impl From<Registration> for Response {
    fn from(registration: Registration) -> Self {
        Self::Registration(Box::new(registration))
    }
}

/// The secret of a webhook, which is shown only once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WebhookSecret {
    pub(crate) url: String,
    pub(crate) secret: String,
    /// Until when the former secret signs too.
    pub(crate) former_until: Option<Timestamp>,
}

/// Everything that the screen of an occurrence shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OccurrenceDetail {
    pub(crate) occurrence: Occurrence,
    pub(crate) event: Event,
    /// My registration.
    pub(crate) registration: Option<Registration>,
    /// The first page of the event's occurrences from now on.
    pub(crate) occurrences: Vec<Occurrence>,
    /// The newest feedback on the event.
    pub(crate) feedback: FeedbackPage,
    /// The number of top-level comments; `None` if they could not be counted.
    pub(crate) comment_count: Option<i64>,
    /// My own feedback on the occurrence.
    pub(crate) my_feedback: Option<Feedback>,
    /// What I am told of it.
    pub(crate) notices: Notices,
}

/// What I am told of an occurrence, as far as it could be loaded.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Notices {
    /// I am told nothing of its event.
    pub(crate) muted: bool,
    /// When I am reminded of my registration.
    pub(crate) reminders: Option<ReminderTimes>,
}

/// The lead times of reminders.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ReminderTimes {
    /// Those of the registration; `None`: those of the account apply.
    pub(crate) own: Option<Vec<LeadTime>>,
    pub(crate) usual: Vec<LeadTime>,
}

impl OccurrenceDetail {
    /// Whether I have, or had, a seat: a condition for giving feedback.
    pub(crate) fn has_seat(&self) -> bool {
        self.registration.as_ref().is_some_and(|registration| registration.status.has_seats())
    }
}

/// The error for a response of another kind than the request requires.
pub(crate) fn unexpected_response() -> ApiError {
    ApiError::other("unexpected response")
}

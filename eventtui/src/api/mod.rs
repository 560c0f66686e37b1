//! The operations that the client needs, with typed arguments and results. Two implementations: the library
//! on a database ([`crate::backend`]) and HTTP ([`crate::client`]).

mod calendars;
mod error;
mod live;
mod notifications;
mod subscriptions;
mod webhooks;

use chrono::NaiveDate;
use chrono_tz::Tz;
use eventcore::accounts::{AccessToken, NewSecret, PublicProfile, Session, User};
use eventcore::agenda::{DailyCounts, Month};
use eventcore::categories::Category;
use eventcore::comments::Comment;
use eventcore::events::{Event, Occurrence};
use eventcore::feedback::{Feedback, FeedbackPage};
use eventcore::insights::Insights;
use eventcore::privacy::Export;
use eventcore::registrations::{CheckIn, MyRegistration, Registration};
use eventcore::{
    AccessTokenId, CommentId, Cursor, EventId, FeedbackId, OccurrenceId, Page, RegistrationId, Scope,
    SessionId, Timestamp, UserId,
};
use serde_json::Value;

pub(crate) use calendars::CalendarsApi;
pub(crate) use error::{ApiError, ErrorKind};
pub(crate) use live::{LiveFuture, Updates};
pub(crate) use notifications::{NEWS, NotificationsApi};
pub(crate) use subscriptions::SubscriptionsApi;
pub(crate) use webhooks::WebhooksApi;

/// Items per page of every list: the largest page that the API allows.
pub(crate) const PAGE: u32 = 100;

/// The earliest day that filters take, in any time zone: lists the whole past.
pub(crate) const EARLIEST: NaiveDate = NaiveDate::from_ymd_opt(1, 1, 2).expect("is a day");

pub(crate) type Result<T, E = ApiError> = std::result::Result<T, E>;

/// Consecutive days in a time zone, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Days {
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
    pub(crate) tz: Tz,
}

/// Which occurrences a list shows. The default is all public upcoming ones, in order of their start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OccurrenceFilter {
    /// Words of title, tags, location or description.
    pub(crate) words: String,
    /// Words of the location.
    pub(crate) location: String,
    /// First day; by default, upcoming occurrences.
    pub(crate) from: Option<NaiveDate>,
    /// Also what takes place now.
    pub(crate) current: bool,
    /// What takes place at any time of these days, rather than what starts on them.
    pub(crate) overlaps: bool,
    /// Last day, included.
    pub(crate) to: Option<NaiveDate>,
    /// The time zone of `from` and `to`.
    pub(crate) tz: Tz,
    /// Slugs, of which any matches.
    pub(crate) categories: Vec<String>,
    /// Tags, all of which must match.
    pub(crate) tags: Vec<String>,
    /// Only with free seats.
    pub(crate) available: bool,
    /// Only where I am registered or on the waitlist.
    pub(crate) registered: bool,
    /// Only of events that I organize, drafts included.
    pub(crate) organized: bool,
    /// Only of events of the user with this username; empty for those of everybody.
    pub(crate) organizer: String,
    pub(crate) event: Option<EventId>,
    /// Latest start first.
    pub(crate) latest_first: bool,
}

/// Sign-in, account and sessions.
pub(crate) trait AccountsApi {
    /// The signed-in user; `None` if nobody is signed in.
    async fn me(&self) -> Result<Option<User>>;
    async fn sign_in(&self, login: &str, password: &str) -> Result<()>;
    /// Creates an account, but does not sign in.
    async fn create_user(&self, username: &str, email: &str, password: &str, timezone: &str) -> Result<()>;
    async fn sign_out(&self) -> Result<()>;
    /// Gives the password again, so that credentials can be changed.
    async fn confirm_password(&self, password: &str) -> Result<()>;
    async fn change_user(&self, user: UserId, version: i64, patch: &Value) -> Result<User>;
    /// Also ends all other sessions.
    async fn change_password(&self, current: &str, new: &str) -> Result<()>;
    async fn sessions(&self) -> Result<Vec<Session>>;
    async fn end_session(&self, session: SessionId) -> Result<()>;
    /// All that is held about me, in JSON.
    async fn export(&self) -> Result<String>;
    /// Deletes my account by anonymising it, and signs out.
    async fn delete_account(&self, user: UserId, version: i64) -> Result<()>;
}

/// The text of an export: the same from a database and from a server.
pub(crate) fn written(export: &Export) -> Result<String> {
    serde_json::to_string_pretty(export).map_err(|error| ApiError::other(error.to_string()))
}

/// My personal access tokens.
pub(crate) trait TokensApi {
    /// Oldest first, without their secrets.
    async fn access_tokens(&self) -> Result<Vec<AccessToken>>;
    /// The result has the secret, which cannot be read again.
    async fn create_access_token(
        &self,
        name: &str,
        scope: Scope,
        expires_at: Option<Timestamp>,
    ) -> Result<NewSecret>;
    async fn revoke_access_token(&self, token: AccessTokenId) -> Result<()>;
}

/// Occurrences: lists, counts, and changes to a single one.
pub(crate) trait OccurrencesApi {
    async fn occurrences(
        &self,
        filter: &OccurrenceFilter,
        cursor: Option<Cursor>,
    ) -> Result<Page<Occurrence>>;
    async fn occurrence(&self, occurrence: OccurrenceId) -> Result<Occurrence>;
    /// How many occurrences take place on each day of the month.
    async fn occurrences_per_day(&self, month: Month, tz: Tz) -> Result<DailyCounts>;
    async fn change_occurrence(
        &self,
        occurrence: OccurrenceId,
        version: i64,
        patch: &Value,
    ) -> Result<Occurrence>;
    async fn cancel_occurrence(&self, occurrence: OccurrenceId) -> Result<Occurrence>;
    async fn restore_occurrence(&self, occurrence: OccurrenceId) -> Result<Occurrence>;
    /// Splits the series: a new event takes this occurrence and all that follow, with the patch applied.
    async fn split_event(&self, first: OccurrenceId, patch: &Value) -> Result<Event>;
    /// An iCalendar file (RFC 5545).
    async fn occurrence_calendar(&self, occurrence: OccurrenceId) -> Result<String>;
}

/// Events, for readers and organizers.
pub(crate) trait EventsApi {
    /// My events with an occurrence that is not over, drafts included, ordered by that occurrence.
    async fn organized_events(&self, cursor: Option<Cursor>) -> Result<Page<Event>>;
    async fn event(&self, event: EventId) -> Result<Event>;
    async fn create_event(&self, input: Value) -> Result<Event>;
    async fn change_event(&self, event: EventId, version: i64, patch: &Value) -> Result<Event>;
    async fn publish_event(&self, event: EventId) -> Result<Event>;
    async fn cancel_event(&self, event: EventId) -> Result<Event>;
    /// Fails if anyone has registered.
    async fn delete_event(&self, event: EventId, version: i64) -> Result<()>;
    /// In the order in which they were added. For organizers.
    async fn co_organizers(&self, event: EventId) -> Result<Vec<PublicProfile>>;
    /// Fails for co-organizers: only the organizer adds others.
    async fn add_co_organizer(&self, event: EventId, username: &str) -> Result<()>;
    /// Co-organizers remove only themselves.
    async fn remove_co_organizer(&self, event: EventId, user: UserId) -> Result<()>;
    /// Statistics for organizers.
    async fn insights(&self, event: EventId) -> Result<Insights>;
    /// An iCalendar file (RFC 5545) with all occurrences.
    async fn event_calendar(&self, event: EventId) -> Result<String>;
}

/// My registrations, and attendees for organizers.
pub(crate) trait RegistrationsApi {
    async fn my_registrations(&self, cursor: Option<Cursor>) -> Result<Page<MyRegistration>>;
    /// `None` if I am not registered, or nobody is signed in.
    async fn my_registration(&self, occurrence: OccurrenceId) -> Result<Option<Registration>>;
    /// Registers me, or changes my party size.
    async fn register(&self, occurrence: OccurrenceId, party: i64) -> Result<Registration>;
    /// Sets whether I may be promoted from the waitlist.
    async fn set_auto_promote(
        &self,
        occurrence: OccurrenceId,
        version: i64,
        auto_promote: bool,
    ) -> Result<Registration>;
    async fn cancel_registration(&self, occurrence: OccurrenceId) -> Result<()>;
    /// The attendees and the waitlist, for organizers.
    async fn registrations(
        &self,
        occurrence: OccurrenceId,
        cursor: Option<Cursor>,
    ) -> Result<Page<Registration>>;
    /// Registers another user, or changes their party size, as an organizer.
    async fn add_registration(
        &self,
        occurrence: OccurrenceId,
        username: &str,
        party: i64,
    ) -> Result<Registration>;
    /// Cancels the registration of another user, as an organizer.
    async fn remove_registration(&self, occurrence: OccurrenceId, registration: RegistrationId)
    -> Result<()>;
    async fn check_in(&self, registration: RegistrationId) -> Result<CheckIn>;
    /// With an occurrence, only its tickets are taken; without one, those of what takes place about now.
    async fn check_in_by_code(&self, occurrence: Option<OccurrenceId>, code: &str) -> Result<CheckIn>;
    async fn undo_check_in(&self, registration: RegistrationId) -> Result<Registration>;
}

/// Ratings with texts, and the organizers' answers.
pub(crate) trait FeedbackApi {
    /// The feedback on all occurrences of the event, newest first, with a summary.
    async fn feedback(&self, event: EventId, cursor: Option<Cursor>) -> Result<FeedbackPage>;
    /// My own feedback, if I gave any.
    async fn my_feedback(&self, occurrence: OccurrenceId) -> Result<Option<Feedback>>;
    /// Gives feedback, or replaces mine. `rating` is 1 to 5.
    async fn submit_feedback(&self, occurrence: OccurrenceId, rating: i64, body: String) -> Result<()>;
    /// Sets the organizers' public answer; `None` deletes it.
    async fn answer_feedback(&self, feedback: FeedbackId, body: Option<String>) -> Result<()>;
}

/// The comments on an event.
pub(crate) trait CommentsApi {
    /// A page of all replies to `parent`; or, without one, of the top-level comments with their first
    /// replies.
    async fn comments(
        &self,
        event: EventId,
        parent: Option<CommentId>,
        cursor: Option<Cursor>,
    ) -> Result<Page<Comment>>;
    /// The number of top-level comments.
    async fn comment_count(&self, event: EventId) -> Result<i64>;
    async fn add_comment(&self, event: EventId, reply_to: Option<CommentId>, body: String) -> Result<()>;
    async fn change_comment(&self, comment: CommentId, version: i64, body: String) -> Result<()>;
    async fn delete_comment(&self, comment: CommentId) -> Result<()>;
    /// Hides or shows a comment, as an organizer.
    async fn hide_comment(&self, comment: CommentId, hidden: bool) -> Result<()>;
}

/// The categories of events.
pub(crate) trait CategoriesApi {
    /// All categories, by name.
    async fn categories(&self) -> Result<Vec<Category>>;
    /// For admins, as are the other changes.
    async fn create_category(&self, input: Value) -> Result<()>;
    async fn change_category(&self, slug: &str, version: i64, patch: &Value) -> Result<()>;
    /// The events of the category move to `move_to`. Without it, fails if there are any.
    async fn delete_category(&self, slug: &str, version: i64, move_to: Option<&str>) -> Result<()>;
}

/// Everything that the client needs.
pub(crate) trait Api:
    AccountsApi
    + TokensApi
    + OccurrencesApi
    + EventsApi
    + RegistrationsApi
    + FeedbackApi
    + CommentsApi
    + CategoriesApi
    + NotificationsApi
    + WebhooksApi
    + CalendarsApi
    + SubscriptionsApi
{
}

impl<T> Api for T where
    T: AccountsApi
        + TokensApi
        + OccurrencesApi
        + EventsApi
        + RegistrationsApi
        + FeedbackApi
        + CommentsApi
        + CategoriesApi
        + NotificationsApi
        + WebhooksApi
        + CalendarsApi
        + SubscriptionsApi
{
}

//! Two ways to the same data: the library on a database, or HTTP to a server.

mod connection;
pub(crate) mod days;
mod library;
mod server;
mod sign_in;
mod talk;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;
use eventcore::accounts::{Session, User};
use eventcore::comments::Comment;
use eventcore::events::{Event, Occurrence};
use eventcore::feedback::{Feedback, FeedbackPage};
use eventcore::insights::Insights;
use eventcore::registrations::{MyRegistration, Registration, RegistrationStatus};
use eventcore::{
    CommentId, Cursor, EventId, FeedbackId, OccurrenceId, Page, RegistrationId, SessionId, UserId, Violation,
};
use serde_json::Value;

use crate::search_filter::SearchFilter;
use crate::{Failure, first_run};
pub(crate) use days::Days;

/// Things that are loaded at once.
pub(crate) const PAGE: u32 = 100;
/// Dates that a week shows at most.
pub(crate) const MOST: usize = 2_000;

/// What is asked of the data.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Request {
    /// Who is signed in.
    Me,
    SignIn {
        login: String,
        password: String,
    },
    SignUp {
        username: String,
        email: String,
        password: String,
        timezone: String,
    },
    SignOut,
    /// My account as it is now, and my sessions.
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
    /// Dates that are sought, from now on if nothing else is said; days are those of `tz`.
    Agenda {
        wish: SearchFilter,
        tz: Tz,
        cursor: Option<Cursor>,
    },
    /// The dates of these days, at most so many that begin on them.
    Days {
        days: Days,
        most: usize,
    },
    /// How many dates take place on each day of the month of a day.
    Month {
        of: NaiveDate,
        tz: Tz,
    },
    /// One date, my place at it, and the event with the dates that follow.
    Date(OccurrenceId),
    Mine {
        cursor: Option<Cursor>,
    },
    Organized {
        cursor: Option<Cursor>,
    },
    /// The dates that I organized until the end of a day, the latest first.
    Over {
        until: NaiveDate,
        tz: Tz,
        cursor: Option<Cursor>,
    },
    Attendees {
        occurrence: OccurrenceId,
        cursor: Option<Cursor>,
    },
    /// How a date was that I was at: 1 to 5, and words.
    Rate {
        occurrence: OccurrenceId,
        rating: i64,
        text: String,
    },
    /// Of which of these dates, at which I was, I have said nothing.
    Due(Vec<OccurrenceId>),
    /// What people say about an event.
    Comments(EventId),
    Say {
        event: EventId,
        reply_to: Option<CommentId>,
        body: String,
    },
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
    /// What people gave an event and wrote of it.
    Feedback {
        event: EventId,
        cursor: Option<Cursor>,
    },
    /// What its organizers say to it, in public; nothing takes back what they said.
    Answer {
        feedback: FeedbackId,
        text: Option<String>,
    },
    /// What the dates of an event say, for its organizers.
    Insights(EventId),
    /// A whole event as a file for calendars.
    EventCalendar(EventId),
    DateCalendar(OccurrenceId),
    Register {
        occurrence: OccurrenceId,
        party: i64,
    },
    Unregister(OccurrenceId),
    /// I keep my place in line, in the version that I saw, while others are let in before me; or no longer.
    PassOver {
        occurrence: OccurrenceId,
        version: i64,
        over: bool,
    },
    CheckIn(RegistrationId),
    UndoCheckIn(RegistrationId),
    /// An organizer registers someone, or changes their party.
    Enlist {
        occurrence: OccurrenceId,
        username: String,
        party: i64,
    },
    /// An organizer takes someone off a date.
    Remove {
        occurrence: OccurrenceId,
        registration: RegistrationId,
    },
    /// One after another, whatever becomes of each.
    Each(Vec<Request>),
    CheckInCode {
        occurrence: OccurrenceId,
        code: String,
    },
    Create(Value),
    Change {
        event: EventId,
        version: i64,
        patch: Value,
    },
    ChangeDate {
        occurrence: OccurrenceId,
        version: i64,
        patch: Value,
    },
    Split {
        occurrence: OccurrenceId,
        patch: Value,
    },
    Publish(EventId),
    CancelEvent(EventId),
    CancelDate(OccurrenceId),
    RestoreDate(OccurrenceId),
}

/// What it answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Me(Option<Box<User>>),
    Account {
        me: Box<User>,
        sessions: Vec<Session>,
    },
    Dates(Page<Occurrence>),
    Due(Vec<OccurrenceId>),
    Days(Vec<Occurrence>),
    Month(BTreeMap<NaiveDate, i64>),
    Date(Box<Detail>),
    Mine(Page<MyRegistration>),
    Events(Page<Event>),
    Attendees {
        /// As it is now.
        date: Box<Occurrence>,
        page: Page<Registration>,
    },
    Insights(Box<Insights>),
    /// A file of iCalendar (RFC 5545).
    Calendar(String),
    /// Each with its replies behind it.
    Comments(Vec<Comment>),
    Feedback(Box<FeedbackPage>),
    Place(Box<Registration>),
    CheckedIn {
        registration: Box<Registration>,
        already: bool,
    },
    Event(Box<Event>),
    Changed(Box<Occurrence>),
    /// What became of each; of the last ones nothing, if they were not come to.
    Each(Vec<Result<Answer, Refusal>>),
    Done,
}

/// All about one date.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Detail {
    pub(crate) date: Occurrence,
    pub(crate) event: Event,
    pub(crate) place: Option<Registration>,
    /// The dates of the event from now on.
    pub(crate) dates: Vec<Occurrence>,
    /// What people say of the event, the newest.
    pub(crate) feedback: FeedbackPage,
    /// How many comments the event has, without the replies to them; nothing where they could not be counted.
    pub(crate) comments: Option<i64>,
    /// What I say of the date.
    pub(crate) mine: Option<Feedback>,
}

impl Detail {
    /// Whether I hold a place there, or held one: only then may I say how it was.
    pub(crate) fn was_there(&self) -> bool {
        self.place.as_ref().is_some_and(held)
    }
}

/// Whether it is a place, not a wait for one.
pub(crate) fn held(place: &Registration) -> bool {
    matches!(place.status, RegistrationStatus::Confirmed | RegistrationStatus::Attended)
}

/// Why something was not done, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) message: String,
    /// The fields that are wrong.
    pub(crate) fields: Vec<Violation>,
    pub(crate) cause: Cause,
}

/// What the program can do about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Sign in.
    SignedOut,
    /// Try again later.
    Away,
    /// Nothing: someone has to think.
    Other,
}

impl Refusal {
    pub(crate) fn away(message: impl Into<String>) -> Self {
        Self { message: message.into(), fields: Vec::new(), cause: Cause::Away }
    }
}

/// What is said of a change of something that is no longer as it was seen. Which version it has now helps nobody who reads.
const CHANGED: &str = "it was changed meanwhile: look at it anew, then try again";

/// Of an answer to another question than was asked.
pub(crate) fn nonsense() -> Refusal {
    Refusal { message: "the answer makes no sense".to_owned(), fields: Vec::new(), cause: Cause::Other }
}

/// What this program calls itself where it signs in, so that people know their sessions apart: with its machine, where that is known.
fn client() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host: String = host.trim().chars().filter(char::is_ascii_graphic).take(64).collect();
    if host.is_empty() { "eventtui".to_owned() } else { format!("eventtui ({host})") }
}

/// Work under way.
pub(crate) type Work<'a> = Pin<Box<dyn Future<Output = Result<Answer, Refusal>> + Send + 'a>>;

/// Where events come from.
pub(crate) trait Backend: Send + Sync {
    /// What to call it on the screen.
    fn place(&self) -> &str;

    /// Does what is asked.
    fn run(&self, request: Request) -> Work<'_>;

    /// Lets go of everything.
    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// Does one after another. Where nobody answers any more, or nobody is signed in, the rest is not tried.
async fn each(backend: &dyn Backend, requests: Vec<Request>) -> Answer {
    let mut outcomes = Vec::new();
    for request in requests {
        let outcome = backend.run(request).await;
        let goes_on = outcome.as_ref().err().is_none_or(|refusal| refusal.cause == Cause::Other);
        outcomes.push(outcome);
        if !goes_on {
            break;
        }
    }
    Answer::Each(outcomes)
}

/// What the command line says of where the data is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Source<'a> {
    pub(crate) database: Option<&'a str>,
    pub(crate) server: Option<&'a str>,
    /// Acts as this user of the database without a password: for who owns the file.
    pub(crate) user: Option<&'a str>,
}

impl Source<'_> {
    /// Whether neither the command line nor the folder says where the data is.
    pub(crate) fn is_nothing(&self) -> bool {
        self.server.is_none() && self.database.is_none() && !std::path::Path::new("events.db").exists()
    }
}

/// Opens what the command line names, else `./events.db`.
pub(crate) async fn open(source: &Source<'_>) -> Result<Arc<dyn Backend>, Failure> {
    if let Some(server) = source.server {
        return Ok(Arc::new(server::Server::open(server)?));
    }
    let url = match source.database {
        Some(url) => url,
        None if !source.is_nothing() => first_run::DATABASE,
        None => {
            return Err(
                "there is no events.db here: name a database with --database or a server with --server, \
                        or make one to look at with `eventd demo`"
                    .into(),
            );
        }
    };
    Ok(Arc::new(library::Library::open(url, source.user).await?))
}

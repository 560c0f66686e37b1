//! iCalendar files (RFC 5545) of events and single occurrences, and feeds of many events, also as Atom and
//! JSON Feed; and the calendars of a user as collections of such files, as CalDAV has them. Only `read`,
//! `source`, `feed`, `feed_summary`, `dates`, `personal`, `collection`, `calendar_changes`, `member_query`,
//! `import`, `invitation` and `reply` access the database.
//!
//! # Content of a file
//!
//! An event is one `VEVENT` with its RRULE, RDATE and EXDATE, and one more for each occurrence that differs
//! from it. A single occurrence is one `VEVENT`. All have the event's id as `UID`, and an occurrence of a
//! recurring event has its original start as `RECURRENCE-ID`. A calendar that imports both files, or one of
//! them twice, therefore has each occurrence once.
//!
//! The file contains exactly the stored occurrences. The rule is written so that all calendars expand it
//! alike. Its starts are compared with the stored occurrences: `EXDATE` excludes starts without an
//! occurrence, and `RDATE` adds occurrences without a start. Occurrences that were moved, have other texts,
//! are cancelled or start in a gap have a `VEVENT` of their own. An unchanged event gives the same bytes each
//! time.
//!
//! `DTSTAMP` equals `LAST-MODIFIED`, as RFC 5545, 3.8.7.2 requires without a METHOD. `SEQUENCE` rises with
//! every change of what the entries of an event show, and is the same in all of them: an occurrence that is
//! no longer overridden goes back to the entry of the series, which must not have a smaller number. There is
//! no `ORGANIZER`: it would publish an e-mail address, and calendars would treat the event as an invitation.
//!
//! # Why no crate writes them
//!
//! Crates for iCalendar write content lines, which is the small part. None derives a `VTIMEZONE` from the tz
//! database or compares a rule with stored occurrences. The tests read the files with an independent parser.
//!
//! # Writing and reading a file
//!
//! ```
//! use eventcore::calendars::ImportOptions;
//! # use eventcore::accounts::NewUser;
//! # use eventcore::events::EventInput;
//! # use eventcore::{Actor, EventCore};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let core = EventCore::builder().temporary().open().await?;
//! # let mut people = Vec::new();
//! # for name in ["ada", "bob"] {
//! #     let user =
//! #         NewUser { username: name.into(), email: format!("{name}@example.org"), ..NewUser::default() };
//! #     let user = core.create_user(&Actor::System, &user).await?;
//! #     people.push(Actor::user(user.id, user.role));
//! # }
//! # let [ada, bob] = people[..] else { panic!() };
//! # let talk: EventInput = serde_json::from_value(serde_json::json!({
//! #     "title": "Talk", "location": "Hall 2", "capacity": 4, "starts_at": "2035-03-22T18:30:00Z",
//! # }))?;
//! # let talk = core.create_event(&ada, &talk).await?;
//! let file = core.event_calendar(&Actor::Anonymous, talk.id).await?.text;
//! assert!(file.contains("SUMMARY:Talk"));
//!
//! // The file of another program is imported the same way. The report has each of its components.
//! let options = ImportOptions { capacity: Some(30), ..ImportOptions::default() };
//! let report = core.import_calendar(&bob, file.into_bytes(), &options).await?;
//! assert_eq!((report.created, report.skipped), (1, 0));
//! # core.close().await;
//! # Ok(())
//! # }
//! ```

mod atom;
mod cache;
mod cached_calendars;
mod calendar_changes;
mod calendar_content;
mod collection;
mod content_lines;
mod dates;
mod entry;
mod event_entries;
mod feed;
mod feed_summary;
mod feed_version;
mod file;
mod import;
mod invitation;
mod json_feed;
mod member_filter;
mod member_query;
mod name;
pub(crate) mod personal;
mod read;
mod reply;
mod reply_file;
mod shown;
mod source;
mod syndication;
mod timezone;

pub(crate) use cache::CalendarCache;
pub use calendar_changes::CalendarChanges;
pub(crate) use calendar_changes::forget_snapshots;
pub use calendar_content::{CalendarKind, CalendarMember};
pub use collection::CalendarCollection;
pub use feed::CalendarFeed;
pub use feed_version::FeedVersion;
pub use file::CalendarFile;
pub(crate) use import::forget_imports;
pub use import::{
    EventImport, ImportMode, ImportNote, ImportOptions, ImportOutcome, ImportReport, ImportedComponent,
    ImportedUid, ListedEvent,
};
pub(crate) use invitation::{Inviter, ToldBefore, invitation};
pub use member_filter::{
    CalendarPeriod, ComponentFilter, ComponentTest, ParameterFilter, ParameterTest, PropertyFilter,
    PropertyTest, TextMatch,
};
pub use name::file_name;
pub use personal::PersonalCalendar;
pub use reply::ReplyOutcome;
pub use reply_file::{InvitationAnswer, InvitationReply, InvitedOccurrence, read_replies};
pub use syndication::{FeedLinks, SyndicationFormat};

//! Events and their occurrences: creating, changing, splitting, cancelling and reading them.
//!
//! An event has one occurrence, or those of its recurrence rule. Changes of the event change all that are not
//! over; a single one may override texts, times, capacity and window of registration.
//!
//! ```
//! use eventcore::Precondition;
//! use eventcore::agenda::AgendaFilter;
//! use serde_json::json;
//! # use eventcore::accounts::NewUser;
//! # use eventcore::events::EventInput;
//! # use eventcore::{Actor, EventCore, PageRequest};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let core = EventCore::builder().temporary().open().await?;
//! # let ada = NewUser { username: "ada".into(), email: "ada@example.org".into(), ..NewUser::default() };
//! # let ada = core.create_user(&Actor::System, &ada).await?;
//! # let ada = Actor::user(ada.id, ada.role);
//! # let talk: EventInput = serde_json::from_value(serde_json::json!({
//! #     "title": "Talk", "location": "Hall 2", "capacity": 4, "starts_at": "2035-03-22T18:30:00Z",
//! #     "recurrence": {"rrule": "FREQ=WEEKLY;COUNT=3"},
//! # }))?;
//! # let talk = core.create_event(&ada, &talk).await?;
//! // `talk` is on three Thursdays. A patch (RFC 7396) moves all of them by half an hour.
//! let seen = Precondition::version(talk.version);
//! let later = json!({"starts_at": "2035-03-22T19:00:00Z"});
//! let talk = core.change_event(&ada, talk.id, &later, Some(&seen)).await?;
//!
//! let filter = AgendaFilter { event: Some(talk.id), ..AgendaFilter::default() };
//! let all = core.occurrences(&ada, &filter, &PageRequest::default()).await?.items;
//! let moved = core.change_occurrence(&ada, all[1].id, &json!({"location": "Hall 3"}), None).await?;
//! assert_eq!((moved.location.as_str(), moved.starts_at), ("Hall 3", all[1].starts_at));
//! core.cancel_occurrence(&ada, all[2].id, None).await?;
//!
//! // The others follow the event, and the override stays.
//! core.change_event(&ada, talk.id, &json!({"location": "Hall 4", "title": "Two talks"}), None).await?;
//! let all = core.occurrences(&ada, &filter, &PageRequest::default()).await?.items;
//! let places: Vec<_> = all.iter().map(|occurrence| occurrence.location.as_str()).collect();
//! assert_eq!(places, ["Hall 4", "Hall 3", "Hall 4"]);
//! # core.close().await;
//! # Ok(())
//! # }
//! ```

mod access;
mod aggregate;
mod audit;
mod builders;
mod change;
mod change_plan;
mod classification;
mod copies;
mod create;
mod creation;
mod creation_batch;
mod creation_queue;
mod delete;
mod details;
mod event;
mod html;
mod imported;
mod input;
mod insert;
mod last_modified;
mod links;
mod new_imported;
mod occurrence;
mod offer;
mod organizers;
mod patch;
mod read;
mod recategorize;
mod recorded;
mod recurrence_words;
mod release;
mod revision;
mod rows;
mod schedule;
mod split;
mod split_start;
mod status;
mod store;
mod store_plan;
mod subscribed;
mod window;

pub(crate) use access::{Relation, co_organizes, is_registered};
pub(crate) use audit::wrong_derived_data;
pub use create::DuplicateInput;
pub(crate) use creation_queue::Creations;
pub(crate) use event::zone;
pub use event::{
    Event, EventRecurrence, EventStatus, Links, Occurrence, OccurrenceStatus, RecurrenceInWords, Visibility,
};
pub use html::{Described, add_html};
pub(crate) use imported::{
    ImportDefaults, ImportedEvent, ImportedOccurrence, OccurrenceOutcome, OriginalStart, is_organized_by,
    is_over, replace_imported, update_imported, update_imported_occurrences,
};
pub use input::EventInput;
pub(crate) use input::check_url;
pub use links::webcal_address;
pub(crate) use new_imported::{ImportRoom, Importer, NewImported, insert_imported};
pub use occurrence::change::Overrides;
pub(crate) use offer::Offer;
pub use patch::{EventPatch, OccurrencePatch};
pub(crate) use read::load_occurrence;
pub(crate) use recurrence_words::{add_recurrences, add_recurrences_of, series_column};
pub(crate) use release::{lock_events_of_organizer, release_events_of};
pub(crate) use rows::{EventForActor, EventRow, OCCURRENCE_COLUMNS, OccurrenceRow, find, load};
pub use schedule::preview::{Preview, PreviewInput, PreviewOccurrence};
pub(crate) use subscribed::end_subscribed;
pub(crate) use window::OpenPeriod;

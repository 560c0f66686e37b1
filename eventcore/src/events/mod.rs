//! Events and their occurrences: creating, changing, splitting, cancelling and reading them.

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

pub(crate) use access::Relation;
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

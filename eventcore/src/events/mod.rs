//! Events and their dates: what organizers publish and what people find.

mod access;
mod change;
mod create;
mod delete;
mod event;
mod input;
mod labels;
mod links;
mod occurrence;
mod organizers;
mod read;
mod recategorize;
mod release;
mod rows;
mod schedule;
mod split;
mod status;
mod store;

pub(crate) use access::Relation;
pub use create::DuplicateInput;
pub(crate) use event::zone;
pub use event::{Event, EventStatus, Links, Occurrence, OccurrenceStatus, Visibility};
pub use input::EventInput;
pub(crate) use labels::FIELD_END;
pub use occurrence::change::Overrides;
pub(crate) use release::{lock_organized, release_organizer};
pub(crate) use rows::{EventRow, OCCURRENCE_COLUMNS, OccurrenceRow, Seen, find, load};
pub use schedule::preview::{Preview, PreviewInput, PreviewOccurrence};

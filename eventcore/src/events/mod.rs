//! Events and their dates: what organizers publish and what people find.

mod access;
mod agenda;
mod change;
mod create;
mod dates;
mod delete;
mod event;
mod filter;
mod horizon;
mod input;
mod length;
mod links;
mod organizers;
mod read;
mod release;
mod rows;
mod schedule;
mod start;
mod status;
mod store;
mod timing;
mod when;

pub(crate) use access::Relation;
pub use create::NewDate;
pub(crate) use dates::Horizon;
pub use event::{Event, EventStatus, Links, Occurrence, OccurrenceStatus, Visibility};
pub use filter::AgendaFilter;
pub use input::EventInput;
pub use length::Length;
pub(crate) use release::release_organizer;
pub(crate) use rows::{OCCURRENCE_COLUMNS, OccurrenceRow, find, must_be_version, placeholders};
pub use start::Start;
pub use when::{Gap, Moment, resolve, resolve_leniently, start_of_day};

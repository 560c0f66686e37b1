//! Events and their dates: what organizers publish and what people find.

mod access;
mod agenda;
mod change;
mod conditions;
mod create;
mod date_status;
mod dates;
mod days;
mod delete;
mod event;
mod facets;
mod filter;
mod finding;
mod held;
mod horizon;
mod input;
mod labels;
mod lasting;
mod length;
mod links;
mod organizers;
mod overrides;
mod preview;
mod read;
mod release;
mod rows;
mod schedule;
mod split;
mod start;
mod status;
mod store;
mod tally;
mod timing;
mod when;

pub(crate) use access::Relation;
pub use create::NewDate;
pub(crate) use dates::Horizon;
pub(crate) use event::zone;
pub use event::{Event, EventStatus, Links, Occurrence, OccurrenceStatus, Visibility};
pub use facets::{CategoryCount, DayCount, Facets, Month, MonthCount, MonthOfDays, TaggedCount};
pub use filter::{AgendaFilter, Bound};
pub use input::EventInput;
pub(crate) use labels::{change_category, lock_with_category, with_category};
pub use length::Length;
pub use overrides::Overrides;
pub use preview::{Preview, PreviewDate, PreviewInput};
pub(crate) use release::{lock_organized, release_organizer};
pub(crate) use rows::{
    EventRow, OCCURRENCE_COLUMNS, OccurrenceRow, Seen, find, must_be_version, placeholders,
};
pub use start::Start;
pub(crate) use store::read_wall_clock;
pub(crate) use timing::Span;
pub use when::{Gap, Moment, resolve, resolve_leniently, start_of_day};

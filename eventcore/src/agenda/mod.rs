//! The agenda: searching, listing and counting occurrences.

mod condition;
mod counting;
mod counts;
mod days;
mod event_ids;
mod facets;
mod filter;
mod index_lookup;
mod list;
mod parts;
mod plan;
mod relevance;
mod since;
mod statement;
mod text_column;

pub(crate) use event_ids::event_ids;

pub use counts::{CategoryCount, DailyCounts, DayCount, FacetTagCount, Facets, Month, MonthCount};
pub use filter::{AgendaFilter, Bound};

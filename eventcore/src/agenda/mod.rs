//! The agenda: searching, listing and counting occurrences.

mod counting;
mod counts;
mod days;
mod facets;
mod filter;
mod index_lookup;
mod list;
mod ongoing;
mod predicates;
mod query;

pub use counts::{CategoryCount, DailyCounts, DayCount, FacetTagCount, Facets, Month, MonthCount};
pub use filter::{AgendaFilter, Bound};

//! The agenda: searching, listing and counting occurrences.

mod condition;
mod counting;
mod counts;
mod days;
mod facets;
mod filter;
mod index_lookup;
mod list;
mod ongoing;
mod plan;
mod relevance;
mod statement;

pub use counts::{CategoryCount, DailyCounts, DayCount, FacetTagCount, Facets, Month, MonthCount};
pub use filter::{AgendaFilter, Bound};

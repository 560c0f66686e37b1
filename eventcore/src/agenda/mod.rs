//! The agenda: searching, listing and counting occurrences.
//!
//! A request becomes statements in three steps, of which only the last one needs the database:
//!
//! 1. An [`AgendaFilter`] becomes an `AgendaPlan` (`plan.rs`): the list of its `Condition`s (`condition.rs`),
//!    and the lookups in indexes of texts and tags that could find its matches (`index_lookup.rs`).
//! 2. The plan is divided into parts by what began before the period (`parts.rs`), and, if sorted by
//!    relevance, into tiers (`relevance.rs`). The counts of its lookups decide where the database begins
//!    (`AgendaPlan::choose_driver`): at the lookup that finds the fewest rows if these are few, and otherwise
//!    in order of start. A page first looks for its rows among the next occurrences (`AgendaPlan::probe`).
//! 3. `statement.rs` writes a plan with an `SqlWriter`, which numbers the placeholders. The statement names
//!    what the database does: it has no choice that statistics could change.
//!
//! `pages.rs` runs the statements of pages (`page_statement.rs`), `list.rs` those of totals, `facets.rs`
//! those of facets and calendars. Where a filter has no words and names nobody, `counted.rs` answers the
//! latter three from the module `counters`. `shapes.rs` makes all statements that a filter can lead to, and
//! tests prepare and explain them on both databases.
//!
//! # Adding a filter
//!
//! As an example, `organizer_team=` selects the events of the organizers in a team. It needs three files:
//!
//! 1. **`agenda/filter.rs`**: a field of [`AgendaFilter`], such as `organizer_team: Option<TeamId>`, and its
//!    limits in [`AgendaFilter::violations`], if it has any. Cursors depend on all fields without further
//!    code.
//! 2. **`agenda/condition.rs`**: a variant of `Condition` with the value, a line in `Condition::plain` that
//!    makes it from the field, and its SQL in `Condition::write`. Name the occurrence by `o`, which is an
//!    alias, and write the value with `SqlWriter::value`. The compiler asks for no other place. A condition
//!    on another table is a subquery that ends with `push_fence`: a join could change the plan.
//! 3. **`eventd/src/http/routes/agenda_query.rs`**: read the parameter in `filter`, and describe it in
//!    `FilterParameters`, from which the OpenAPI document is made.
//!
//! Totals and facets with the filter must not come from counters, which do not have it: name it in
//! `is_countable` of `agenda/counted.rs`.
//!
//! Then add the filter to the list in `tests/all/library/agenda_statements.rs`, which prepares statements,
//! and to the random queries of `tests/all/http/filters`, which compare results with a model. Generated
//! clients get the parameter by themselves; the one for Rust has positional arguments, so its example
//! (`tests/contract/clients/rust`) needs one more.
//!
//! A filter with an index of its own that finds few rows is also a variant of `IndexLookup`, made where
//! `AgendaPlan::new` makes the condition.
//!
//! # Counting
//!
//! ```
//! use eventcore::agenda::AgendaFilter;
//! # use eventcore::accounts::NewUser;
//! # use eventcore::events::EventInput;
//! # use eventcore::{Actor, EventCore};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let core = EventCore::builder().temporary().open().await?;
//! # let ada = NewUser { username: "ada".into(), email: "ada@example.org".into(), ..NewUser::default() };
//! # let ada = core.create_user(&Actor::System, &ada).await?;
//! # let ada = Actor::user(ada.id, ada.role);
//! # let talk: EventInput = serde_json::from_value(serde_json::json!({
//! #     "title": "Talk", "location": "Hall 2", "capacity": 4, "starts_at": "2035-03-22T18:30:00Z",
//! #     "tags": ["rust"],
//! # }))?;
//! # let talk = core.create_event(&ada, &talk).await?;
//! let filter = AgendaFilter { tags: vec!["rust".to_owned()], ..AgendaFilter::default() };
//! let facets = core.facets(&Actor::Anonymous, &filter, chrono_tz::UTC).await?;
//! assert_eq!((facets.total, facets.months[0].count), (1, 1));
//! # core.close().await;
//! # Ok(())
//! # }
//! ```

mod condition;
mod counted;
mod counting;
mod counts;
mod days;
mod event_ids;
mod facets;
mod filter;
mod index_lookup;
mod list;
mod page_statement;
mod pages;
mod parts;
mod plan;
mod relevance;
mod shapes;
mod since;
mod statement;
mod tallies;
mod text_column;

pub(crate) use event_ids::event_ids;

pub use counts::{CategoryCount, DailyCounts, DayCount, FacetTagCount, Facets, Month, MonthCount};
pub use filter::{AgendaFilter, Bound};
#[doc(hidden)]
pub use shapes::{AgendaStatement, statements};

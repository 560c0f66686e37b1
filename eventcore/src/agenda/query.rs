//! The query of the agenda: a filter as SQL conditions, and the choice of where the database starts to look.

use std::time::Duration;

use chrono::NaiveDate;
use uuid::Uuid;

use super::filter::{AgendaFilter, Bound};
use super::index_lookup::{IndexLookup, finds_few};
use crate::db::{Dialect, Queries, Query, Sql};
use crate::error::Result;
use crate::page::{Keyset, SortKey};
use crate::search::SearchQuery;
use crate::time::Timestamp;

/// Minimum number of characters for a lookup in a trigram index.
const TRIGRAM_LENGTH: usize = 3;

/// The largest difference between the starts of one calendar day in two time zones: UTC+14 to UTC-12.
pub(super) const MAX_DAY_SHIFT: Duration = Duration::from_hours(26);

/// Number of occurrences that the probe tests for the words, before the matches of the index are counted.
const PROBE_SIZE: i64 = 512;

/// How much of the result is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// The first matches in order.
    Page,
    /// All matches, for counting.
    All,
    /// All matches of the other conditions. `from` and `to` are ignored: the caller bounds the time.
    AnyTime,
}

/// The table that drives the query.
#[derive(Debug, Clone)]
pub(super) enum Driver {
    /// `occurrences`, in order of start.
    Occurrences,
    /// Candidate rows of `search_documents`: SQL for their ids. Their conditions are tested again.
    Documents(String),
    /// Rows of `search_documents` that match all required words: SQL for their ids.
    MatchingDocuments(String),
    /// `events`: SQL for their ids.
    Events(String),
    /// Some occurrences: SQL for their ids.
    OccurrenceIds(String),
}

/// The SQL conditions of a filter, with the values of their placeholders.
#[derive(Debug, Clone)]
pub(super) struct AgendaQuery {
    pub(super) driver: Driver,
    /// Index lookups that may become the driver, if they find few rows.
    pub(super) lookups: Vec<IndexLookup>,
    /// Whether a condition names `events e`.
    pub(super) joins_events: bool,
    /// The search that ranks the result, if it is sorted by relevance.
    pub(super) ranked_by: Option<SearchQuery>,
    /// The offset of the current rank tier, in microseconds.
    pub(super) tier_offset: i64,
    /// Conditions in SQL, with `{o}` and `{d}` for the aliases of `occurrences` and `search_documents`: the
    /// first occurrence of an event is found by the same conditions under other aliases.
    pub(super) conditions: Vec<String>,
    /// Whether a condition names `search_documents` (`{d}`).
    pub(super) joins_documents: bool,
    /// Those of the conditions that require words.
    pub(super) word_conditions: Vec<String>,
    /// Those of the conditions that require tags.
    pub(super) tag_conditions: Vec<String>,
    /// All tags in one condition, which is cheap to test for a single occurrence.
    pub(super) all_tags_condition: Option<String>,
    pub(super) dialect: Dialect,
    /// The bounds of the start.
    earliest: Option<StartBound>,
    latest: Option<StartBound>,
    values: Vec<SqlValue>,
}

/// A bound of the start.
#[derive(Debug, Clone)]
struct StartBound {
    at: Timestamp,
    /// The condition that an occurrence starts on the right side of `at`.
    condition: String,
    /// The exact condition by calendar day, if the bound is a day.
    day_condition: Option<String>,
}

/// The value of a placeholder.
#[derive(Debug, Clone)]
pub(super) enum SqlValue {
    Text(String),
    At(Timestamp),
    Id(Uuid),
}

impl AgendaQuery {
    /// Builds the query of a filter.
    pub(super) async fn new(
        db: &mut impl Queries,
        filter: &AgendaFilter,
        visible: VisibleScope,
        extent: Extent,
        now: Timestamp,
    ) -> Result<Self> {
        let mut query = Self {
            driver: Driver::Occurrences,
            lookups: Vec::new(),
            joins_events: false,
            ranked_by: None,
            tier_offset: 0,
            conditions: Vec::new(),
            joins_documents: false,
            word_conditions: Vec::new(),
            tag_conditions: Vec::new(),
            all_tags_condition: None,
            dialect: db.dialect(),
            earliest: None,
            latest: None,
            values: Vec::new(),
        };
        filter.violations().into_result()?;
        query.filter_labels(db, filter).await?;
        query.filter_substrings(&filter.substrings());
        query.filter_words(filter);
        if visible == VisibleScope::Listed {
            query.conditions.push("{o}.listed".to_owned());
        }
        if let Some(organizer) = filter.organizer {
            query.compare("{o}.organizer_id =", SqlValue::Id(organizer.as_uuid()));
        }
        if let Some(event) = filter.event {
            query.compare("{o}.event_id =", SqlValue::Id(event.as_uuid()));
        }
        if extent != Extent::AnyTime {
            query.filter_starts(earliest_start(filter, now), filter.to);
        }
        if filter.available {
            let starts_after_now = extent != Extent::AnyTime && must_start_after(filter, now);
            query.filter_available(visible, starts_after_now, now);
        }
        if let Some(status) = filter.status {
            query.compare("{o}.status =", SqlValue::Text(status.as_str().to_owned()));
        }
        if let Some(status) = filter.event_status {
            query.joins_events = true;
            query.compare("e.status =", SqlValue::Text(status.as_str().to_owned()));
        }
        if extent == Extent::All {
            query.choose_driver(db, extent).await?;
        }
        Ok(query)
    }

    /// Bounds the start.
    fn filter_starts(&mut self, from: Bound, to: Option<Bound>) {
        self.earliest = Some(self.start_bound(">=", from, from.instant().minus(MAX_DAY_SHIFT)));
        self.latest = to.map(|to| self.start_bound("<", to, to.instant().plus(MAX_DAY_SHIFT)));
    }

    /// Adds the conditions of one bound. For a day, `widest` bounds the starts of that day in all time zones,
    /// so that the index on the start applies.
    fn start_bound(&mut self, comparison: &str, bound: Bound, widest: Timestamp) -> StartBound {
        let (at, day_condition) = match bound {
            Bound::At(at) => (at, None),
            Bound::Day(day, _) => (widest, Some(self.compare_day(comparison, bound.instant(), day))),
        };
        let condition = self.compare(&format!("{{o}}.starts_at {comparison}"), SqlValue::At(at));
        StartBound { at, condition, day_condition }
    }

    /// Compares timed occurrences by start, and all-day ones by their calendar day.
    fn compare_day(&mut self, comparison: &str, at: Timestamp, day: NaiveDate) -> String {
        let at = self.bind_value(SqlValue::At(at));
        let day = self.bind_value(SqlValue::Text(day.to_string()));
        let condition = format!(
            "({{o}}.day IS NULL AND {{o}}.starts_at {comparison} {at} OR {{o}}.day {comparison} {day})"
        );
        self.conditions.push(condition.clone());
        condition
    }

    /// Adds the condition `left value`, and returns it.
    pub(super) fn compare(&mut self, left: &str, value: SqlValue) -> String {
        let placeholder = self.bind_value(value);
        let condition = format!("{left} {placeholder}");
        self.conditions.push(condition.clone());
        condition
    }

    /// Adds a value, and returns its placeholder.
    pub(super) fn bind_value(&mut self, value: SqlValue) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    /// Requires substrings of title and location. SQLite may look them up in a trigram index; PostgreSQL
    /// plans `LIKE` with its own.
    fn filter_substrings(&mut self, substrings: &[(&'static str, String)]) {
        if substrings.is_empty() {
            return;
        }
        self.joins_documents = true;
        if self.dialect == Dialect::Postgres {
            for (column, text) in substrings {
                let pattern =
                    format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
                self.compare(&format!("{{d}}.{column} LIKE"), SqlValue::Text(pattern));
            }
            return;
        }
        let phrases: Vec<String> = substrings
            .iter()
            .filter(|(_, text)| text.chars().count() >= TRIGRAM_LENGTH)
            .map(|(column, text)| format!("{column} : \"{}\"", text.replace('"', "\"\"")))
            .collect();
        if !phrases.is_empty() {
            self.lookups.push(IndexLookup::Trigrams(phrases.join(" AND ")));
        }
        for (column, text) in substrings {
            let placeholder = self.bind_value(SqlValue::Text(text.clone()));
            self.conditions.push(format!("instr({{d}}.{column}, {placeholder}) > 0"));
        }
    }

    /// Lets an index lookup drive the query if it finds few rows, or, for texts, if all matches are needed.
    ///
    /// The first lookup that qualifies wins.
    pub(super) async fn choose_driver(&mut self, db: &mut impl Queries, extent: Extent) -> Result<()> {
        for lookup in std::mem::take(&mut self.lookups) {
            let always = extent == Extent::All && !matches!(lookup, IndexLookup::Tag(_));
            if matches!(self.driver, Driver::Occurrences)
                && (always || finds_few(db, &lookup.found(self.dialect, "$1"), lookup.text()).await?)
            {
                let placeholder = self.bind_value(SqlValue::Text(lookup.text().to_owned()));
                let found = lookup.found(self.dialect, &placeholder);
                self.driver = match lookup {
                    IndexLookup::Trigrams(_) => Driver::Documents(found),
                    IndexLookup::Words(..) => Driver::MatchingDocuments(found),
                    IndexLookup::Tag(_) => Driver::Events(found),
                };
            }
        }
        Ok(())
    }

    /// Drops conditions on words that the index lookup of the driver has verified already.
    pub(super) fn skip_verified_conditions(&mut self) {
        if matches!(self.driver, Driver::MatchingDocuments(_)) {
            self.conditions.retain(|condition| !self.word_conditions.contains(condition));
            self.joins_documents = self.conditions.iter().any(|condition| condition.contains("{d}"));
        }
    }

    /// SQL for `id`, `event_id` and `starts_at` of the first `limit` matches.
    pub(super) fn page_sql(&self, keyset: &Keyset, limit: i64) -> String {
        format!(
            "SELECT o.id, o.event_id, o.starts_at FROM {} WHERE {}
                ORDER BY o.starts_at {dir}, o.id {dir} LIMIT {limit}",
            self.table_list(),
            self.where_clause(),
            dir = keyset.direction(),
        )
    }

    /// SQL of an optimistic probe: applies the conditions on words to the first [`PROBE_SIZE`] occurrences
    /// that match all other conditions. A full page found there is the answer; otherwise run
    /// [`AgendaQuery::page_sql`].
    ///
    /// `None` if no words are sought, or another driver is chosen already.
    pub(super) fn probe_sql(&self, keyset: &Keyset, limit: i64) -> Option<String> {
        if !self.joins_documents || !matches!(self.driver, Driver::Occurrences) {
            return None;
        }
        // The far bound is tested outside: with both bounds PostgreSQL underestimates the range, and sorts it
        // instead of scanning the index until it has enough rows.
        let end = if keyset.comparison() == ">" { &self.latest } else { &self.earliest };
        let is_end = |condition: &String| {
            end.as_ref().is_some_and(|end| {
                *condition == end.condition || Some(condition) == end.day_condition.as_ref()
            })
        };
        let (mut outer, inner): (Vec<_>, Vec<_>) = self
            .conditions
            .iter()
            .cloned()
            .partition(|condition| condition.contains("{d}") || is_end(condition));
        let mut occurrences = Self { joins_documents: false, conditions: inner, ..self.clone() };
        if self.dialect == Dialect::Postgres {
            // PostgreSQL would start at all events with a tag.
            occurrences.conditions.retain(|condition| !self.tag_conditions.contains(condition));
            outer.extend(self.all_tags_condition.clone());
        }
        let words = Self { conditions: outer, ..self.clone() };
        let dir = keyset.direction();
        Some(format!(
            "SELECT o.id, o.event_id, o.starts_at FROM
                (SELECT o.id, o.event_id, o.document_id, o.starts_at, o.day FROM {} WHERE {}
                    ORDER BY o.starts_at {dir}, o.id {dir} LIMIT {PROBE_SIZE}) o
                {} search_documents d ON d.id = o.document_id
                WHERE {} ORDER BY o.starts_at {dir}, o.id {dir} LIMIT {limit}",
            occurrences.table_list(),
            occurrences.where_clause(),
            self.join_keyword(),
            words.where_clause(),
        ))
    }

    /// All conditions so far.
    pub(super) fn where_clause(&self) -> String {
        self.where_clause_for("o", "d")
    }

    /// All conditions so far, under other aliases of `occurrences` and `search_documents`.
    fn where_clause_for(&self, occurrences: &str, documents: &str) -> String {
        self.conditions.join(" AND ").replace("{o}", occurrences).replace("{d}", documents)
    }

    /// `CROSS JOIN` prevents SQLite from reordering the tables; PostgreSQL chooses a good order.
    const fn join_keyword(&self) -> &'static str {
        match self.dialect {
            Dialect::Sqlite => "CROSS JOIN",
            Dialect::Postgres => "JOIN",
        }
    }

    /// The driver joined with `occurrences o` and, if a condition names them, `search_documents d`.
    fn tables(&self) -> String {
        let join = self.join_keyword();
        let joined_documents = if self.joins_documents {
            format!(" {join} search_documents d ON d.id = o.document_id")
        } else {
            String::new()
        };
        match &self.driver {
            Driver::Occurrences => format!("occurrences o{joined_documents}"),
            Driver::MatchingDocuments(documents) if !self.joins_documents => {
                format!("({documents}) found {join} occurrences o ON o.document_id = found.id")
            }
            Driver::Documents(documents) | Driver::MatchingDocuments(documents) => format!(
                "({documents}) found {join} search_documents d ON d.id = found.id
                    {join} occurrences o ON o.document_id = d.id"
            ),
            Driver::Events(events) => {
                format!("({events}) found {join} occurrences o ON o.event_id = found.id{joined_documents}")
            }
            Driver::OccurrenceIds(ids) => {
                format!("({ids}) found {join} occurrences o ON o.id = found.id{joined_documents}")
            }
        }
    }

    /// The tables that the conditions name.
    pub(super) fn table_list(&self) -> String {
        let event = if self.joins_events { " JOIN events e ON e.id = o.event_id" } else { "" };
        format!("{}{event}", self.tables())
    }

    /// SQL for the sort key of an occurrence `o` in microseconds.
    pub(super) fn position(&self) -> String {
        format!("{} + {}", micros(self.dialect), self.tier_offset)
    }

    /// Selects only the first occurrence of each event, by start, among the matches so far.
    pub(super) fn keep_first_of_each_event(&mut self) {
        let words = if self.joins_documents {
            " JOIN search_documents words ON words.id = earlier.document_id"
        } else {
            ""
        };
        self.conditions.push(format!(
            "NOT EXISTS (SELECT 1 FROM occurrences earlier{words} WHERE earlier.event_id = {{o}}.event_id
                AND (earlier.starts_at, earlier.id) < ({{o}}.starts_at, {{o}}.id) AND {})",
            self.where_clause_for("earlier", "words")
        ));
    }

    /// Selects only the rows after the cursor.
    pub(super) fn after_cursor(&mut self, keyset: &Keyset) {
        if let Some(SortKey { number, id }) = keyset.position {
            let at = Timestamp::from_micros(number.saturating_sub(self.tier_offset));
            self.drop_implied_bound(at, keyset.comparison());
            let (at, id) = (self.bind_value(SqlValue::At(at)), self.bind_value(SqlValue::Id(id)));
            self.conditions.push(format!("({{o}}.starts_at, {{o}}.id) {} ({at}, {id})", keyset.comparison()));
        }
    }

    /// Drops a bound that the cursor implies: SQLite would start the index scan at the bound and skip all
    /// earlier pages.
    fn drop_implied_bound(&mut self, position: Timestamp, comparison: &str) {
        let wider = if comparison == ">" {
            self.earliest.take().filter(|from| from.at <= position)
        } else {
            self.latest.take().filter(|to| position < to.at)
        };
        if let Some(wider) = wider {
            self.conditions.retain(|known| *known != wider.condition);
        }
    }

    /// A statement with the values bound, planned for these values.
    pub(super) fn query(self, db: &mut impl Queries, text: String) -> Query<'_> {
        // The plain agenda has one good plan, whatever the values.
        let plain = self.conditions.len() <= 2;
        let query = self.bound(db, text);
        if plain { query } else { query.without_cached_plan() }
    }

    /// A statement with the values bound, planned once for any values.
    ///
    /// PostgreSQL replans a prepared statement while its values promise a cheaper plan than average, which
    /// bounds of upcoming occurrences always do. Hiding the parameters from the planner prevents that.
    pub(super) fn query_with_generic_plan(self, db: &mut impl Queries, text: String) -> Query<'_> {
        let text = match self.dialect {
            Dialect::Sqlite => text,
            Dialect::Postgres => hide_parameters(&text),
        };
        self.bound(db, text)
    }

    fn bound(self, db: &mut impl Queries, text: String) -> Query<'_> {
        let mut query = db.query(Sql::dynamic(text));
        for value in self.values {
            query = match value {
                SqlValue::Text(text) => query.bind(text),
                SqlValue::At(at) => query.bind(at),
                SqlValue::Id(id) => query.bind(id),
            };
        }
        query
    }
}

/// Which occurrences the actor may see in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VisibleScope {
    /// Only public occurrences of published events.
    Listed,
    /// All matches: permission was checked by the filter's event, organizer or user.
    All,
}

/// The earliest start of a filter. Available occurrences start after `now`.
fn earliest_start(filter: &AgendaFilter, now: Timestamp) -> Bound {
    let from = filter.from.unwrap_or(Bound::At(now));
    match from {
        Bound::At(from) if filter.available => Bound::At(from.max(now.plus(Duration::from_micros(1)))),
        other => other,
    }
}

/// Whether all occurrences within the bounds of a filter start after `now`.
fn must_start_after(filter: &AgendaFilter, now: Timestamp) -> bool {
    match earliest_start(filter, now) {
        Bound::At(from) => from > now,
        day @ Bound::Day(..) => day.instant().minus(MAX_DAY_SHIFT) > now,
    }
}

/// Wraps each placeholder into a subquery, whose value is hidden from the planner.
fn hide_parameters(text: &str) -> String {
    let mut pieces = text.split('$');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |sql, piece| {
        let end = piece.find(|c: char| !c.is_ascii_digit()).unwrap_or(piece.len());
        let (number, rest) = piece.split_at(end);
        sql + "(SELECT $" + number + ")" + rest
    })
}

/// SQL for the start of an occurrence `o` in microseconds.
pub(super) fn micros(dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => "o.starts_at".to_owned(),
        Dialect::Postgres => "CAST(extract(epoch FROM o.starts_at) * 1000000 AS BIGINT)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::hide_parameters;

    #[test]
    fn placeholders_are_hidden_from_the_planner() {
        assert_eq!(
            hide_parameters("a = $1 AND b IN ($2, $13)"),
            "a = (SELECT $1) AND b IN ((SELECT $2), (SELECT $13))"
        );
        assert_eq!(hide_parameters("a"), "a");
    }
}

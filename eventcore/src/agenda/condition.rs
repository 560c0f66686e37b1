//! The conditions of an agenda query, as values and in SQL.

use chrono::NaiveDate;
use uuid::Uuid;

use super::filter::{AgendaFilter, Bound};
use super::since::{Earlier, MAX_DAY_SHIFT, Since};
use super::text_column::TextColumn;
use crate::categories;
use crate::db::{Dialect, SqlWriter};
use crate::events::{EventStatus, OccurrenceStatus};
use crate::id::{EventId, UserId};
use crate::phase::MAX_LENGTH;
use crate::search::SearchScope;
use crate::time::Timestamp;

/// Minimum number of characters for a lookup in a trigram index.
pub(super) const TRIGRAM_LENGTH: usize = 3;

/// A condition that an occurrence meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// Met by none.
    Never,
    /// Public, of a published event.
    Listed,
    Organizer(UserId),
    Event(EventId),
    Status(OccurrenceStatus),
    EventStatus(EventStatus),
    /// The event is not a draft.
    NotDraft,
    /// A category by one of its slugs, a former one included.
    CategorySlug(String),
    /// A category by any of several slugs.
    AnyCategory(Vec<String>),
    /// A folded tag.
    Tag(String),
    /// Scheduled, with fewer seats taken than the capacity.
    FreeSeats,
    /// Registration has opened and has not closed.
    RegistrationOpen(Timestamp),
    /// Upcoming at an instant.
    Upcoming(Timestamp),
    /// Timed, lasts at most 25 hours, and is not over at an instant.
    ShortAndNotOver(Timestamp),
    /// The user has a live registration.
    RegisteredBy(UserId),
    /// The start, by instant.
    Start(Edge, Timestamp),
    /// The start: timed occurrences by instant, all-day ones by calendar day.
    StartDay(Edge, Timestamp, NaiveDate),
    /// Not over at a bound: timed occurrences at the instant, all-day ones on the calendar day.
    NotOver(Bound),
    /// A folded substring of a column of the document.
    Contains(TextColumn, String),
    /// A phrase, as a substring of the document's tokens.
    Phrase(String),
    /// A phrase that does not occur.
    NoPhrase(String),
    /// All phrases occur within a part of the document.
    AllWithin(SearchScope, Vec<String>),
    /// Not all phrases occur within a part of the document.
    NotAllWithin(SearchScope, Vec<String>),
    /// Lasts longer than any day, and overlaps a period.
    MultiDay(Timestamp, Timestamp),
    /// After a position in the order of the page.
    Beyond(Comparison, Timestamp, Uuid),
    /// Within the period of the list. Only in [`Condition::FirstOfEvent`]: elsewhere, parts of the list have
    /// conditions that an index can answer.
    Since(Since),
    /// No earlier occurrence of the same event meets these conditions.
    FirstOfEvent(Vec<Condition>),
}

/// A bound of the range of starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// The beginning, inclusive.
    From,
    /// The end, exclusive.
    To,
}

impl Edge {
    const fn comparison(self) -> &'static str {
        match self {
            Self::From => " >= ",
            Self::To => " < ",
        }
    }
}

/// The direction in which a page continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Greater,
    Less,
}

impl Comparison {
    const fn operator(self) -> &'static str {
        match self {
            Self::Greater => ">",
            Self::Less => "<",
        }
    }
}

/// The aliases under which a condition names its tables.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aliases {
    pub(super) occurrence: &'static str,
    pub(super) document: &'static str,
}

/// The aliases of a query itself.
pub(super) const OUTER: Aliases = Aliases { occurrence: "o", document: "d" };
/// The aliases within [`Condition::FirstOfEvent`].
const EARLIER: Aliases = Aliases { occurrence: "earlier", document: "earlier_document" };

impl Condition {
    /// The conditions of a filter that have a value each, and no other lookup than the scan.
    pub(super) fn plain(filter: &AgendaFilter) -> Vec<Self> {
        let category = match filter.categories.as_slice() {
            [] => None,
            [slug] => Some(Self::CategorySlug(slug.clone())),
            slugs => Some(Self::AnyCategory(slugs.to_vec())),
        };
        let conditions = [
            category,
            filter.organizer.map(Self::Organizer),
            filter.event.map(Self::Event),
            filter.registered.map(Self::RegisteredBy),
            filter.registered.map(|_| Self::NotDraft),
            filter.status.map(Self::Status),
            filter.event_status.map(Self::EventStatus),
        ];
        conditions.into_iter().flatten().collect()
    }

    /// Whether it reads the row of `search_documents`.
    pub(super) const fn reads_document(&self) -> bool {
        matches!(
            self,
            Self::Contains(..)
                | Self::Phrase(_)
                | Self::NoPhrase(_)
                | Self::AllWithin(..)
                | Self::NotAllWithin(..)
        )
    }

    /// Writes the condition.
    pub(super) fn write(&self, sql: &mut SqlWriter, aliases: Aliases) {
        let Aliases { occurrence: o, document: d } = aliases;
        match self {
            Self::Never => _ = sql.push("1 = 0"),
            Self::Listed => _ = sql.push(o).push(".listed"),
            Self::Organizer(user) => _ = sql.push(o).push(".organizer_id = ").value(user.as_uuid()),
            Self::Event(event) => _ = sql.push(o).push(".event_id = ").value(event.as_uuid()),
            Self::Status(status) => _ = sql.push(o).push(".status = ").value(status.as_str()),
            Self::EventStatus(status) => {
                push_event_status(sql, o).push(" = ").value(status.as_str());
            }
            Self::NotDraft => {
                push_event_status(sql, o).push(" <> ").value(EventStatus::Draft.as_str());
            }
            Self::CategorySlug(slug) => {
                sql.push(o).push(".category_id = (").push(categories::ID_BY_SLUG).push(" = ");
                sql.value(categories::without_nul(slug)).push(")");
            }
            Self::AnyCategory(slugs) => {
                let (before, after) = match sql.dialect() {
                    Dialect::Sqlite => (" IN (", ")"),
                    // An array, which cannot become a join.
                    Dialect::Postgres => (" = ANY (ARRAY(", "))"),
                };
                sql.push(o).push(".category_id").push(before).push(categories::ID_BY_SLUG).push(" IN (");
                sql.separated(", ", slugs, |sql, slug| _ = sql.value(categories::without_nul(slug)));
                sql.push(")").push(after);
            }
            Self::Tag(tag) => {
                sql.push("EXISTS (SELECT 1 FROM event_tags g");
                push_indexed_by(sql, "event_tags_by_folded");
                sql.push(" WHERE g.event_id = ")
                    .push(o)
                    .push(".event_id AND g.folded = ")
                    .value(tag.as_str());
                push_fence(sql).push(")");
            }
            Self::FreeSeats => {
                sql.push(&format!("{o}.seats_taken < {o}.capacity AND {o}.status = "));
                sql.value(OccurrenceStatus::Scheduled.as_str());
            }
            Self::RegistrationOpen(now) => {
                sql.push(&format!("({o}.registration_opens_at IS NULL OR {o}.registration_opens_at <= "));
                sql.value(*now).push(") AND ");
                sql.push(&format!("({o}.registration_closes_at IS NULL OR {o}.registration_closes_at > "));
                sql.value(*now).push(")");
            }
            Self::Upcoming(now) => _ = sql.push(o).push(".upcoming_until > ").value(*now),
            Self::ShortAndNotOver(now) => {
                sql.push(o).push(".length_class IS NULL AND ").push(o).push(".ends_at > ").value(*now);
            }
            Self::Since(since) => push_since(sql, since, aliases),
            Self::RegisteredBy(user) => {
                let (before, after) = match sql.dialect() {
                    Dialect::Sqlite => (" IN (", ")"),
                    Dialect::Postgres => (" = ANY (ARRAY(", "))"),
                };
                sql.push(o).push(".id").push(before);
                sql.push("SELECT r.occurrence_id FROM registrations r WHERE r.user_id = ");
                sql.value(user.as_uuid()).push(" AND r.status <> 'cancelled'").push(after);
            }
            Self::Start(edge, at) => {
                sql.push(o).push(".starts_at").push(edge.comparison()).value(*at);
            }
            Self::StartDay(edge, at, day) => {
                sql.push(&format!("({o}.day IS NULL AND {o}.starts_at")).push(edge.comparison()).value(*at);
                sql.push(&format!(" OR {o}.day")).push(edge.comparison()).value(day.to_string()).push(")");
            }
            Self::NotOver(bound) => push_not_over(sql, *bound, o),
            Self::Contains(column, text) => push_contains(sql, d, *column, text),
            Self::Phrase(phrase) => _ = push_phrase_position(sql, d, phrase).push(" > 0"),
            Self::NoPhrase(phrase) => _ = push_phrase_position(sql, d, phrase).push(" = 0"),
            Self::AllWithin(scope, phrases) => push_all_within(sql, d, *scope, phrases),
            Self::NotAllWithin(scope, phrases) => {
                sql.push("NOT (");
                push_all_within(sql, d, *scope, phrases);
                sql.push(")");
            }
            Self::MultiDay(from, to) => {
                sql.push(is_multi_day(sql.dialect())).push(" AND o.ends_at > ").value(*from);
                sql.push(" AND ");
                sql.push(unindexed(sql.dialect())).push("o.starts_at < ").value(*to);
            }
            Self::Beyond(comparison, at, id) => {
                sql.push(&format!("({o}.starts_at, {o}.id) {} (", comparison.operator()));
                sql.value(*at).push(", ").value(*id).push(")");
            }
            Self::FirstOfEvent(conditions) => push_first_of_event(sql, o, conditions),
        }
    }
}

/// SQL: no earlier occurrence of the event of `o` meets the conditions.
fn push_first_of_event(sql: &mut SqlWriter, o: &str, conditions: &[Condition]) {
    let Aliases { occurrence, document } = EARLIER;
    sql.push("NOT EXISTS (SELECT 1 FROM occurrences ").push(occurrence);
    push_indexed_by(sql, "occurrences_of_event");
    if conditions.iter().any(Condition::reads_document) {
        sql.push(&format!(" JOIN search_documents {document} ON {document}.id = {occurrence}.document_id"));
    }
    sql.push(&format!(
        " WHERE {occurrence}.event_id = {o}.event_id
            AND ({occurrence}.starts_at, {occurrence}.id) < ({o}.starts_at, {o}.id)"
    ));
    for condition in conditions {
        sql.push(" AND ");
        condition.write(sql, EARLIER);
    }
    push_fence(sql).push(")");
}

fn push_contains(sql: &mut SqlWriter, d: &str, column: TextColumn, text: &str) {
    let column = column.name();
    match sql.dialect() {
        Dialect::Sqlite => sql.push(&format!("instr({d}.{column}, ")).value(text).push(") > 0"),
        // PostgreSQL looks `LIKE` up in its trigram index.
        Dialect::Postgres if text.chars().count() >= TRIGRAM_LENGTH => {
            sql.push(&format!("{d}.{column} LIKE ")).value(like_pattern(text))
        }
        // It would read the whole index.
        Dialect::Postgres => sql.push(&format!("({d}.{column} || '') LIKE ")).value(like_pattern(text)),
    };
}

/// Bounds the start. For a day, a bound of the starts of that day in all time zones comes beside the exact
/// one, so that the index on the start applies.
pub(super) fn start_conditions(edge: Edge, bound: Bound) -> Vec<Condition> {
    let at = bound.instant();
    let Bound::Day(day, _) = bound else { return vec![Condition::Start(edge, at)] };
    let widest = match edge {
        Edge::From => at.minus(MAX_DAY_SHIFT),
        Edge::To => at.plus(MAX_DAY_SHIFT),
    };
    vec![Condition::StartDay(edge, at, day), Condition::Start(edge, widest)]
}

/// SQL for the whole period, for another occurrence of the event of `o`. A bound of the start comes first, so
/// that the index of the event's occurrences applies.
fn push_since(sql: &mut SqlWriter, since: &Since, aliases: Aliases) {
    let a = aliases.occurrence;
    let (lowest, oldest) = (since.lowest_start(), since.now.minus(MAX_LENGTH));
    let later = start_conditions(Edge::From, since.from);
    let begun_or_later = |sql: &mut SqlWriter| {
        sql.push(" AND (");
        sql.separated(" AND ", &later, |sql, condition| condition.write(sql, aliases));
        sql.push(&format!(" OR {a}.starts_at <= ")).value(since.now);
        sql.push(&format!(" AND {a}.ends_at > ")).value(since.now);
    };
    match since.earlier {
        Earlier::Nothing => {
            sql.separated(" AND ", &later, |sql, condition| condition.write(sql, aliases));
        }
        Earlier::AllDay(from) => {
            // The occurrences of an event that are not over have times, or none of them has.
            sql.push(&format!("{a}.starts_at >= CASE WHEN o.day IS NULL THEN ")).value(lowest);
            sql.push(" ELSE ").value(from.map_or(oldest, |from| from.max(oldest))).push(" END");
            begun_or_later(sql);
            sql.push(&format!(" AND {a}.day IS NOT NULL)"));
        }
        Earlier::Current => {
            sql.push(&format!("{a}.starts_at >= ")).value(lowest.min(oldest));
            begun_or_later(sql);
            sql.push(")");
        }
        Earlier::Overlapping(bound) => {
            sql.push(&format!("{a}.starts_at >= ")).value(lowest.minus(MAX_LENGTH)).push(" AND ");
            push_not_over(sql, bound, a);
        }
    }
}

/// SQL: the occurrence is not over at a bound. The last of several days is counted from the first one,
/// because the end is an instant in a time zone that the row does not have. With clock changes, days have 23
/// to 25 hours.
fn push_not_over(sql: &mut SqlWriter, bound: Bound, occurrence: &str) {
    let o = occurrence;
    let Bound::Day(day, _) = bound else {
        sql.push(o).push(".ends_at > ").value(bound.instant());
        return;
    };
    sql.push(&format!("({o}.day IS NULL AND {o}.ends_at > ")).value(bound.instant());
    match sql.dialect() {
        Dialect::Sqlite => {
            let more_days = format!("({o}.ends_at - {o}.starts_at + 43200000000) / 86400000000 - 1");
            sql.push(&format!(" OR date({o}.day, ({more_days}) || ' days') >= ")).value(day.to_string());
        }
        Dialect::Postgres => {
            let seconds = format!("extract(epoch FROM {o}.ends_at - {o}.starts_at)");
            let more_days = format!("CAST(floor(({seconds} + 43200) / 86400) AS INTEGER) - 1");
            sql.push(&format!(" OR CAST({o}.day AS DATE) + {more_days} >= CAST("));
            sql.value(day.to_string()).push(" AS DATE)");
        }
    }
    sql.push(")");
}

/// Writes the status of the event of an occurrence. A subquery, because a join could change the plan.
fn push_event_status<'w>(sql: &'w mut SqlWriter, occurrence: &str) -> &'w mut SqlWriter {
    sql.push("(SELECT e.status FROM events e WHERE e.id = ").push(occurrence).push(".event_id)")
}

/// Ends a subquery that PostgreSQL executes as it is written, for each row of the query around it. Otherwise
/// PostgreSQL may choose, by what its statistics say, to join the tables in another order.
pub(super) fn push_fence(sql: &mut SqlWriter) -> &mut SqlWriter {
    sql.push_for_postgres(" OFFSET 0")
}

/// Names the index that SQLite uses for a table, after the table's alias.
pub(super) fn push_indexed_by(sql: &mut SqlWriter, index: &str) {
    if sql.dialect() == Dialect::Sqlite {
        sql.push(" INDEXED BY ").push(index);
    }
}

/// Before a column: the unary plus prevents SQLite from scanning an index of the column.
const fn unindexed(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "+",
        Dialect::Postgres => "",
    }
}

/// SQL for the first position of a phrase in the tokens, from 1; 0 if it does not occur.
fn push_phrase_position<'w>(sql: &'w mut SqlWriter, document: &str, phrase: &str) -> &'w mut SqlWriter {
    let position = match sql.dialect() {
        Dialect::Sqlite => "instr",
        Dialect::Postgres => "strpos",
    };
    sql.push(&format!("{position}({document}.tokens, ")).value(phrase).push(")")
}

fn push_all_within(sql: &mut SqlWriter, document: &str, scope: SearchScope, phrases: &[String]) {
    let end = if scope == SearchScope::Title { "title_end" } else { "head_end" };
    sql.separated(" AND ", phrases, |sql, phrase| {
        push_phrase_position(sql, document, phrase).push(&format!(" BETWEEN 1 AND {document}.{end}"));
    });
}

/// A `LIKE` pattern for a substring.
fn like_pattern(text: &str) -> String {
    format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

/// SQL: an occurrence `o` that lasts longer than any day. The condition of the index `agenda_lasting`, which
/// is used only if a query repeats it literally, together with `o.listed`.
pub(super) const fn is_multi_day(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "o.ends_at - o.starts_at > 90000000000",
        Dialect::Postgres => "o.ends_at - o.starts_at > INTERVAL '25 hours'",
    }
}

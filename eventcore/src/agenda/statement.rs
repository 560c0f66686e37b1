//! The plans of the agenda in SQL. A statement leaves the database no choice of how to execute it, so that no
//! plan changes with the size or the statistics of the database: SQLite keeps the order of `CROSS JOIN` and
//! takes the index that the statement names, PostgreSQL executes `LATERAL` subqueries behind a
//! [fence](push_fence) in nested loops.

use super::condition::{Condition, OUTER, push_fence, push_indexed_by};
use super::plan::{AgendaPlan, Driver, PlanParts, Probe};
use crate::db::{Dialect, SqlWriter};
use crate::events::OCCURRENCE_COLUMNS;
use crate::page::{Keyset, TotalRelation};

/// Number of occurrences that a probe tests for the words, before the matches of the index are counted.
const PROBE_SIZE: i64 = 512;

/// A statement of all matches: `SELECT {columns} FROM … WHERE …`.
pub(super) fn matches(plan: &AgendaPlan, columns: &str) -> SqlWriter {
    let mut sql = SqlWriter::new(plan.dialect);
    sql.push("SELECT ").push(columns);
    push_matches(&mut sql, plan);
    sql
}

/// The greatest number of matches that are counted one by one.
const COUNT_LIMIT: i64 = 10_000;

/// A total that was counted up to one above [`COUNT_LIMIT`], or that has parts which were.
pub(super) fn up_to_limit(total: i64) -> (i64, TotalRelation) {
    if total > COUNT_LIMIT { (COUNT_LIMIT, TotalRelation::AtLeast) } else { (total, TotalRelation::Exact) }
}

/// Like [`matches()`]. If the plan [counts few](AgendaPlan::counts_few), only of as many matches as show that
/// there are more than [`COUNT_LIMIT`].
pub(super) fn matches_to_count(plan: &AgendaPlan, columns: &str) -> SqlWriter {
    if !plan.counts_few() {
        return matches(plan, columns);
    }
    let mut sql = SqlWriter::new(plan.dialect);
    sql.push("SELECT ").push(columns);
    sql.push(" FROM (SELECT o.id, o.event_id, o.starts_at, o.day, o.labels");
    push_matches(&mut sql, plan);
    sql.push(&format!(" LIMIT {}) o", COUNT_LIMIT + 1));
    sql
}

/// Counts the events of the matches, up to one above [`COUNT_LIMIT`].
pub(super) fn count_events(parts: &PlanParts) -> SqlWriter {
    let mut sql = SqlWriter::new(parts.later.dialect);
    sql.push("SELECT count(*) FROM (SELECT DISTINCT o.event_id FROM (");
    let all = parts.earlier.iter().chain([&parts.later]);
    sql.separated(" UNION ALL ", all, |sql, part| {
        sql.push("SELECT o.event_id");
        push_matches(sql, part);
    });
    sql.push(&format!(") o LIMIT {}) few", COUNT_LIMIT + 1));
    sql
}

/// The rows of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageRows {
    /// Occurrences with all columns that are shown, and the sort key `position`.
    Occurrences,
    /// The event, the sort key and the id of occurrences.
    Events,
}

/// The statement of a page: the first `limit` matches of a plan, or of its probe.
pub(super) struct PageStatement<'a> {
    pub(super) keyset: &'a Keyset,
    pub(super) limit: i64,
    pub(super) rows: PageRows,
}

impl PageStatement<'_> {
    /// The first matches of all parts of a plan, in any order: to sort rows with all columns, SQLite would
    /// write each of them once more.
    pub(super) fn write(&self, parts: &PlanParts) -> SqlWriter {
        self.select(&parts.earlier, &parts.later, |sql| {
            sql.push("SELECT o.id, o.event_id, o.starts_at");
            push_matches(sql, &parts.later);
        })
    }

    /// Those among the first [`PROBE_SIZE`] occurrences of the probe, and the first matches of `earlier`.
    pub(super) fn write_probe(&self, earlier: &[AgendaPlan], probe: &Probe) -> SqlWriter {
        self.select(earlier, &probe.inner, |sql| {
            sql.push(
                "SELECT o.id, o.event_id, o.starts_at
                    FROM (SELECT o.id, o.event_id, o.document_id, o.starts_at, o.day",
            );
            push_matches(sql, &probe.inner);
            self.push_order(sql, PROBE_SIZE);
            sql.push(") o");
            push_document_and_conditions(sql, &probe.outer);
        })
    }

    /// The columns of the first matches of `earlier` and of the last part.
    fn select(
        &self,
        earlier: &[AgendaPlan],
        later: &AgendaPlan,
        last: impl FnOnce(&mut SqlWriter),
    ) -> SqlWriter {
        let mut sql = SqlWriter::new(later.dialect);
        let position = position(later);
        match self.rows {
            PageRows::Occurrences => {
                sql.push(&format!("SELECT {OCCURRENCE_COLUMNS}, {position} AS position FROM ("))
            }
            PageRows::Events => sql.push(&format!("SELECT o.event_id, {position} AS position, o.id FROM (")),
        };
        if !earlier.is_empty() {
            sql.push("SELECT o.id, o.event_id, o.starts_at FROM (");
        }
        // Each part has the limit of the page, so that few rows are sorted.
        for part in earlier {
            sql.push("SELECT * FROM (SELECT o.id, o.event_id, o.starts_at");
            push_matches(&mut sql, part);
            self.push_order(&mut sql, self.limit);
            sql.push(") part UNION ALL ");
        }
        if !earlier.is_empty() {
            sql.push("SELECT * FROM (");
        }
        last(&mut sql);
        self.push_order(&mut sql, self.limit);
        if !earlier.is_empty() {
            sql.push(") part) o");
            self.push_order(&mut sql, self.limit);
        }
        sql.push(match self.rows {
            PageRows::Occurrences => {
                ") AS found JOIN occurrences o ON o.id = found.id
                    JOIN events e ON e.id = o.event_id JOIN users u ON u.id = e.organizer_id"
            }
            PageRows::Events => ") AS o",
        });
        sql
    }

    fn push_order(&self, sql: &mut SqlWriter, limit: i64) {
        let direction = self.keyset.direction();
        sql.push(&format!(" ORDER BY o.starts_at {direction}, o.id {direction} LIMIT {limit}"));
    }
}

/// SQL for the sort key of an occurrence `o` in microseconds.
fn position(plan: &AgendaPlan) -> String {
    let starts_at = match plan.dialect {
        Dialect::Sqlite => "o.starts_at",
        Dialect::Postgres => "CAST(extract(epoch FROM o.starts_at) * 1000000 AS BIGINT)",
    };
    format!("{starts_at} + {}", plan.tier_offset())
}

/// Writes ` FROM … WHERE …`, with the occurrence as `o`.
pub(super) fn push_matches(sql: &mut SqlWriter, plan: &AgendaPlan) {
    let conditions = plan.untested();
    sql.push(" FROM ");
    match &plan.driver {
        Driver::Occurrences => {
            sql.push("occurrences o");
            if let Some(index) = plan.scanned_index() {
                push_indexed_by(sql, index);
            }
            push_document_and_conditions(sql, &conditions);
        }
        Driver::Lookup(lookup) => {
            lookup.write_table(sql);
            let join = if lookup.finds_documents() { Join::Document } else { Join::Event };
            push_found(sql, join, &conditions);
        }
        Driver::MultiDay(from, to) => {
            sql.push("(SELECT o.id FROM occurrences o");
            push_indexed_by(sql, "agenda_lasting");
            sql.push(" WHERE o.listed AND ");
            Condition::MultiDay(*from, *to).write(sql, OUTER);
            push_fence(sql).push(") found");
            push_found(sql, Join::Occurrence, &conditions);
        }
        Driver::Ongoing(ongoing, now) => {
            sql.push("(");
            ongoing.write(sql, "b.id", *now);
            push_fence(sql).push(") found");
            push_found(sql, Join::Occurrence, &conditions);
        }
    }
}

/// What a driver finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Join {
    Document,
    Event,
    Occurrence,
}

/// Writes the occurrences `o` of what the table `found` has, and their conditions.
fn push_found(sql: &mut SqlWriter, join: Join, conditions: &[Condition]) {
    let reads_document = conditions.iter().any(Condition::reads_document);
    let (column, index) = match join {
        Join::Document => ("document_id", Some("occurrences_of_document")),
        Join::Event => ("event_id", Some("occurrences_of_event")),
        Join::Occurrence => ("id", None),
    };
    match sql.dialect() {
        Dialect::Sqlite => {
            // The document comes first where its conditions leave few rows.
            if reads_document && join == Join::Document {
                sql.push(" CROSS JOIN search_documents d ON d.id = found.id");
            }
            sql.push(" CROSS JOIN occurrences o");
            if let Some(index) = index {
                push_indexed_by(sql, index);
            }
            sql.push(" ON o.").push(column).push(" = found.id");
            if reads_document && join != Join::Document {
                sql.push(" CROSS JOIN search_documents d ON d.id = o.document_id");
            }
            sql.push(" WHERE ");
            push_conditions(sql, conditions);
        }
        Dialect::Postgres => {
            sql.push(" CROSS JOIN LATERAL (SELECT o.* FROM occurrences o");
            if reads_document {
                sql.push(" JOIN search_documents d ON d.id = o.document_id");
            }
            sql.push(" WHERE o.").push(column).push(" = found.id AND ");
            push_conditions(sql, conditions);
            push_fence(sql).push(") o");
        }
    }
}

/// Writes the conditions of occurrences `o` that the FROM clause has, with the documents that they read.
fn push_document_and_conditions(sql: &mut SqlWriter, conditions: &[Condition]) {
    let (of_document, others): (Vec<_>, Vec<_>) =
        conditions.iter().cloned().partition(Condition::reads_document);
    match sql.dialect() {
        _ if of_document.is_empty() => {
            sql.push(" WHERE ");
            push_conditions(sql, conditions);
        }
        Dialect::Sqlite => {
            sql.push(" CROSS JOIN search_documents d ON d.id = o.document_id WHERE ");
            push_conditions(sql, conditions);
        }
        Dialect::Postgres => {
            sql.push(
                " CROSS JOIN LATERAL (SELECT d.id FROM search_documents d WHERE d.id = o.document_id AND ",
            );
            push_conditions(sql, &of_document);
            push_fence(sql).push(") d WHERE ");
            push_conditions(sql, &others);
        }
    }
}

fn push_conditions(sql: &mut SqlWriter, conditions: &[Condition]) {
    if conditions.is_empty() {
        sql.push("TRUE");
    }
    sql.separated(" AND ", conditions, |sql, condition| condition.write(sql, OUTER));
}

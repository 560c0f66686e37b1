//! The plans of the agenda in SQL.

use super::condition::{Condition, OUTER};
use super::index_lookup::IndexLookup;
use super::plan::{AgendaPlan, Driver, Probe};
use crate::db::{Dialect, Planning, SqlWriter};
use crate::page::Keyset;

/// Number of occurrences that a probe tests for the words, before the matches of the index are counted.
const PROBE_SIZE: i64 = 512;

/// A statement of all matches: `SELECT {columns} FROM … WHERE …`.
pub(super) fn matches(plan: &AgendaPlan, columns: &str) -> SqlWriter {
    let mut sql = SqlWriter::new(plan.dialect, plan.planning());
    sql.push("SELECT ").push(columns);
    push_matches(&mut sql, plan);
    sql
}

/// The statement of a page: the first `limit` matches of a plan, or of its probe.
pub(super) struct PageStatement<'a> {
    pub(super) keyset: &'a Keyset,
    pub(super) limit: i64,
    /// SQL before the matches, in which [`position`] is the sort key of an occurrence `o`.
    pub(super) before: String,
    /// SQL after the matches, which have `id`, `event_id` and `starts_at`.
    pub(super) after: &'a str,
}

impl PageStatement<'_> {
    /// The first matches of all parts of a plan, in order.
    pub(super) fn write(&self, parts: &[AgendaPlan]) -> SqlWriter {
        let mut sql = self.begin(parts, planning(parts));
        let Some((last, others)) = parts.split_last() else { return self.finish(sql) };
        self.push_parts(&mut sql, others);
        self.push_part(&mut sql, last);
        if !others.is_empty() {
            self.end_parts(&mut sql);
        }
        self.finish(sql)
    }

    /// Those among the first [`PROBE_SIZE`] occurrences of the probe, and the first matches of `others`.
    pub(super) fn write_probe(&self, others: &[AgendaPlan], probe: &Probe) -> SqlWriter {
        let mut sql = self.begin(std::slice::from_ref(&probe.inner), Planning::Generic);
        self.push_parts(&mut sql, others);
        sql.push(
            "SELECT o.id, o.event_id, o.starts_at
                FROM (SELECT o.id, o.event_id, o.document_id, o.starts_at, o.day",
        );
        push_matches(&mut sql, &probe.inner);
        self.push_order(&mut sql, PROBE_SIZE);
        let join = join_keyword(probe.inner.dialect);
        sql.push(&format!(") o {join} search_documents d ON d.id = o.document_id WHERE "));
        push_conditions(&mut sql, &probe.outer);
        self.push_order(&mut sql, self.limit);
        if !others.is_empty() {
            self.end_parts(&mut sql);
        }
        self.finish(sql)
    }

    fn begin(&self, parts: &[AgendaPlan], planning: Planning) -> SqlWriter {
        let dialect = parts.first().map_or(Dialect::Sqlite, |plan| plan.dialect);
        let mut sql = SqlWriter::new(dialect, planning);
        sql.push(&self.before);
        sql
    }

    /// Writes parts before the last one. Each part has the limit of the page, so that few rows are sorted.
    fn push_parts(&self, sql: &mut SqlWriter, parts: &[AgendaPlan]) {
        if parts.is_empty() {
            return;
        }
        sql.push("SELECT o.id, o.event_id, o.starts_at FROM (");
        for part in parts {
            sql.push("SELECT * FROM (");
            self.push_part(sql, part);
            sql.push(") part UNION ALL ");
        }
        sql.push("SELECT * FROM (");
    }

    fn end_parts(&self, sql: &mut SqlWriter) {
        sql.push(") part) o");
        self.push_order(sql, self.limit);
    }

    fn push_part(&self, sql: &mut SqlWriter, part: &AgendaPlan) {
        sql.push("SELECT o.id, o.event_id, o.starts_at");
        push_matches(sql, part);
        self.push_order(sql, self.limit);
    }

    fn push_order(&self, sql: &mut SqlWriter, limit: i64) {
        let direction = self.keyset.direction();
        sql.push(&format!(" ORDER BY o.starts_at {direction}, o.id {direction} LIMIT {limit}"));
    }

    fn finish(&self, mut sql: SqlWriter) -> SqlWriter {
        let direction = self.keyset.direction();
        sql.push(self.after).push(&format!(" ORDER BY o.starts_at {direction}, o.id {direction}"));
        sql
    }
}

/// How PostgreSQL plans a statement of these parts.
fn planning(parts: &[AgendaPlan]) -> Planning {
    match parts {
        [one] => one.planning(),
        _ if parts.iter().all(|part| part.planning() == Planning::Cached) => Planning::Generic,
        _ => Planning::ByValue,
    }
}

/// SQL for the sort key of an occurrence `o` in microseconds.
pub(super) fn position(plan: &AgendaPlan) -> String {
    let starts_at = match plan.dialect {
        Dialect::Sqlite => "o.starts_at",
        Dialect::Postgres => "CAST(extract(epoch FROM o.starts_at) * 1000000 AS BIGINT)",
    };
    format!("{starts_at} + {}", plan.tier_offset())
}

/// `CROSS JOIN` prevents SQLite from reordering the tables; PostgreSQL chooses a good order.
const fn join_keyword(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "CROSS JOIN",
        Dialect::Postgres => "JOIN",
    }
}

/// Writes ` FROM … WHERE …`, with the aliases `o`, `d` and `e`.
fn push_matches(sql: &mut SqlWriter, plan: &AgendaPlan) {
    let join = join_keyword(plan.dialect);
    let occurrences = |on: &str| format!(" {join} occurrences o ON {on}");
    let documents = |on: &str| format!(" {join} search_documents d ON {on}");
    sql.push(" FROM ");
    match &plan.driver {
        Driver::Occurrences => _ = sql.push("occurrences o"),
        Driver::Lookup(lookup) => {
            sql.push("(");
            lookup.write(sql);
            sql.push(") found");
        }
        Driver::Listed(condition) => {
            sql.push("(SELECT o.id FROM occurrences o WHERE o.listed AND ");
            condition.write(sql, OUTER);
            sql.push(") found");
        }
        Driver::Ongoing(ongoing, now) => {
            sql.push("(");
            ongoing.write(sql, "b.id", *now);
            sql.push(") found");
        }
    }
    let reads_document = plan.reads_document();
    let joined_document = if reads_document { documents("d.id = o.document_id") } else { String::new() };
    match &plan.driver {
        Driver::Occurrences => _ = sql.push(&joined_document),
        // The document comes first: its conditions leave few rows.
        Driver::Lookup(IndexLookup::Trigrams(_) | IndexLookup::Words(..)) if reads_document => {
            sql.push(&documents("d.id = found.id")).push(&occurrences("o.document_id = d.id"));
        }
        Driver::Lookup(IndexLookup::Trigrams(_) | IndexLookup::Words(..)) => {
            sql.push(&occurrences("o.document_id = found.id"));
        }
        Driver::Lookup(IndexLookup::Tag(_)) => {
            sql.push(&occurrences("o.event_id = found.id")).push(&joined_document);
        }
        Driver::Listed(_) | Driver::Ongoing(..) => {
            sql.push(&occurrences("o.id = found.id")).push(&joined_document);
        }
    }
    if plan.reads_event {
        sql.push(" JOIN events e ON e.id = o.event_id");
    }
    sql.push(" WHERE ");
    push_conditions(sql, &plan.conditions);
}

fn push_conditions(sql: &mut SqlWriter, conditions: &[Condition]) {
    if conditions.is_empty() {
        sql.push("TRUE");
    }
    sql.separated(" AND ", conditions, |sql, condition| condition.write(sql, OUTER));
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;

//! The plans of the agenda in SQL. A statement leaves the database no choice of how to execute it, so that no
//! plan changes with the size or the statistics of the database: SQLite keeps the order of `CROSS JOIN` and
//! takes the index that the statement names, PostgreSQL executes `LATERAL` subqueries behind a
//! [fence](push_fence) in nested loops.

use super::condition::{Condition, OUTER, push_fence, push_indexed_by};
use super::plan::{AgendaPlan, Driver, PlanParts};
use crate::db::{Dialect, SqlWriter};
use crate::page::TotalRelation;

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
    let mut sql = SqlWriter::new(plan.dialect);
    sql.push("SELECT ").push(columns);
    push_matches_to_count(&mut sql, plan);
    sql
}

fn push_matches_to_count(sql: &mut SqlWriter, plan: &AgendaPlan) {
    if !plan.counts_few() {
        return push_matches(sql, plan);
    }
    sql.push(" FROM (SELECT o.id, o.event_id, o.starts_at, o.day, o.labels");
    push_matches(sql, plan);
    sql.push(&format!(" LIMIT {}) o", COUNT_LIMIT + 1));
}

/// Counts the matches of all parts. If the plan [counts few](AgendaPlan::counts_few), up to one above
/// [`COUNT_LIMIT`] of each part.
pub(super) fn count(parts: &PlanParts) -> SqlWriter {
    let mut sql = SqlWriter::new(parts.later.dialect);
    let all = parts.earlier.iter().chain([&parts.later]);
    sql.push("SELECT ").separated(" + ", all, |sql, part| {
        sql.push("(SELECT count(*)");
        push_matches_to_count(sql, part);
        sql.push(")");
    });
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
pub(super) fn push_document_and_conditions(sql: &mut SqlWriter, conditions: &[Condition]) {
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

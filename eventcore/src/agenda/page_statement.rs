//! The statements of a page.

use super::index_lookup::IndexLookup;
use super::plan::{AgendaPlan, PlanParts, Probe};
use super::statement::{push_document_and_conditions, push_matches};
use crate::db::{Dialect, SqlWriter};
use crate::events::{OCCURRENCE_COLUMNS, series_column};
use crate::page::Keyset;

/// The rows of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageRows {
    /// Occurrences with all columns that are shown, and the sort key `position`.
    Occurrences,
    /// The event, the sort key and the id of occurrences.
    Events,
}

/// A statement of a page: the first `limit` matches of plans, or of the probe of one.
pub(super) struct PageStatement<'a> {
    pub(super) keyset: &'a Keyset,
    pub(super) limit: i64,
    pub(super) rows: PageRows,
}

/// How far a probe looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProbeReach {
    /// The number of occurrences that it tests.
    pub(super) size: i64,
    /// The lookups are counted if it finds fewer matches than this.
    pub(super) count_below: i64,
}

impl ProbeReach {
    /// The first probe of a page of `limit` rows. Most pages are full with so many occurrences; most of those
    /// that are not have too few matches for a scan.
    pub(super) const fn first(limit: i64) -> Self {
        Self { size: 512, count_below: limit.div_euclid(8) + 1 }
    }

    /// The second probe, made if the first one has found so many matches that this one can be expected to
    /// fill the page twice.
    pub(super) const fn second(limit: i64) -> Self {
        Self { size: 8_192, count_below: limit }
    }
}

impl PageStatement<'_> {
    /// The first matches of the parts of a plan, in any order: to sort rows with all columns, SQLite would
    /// write each of them once more. Of further plans, which come after the first one, only if those before
    /// have fewer than `limit` matches.
    pub(super) fn write(&self, plans: &[PlanParts]) -> SqlWriter {
        let dialect = plans.first().map_or(Dialect::Sqlite, |parts| parts.later.dialect);
        let mut sql = SqlWriter::new(dialect);
        let push = |sql: &mut SqlWriter, parts: &PlanParts| {
            self.push_first(sql, &parts.earlier, &parts.later, |sql| {
                sql.push("SELECT o.id, o.event_id, o.starts_at");
                push_matches(sql, &parts.later);
            });
        };
        if plans.len() > 1 {
            sql.push("WITH ").separated(", ", plans.iter().enumerate(), |sql, (number, parts)| {
                sql.push(&format!("tier{number} AS MATERIALIZED ("));
                push(sql, parts);
                for before in 0..number {
                    let word = if before == 0 { " WHERE " } else { " + " };
                    sql.push(word).push(&format!("(SELECT count(*) FROM tier{before})"));
                }
                if number > 0 {
                    sql.push(&format!(" < {}", self.limit));
                }
                sql.push(")");
            });
            sql.push(" ");
        }
        sql.push("SELECT ");
        self.push_columns(&mut sql);
        sql.push(" FROM (");
        match plans {
            [only] => push(&mut sql, only),
            several => {
                sql.separated(" UNION ALL ", 0..several.len(), |sql, number| {
                    sql.push(&format!("SELECT * FROM tier{number}"));
                });
            }
        }
        sql.push(") AS found");
        if self.rows == PageRows::Occurrences {
            sql.push(
                " JOIN occurrences o ON o.id = found.id JOIN events e ON e.id = o.event_id
                    JOIN users u ON u.id = e.organizer_id",
            );
        }
        sql
    }

    /// The first matches among the first occurrences of the probe, and the first matches of `earlier`: rows
    /// of a page, with `scanned`, the number of occurrences that were tested, if it found fewer than
    /// `limit`, and `lookup_counts`, separated by spaces, if there is reason to count them. If nothing was
    /// found, the columns of a page are null in the only row.
    pub(super) fn write_probe(
        &self,
        earlier: &[AgendaPlan],
        probe: &Probe,
        reach: ProbeReach,
        lookups: &[IndexLookup],
    ) -> SqlWriter {
        let mut sql = SqlWriter::new(probe.inner.dialect);
        sql.push("WITH probed AS MATERIALIZED (");
        self.push_first(&mut sql, earlier, &probe.inner, |sql| {
            sql.push(
                "SELECT o.id, o.event_id, o.starts_at
                    FROM (SELECT o.id, o.event_id, o.document_id, o.starts_at, o.day",
            );
            push_matches(sql, &probe.inner);
            self.push_order(sql, reach.size);
            sql.push(") o");
            push_document_and_conditions(sql, &probe.outer);
        });
        sql.push("), scanned AS (SELECT count(*) AS number FROM (SELECT o.id");
        push_matches(&mut sql, &probe.inner);
        self.push_order(&mut sql, reach.size);
        // Each case is evaluated once, and only if the ones before require it.
        sql.push(&format!(
            ") o) SELECT CASE WHEN (SELECT count(*) FROM probed) < {}
                THEN (SELECT number FROM scanned) END AS scanned, ",
            self.limit
        ));
        if lookups.is_empty() {
            sql.push("CAST(NULL AS TEXT)");
        } else {
            sql.push(&format!(
                "CASE WHEN (SELECT count(*) FROM probed) < {}
                    THEN CASE WHEN (SELECT number FROM scanned) = {} THEN ",
                reach.count_below, reach.size
            ));
            sql.separated(" || ' ' || ", lookups, |sql, lookup| {
                sql.push("CAST((");
                lookup.push_count(sql);
                sql.push(") AS TEXT)");
            });
            sql.push(" END END");
        }
        sql.push(" AS lookup_counts, ");
        self.push_columns(&mut sql);
        sql.push(" FROM (SELECT 1 AS one) single LEFT JOIN probed found ON TRUE");
        if self.rows == PageRows::Occurrences {
            sql.push(
                " LEFT JOIN occurrences o ON o.id = found.id LEFT JOIN events e ON e.id = o.event_id
                    LEFT JOIN users u ON u.id = e.organizer_id",
            );
        }
        sql
    }

    fn push_columns(&self, sql: &mut SqlWriter) {
        match self.rows {
            PageRows::Occurrences => {
                let series = series_column(sql.dialect());
                sql.push(OCCURRENCE_COLUMNS).push(", ").push(series).push(" AS series")
            }
            PageRows::Events => sql.push("found.event_id AS event_id, found.id AS found_id"),
        };
        sql.push(", found.position AS position");
    }

    /// The id, event and sort key of the first matches of `earlier` and of the last part. More conditions may
    /// follow.
    fn push_first(
        &self,
        sql: &mut SqlWriter,
        earlier: &[AgendaPlan],
        later: &AgendaPlan,
        last: impl FnOnce(&mut SqlWriter),
    ) {
        sql.push(&format!("SELECT o.id, o.event_id, {} AS position FROM (", position(later)));
        if !earlier.is_empty() {
            sql.push("SELECT o.id, o.event_id, o.starts_at FROM (");
        }
        // Each part has the limit of the page, so that few rows are sorted.
        for part in earlier {
            sql.push("SELECT * FROM (SELECT o.id, o.event_id, o.starts_at");
            push_matches(sql, part);
            self.push_order(sql, self.limit);
            sql.push(") part UNION ALL ");
        }
        if !earlier.is_empty() {
            sql.push("SELECT * FROM (");
        }
        last(sql);
        self.push_order(sql, self.limit);
        if !earlier.is_empty() {
            sql.push(") part) o");
            self.push_order(sql, self.limit);
        }
        sql.push(") o");
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

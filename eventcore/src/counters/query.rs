//! Reading counters of occurrences, and the changes that they do not have yet, in one statement.

use std::ops::Range;

use foldhash::{HashMap, HashMapExt};

use super::key::{CountKey, CountScope, CountSeries, LABEL_SEPARATOR, Labels};
use crate::db::{Queries, RowList, SqlWriter};
use crate::error::Result;

/// Which counters are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CountQuery {
    /// Counters of all these scopes are added up. Slices of categories read [`CountScope::All`] instead.
    pub(crate) scopes: Vec<CountScope>,
    /// Only occurrences of this status.
    pub(crate) status: Option<&'static str>,
    /// Only occurrences with this tag, by its folded form. The slices must be of tags.
    pub(crate) tag: Option<String>,
    pub(crate) slices: Vec<Slice>,
}

/// Counters of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) series: CountSeries,
    /// Ranges that do not overlap.
    pub(crate) buckets: Vec<Range<i64>>,
    pub(crate) grouping: Grouping,
}

/// What the counters of a slice are added up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grouping {
    Bucket,
    Label,
    Nothing,
}

/// The counts of a query, by series, and by bucket and label as its slices say. Those of zero are left out.
#[derive(Debug, Default)]
pub(crate) struct Counted(HashMap<(CountSeries, i64, String), i64>);

impl Counted {
    /// The counts of a series with their buckets.
    pub(crate) fn by_bucket(&self, series: CountSeries) -> impl Iterator<Item = (i64, i64)> {
        self.of(series).map(|((_, bucket, _), n)| (*bucket, *n))
    }

    /// The counts of a series with their labels.
    pub(crate) fn by_label(&self, series: CountSeries) -> impl Iterator<Item = (&str, i64)> {
        self.of(series).map(|((.., label), n)| (label.as_str(), *n))
    }

    /// The sum of all counts.
    pub(crate) fn total(&self) -> i64 {
        self.0.values().sum()
    }

    fn of(&self, wanted: CountSeries) -> impl Iterator<Item = (&(CountSeries, i64, String), &i64)> {
        self.0.iter().filter(move |((series, ..), n)| *series == wanted && **n != 0)
    }

    fn add(&mut self, slice: &Slice, bucket: i64, label: String, n: i64) {
        let (bucket, label) = match slice.grouping {
            Grouping::Bucket => (bucket, String::new()),
            Grouping::Label => (0, label),
            Grouping::Nothing => (0, String::new()),
        };
        *self.0.entry((slice.series, bucket, label)).or_default() += n;
    }
}

/// In the place of a series: a change that is not counted yet.
const UNCOUNTED: i64 = -1;
/// In the place of a series: a count that was made without counters.
const DIRECT: i64 = -2;

/// The series, bucket or day, quarter, label or labels, status, and the number.
type CountRow = (i64, i64, Option<i64>, String, String, i64);

impl CountQuery {
    /// Reads the counts.
    pub(crate) async fn load(&self, db: &mut impl Queries) -> Result<Counted> {
        let mut sql = SqlWriter::new(db.dialect());
        self.write(&mut sql);
        let rows: Vec<CountRow> = sql.query(db).all().await?;
        Ok(self.counted(rows))
    }

    /// Reads the total by a statement of [`CountQuery::write`], to which counts of rows may be
    /// [added](CountQuery::push_direct).
    pub(crate) async fn total(&self, db: &mut impl Queries, sql: SqlWriter) -> Result<i64> {
        let rows: Vec<CountRow> = sql.query(db).all().await?;
        let (direct, counted): (Vec<CountRow>, Vec<CountRow>) =
            rows.into_iter().partition(|(series, ..)| *series == DIRECT);
        Ok(self.counted(counted).total() + direct.into_iter().map(|(.., n)| n).sum::<i64>())
    }

    /// Writes the beginning of a further row of the statement: what follows is a query for one count, from
    /// ` FROM` on.
    pub(crate) fn push_direct(sql: &mut SqlWriter) {
        sql.push(&format!(" UNION ALL SELECT {DIRECT}, 0, NULL, '', '', count(*)"));
    }

    /// Writes the statement.
    pub(crate) fn write(&self, sql: &mut SqlWriter) {
        sql.push(&format!(
            "SELECT CAST({UNCOUNTED} AS BIGINT) AS series, u.day AS bucket, u.quarter, u.labels AS label,
                u.status, u.change AS n FROM uncounted_changes u"
        ));
        for slice in &self.slices {
            self.push_slice(sql, slice);
        }
    }

    fn push_slice(&self, sql: &mut SqlWriter, slice: &Slice) {
        let series = slice.series.number();
        sql.push(&format!(" UNION ALL SELECT {series}, "));
        let group = match slice.grouping {
            Grouping::Bucket => {
                sql.push("c.bucket, NULL, '', ''");
                " GROUP BY c.bucket"
            }
            Grouping::Label => {
                sql.push("0, NULL, c.label, ''");
                " GROUP BY c.label"
            }
            Grouping::Nothing => {
                sql.push("0, NULL, '', ''");
                ""
            }
        };
        sql.push(", CAST(coalesce(sum(c.n), 0) AS BIGINT) FROM ");
        if let [buckets] = slice.buckets.as_slice() {
            sql.push("agenda_counts c WHERE c.bucket >= ").value(buckets.start);
            sql.push(" AND c.bucket < ").value(buckets.end);
        } else {
            let rows = RowList::default()
                .integers("low", slice.buckets.iter().map(|buckets| buckets.start))
                .integers("high", slice.buckets.iter().map(|buckets| buckets.end));
            sql.rows("v", rows).push(" CROSS JOIN agenda_counts c");
            sql.push(" WHERE c.bucket >= v.low AND c.bucket < v.high");
        }
        sql.push(&format!(" AND c.series = {series} AND c.scope IN ("));
        sql.separated(", ", self.scopes_of(slice.series), |sql, scope| _ = sql.value(scope.name()));
        sql.push(")");
        if let Some(status) = self.status {
            sql.push(" AND c.status = ").value(status);
        }
        if let Some([from, past]) = self.labels_of_tag() {
            sql.push(" AND c.label >= ").value(from).push(" AND c.label < ").value(past);
        }
        sql.push(group);
    }

    fn scopes_of(&self, series: CountSeries) -> Vec<CountScope> {
        match series {
            CountSeries::CategoriesByDay | CountSeries::CategoriesByMonth => vec![CountScope::All],
            _ => self.scopes.clone(),
        }
    }

    /// The range of the labels of the tag.
    fn labels_of_tag(&self) -> Option<[String; 2]> {
        let tag = self.tag.as_deref()?;
        // The character after the separator is a space.
        Some([format!("{tag}{LABEL_SEPARATOR}"), format!("{tag} ")])
    }

    fn counted(&self, rows: Vec<CountRow>) -> Counted {
        let mut counted = Counted(HashMap::new());
        for (series, bucket, quarter, label, status, n) in rows {
            if series == UNCOUNTED {
                for key in Labels::parse(&label).keys(bucket, quarter, &status) {
                    if let Some(slice) = self.slice_of(&key) {
                        counted.add(slice, key.bucket, key.label, n);
                    }
                }
            } else if let Some(series) = CountSeries::of_number(series)
                && let Some(slice) = self.slices.iter().find(|slice| slice.series == series)
            {
                counted.add(slice, bucket, label, n);
            }
        }
        counted
    }

    /// The slice that reads a counter.
    fn slice_of(&self, key: &CountKey) -> Option<&Slice> {
        let is_read = self.scopes_of(key.series).contains(&key.scope)
            && self.status.is_none_or(|status| key.status == status)
            && self.labels_of_tag().is_none_or(|[from, past]| (from..past).contains(&key.label));
        let slices = self.slices.iter().filter(|_| is_read);
        let mut slices = slices.filter(|slice| {
            slice.series == key.series && slice.buckets.iter().any(|buckets| buckets.contains(&key.bucket))
        });
        slices.next()
    }
}

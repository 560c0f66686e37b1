//! The number of upcoming events by category or tag.

use foldhash::{HashMap, HashMapExt};

use super::counted::{QUERY_OF_LISTED, day_in_utc};
use super::key::{CountScope, CountSeries, Labels, first_day_of_month, midnight_in_utc, month_of_day};
use crate::db::{Queries, SqlWriter};
use crate::error::Result;
use crate::time::Timestamp;

/// The labels by which upcoming events are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UpcomingLabels<'a> {
    Categories,
    /// Tags of which the folded form has this prefix.
    Tags {
        prefix: &'a str,
    },
}

impl UpcomingLabels<'_> {
    const fn series(self) -> (CountSeries, CountSeries) {
        match self {
            Self::Categories => (CountSeries::CategoriesByDay, CountSeries::CategoriesByMonth),
            Self::Tags { .. } => (CountSeries::TagsByDay, CountSeries::TagsByMonth),
        }
    }

    /// The labels of an event.
    fn of(self, labels: &str) -> Vec<String> {
        let labels = Labels::parse(labels);
        match self {
            Self::Categories => labels.category().into_iter().collect(),
            Self::Tags { prefix } => {
                labels.tags().iter().filter(|tag| tag.starts_with(prefix)).cloned().collect()
            }
        }
    }
}

/// The number of events with an upcoming scheduled occurrence in lists, by label. Labels without any are left
/// out.
pub(crate) async fn upcoming_events(
    db: &mut impl Queries,
    labels: UpcomingLabels<'_>,
    now: Timestamp,
) -> Result<HashMap<String, i64>> {
    let mut sql = SqlWriter::new(db.dialect());
    write(&mut sql, labels, now);
    let mut counts: HashMap<String, i64> = HashMap::new();
    for (is_summed, label, n) in sql.query(db).all::<(i64, String, i64)>().await? {
        let labels = if is_summed == 1 { vec![label] } else { labels.of(&label) };
        for label in labels {
            *counts.entry(label).or_default() += n;
        }
    }
    counts.retain(|_, n| *n > 0);
    Ok(counts)
}

/// Writes the statement: counters with 1 and their label; events with 0, all their labels, and 1 or -1.
fn write(sql: &mut SqlWriter, labels: UpcomingLabels<'_>, now: Timestamp) {
    let (by_day, by_month) = labels.series();
    let today = day_in_utc(now);
    let next_month = month_of_day(today) + 1;
    // Those that stop being upcoming on a later day.
    sql.push("SELECT CAST(1 AS BIGINT) AS is_summed, c.label, CAST(sum(c.n) AS BIGINT) AS n");
    push_counters(sql, labels, by_month, next_month..i64::MAX);
    sql.push(" UNION ALL SELECT 1, c.label, CAST(sum(c.n) AS BIGINT)");
    push_counters(sql, labels, by_day, today + 1..first_day_of_month(next_month));
    // Those that do so later today.
    let tomorrow = midnight_in_utc(today + 1);
    sql.push(" UNION ALL SELECT 0, c.labels, 1 FROM counted_events c WHERE c.upcoming_until > ").value(now);
    sql.push(" AND c.upcoming_until < ").value(tomorrow);
    // Those that have changed since they were counted: what was counted is taken back.
    sql.push(" UNION ALL SELECT 0, c.labels, -1 FROM counted_events c WHERE c.upcoming_until > ").value(now);
    sql.push(" AND c.event_id IN (SELECT u.event_id FROM uncounted_changes u)");
    sql.push(" UNION ALL SELECT 0, changed.labels, 1 FROM (SELECT ").push(QUERY_OF_LISTED).value(now);
    sql.push(" ORDER BY o.starts_at DESC, o.id DESC LIMIT 1) AS labels");
    sql.push(" FROM (SELECT DISTINCT u.event_id FROM uncounted_changes u) v) changed");
    sql.push(" WHERE changed.labels IS NOT NULL");
}

fn push_counters(
    sql: &mut SqlWriter,
    labels: UpcomingLabels<'_>,
    series: CountSeries,
    buckets: std::ops::Range<i64>,
) {
    sql.push(" FROM agenda_counts c WHERE c.scope = ").value(CountScope::Events.name());
    sql.push(&format!(" AND c.series = {} AND c.bucket >= ", series.number())).value(buckets.start);
    sql.push(" AND c.bucket < ").value(buckets.end);
    if let UpcomingLabels::Tags { prefix } = labels
        && !prefix.is_empty()
    {
        sql.push(" AND c.label >= ").value(prefix);
        // No text sorts after the last code point of Unicode.
        sql.push(" AND c.label < ").value(format!("{prefix}\u{10ffff}"));
    }
    sql.push(" GROUP BY c.label");
}

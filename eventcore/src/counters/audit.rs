//! The consistency check of the counters: a recount, month by month.

use foldhash::{HashMap, HashMapExt};

use super::counted::{day_and_quarter, day_in_utc, last_upcoming};
use super::key::{
    CountKey, CountScope, CountSeries, Labels, MAX_OFFSET, QUARTERS_OF_DAY, add, category_of_label,
    date_of_day, first_day_of_month, midnight_in_utc, month_of_day,
};
use crate::core::EventCore;
use crate::db::{Queries, Sql, SqlWriter, sql};
use crate::error::Result;
use crate::id::EventId;
use crate::time::Timestamp;

/// Where the row of a statement comes from.
const OCCURRENCE: i64 = 0;
const CHANGE: i64 = 1;
const COUNTER: i64 = 2;

/// Source, scope, series, bucket or day, quarter, label or labels, status, and the number.
type AuditRow = (i64, String, i64, i64, Option<i64>, String, String, i64);

impl EventCore {
    /// Compares the counters of the agenda with the occurrences and events that they count. Returns what
    /// differs, as messages for the operator. Takes a time linear in the size of the database.
    pub async fn check_counters(&self) -> Result<Vec<String>> {
        let mut db = self.db().read().await?;
        let mut faults = Vec::new();
        let mut month = next_month(&mut db, 0).await?;
        while let Some(number) = month {
            faults.extend(faults_of_month(&mut db, number).await?);
            month = next_month(&mut db, number).await?;
        }
        faults.extend(faults_of_event_counters(&mut db).await?);
        faults.extend(faults_of_events(&mut db).await?);
        Ok(faults)
    }
}

/// A month after another one, so that no occurrence or counter is in a month between them.
async fn next_month(db: &mut impl Queries, after: i64) -> Result<Option<i64>> {
    let counters: Option<i64> = db
        .query(sql!(
            "SELECT min(c.bucket) FROM agenda_counts c
             WHERE c.scope = 'all' AND c.series IN (2, 4, 6) AND c.bucket > $1"
        ))
        .bind(after)
        .scalar()
        .await?;
    let from = midnight_in_utc(first_day_of_month(after + 1)).minus(MAX_OFFSET);
    let start: Option<Timestamp> = db
        .query(sql!("SELECT min(o.starts_at) FROM occurrences o WHERE o.listed AND o.starts_at >= $1"))
        .bind(from)
        .scalar()
        .await?;
    let start = start.map(|at| month_of_day(day_in_utc(at)).max(after + 1));
    Ok(counters.into_iter().chain(start).min())
}

/// Reads occurrences, changes and counters of a month in one statement, so that it sees one state.
async fn faults_of_month(db: &mut impl Queries, month: i64) -> Result<Vec<String>> {
    let (first, past) = (first_day_of_month(month), first_day_of_month(month + 1));
    let (begins, ends) = (midnight_in_utc(first), midnight_in_utc(past));
    let [day, quarter] = day_and_quarter(db.dialect());
    let mut sql = SqlWriter::new(db.dialect());
    sql.push(&format!(
        "SELECT CAST({OCCURRENCE} AS BIGINT) AS source, '' AS scope, CAST(0 AS BIGINT) AS series,
            {day} AS bucket, {quarter} AS quarter, o.labels AS label, o.status, CAST(1 AS BIGINT) AS n
         FROM occurrences o WHERE o.listed AND o.starts_at >= "
    ));
    sql.value(begins.minus(MAX_OFFSET)).push(" AND o.starts_at < ").value(ends.plus(MAX_OFFSET));
    sql.push(" AND CASE WHEN o.day IS NULL THEN o.starts_at >= ").value(begins);
    sql.push(" AND o.starts_at < ").value(ends);
    sql.push(" ELSE o.day >= ").value(date_of_day(first).to_string());
    sql.push(" AND o.day < ").value(date_of_day(past).to_string()).push(" END");
    sql.push(&format!(
        " UNION ALL SELECT {CHANGE}, '', 0, u.day, u.quarter, u.labels, u.status, u.change
          FROM uncounted_changes u WHERE u.day >= "
    ));
    sql.value(first).push(" AND u.day < ").value(past);
    sql.push(&format!(
        " UNION ALL SELECT {COUNTER}, c.scope, c.series, c.bucket, NULL, c.label, c.status, c.n
          FROM agenda_counts c WHERE c.scope <> 'events' AND CASE c.series WHEN "
    ));
    for series in
        [CountSeries::Quarters, CountSeries::Months, CountSeries::CategoriesByMonth, CountSeries::TagsByMonth]
    {
        let buckets = match series {
            CountSeries::Quarters => first * QUARTERS_OF_DAY..past * QUARTERS_OF_DAY,
            _ => month..month + 1,
        };
        sql.value(series.number()).push(" THEN c.bucket >= ").value(buckets.start);
        sql.push(" AND c.bucket < ").value(buckets.end).push(" WHEN ");
    }
    sql.value(CountSeries::Days.number()).push(" THEN c.bucket >= ").value(first);
    sql.push(" AND c.bucket < ").value(past).push(" ELSE c.bucket >= ").value(first);
    sql.push(" AND c.bucket < ").value(past).push(" END");
    let rows: Vec<AuditRow> = sql.query(db).all().await?;
    let mut difference = HashMap::new();
    let mut faults = Vec::new();
    for (source, scope, series, bucket, quarter, label, status, n) in rows {
        if source != COUNTER {
            let n = if source == OCCURRENCE { n } else { -n };
            add(&mut difference, Labels::parse(&label).keys(bucket, quarter, &status), n);
        } else if let Some(key) = counter(&scope, series, bucket, label, status) {
            add(&mut difference, [key], -n);
        } else {
            faults.push(format!("a counter of an unknown kind: {scope} {series} {bucket}"));
        }
    }
    faults.extend(described(difference));
    Ok(faults)
}

fn counter(scope: &str, series: i64, bucket: i64, label: String, status: String) -> Option<CountKey> {
    let scope = match scope {
        "all" => CountScope::All,
        "events" => CountScope::Events,
        category => CountScope::Category(category_of_label(category)?),
    };
    Some(CountKey { scope, series: CountSeries::of_number(series)?, bucket, label, status })
}

/// What the counters miss or have too much, in order.
fn described(difference: HashMap<CountKey, i64>) -> Vec<String> {
    let mut wrong: Vec<(CountKey, i64)> = difference.into_iter().filter(|(_, n)| *n != 0).collect();
    wrong.sort_unstable();
    let describe = |(key, n): (CountKey, i64)| {
        let CountKey { scope, series, bucket, label, status } = key;
        format!("the counter {:?}, {series:?}, {bucket}, {label:?}, {status:?} lacks {n}", scope.name())
    };
    wrong.into_iter().map(describe).collect()
}

/// Compares the counters of events with what is counted of each.
async fn faults_of_event_counters(db: &mut impl Queries) -> Result<Vec<String>> {
    let rows: Vec<(i64, i64, Option<Timestamp>, String, i64)> = db
        .query(sql!(
            "SELECT c.series, c.bucket, NULL AS upcoming_until, c.label, c.n FROM agenda_counts c
             WHERE c.scope = 'events'
             UNION ALL SELECT -1, 0, e.upcoming_until, e.labels, 1 FROM counted_events e"
        ))
        .all()
        .await?;
    let mut difference = HashMap::new();
    for (series, bucket, upcoming_until, label, n) in rows {
        match upcoming_until {
            Some(until) => {
                add(&mut difference, Labels::parse(&label).keys_of_event(day_in_utc(until)), n);
            }
            None => add(&mut difference, counter("events", series, bucket, label, String::new()), -n),
        }
    }
    Ok(described(difference))
}

/// Events that are not counted as they are, although they have not changed since.
async fn faults_of_events(db: &mut impl Queries) -> Result<Vec<String>> {
    let (until, labels) = (last_upcoming("upcoming_until", "e.id"), last_upcoming("labels", "e.id"));
    let changed = "SELECT 1 FROM uncounted_changes u WHERE u.event_id";
    let text = format!(
        "SELECT e.id FROM events e LEFT JOIN counted_events c ON c.event_id = e.id
         WHERE (c.upcoming_until IS DISTINCT FROM {until} OR c.labels IS DISTINCT FROM {labels})
            AND NOT EXISTS ({changed} = e.id)
         UNION ALL SELECT c.event_id FROM counted_events c
         WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.id = c.event_id)
            AND NOT EXISTS ({changed} = c.event_id)"
    );
    let wrong: Vec<(EventId,)> = db.query(Sql::dynamic(text)).all().await?;
    Ok(wrong.into_iter().map(|(event,)| format!("event {event} is not counted as it is")).collect())
}

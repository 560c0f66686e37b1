//! Finding the files of a calendar that meet a condition.

use std::collections::HashSet;

use super::calendar_content::CalendarMember;
use super::collection::CalendarCollection;
use super::member_filter::{CalendarPeriod, ComponentFilter};
use super::shown::Shown;
use super::source;
use crate::db::{Queries, RowList, SqlWriter};
use crate::error::Result;
use crate::id::EventId;

/// Number of files that are in memory at once.
const FILES_AT_ONCE: usize = 100;
/// Number of events or occurrences that one statement looks up.
const ROWS_OF_STATEMENT: usize = 1_000;

impl CalendarCollection {
    /// The files that meet a condition, in the order of their events. An event takes place within a period if
    /// one of its occurrences does, also if that is so far ahead that it is not stored yet.
    ///
    /// # Errors
    /// `unavailable` if the database cannot be read.
    pub async fn matching(&self, filter: &ComponentFilter) -> Result<Vec<CalendarMember>> {
        let mut found = self.members().to_vec();
        for period in filter.periods() {
            let within = self.within(period).await?;
            found.retain(|member| within.contains(&member.event));
        }
        if filter.is_by_period() {
            return Ok(found);
        }
        let mut matching = Vec::new();
        for some in found.chunks(FILES_AT_ONCE) {
            let files = self.files(some, None).await?;
            let met = files.into_iter().filter(|(_, file)| filter.is_met_by(&file.text));
            matching.extend(met.map(|(member, _)| member));
        }
        Ok(matching)
    }

    /// The events with something to show within a period.
    async fn within(&self, period: CalendarPeriod) -> Result<HashSet<EventId>> {
        let (mut whole, mut occurrences) = (Vec::new(), Vec::new());
        for event in self.shown() {
            match &event.shown {
                Shown::Whole => whole.push(event.id.as_uuid()),
                Shown::Some(attended) => occurrences.extend(attended.keys().map(|id| id.as_uuid())),
            }
        }
        let mut db = self.core.db().read().await?;
        let (mut found, mut go_on) = (HashSet::new(), Vec::new());
        for some in whole.chunks(ROWS_OF_STATEMENT) {
            let mut sql = SqlWriter::new(db.dialect());
            sql.push(
                "SELECT e.id, EXISTS (SELECT 1 FROM occurrences o WHERE o.event_id = e.id AND o.starts_at < ",
            );
            sql.value(period.to).push(" AND o.ends_at > ").value(period.from).push(") AS is_within FROM ");
            sql.rows("v", RowList::default().ids("id", some.iter().copied()));
            sql.push(" JOIN events e ON e.id = v.id");
            sql.push(" WHERE e.expanded_until < ").value(period.to);
            sql.push(" OR EXISTS (SELECT 1 FROM occurrences o WHERE o.event_id = e.id AND o.starts_at < ");
            sql.value(period.to).push(" AND o.ends_at > ").value(period.from).push(")");
            for (id, is_within) in sql.query(&mut db).all::<(EventId, bool)>().await? {
                if is_within {
                    found.insert(id);
                } else {
                    go_on.push(id);
                }
            }
        }
        for some in go_on.chunks(FILES_AT_ONCE) {
            let loaded = source::load(&mut db, some).await?;
            let within = loaded.iter().filter(|(source, _)| source.event.goes_on_within(period));
            found.extend(within.map(|(source, _)| source.id()));
        }
        for some in occurrences.chunks(ROWS_OF_STATEMENT) {
            let mut sql = SqlWriter::new(db.dialect());
            sql.push("SELECT o.event_id FROM ").rows("v", RowList::default().ids("id", some.iter().copied()));
            sql.push(" JOIN occurrences o ON o.id = v.id WHERE o.starts_at < ").value(period.to);
            sql.push(" AND o.ends_at > ").value(period.from);
            found.extend(sql.query(&mut db).all::<(EventId,)>().await?.into_iter().map(|(id,)| id));
        }
        Ok(found)
    }
}

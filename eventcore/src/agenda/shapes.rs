//! All statements that the agenda may send for a filter, without a database: tests prepare and explain them.

use chrono_tz::Tz;
use uuid::Uuid;

use super::condition::Comparison;
use super::counted::CountedFilter;
use super::counting::{MatchedLabels, MatchedStarts};
use super::days;
use super::event_ids;
use super::filter::AgendaFilter;
use super::index_lookup::IndexLookup;
use super::page_statement::{PageRows, PageStatement, ProbeReach};
use super::pages;
use super::plan::{AgendaPlan, Extent, PlanParts, VisibleScope};
use super::statement;
use crate::db::{Dialect, SqlValue, SqlWriter};
use crate::error::Result;
use crate::page::{Keyset, Order, PageRequest, SortKey};
use crate::time::Timestamp;

/// A statement of the agenda.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AgendaStatement {
    /// What it is for, such as `page` or `count`.
    pub purpose: &'static str,
    /// Where the database begins to look, such as `words`.
    pub driver: &'static str,
    /// Its text.
    pub text: String,
    /// The types of its parameters on PostgreSQL.
    pub parameters: Vec<&'static str>,
}

/// All statements that lists, counts, facets and calendars of a filter may send, whatever the database has.
///
/// # Errors
/// `invalid_input` for a wrong filter.
pub fn statements(dialect: Dialect, filter: &AgendaFilter, now: Timestamp) -> Result<Vec<AgendaStatement>> {
    filter.violations().into_result()?;
    let mut shapes = Shapes { dialect, filter, now, found: Vec::new() };
    let named = filter.event.is_some() || filter.registered.is_some();
    if !named {
        shapes.add_all(VisibleScope::Listed)?;
    }
    if named || filter.organizer.is_some() {
        shapes.add_all(VisibleScope::All)?;
    }
    Ok(shapes.found)
}

struct Shapes<'f> {
    dialect: Dialect,
    filter: &'f AgendaFilter,
    now: Timestamp,
    found: Vec<AgendaStatement>,
}

impl Shapes<'_> {
    fn plan(&self, visible: VisibleScope, extent: Extent) -> AgendaPlan {
        AgendaPlan::new(self.dialect, self.filter, visible, extent, self.now)
    }

    fn add(&mut self, purpose: &'static str, driver: &'static str, sql: SqlWriter) {
        let (text, values) = sql.written();
        let parameters = values.iter().map(SqlValue::postgres_type).collect();
        self.found.push(AgendaStatement { purpose, driver, text, parameters });
    }

    fn add_all(&mut self, visible: VisibleScope) -> Result<()> {
        for (extent, purposes) in [(Extent::All, &["count", "facets"][..]), (Extent::Period, &["calendar"])] {
            let plan = self.plan(visible, extent);
            let lookups = plan.lookups_to_count(extent);
            if !lookups.is_empty() {
                self.add("lookups", "none", IndexLookup::count(lookups, self.dialect));
            }
            for purpose in purposes {
                self.add_counts(purpose, &plan);
            }
        }
        self.add_counters(visible);
        let period = (self.now.in_zone(Tz::UTC).date_naive(), self.now.in_zone(Tz::UTC).date_naive());
        let any_time = self.plan(visible, Extent::AnyTime);
        let multi_day = days::multi_day_plan(any_time, visible, &(period.0..period.1), Tz::UTC);
        let driver = multi_day.driver_name();
        self.add("multi-day", driver, days::statement(&multi_day));
        for rows in [PageRows::Occurrences, PageRows::Events] {
            let position = Some(SortKey { number: self.now.as_micros(), id: Uuid::max() });
            for order in [Order::Ascending, Order::Descending] {
                for position in [None, position] {
                    let mut keyset = Keyset::new(&PageRequest::first(20), "", order)?;
                    keyset.position = position;
                    self.add_pages(visible, rows, &keyset);
                }
            }
        }
        Ok(())
    }

    /// The statements that read counters.
    fn add_counters(&mut self, visible: VisibleScope) {
        let planned = |tags| CountedFilter::planned(self.dialect, self.filter, visible, tags, self.now);
        let total = planned(1).and_then(|counted| counted.total());
        let facets = planned(0).and_then(|counted| counted.facet_counters(Tz::Europe__Berlin));
        let today = self.now.in_zone(Tz::UTC).date_naive();
        let calendar = planned(0).and_then(|counted| counted.day_counters(&(today..today), Tz::UTC));
        if let Some((_, sql)) = total {
            self.add("counters", "total", sql);
        }
        for query in facets.map(|(_, query)| query).into_iter().chain(calendar) {
            let mut sql = SqlWriter::new(self.dialect);
            query.write(&mut sql);
            self.add("counters", "days", sql);
        }
    }

    fn add_counts(&mut self, purpose: &'static str, plan: &AgendaPlan) {
        for driver in plan.possible_drivers() {
            let mut plan = plan.clone();
            plan.driver = driver;
            if purpose == "count" {
                let parts = plan.clone().parts();
                self.add("count", plan.driver_name(), statement::count(&parts));
                self.add("count of events", plan.driver_name(), statement::count_events(&parts));
            }
            let columns = match purpose {
                "calendar" => MatchedStarts::columns(self.dialect),
                _ => MatchedLabels::columns(self.dialect),
            };
            for part in plan.parts().all() {
                if purpose == "count" {
                    self.add("event ids", part.driver_name(), event_ids::statement(&part, 100));
                }
                if purpose == "calendar" && self.filter.overlaps {
                    self.add(purpose, part.driver_name(), days::statement(&part));
                    continue;
                }
                match purpose {
                    "calendar" => {
                        self.add(purpose, part.driver_name(), statement::matches(&part, &columns));
                    }
                    "facets" => {
                        let sql = statement::matches_to_count(&part, &columns);
                        self.add(purpose, part.driver_name(), sql);
                    }
                    _ => {}
                }
            }
        }
    }

    fn add_pages(&mut self, visible: VisibleScope, rows: PageRows, keyset: &Keyset) {
        let mut list = self.plan(visible, Extent::Page);
        if rows == PageRows::Events {
            list = list.first_of_each_event();
        }
        let comparison = if keyset.ascending() { Comparison::Greater } else { Comparison::Less };
        let page = PageStatement { keyset, limit: keyset.fetch(), rows };
        let tiers = list.tiers(None, comparison).into_iter();
        let tiers = tiers.map(|tier| list.clone().within(tier).parts_beyond(keyset.position, comparison));
        let mut tiers: Vec<PlanParts> = tiers.collect();
        if let Some((earlier, probe)) = tiers.first().and_then(|first| first.probe(comparison)) {
            let lookups = pages::lookups_of(&tiers);
            for reach in [ProbeReach::first(page.limit), ProbeReach::second(page.limit)] {
                let sql = page.write_probe(earlier, &probe, reach, &lookups);
                self.add("probe", probe.inner.driver_name(), sql);
            }
        }
        // Tiers are independent of each other: what they begin with varies for all at once.
        let drivers = tiers.first().map_or(0, |first| first.later.possible_drivers().len());
        for number in 0..drivers {
            for parts in &mut tiers {
                if let Some(driver) = parts.later.possible_drivers().get(number) {
                    parts.later.driver = driver.clone();
                }
            }
            let Some(name) = tiers.first().map(|first| first.later.driver_name()) else { return };
            if self.dialect == Dialect::Postgres {
                self.add("page", name, page.write(&tiers));
            }
            for one in tiers.chunks(1) {
                self.add("page", name, page.write(one));
            }
        }
    }
}

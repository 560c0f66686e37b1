//! Reading the rows of a page: by as few statements as possible, each of which is a round trip to PostgreSQL.
//!
//! A page with words first [probes](AgendaPlan::probe) the next occurrences. The statement that does so also
//! counts the index lookups if there is reason to: then they decide where the page begins. If the probe has
//! found some matches, but not enough, a second one looks further instead, because lookups that find many
//! rows take long to count.

use sqlx::FromRow;

use super::condition::Comparison;
use super::index_lookup::IndexLookup;
use super::page_statement::{PageRows, PageStatement, ProbeReach};
use super::plan::{AgendaPlan, Extent, PlanParts};
use crate::db::{Dialect, Joinable, LeftJoined, Queries, Row};
use crate::error::{Error, Result};
use crate::page::{Keyset, SortKey};

/// The known counts of index lookups, up to one above `FEW_MATCHES`.
#[derive(Debug, Default)]
pub(super) struct LookupCounts(Vec<(IndexLookup, i64)>);

impl LookupCounts {
    fn known(&self, lookup: &IndexLookup) -> Option<i64> {
        self.0.iter().find(|(known, _)| known == lookup).map(|(_, count)| *count)
    }

    /// Lets a plan choose one of its lookups. Counts those that are not known.
    pub(super) async fn choose_driver(
        &mut self,
        db: &mut impl Queries,
        plan: &mut AgendaPlan,
        extent: Extent,
    ) -> Result<()> {
        let lookups = plan.lookups_to_count(extent).to_vec();
        let unknown = lookups.iter().filter(|lookup| self.known(lookup).is_none());
        let unknown: Vec<IndexLookup> = unknown.cloned().collect();
        if !unknown.is_empty() {
            let counted: Vec<(i64, i64)> = IndexLookup::count(&unknown, plan.dialect).query(db).all().await?;
            self.0.extend(unknown.into_iter().zip(counted.into_iter().map(|(_, count)| count)));
        }
        let counts: Vec<i64> = lookups.iter().filter_map(|lookup| self.known(lookup)).collect();
        plan.choose_driver(extent, &counts);
        Ok(())
    }

    /// Adds the counts that a probe has returned.
    fn add(&mut self, lookups: &[IndexLookup], counts: &str) -> Result<()> {
        for (lookup, count) in lookups.iter().zip(counts.split(' ')) {
            self.0.push((lookup.clone(), count.parse().map_err(Error::internal)?));
        }
        Ok(())
    }
}

/// A row of a probe.
#[derive(FromRow)]
struct ProbedRow<T: Joinable> {
    scanned: Option<i64>,
    lookup_counts: Option<String>,
    #[sqlx(flatten)]
    row: LeftJoined<T>,
}

/// What a probe has found.
struct Probed<T> {
    rows: Vec<T>,
    /// Whether the last part has no more occurrences than those that it tested.
    is_short: bool,
    /// Whether it has read the other parts too: then a short one has found all matches.
    has_all_parts: bool,
}

/// A page to be read.
pub(super) struct PageReader<'a> {
    pub(super) keyset: &'a Keyset,
    pub(super) rows: PageRows,
    pub(super) counts: &'a mut LookupCounts,
}

impl PageReader<'_> {
    /// The first rows of a list in order after the keyset's position, one more than the page shows if there
    /// are as many; at most that many of each tier.
    pub(super) async fn read<T: Row + Joinable>(
        &mut self,
        db: &mut impl Queries,
        list: &AgendaPlan,
        key: impl Fn(&T) -> SortKey,
    ) -> Result<Vec<T>> {
        let comparison = if self.keyset.ascending() { Comparison::Greater } else { Comparison::Less };
        let position = self.keyset.position;
        let mut tiers: Vec<PlanParts> = list
            .tiers(position, comparison)
            .into_iter()
            .map(|tier| list.clone().within(tier).parts_beyond(position, comparison))
            .collect();
        let mut found = match self.probe(db, &tiers, comparison).await? {
            Some(Probed { rows, is_short, has_all_parts })
                if self.is_full(&rows) || (is_short && has_all_parts && tiers.len() == 1) =>
            {
                rows
            }
            probed => {
                let is_short = probed.is_some_and(|probed| probed.is_short);
                for parts in &mut tiers {
                    if is_short {
                        parts.later.scan();
                    } else {
                        self.counts.choose_driver(db, &mut parts.later, Extent::Page).await?;
                    }
                }
                self.read_tiers(db, &tiers).await?
            }
        };
        found.sort_by_key(key);
        if !self.keyset.ascending() {
            found.reverse();
        }
        Ok(found)
    }

    fn is_full<T>(&self, rows: &[T]) -> bool {
        i64::try_from(rows.len()).is_ok_and(|number| number >= self.keyset.fetch())
    }

    /// Probes the first tier, unless a page could have rows that a probe does not find.
    async fn probe<T: Row + Joinable>(
        &mut self,
        db: &mut impl Queries,
        tiers: &[PlanParts],
        comparison: Comparison,
    ) -> Result<Option<Probed<T>>> {
        let Some(first) = tiers.first() else { return Ok(None) };
        let Some((earlier, probe)) = first.probe(comparison) else { return Ok(None) };
        let has_all_parts = earlier.len() == first.earlier.len();
        let lookups = lookups_of(tiers);
        let limit = self.keyset.fetch();
        let page = PageStatement { keyset: self.keyset, limit, rows: self.rows };
        let mut last = None;
        for reach in [ProbeReach::first(limit), ProbeReach::second(limit)] {
            let statement = page.write_probe(earlier, &probe, reach, &lookups);
            let rows: Vec<ProbedRow<T>> = statement.query(db).all().await?;
            let scanned = rows.first().and_then(|row| row.scanned);
            let counts = rows.first().and_then(|row| row.lookup_counts.clone());
            let rows: Vec<T> = rows.into_iter().filter_map(|row| row.row.0).collect();
            let is_short = scanned.is_some_and(|scanned| scanned < reach.size);
            let is_full = self.is_full(&rows);
            last = Some(Probed { rows, is_short, has_all_parts });
            if let Some(counts) = &counts {
                self.counts.add(&lookups, counts)?;
            }
            if is_full || is_short || counts.is_some() {
                break;
            }
        }
        Ok(last)
    }

    /// Reads the first matches of tiers. On PostgreSQL in one statement; SQLite would read all of them even
    /// if the first one fills the page.
    async fn read_tiers<T: Row>(&self, db: &mut impl Queries, tiers: &[PlanParts]) -> Result<Vec<T>> {
        let together = if db.dialect() == Dialect::Postgres { tiers.len().max(1) } else { 1 };
        let mut found = Vec::new();
        for tiers in tiers.chunks(together) {
            let limit = self.keyset.fetch() - i64::try_from(found.len()).map_err(Error::internal)?;
            let page = PageStatement { keyset: self.keyset, limit, rows: self.rows };
            found.extend(page.write(tiers).query(db).all::<T>().await?);
            if self.is_full(&found) {
                break;
            }
        }
        Ok(found)
    }
}

/// The lookups of all tiers, each once.
pub(super) fn lookups_of(tiers: &[PlanParts]) -> Vec<IndexLookup> {
    let mut lookups: Vec<IndexLookup> = Vec::new();
    for lookup in tiers.iter().flat_map(|parts| parts.later.lookups_to_count(Extent::Page)) {
        if !lookups.contains(lookup) {
            lookups.push(lookup.clone());
        }
    }
    lookups
}

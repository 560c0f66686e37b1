//! Facets as they are added up, from occurrences and from counters.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt};

use super::counts::{CategoryCount, FacetTagCount, Facets, Month, MonthCount};
use super::statement;
use crate::counters;
use crate::fold::fold;
use crate::id::CategoryId;
use crate::page::TotalRelation;

/// Maximum number of tags in facets.
const MAX_TAGS: usize = 50;
/// Maximum number of months in facets: twenty years.
pub(super) const MAX_MONTHS: usize = 240;

/// The slugs of all categories.
pub(super) type Slugs = std::collections::HashMap<CategoryId, String>;

/// Counts of occurrences.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    pub(super) total: i64,
    /// By the id of the category as text; empty for none.
    categories: HashMap<String, i64>,
    /// By the spelling of the tag.
    tags: HashMap<String, i64>,
    pub(super) months: BTreeMap<Month, i64>,
}

impl Tallies {
    /// Without labels.
    pub(super) fn of_months(months: BTreeMap<Month, i64>) -> Self {
        Self { months, ..Self::default() }
    }

    pub(super) fn add_category(&mut self, label: &str, count: i64) {
        add(&mut self.categories, label, count);
    }

    pub(super) fn add_tag(&mut self, spelling: &str, count: i64) {
        add(&mut self.tags, spelling, count);
    }

    /// The facets. With `counts_few`, they are lower bounds if there are more matches than are counted.
    pub(super) fn facets(self, slugs: &Slugs, counts_few: bool) -> Facets {
        let exact = (self.total, TotalRelation::Exact);
        let (total, total_relation) = if counts_few { statement::up_to_limit(self.total) } else { exact };
        Facets {
            total,
            total_relation,
            categories: by_category(&self.categories, slugs),
            tags: by_tag(&self.tags),
            months: by_month(&self.months),
        }
    }
}

fn add(counts: &mut HashMap<String, i64>, label: &str, count: i64) {
    match counts.get_mut(label) {
        Some(n) => *n += count,
        None => _ = counts.insert(label.to_owned(), count),
    }
}

fn by_category(categories: &HashMap<String, i64>, slugs: &Slugs) -> Vec<CategoryCount> {
    // SQLite has ids in upper case, counters in lower case.
    let mut counted: HashMap<Option<CategoryId>, i64> = HashMap::new();
    for (label, count) in categories {
        *counted.entry(counters::category_of_label(label)).or_default() += count;
    }
    let counted = counted.into_iter().filter(|(_, count)| *count > 0);
    let slug = |id: Option<CategoryId>| id.and_then(|id| slugs.get(&id).cloned());
    let mut counts: Vec<CategoryCount> =
        counted.map(|(id, count)| CategoryCount { category: slug(id), count }).collect();
    counts.sort_by(|a, b| (b.count, &a.category).cmp(&(a.count, &b.category)));
    counts
}

/// Counts tags by their folded form, and shows the commonest spelling of each.
fn by_tag(tags: &HashMap<String, i64>) -> Vec<FacetTagCount> {
    let spellings = tags.iter().map(|(name, count)| (name.as_str(), *count));
    let mut spellings: Vec<(&str, i64)> = spellings.filter(|(_, count)| *count > 0).collect();
    spellings.sort_by_key(|(name, count)| (-count, *name));
    let mut tags: HashMap<String, FacetTagCount> = HashMap::new();
    for (name, count) in spellings {
        let tag = tags.entry(fold(name)).or_insert_with(|| FacetTagCount { tag: name.to_owned(), count: 0 });
        tag.count += count;
    }
    let mut tags: Vec<(String, FacetTagCount)> = tags.into_iter().collect();
    tags.sort_by(|(a, x), (b, y)| (y.count, a).cmp(&(x.count, b)));
    tags.into_iter().take(MAX_TAGS).map(|(_, tag)| tag).collect()
}

/// The months with matches, of up to twenty years from the first one on.
fn by_month(months: &BTreeMap<Month, i64>) -> Vec<MonthCount> {
    let mut counted = months.iter().filter(|(_, count)| **count > 0).peekable();
    let Some(first) = counted.peek().map(|(month, _)| **month) else { return Vec::new() };
    let past = std::iter::successors(Some(first), |month| Some(month.next())).nth(MAX_MONTHS);
    counted
        .take_while(|(month, _)| past.is_none_or(|past| **month < past))
        .map(|(month, count)| MonthCount { month: *month, count: *count })
        .collect()
}

//! Reading categories.

use std::collections::{BTreeSet, HashMap};

use sqlx::FromRow;

use super::category::Category;
use crate::core::EventCore;
use crate::counters::{self, UpcomingLabels};
use crate::db::{Locking, Queries, RowList, Sql, SqlWriter, Tx, sql};
use crate::error::{Error, Result};
use crate::fold::fold;
use crate::id::CategoryId;
use crate::time::Timestamp;

/// A query for the id of the category with a slug, a former one included. Append `= ` and a parameter.
pub(crate) const ID_BY_SLUG: &str = "SELECT s.category_id FROM category_slugs s WHERE s.slug";

impl EventCore {
    /// All categories by name, compared without case and accents.
    pub async fn categories(&self) -> Result<Vec<Category>> {
        let mut db = self.db().read().await?;
        let columns = sql!(
            "SELECT id, slug, name, description, colour, created_at, updated_at, version,
                CAST(0 AS BIGINT) AS upcoming_events FROM categories"
        );
        let mut all: Vec<Category> = db.query(columns).all().await?;
        count_events(&mut db, &mut all, self.now()).await?;
        // Sorted here, because the databases have different collations.
        all.sort_by_cached_key(|category| {
            (fold(&category.name), category.name.clone(), category.slug.clone())
        });
        Ok(all)
    }

    /// A category by its slug or a former one.
    pub async fn category(&self, slug: &str) -> Result<Category> {
        let mut db = self.db().read().await?;
        let id = require_by_slug(&mut db, slug).await?;
        load(&mut db, id, self.now()).await
    }
}

/// Loads a category.
pub(crate) async fn load(db: &mut impl Queries, id: CategoryId, now: Timestamp) -> Result<Category> {
    let columns = sql!(
        "SELECT id, slug, name, description, colour, created_at, updated_at, version,
            CAST(0 AS BIGINT) AS upcoming_events FROM categories WHERE id = $1"
    );
    let mut found: Vec<Category> = db.query(columns).bind(id).all().await?;
    count_events(db, &mut found, now).await?;
    found.pop().ok_or(Error::NotFound("category"))
}

/// Fills in the numbers of events.
async fn count_events(db: &mut impl Queries, categories: &mut [Category], now: Timestamp) -> Result<()> {
    let counts = counters::upcoming_events(db, UpcomingLabels::Categories, now).await?;
    let counts: HashMap<_, _> =
        counts.iter().map(|(label, n)| (counters::category_of_label(label), *n)).collect();
    for category in categories {
        category.upcoming_events = counts.get(&Some(category.id)).copied().unwrap_or_default();
    }
    Ok(())
}

/// Finds the category with a slug, a former one included.
pub(crate) async fn find_by_slug(db: &mut impl Queries, slug: &str) -> Result<Option<CategoryId>> {
    query_by_slug(db, slug, sql!("SELECT category_id FROM category_slugs WHERE slug = $1")).await
}

/// Finds the categories with any of these slugs, former ones included.
pub(crate) async fn ids_by_slugs(db: &mut impl Queries, slugs: &[String]) -> Result<BTreeSet<CategoryId>> {
    let mut sql = SqlWriter::new(db.dialect());
    sql.push("SELECT s.category_id FROM category_slugs s WHERE s.slug IN (");
    sql.separated(", ", slugs, |sql, slug| _ = sql.value(without_nul(slug))).push(")");
    let found: Vec<(CategoryId,)> = sql.query(db).all().await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// Like [`find_by_slug`], but an unknown slug is an error.
pub(crate) async fn require_by_slug(db: &mut impl Queries, slug: &str) -> Result<CategoryId> {
    find_by_slug(db, slug).await?.ok_or(Error::NotFound("category"))
}

/// A category that an event refers to.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(crate) struct CategoryName {
    pub(crate) id: CategoryId,
    pub(crate) slug: String,
}

/// Finds the category with a slug and locks it against deletion (`FOR KEY SHARE`) until the transaction ends,
/// so that an event can refer to it.
///
/// Do not use it before changing the category. Two transactions that both hold this lock and want the
/// stronger one wait for each other; find the category first, and lock it once.
pub(crate) async fn lock_by_slug(tx: &mut Tx, slug: &str) -> Result<Option<CategoryName>> {
    let mut sql = SqlWriter::new(tx.dialect());
    push_locked_by_slug(&mut sql, Some(slug), Locking::Wait);
    let locked: Option<CategoryName> = sql.query(tx).optional().await?;
    if locked.is_none() {
        must_be_unknown(tx, slug).await?;
    }
    Ok(locked)
}

/// Locks categories as [`lock_by_slug`] does; returns those that exist.
pub(crate) async fn lock_by_ids(tx: &mut Tx, ids: &BTreeSet<CategoryId>) -> Result<BTreeSet<CategoryId>> {
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("SELECT c.id FROM categories c WHERE c.id IN (SELECT v.id FROM ");
    sql.rows("v", RowList::default().ids("id", ids.iter().map(|id| id.as_uuid())));
    sql.push(") ORDER BY c.id").push_for_postgres(" FOR KEY SHARE OF c");
    let locked: Vec<(CategoryId,)> = sql.query(tx).all().await?;
    Ok(locked.into_iter().map(|(id,)| id).collect())
}

/// Fails with [`Error::Contended`] if there is a category with a slug for which [`push_locked_by_slug`] found
/// none: the one that had the slug was deleted during the wait for the lock, and its slug moved to another.
pub(crate) async fn must_be_unknown(tx: &mut Tx, slug: &str) -> Result<()> {
    if find_by_slug(tx, slug).await?.is_some() { Err(Error::Contended) } else { Ok(()) }
}

/// Writes a query for the id and the slug of the category that [`lock_by_slug`] locks. It has no row if the
/// category does not exist, is deleted before the lock is granted, or is left out.
pub(crate) fn push_locked_by_slug(sql: &mut SqlWriter, slug: Option<&str>, locking: Locking) {
    sql.push("SELECT c.id, c.slug FROM category_slugs s JOIN categories c ON c.id = s.category_id");
    // PostgreSQL refuses texts with NUL.
    sql.push(" WHERE s.slug = ").value(slug.filter(|slug| !slug.contains('\0')));
    sql.push_for_postgres(" FOR KEY SHARE OF c").push_for_postgres(locking.clause());
}

async fn query_by_slug(db: &mut impl Queries, slug: &str, sql: Sql) -> Result<Option<CategoryId>> {
    // PostgreSQL refuses texts with NUL.
    if slug.contains('\0') {
        return Ok(None);
    }
    let found: Option<(CategoryId,)> = db.query(sql).bind(slug.to_owned()).optional().await?;
    Ok(found.map(|(id,)| id))
}

/// Removes NUL characters, which PostgreSQL refuses. No slug has any.
pub(crate) fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

/// The current slugs of all categories.
pub(crate) async fn slugs_by_id(db: &mut impl Queries) -> Result<HashMap<CategoryId, String>> {
    let all: Vec<(CategoryId, String)> = db.query(sql!("SELECT id, slug FROM categories")).all().await?;
    Ok(all.into_iter().collect())
}

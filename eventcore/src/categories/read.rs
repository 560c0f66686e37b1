//! Reading categories.

use std::collections::HashMap;

use super::category::Category;
use crate::core::EventCore;
use crate::db::placeholders;
use crate::db::{Queries, Sql, Tx, sql};
use crate::error::{Error, Result};
use crate::fold::fold;
use crate::id::CategoryId;
use crate::time::Timestamp;

/// What every query for categories selects, where `$1` is now: each with its number of upcoming events.
const COLUMNS: &str = "c.id, c.slug, c.name, c.description, c.colour, c.created_at, c.updated_at, c.version,
    (SELECT count(DISTINCT o.event_id) FROM occurrences o
     WHERE o.listed AND o.category_id = c.id AND o.starts_at >= $1 AND o.status = 'scheduled') AS upcoming_events";

impl EventCore {
    /// All categories by name, without case or accents, each with its number of upcoming events.
    pub async fn categories(&self) -> Result<Vec<Category>> {
        let mut db = self.db().read().await?;
        let text = format!("SELECT {COLUMNS} FROM categories c");
        let mut all: Vec<Category> = db.query(Sql::built(text)).bind(self.now()).all().await?;
        // Each database has an alphabet of its own.
        all.sort_by_cached_key(|category| {
            (fold(&category.name), category.name.clone(), category.slug.clone())
        });
        Ok(all)
    }

    /// One category, by its slug or a former one.
    pub async fn category(&self, slug: &str) -> Result<Category> {
        let mut db = self.db().read().await?;
        let id = find_by_slug(&mut db, slug).await?;
        load(&mut db, id.ok_or(Error::NotFound("category"))?, self.now()).await
    }
}

/// One category, with its number of upcoming events.
pub(crate) async fn load(db: &mut impl Queries, id: CategoryId, now: Timestamp) -> Result<Category> {
    let text = format!("SELECT {COLUMNS} FROM categories c WHERE c.id = $2");
    let found = db.query(Sql::built(text)).bind(now).bind(id).optional().await?;
    found.ok_or(Error::NotFound("category"))
}

/// The category that a slug names, or once named.
pub(crate) async fn find_by_slug(db: &mut impl Queries, slug: &str) -> Result<Option<CategoryId>> {
    named(db, slug, sql!("SELECT category_id FROM category_slugs WHERE slug = $1")).await
}

/// The same, and it stays until the transaction ends: for those who refer to it. Whoever wants to change it finds it first, and then locks it once.
pub(crate) async fn hold_by_slug(tx: &mut Tx, slug: &str) -> Result<Option<CategoryId>> {
    let held = sql!(
        sqlite "SELECT category_id FROM category_slugs WHERE slug = $1",
        postgres "SELECT c.id FROM category_slugs s JOIN categories c ON c.id = s.category_id WHERE s.slug = $1 FOR KEY SHARE OF c"
    );
    if let Some(id) = named(tx, slug, held).await? {
        return Ok(Some(id));
    }
    // It may have been given to another category while this waited for the one that is gone.
    match find_by_slug(tx, slug).await? {
        Some(_) => Err(Error::Contended),
        None => Ok(None),
    }
}

async fn named(db: &mut impl Queries, slug: &str, sql: Sql) -> Result<Option<CategoryId>> {
    // Text with a NUL is no text to PostgreSQL.
    if slug.contains('\0') {
        return Ok(None);
    }
    let found: Option<(CategoryId,)> = db.query(sql).bind(slug.to_owned()).optional().await?;
    Ok(found.map(|(id,)| id))
}

/// SQL for the category that a slug names, or once named: what it is compared with is to follow.
pub(crate) const ID_BY_SLUG: &str = "SELECT s.category_id FROM category_slugs s WHERE s.slug";

/// The same text without NUL, which PostgreSQL takes for no text, and no slug has.
pub(crate) fn as_slug(text: &str) -> String {
    text.replace('\0', "")
}

/// The categories that slugs name; a slug that names none is left out.
pub(crate) async fn find_many(db: &mut impl Queries, slugs: &[String]) -> Result<Vec<CategoryId>> {
    let mut query = db.query(Sql::built(format!(
        "SELECT DISTINCT category_id FROM category_slugs WHERE slug IN ({})",
        placeholders(slugs.len(), 1)
    )));
    for slug in slugs {
        query = query.bind(as_slug(slug));
    }
    let found: Vec<(CategoryId,)> = query.all().await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// The slugs of all categories.
pub(crate) async fn slugs(db: &mut impl Queries) -> Result<HashMap<CategoryId, String>> {
    let all: Vec<(CategoryId, String)> = db.query(sql!("SELECT id, slug FROM categories")).all().await?;
    Ok(all.into_iter().collect())
}

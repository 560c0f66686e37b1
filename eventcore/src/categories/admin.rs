//! Creating and changing categories. Deleting one is in [`crate::events`], because its events move to
//! another.

use serde_json::{Value, json};

use super::category::{Category, CategoryInput};
use super::read::{find_by_slug, load, require_by_slug};
use crate::actor::Actor;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction, violates_unique};
use crate::error::{Error, Result};
use crate::id::CategoryId;
use crate::input::{merge_patch, must_be_object};
use crate::precondition::{Precondition, must_be_version};
use crate::time::Timestamp;

impl EventCore {
    /// Creates a category. Only admins may.
    ///
    /// # Errors
    /// `invalid_input` with the code `taken` if the slug is, or was, that of another category.
    pub async fn create_category(&self, actor: &Actor, input: &CategoryInput) -> Result<Category> {
        actor.must_write_as_admin()?;
        let now = self.now();
        transaction!(self.db(), |tx| create(tx, input, now))
    }

    /// Changes a category by a JSON merge patch (RFC 7396). Only admins may. A former slug remains valid.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the stored version; `invalid_input` with the code `taken` as
    /// for [`EventCore::create_category`].
    pub async fn change_category(
        &self,
        actor: &Actor,
        slug: &str,
        patch: &Value,
        expected: Option<&Precondition>,
    ) -> Result<Category> {
        actor.must_write_as_admin()?;
        must_be_object(patch)?;
        let now = self.now();
        transaction!(self.db(), |tx| change(tx, slug, patch, expected, now))
    }
}

async fn create(tx: &mut Tx, input: &CategoryInput, now: Timestamp) -> Result<Category> {
    let id = CategoryId::at(now);
    input.violations().into_result()?;
    must_be_free(tx, &input.slug, id).await?;
    let inserted = tx
        .query(sql!(
            "INSERT INTO categories (id, slug, name, description, colour, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6)
             ON CONFLICT (slug) DO NOTHING"
        ))
        .bind(id)
        .bind(input.slug.clone())
        .bind(input.name.trim().to_owned())
        .bind(input.description.clone())
        .bind(input.stored_colour())
        .bind(now)
        .execute()
        .await?;
    if inserted == 0 {
        return Err(slug_taken());
    }
    insert_slug(tx, &input.slug, id).await?;
    tx.record(Change::CategoryCreated { category: id });
    load(tx, id, now).await
}

async fn change(
    tx: &mut Tx,
    slug: &str,
    patch: &Value,
    expected: Option<&Precondition>,
    now: Timestamp,
) -> Result<Category> {
    let id = require_by_slug(tx, slug).await?;
    lock(tx, id, None).await?;
    let current = load(tx, id, now).await?;
    must_be_version(current.version, expected)?;
    let mut value = json!({
        "slug": current.slug, "name": current.name,
        "description": current.description, "colour": current.colour,
    });
    merge_patch(&mut value, patch.clone());
    let mut input = CategoryInput::read(value);
    input.parse_errors.settle_read_only(&current)?;
    input.violations().into_result()?;
    must_be_free(tx, &input.slug, id).await?;
    let unchanged = (&input.slug, input.name.trim(), &input.description, input.stored_colour())
        == (&current.slug, &*current.name, &current.description, current.colour.clone());
    if unchanged {
        return Ok(current);
    }
    tx.query(sql!(
        "UPDATE categories SET slug = $2, name = $3, description = $4, colour = $5, updated_at = $6,
            version = version + 1
         WHERE id = $1"
    ))
    .bind(id)
    .bind(input.slug.clone())
    .bind(input.name.trim().to_owned())
    .bind(input.description.clone())
    .bind(input.stored_colour())
    .bind(now)
    .execute()
    .await
    .map_err(map_unique_violation)?;
    // `create` writes the two tables in this order too. So of two concurrent writers of a slug, one waits.
    insert_slug(tx, &input.slug, id).await?;
    tx.record(Change::CategoryChanged { category: id });
    load(tx, id, now).await
}

fn map_unique_violation(error: sqlx::Error) -> Error {
    if violates_unique(&error, "categories", "slug") { slug_taken() } else { error.into() }
}

fn slug_taken() -> Error {
    Error::invalid("/slug", "taken", "is taken: another category has, or had, this slug")
}

/// Locks a category, and the one to which its events will move, until the transaction ends.
///
/// # Errors
/// [`Error::Contended`] if one of them was deleted since its slug was resolved. The slug now belongs to
/// another category, or to none.
pub(crate) async fn lock(tx: &mut Tx, id: CategoryId, move_to: Option<CategoryId>) -> Result<()> {
    let locked: Vec<(CategoryId,)> = tx
        .query(sql!("SELECT id FROM categories WHERE id IN ($1, $2) ORDER BY id", for update))
        .bind(id)
        .bind(move_to.unwrap_or(id))
        .all()
        .await?;
    if locked.len() == 1 + usize::from(move_to.is_some()) { Ok(()) } else { Err(Error::Contended) }
}

async fn must_be_free(tx: &mut Tx, slug: &str, id: CategoryId) -> Result<()> {
    match find_by_slug(tx, slug).await? {
        Some(other) if other != id => Err(slug_taken()),
        _ => Ok(()),
    }
}

/// Inserts the slug of a category, unless the category has, or had, it already.
async fn insert_slug(tx: &mut Tx, slug: &str, id: CategoryId) -> Result<()> {
    // DO NOTHING would return no row on a conflict.
    let owner: CategoryId = tx
        .query(sql!(
            "INSERT INTO category_slugs (slug, category_id) VALUES ($1, $2)
             ON CONFLICT (slug) DO UPDATE SET category_id = category_slugs.category_id
             RETURNING category_id"
        ))
        .bind(slug.to_owned())
        .bind(id)
        .scalar()
        .await?;
    if owner == id { Ok(()) } else { Err(slug_taken()) }
}

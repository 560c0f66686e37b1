//! Making, changing and removing categories: for admins.

use serde_json::{Value, json};

use super::category::{Category, CategoryInput};
use super::read::{find_by_slug, load};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction, violates};
use crate::error::must_be_version;
use crate::error::{Error, Result};
use crate::id::CategoryId;
use crate::input::merge_patch;

impl EventCore {
    /// Makes a category. Only admins may.
    ///
    /// # Errors
    /// `invalid_input` (`taken`) where another category has, or had, the slug.
    pub async fn create_category(&self, actor: &Actor, input: &CategoryInput) -> Result<Category> {
        must_curate(actor)?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let id = CategoryId::at(now);
            input.wrong().into_result()?;
            must_be_free(tx, &input.slug, id).await?;
            let added = tx
                .query(sql!(
                    "INSERT INTO categories (id, slug, name, description, colour, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
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
            if added == 0 {
                return Err(taken());
            }
            keep_slug(tx, &input.slug, id).await?;
            load(tx, id, now).await
        })
    }

    /// Changes a category by a JSON merge patch (RFC 7396). Only admins may. Its former slug goes on naming it.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the version that is stored.
    pub async fn change_category(
        &self,
        actor: &Actor,
        slug: &str,
        patch: &Value,
        expected: Option<i64>,
    ) -> Result<Category> {
        must_curate(actor)?;
        if !patch.is_object() {
            return Err(Error::invalid("", "wrong_type", "must be a JSON object"));
        }
        let now = self.now();
        transaction!(self.db(), tx => {
            let id = named(tx, slug).await?;
            lock(tx, id, None).await?;
            let stands = load(tx, id, now).await?;
            must_be_version(stands.version, expected)?;
            let mut value = json!({"slug": stands.slug, "name": stands.name, "description": stands.description, "colour": stands.colour});
            merge_patch(&mut value, patch.clone());
            let input: CategoryInput = serde_json::from_value(value).map_err(Error::internal)?;
            input.wrong().into_result()?;
            must_be_free(tx, &input.slug, id).await?;
            tx.query(sql!(
                "UPDATE categories SET slug = $2, name = $3, description = $4, colour = $5, updated_at = $6, version = version + 1 WHERE id = $1"
            ))
            .bind(id)
            .bind(input.slug.clone())
            .bind(input.name.trim().to_owned())
            .bind(input.description.clone())
            .bind(input.stored_colour())
            .bind(now)
            .execute()
            .await
            .map_err(|error| if violates(&error, "categories", "slug") { taken() } else { error.into() })?;
            // After the category itself, as for a new one: of two who want a slug at once, one waits for the other.
            keep_slug(tx, &input.slug, id).await?;
            load(tx, id, now).await
        })
    }
}

pub(crate) fn must_curate(actor: &Actor) -> Result<()> {
    actor.may_write()?;
    actor.must_be_admin()
}

fn taken() -> Error {
    Error::invalid("/slug", "taken", "names, or once named, another category")
}

pub(crate) async fn named(tx: &mut Tx, slug: &str) -> Result<CategoryId> {
    find_by_slug(tx, slug).await?.ok_or(Error::NotFound("category"))
}

/// Keeps everyone else from a category, and from the one that is to take what it has, until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx, id: CategoryId, heir: Option<CategoryId>) -> Result<()> {
    let locked: Vec<(CategoryId,)> = tx
        .query(sql!("SELECT id FROM categories WHERE id IN ($1, $2) ORDER BY id", for update))
        .bind(id)
        .bind(heir.unwrap_or(id))
        .all()
        .await?;
    // One is gone since its slug named it: the slug names another by now, or none.
    if locked.len() == 1 + usize::from(heir.is_some()) { Ok(()) } else { Err(Error::Contended) }
}

async fn must_be_free(tx: &mut Tx, slug: &str, id: CategoryId) -> Result<()> {
    match find_by_slug(tx, slug).await? {
        Some(other) if other != id => Err(taken()),
        _ => Ok(()),
    }
}

async fn keep_slug(tx: &mut Tx, slug: &str, id: CategoryId) -> Result<()> {
    let owner: CategoryId = tx
        .query(sql!(
            "INSERT INTO category_slugs (slug, category_id) VALUES ($1, $2) ON CONFLICT (slug) DO UPDATE SET category_id = category_slugs.category_id
             RETURNING category_id"
        ))
        .bind(slug.to_owned())
        .bind(id)
        .scalar()
        .await?;
    if owner == id { Ok(()) } else { Err(taken()) }
}

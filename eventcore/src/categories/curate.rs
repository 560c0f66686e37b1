//! Making, changing and removing categories: for admins.

use serde_json::{Value, json};

use super::category::{Category, CategoryInput};
use super::read::{find_by_slug, load};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::events;
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
            let id = lock(tx, slug).await?;
            let stands = load(tx, id, now).await?;
            events::must_be_version(stands.version, expected)?;
            let mut value = json!({"slug": stands.slug, "name": stands.name, "description": stands.description, "colour": stands.colour});
            merge_patch(&mut value, patch.clone());
            let input: CategoryInput = serde_json::from_value(value).map_err(Error::internal)?;
            input.wrong().into_result()?;
            must_be_free(tx, &input.slug, id).await?;
            keep_slug(tx, &input.slug, id).await?;
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
            .await?;
            load(tx, id, now).await
        })
    }

    /// Removes a category. Only admins may. Its events go to the category `move_to`, and so do its links.
    ///
    /// # Errors
    /// `category_in_use` where it has events and nothing takes them.
    pub async fn delete_category(
        &self,
        actor: &Actor,
        slug: &str,
        move_to: Option<&str>,
        expected: Option<i64>,
    ) -> Result<()> {
        must_curate(actor)?;
        let now = self.now();
        transaction!(self.db(), tx => {
            let id = lock(tx, slug).await?;
            events::must_be_version(load(tx, id, now).await?.version, expected)?;
            match move_to {
                Some(other) => {
                    let heir = find_by_slug(tx, other).await?.filter(|heir| *heir != id);
                    let heir = heir.ok_or_else(|| Error::invalid("/move_to", "invalid", "must be the slug of another category"))?;
                    hand_over(tx, id, heir).await?;
                }
                None if is_used(tx, id).await? => return Err(Error::CategoryInUse),
                None => {}
            }
            tx.query(sql!("DELETE FROM category_slugs WHERE category_id = $1")).bind(id).execute().await?;
            tx.query(sql!("DELETE FROM categories WHERE id = $1")).bind(id).execute().await?;
            Ok(())
        })
    }
}

fn must_curate(actor: &Actor) -> Result<()> {
    actor.may_write()?;
    actor.must_be_admin()
}

fn taken() -> Error {
    Error::invalid("/slug", "taken", "names, or once named, another category")
}

/// The category that a slug names, for this transaction alone.
async fn lock(tx: &mut Tx, slug: &str) -> Result<CategoryId> {
    let id = find_by_slug(tx, slug).await?.ok_or(Error::NotFound("category"))?;
    let locked: Option<(CategoryId,)> =
        tx.query(sql!("SELECT id FROM categories WHERE id = $1", for update)).bind(id).optional().await?;
    locked.map(|(id,)| id).ok_or(Error::NotFound("category"))
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

async fn is_used(tx: &mut Tx, id: CategoryId) -> Result<bool> {
    let used: Option<(i64,)> = tx
        .query(sql!("SELECT CAST(1 AS BIGINT) FROM events WHERE category_id = $1 LIMIT 1"))
        .bind(id)
        .optional()
        .await?;
    Ok(used.is_some())
}

async fn hand_over(tx: &mut Tx, from: CategoryId, to: CategoryId) -> Result<()> {
    for statement in [
        sql!(
            "UPDATE occurrences SET category_id = $2 WHERE event_id IN (SELECT id FROM events WHERE category_id = $1)"
        ),
        sql!("UPDATE events SET category_id = $2, version = version + 1 WHERE category_id = $1"),
        sql!("UPDATE category_slugs SET category_id = $2 WHERE category_id = $1"),
    ] {
        tx.query(statement).bind(from).bind(to).execute().await?;
    }
    Ok(())
}

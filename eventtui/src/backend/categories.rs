//! Changes of categories, by admins.

use serde_json::Value;

use super::Response;
use crate::api::{Api, Result};

/// A change of a category.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CategoryRequest {
    Create(Value),
    Change {
        slug: String,
        version: i64,
        patch: Value,
    },
    /// Deletes a category; its events move to another.
    Delete {
        slug: String,
        version: i64,
        /// `None` for a category without events.
        move_to: Option<String>,
    },
}

pub(super) async fn run(api: &impl Api, request: CategoryRequest) -> Result<Response> {
    match request {
        CategoryRequest::Create(input) => api.create_category(input).await?,
        CategoryRequest::Change { slug, version, patch } => {
            api.change_category(&slug, version, &patch).await?;
        }
        CategoryRequest::Delete { slug, version, move_to } => {
            api.delete_category(&slug, version, move_to.as_deref()).await?;
        }
    }
    // They are shown and completed from now on.
    Ok(Response::Categories(api.categories().await?))
}

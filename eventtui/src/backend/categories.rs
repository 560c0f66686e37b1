//! Changes of categories, by admins.

use super::boxed::Boxed;
use super::grouped::CategoryRequest;
use super::request::Response;
use crate::api::{Api, Result};

pub(super) fn run(api: &impl Api, request: CategoryRequest) -> Boxed<impl Future<Output = Result<Response>>> {
    Box::pin(async move {
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
    })
}

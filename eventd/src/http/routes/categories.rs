//! `/categories`, which admins curate, and `/tags`, which come from events.

use eventcore::categories::{Category, CategoryInput, TagCount};
use eventcore::{Page, PageRequest};
use serde_json::Value;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{any_of, route};
use crate::http::call::{Answer, Call, Context};
use crate::http::etag;
use crate::http::reply::{self, Versioned};

pub(super) fn routes(context: &Context) -> BoxedFilter<(Response,)> {
    let below = any_of!(
        route!(context, get => list),
        route!(context, post => create),
        route!(context, get { category } => read),
        route!(context, patch { category } => change),
        route!(context, delete { category } => delete),
    );
    any_of!(warp::path("categories").and(below), route!(context, get "tags" => tags))
}

fn versioned(category: &Category) -> Versioned<'_, Category> {
    Versioned { value: category, version: category.version, updated_at: Some(category.updated_at) }
}

/// All categories, each with its number of upcoming events
#[utoipa::path(get, path = "/api/v1/categories", tag = "categories", security((), ("bearer" = [])),
    responses((status = 200, description = "The categories, by name", body = Page<Category>)))]
pub(crate) async fn list(call: Call) -> Answer {
    call.no_query()?;
    call.actor().await?;
    reply::page(&call, "/categories", &Page::whole(call.core.categories().await?))
}

/// One category, by its slug or a former one
#[utoipa::path(get, path = "/api/v1/categories/{category}", tag = "categories", security((), ("bearer" = [])), params(("category" = String, Path)),
    responses((status = 200, description = "The category", body = Category), (status = 304, description = "You have it")))]
pub(crate) async fn read(call: Call, category: &str) -> Answer {
    call.no_query()?;
    call.actor().await?;
    versioned(&call.core.category(category).await?).ok(&call)
}

/// Make a category, for admins
#[utoipa::path(post, path = "/api/v1/categories", tag = "categories", security(("bearer" = [])), request_body = CategoryInput,
    responses((status = 201, description = "The category", body = Category)))]
pub(crate) async fn create(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    actor.must_be_admin()?;
    let core = call.core.clone();
    let category = core.create_category(&actor, &call.json::<CategoryInput>()?).await?;
    versioned(&category).created(&format!("/api/v1/categories/{}", category.slug))
}

/// Change a category, for admins (JSON merge patch); its former slug goes on naming it
#[utoipa::path(patch, path = "/api/v1/categories/{category}", tag = "categories", security(("bearer" = [])),
    params(("category" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body(content = CategoryInput, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The category", body = Category)))]
pub(crate) async fn change(call: Call, category: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    actor.must_be_admin()?;
    let (core, expected) = (call.core.clone(), etag::expected(&call.headers));
    versioned(&core.change_category(&actor, category, &call.json::<Value>()?, expected).await?).changed()
}

/// Remove a category, for admins
#[utoipa::path(delete, path = "/api/v1/categories/{category}", tag = "categories", security(("bearer" = [])),
    params(("category" = String, Path), ("move_to" = Option<String>, Query, description = "Slug of the category that takes its events and links"),
        ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "It is gone")))]
pub(crate) async fn delete(call: Call, category: &str) -> Answer {
    let mut query = call.query();
    let move_to = query.text("move_to");
    query.finish()?;
    let actor = call.writer().await?;
    let expected = etag::expected(&call.headers);
    call.core.delete_category(&actor, category, move_to.as_deref(), expected).await?;
    Ok(reply::nothing())
}

/// Tags of upcoming events, the commonest first
#[utoipa::path(get, path = "/api/v1/tags", tag = "categories", security((), ("bearer" = [])),
    params(("q" = Option<String>, Query, max_length = 200, description = "What they begin with, without case or accents"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100)),
    responses((status = 200, description = "The tags", body = Page<TagCount>)))]
pub(crate) async fn tags(call: Call) -> Answer {
    let mut query = call.query();
    let prefix = query.text("q").unwrap_or_default();
    let limit = query.parsed("limit", "must be 1 to 100").unwrap_or(PageRequest::DEFAULT_LIMIT);
    query.finish()?;
    call.actor().await?;
    reply::page(&call, "/tags", &Page::whole(call.core.tags(&prefix, limit).await?))
}

//! `/categories`, which admins maintain, and `/tags`, which events define.

use eventcore::categories::{Category, CategoryInput, TagCount};
use eventcore::{Page, PageRequest};
use serde_json::Value;

use crate::http::call::{Answer, Call};
use crate::http::etag;
use crate::http::problem_responses::{
    ApiProblems, BodyProblems, Conflict, NotFound, NotModified, PreconditionFailed,
};
use crate::http::query_parameters::IfMatch;
use crate::http::reply::{self, Versioned};
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![list, read, create, change, delete, tags]
}

fn versioned(category: &Category) -> Versioned<&Category> {
    // Not dated: the number of its events changes with every event, and as time passes.
    Versioned { value: category, version: category.version, updated_at: None }
}

/// List all categories with their numbers of upcoming events
#[utoipa::path(
    get,
    path = "/api/v1/categories",
    tag = "categories",
    security((), ("bearer" = [])),
    responses(
        (status = 200, description = "All categories, by name", body = Page<Category>),
        ApiProblems,
    )
)]
async fn list(call: Call) -> Answer {
    call.no_query()?;
    call.actor().await?;
    reply::page(&call, &Page::whole(call.core.categories().await?))
}

/// Read a category by its current or a former slug
#[utoipa::path(
    get,
    path = "/api/v1/categories/{category}",
    tag = "categories",
    security((), ("bearer" = [])),
    params(("category" = String, Path)),
    responses(
        (status = 200, description = "The category", body = Category),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn read(call: Call) -> Answer {
    call.no_query()?;
    call.actor().await?;
    versioned(&call.core.category(call.parameter("category")).await?).ok(&call)
}

/// Create a category (admins only)
#[utoipa::path(
    post,
    path = "/api/v1/categories",
    tag = "categories",
    security(("session" = [])),
    request_body = CategoryInput,
    responses(
        (status = 201, description = "The new category", body = Category),
        ApiProblems, BodyProblems, Conflict,
    )
)]
async fn create(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    actor.must_be_admin()?;
    let core = call.core.clone();
    let category = core.create_category(&actor, &call.json::<CategoryInput>()?).await?;
    versioned(&category).created(&format!("/api/v1/categories/{}", category.slug))
}

/// Change a category by a JSON merge patch (admins only)
///
/// Its former slugs remain valid.
#[utoipa::path(
    patch,
    path = "/api/v1/categories/{category}",
    tag = "categories",
    security(("session" = [])),
    params(("category" = String, Path), IfMatch),
    request_body(content(
        (CategoryInput = "application/merge-patch+json"),
        (CategoryInput = "application/json"),
    )),
    responses(
        (status = 200, description = "The changed category", body = Category),
        ApiProblems, BodyProblems, NotFound, Conflict, PreconditionFailed,
    )
)]
async fn change(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    actor.must_be_admin()?;
    let (core, expected) = (call.core.clone(), etag::precondition(&call.headers)?);
    let slug = call.parameter("category").to_owned();
    versioned(&core.change_category(&actor, &slug, &call.json::<Value>()?, expected.as_ref()).await?)
        .changed()
}

/// Delete a category (admins only)
#[utoipa::path(
    delete,
    path = "/api/v1/categories/{category}",
    tag = "categories",
    security(("session" = [])),
    params(
        ("category" = String, Path),
        ("move_to" = Option<String>, Query,
            description = "Slug of the category to move its events and former slugs to"),
        IfMatch,
    ),
    responses(
        (status = 204, description = "Deleted"),
        ApiProblems, NotFound, Conflict, PreconditionFailed,
    )
)]
async fn delete(call: Call) -> Answer {
    let mut query = call.query();
    let move_to = query.text("move_to");
    query.finish()?;
    let actor = call.writer().await?;
    let expected = etag::precondition(&call.headers)?;
    call.core
        .delete_category(&actor, call.parameter("category"), move_to.as_deref(), expected.as_ref())
        .await?;
    Ok(reply::no_content())
}

/// List the tags of upcoming events, most frequent first
#[utoipa::path(
    get,
    path = "/api/v1/tags",
    tag = "categories",
    security((), ("bearer" = [])),
    params(
        ("q" = Option<String>, Query, max_length = 200, description = "Prefix, without case and accents"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100,
            description = "Maximum number of tags; default 20"),
    ),
    responses(
        (status = 200, description = "The tags with their numbers of events", body = Page<TagCount>),
        ApiProblems,
    )
)]
async fn tags(call: Call) -> Answer {
    let mut query = call.query();
    let prefix = query.text("q").unwrap_or_default();
    let limit = query.parsed("limit", "must be 1 to 100").unwrap_or(PageRequest::DEFAULT_LIMIT);
    query.finish()?;
    call.actor().await?;
    reply::page(&call, &Page::whole(call.core.tags(&prefix, limit).await?))
}

//! Comments on events.

use eventcore::comments::{Comment, CommentFilter, CommentInput};
use eventcore::{CommentId, EventId, Page};
use serde_json::Value;

use crate::http::call::{Answer, Call};
use crate::http::etag;
use crate::http::problem_responses::{
    ApiProblems, BodyProblems, Conflict, NotFound, NotModified, PreconditionFailed,
};
use crate::http::query_parameters::{IfMatch, PageParameters};
use crate::http::reply::{self, Versioned};
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![list, create, read, change, delete, hide, show]
}

fn versioned(comment: &Comment) -> Versioned<&Comment> {
    Versioned { value: comment, version: comment.version, updated_at: None }
}

/// List the comments on an event or the replies to a comment, oldest first
#[utoipa::path(
    get,
    path = "/api/v1/events/{event}/comments",
    tag = "comments",
    security((), ("bearer" = [])),
    params(
        ("event" = String, Path),
        ("parent" = Option<String>, Query, description = "Only the replies to the comment with this id"),
        ("replies" = Option<bool>, Query, description = "Whether to add `replies`: up to 20 to each comment"),
        ("html" = Option<bool>, Query,
            description = "Whether to add `body_html`: the body as sanitized HTML"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of comments", body = Page<Comment>),
        ApiProblems, NotFound,
    )
)]
async fn list(call: Call) -> Answer {
    let actor = call.actor().await?;
    let mut query = call.query();
    let (page, html) = (query.page(), query.html());
    let parent = query.parsed("parent", "must be the id of a comment");
    let replies = query.parsed("replies", "must be true or false").unwrap_or(false);
    query.finish()?;
    let filter = CommentFilter { parent, replies, html };
    let event: EventId = call.id("event")?;
    reply::page(&call, &call.core.comments(&actor, event, &filter, &page).await?)
}

/// Comment on an event, or reply to a comment
#[utoipa::path(
    post,
    path = "/api/v1/events/{event}/comments",
    tag = "comments",
    security(("bearer" = [])),
    params(("event" = String, Path)),
    request_body = CommentInput,
    responses(
        (status = 201, description = "The new comment", body = Comment),
        ApiProblems, BodyProblems, NotFound, Conflict,
    )
)]
async fn create(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (core, event) = (call.core.clone(), call.id::<EventId>("event")?);
    let comment = core.add_comment(&actor, event, &call.json::<CommentInput>()?).await?;
    versioned(&comment).created(&format!("/api/v1/comments/{}", comment.id))
}

/// Read a comment
#[utoipa::path(
    get,
    path = "/api/v1/comments/{comment}",
    tag = "comments",
    security((), ("bearer" = [])),
    params(
        ("comment" = String, Path),
        ("html" = Option<bool>, Query,
            description = "Whether to add `body_html`: the body as sanitized HTML"),
    ),
    responses(
        (status = 200, description = "The comment", body = Comment),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn read(call: Call) -> Answer {
    let mut query = call.query();
    let html = query.html();
    query.finish()?;
    versioned(&call.core.comment(&call.actor().await?, call.id("comment")?, html).await?).ok(&call)
}

/// Change a comment by a JSON merge patch (author only)
#[utoipa::path(
    patch,
    path = "/api/v1/comments/{comment}",
    tag = "comments",
    security(("bearer" = [])),
    params(("comment" = String, Path), IfMatch),
    request_body(content(
        (CommentInput = "application/merge-patch+json"),
        (CommentInput = "application/json"),
    )),
    responses(
        (status = 200, description = "The changed comment", body = Comment),
        ApiProblems, BodyProblems, NotFound, PreconditionFailed,
    )
)]
async fn change(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (core, expected) = (call.core.clone(), etag::precondition(&call.headers)?);
    let id: CommentId = call.id("comment")?;
    versioned(&core.change_comment(&actor, id, &call.json::<Value>()?, expected.as_ref()).await?).changed()
}

/// Delete a comment (author only)
///
/// A comment with replies is replaced by a placeholder.
#[utoipa::path(
    delete,
    path = "/api/v1/comments/{comment}",
    tag = "comments",
    security(("bearer" = [])),
    params(("comment" = String, Path), IfMatch),
    responses(
        (status = 204, description = "Deleted"),
        ApiProblems, NotFound, PreconditionFailed,
    )
)]
async fn delete(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let expected = etag::precondition(&call.headers)?;
    call.core.delete_comment(&actor, call.id("comment")?, expected.as_ref()).await?;
    Ok(reply::no_content())
}

/// Hide a comment (organizers only)
#[utoipa::path(
    post,
    path = "/api/v1/comments/{comment}/hide",
    tag = "comments",
    security(("bearer" = [])),
    params(("comment" = String, Path), IfMatch),
    responses(
        (status = 200, description = "The comment; other users see a placeholder", body = Comment),
        ApiProblems, NotFound, Conflict, PreconditionFailed,
    )
)]
async fn hide(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let expected = etag::precondition(&call.headers)?;
    versioned(&call.core.hide_comment(&actor, call.id("comment")?, true, expected.as_ref()).await?).changed()
}

/// Show a hidden comment again (organizers only)
#[utoipa::path(
    delete,
    path = "/api/v1/comments/{comment}/hide",
    tag = "comments",
    security(("bearer" = [])),
    params(("comment" = String, Path), IfMatch),
    responses(
        (status = 204, description = "The comment is visible"),
        ApiProblems, NotFound, PreconditionFailed,
    )
)]
async fn show(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let expected = etag::precondition(&call.headers)?;
    call.core.hide_comment(&actor, call.id("comment")?, false, expected.as_ref()).await?;
    Ok(reply::no_content())
}

//! Comments: those on an event, and single ones.

use eventcore::comments::{Comment, CommentFilter, CommentInput};
use eventcore::{CommentId, EventId, Page};
use serde_json::Value;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{any_of, id, route};
use crate::http::call::{Answer, Call, Context};
use crate::http::etag;
use crate::http::query::Query;
use crate::http::reply::{self, Versioned};

pub(super) fn routes(context: &Context) -> BoxedFilter<(Response,)> {
    let of_events = any_of!(
        route!(context, get { event } "comments" => list),
        route!(context, post { event } "comments" => create),
    );
    let below = any_of!(
        route!(context, get { comment } => read),
        route!(context, patch { comment } => change),
        route!(context, delete { comment } => delete),
        route!(context, post { comment } "hide" => hide),
        route!(context, delete { comment } "hide" => show),
    );
    any_of!(warp::path("events").and(of_events), warp::path("comments").and(below))
}

fn comment_id(text: &str) -> Result<CommentId, eventcore::Error> {
    id(text, "comment")
}

fn event_id(text: &str) -> Result<EventId, eventcore::Error> {
    id(text, "event")
}

fn html(query: &mut Query) -> bool {
    query.parsed("html", "must be true or false").unwrap_or(false)
}

fn versioned(comment: &Comment) -> Versioned<'_, Comment> {
    Versioned { value: comment, version: comment.version, updated_at: None }
}

/// Comments on an event, oldest first; with `parent` the replies to one of them
#[utoipa::path(get, path = "/api/v1/events/{event}/comments", tag = "comments", security((), ("bearer" = [])),
    params(("event" = String, Path), ("parent" = Option<String>, Query, description = "The replies to this comment"),
        ("replies" = Option<bool>, Query, description = "Adds `replies` to each: the first of them, at most 20"),
        ("html" = Option<bool>, Query, description = "Adds `body_html`: the body as HTML that is safe to show"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query), ("count" = Option<bool>, Query)),
    responses((status = 200, description = "A page of comments", body = Page<Comment>)))]
pub(crate) async fn list(call: Call, event: &str) -> Answer {
    let actor = call.actor().await?;
    let mut query = call.query();
    let (page, html) = (query.page(), html(&mut query));
    let parent = query.parsed("parent", "must be the id of a comment");
    let replies = query.parsed("replies", "must be true or false").unwrap_or(false);
    query.finish()?;
    let filter = CommentFilter { parent, replies, html };
    let comments = call.core.comments(&actor, event_id(event)?, &filter, &page).await?;
    reply::page(&call, &format!("/events/{event}/comments"), &comments)
}

/// Comment on an event, or reply
#[utoipa::path(post, path = "/api/v1/events/{event}/comments", tag = "comments", security(("bearer" = [])),
    params(("event" = String, Path)), request_body = CommentInput, responses((status = 201, description = "The comment", body = Comment)))]
pub(crate) async fn create(call: Call, event: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (core, event) = (call.core.clone(), event_id(event)?);
    let comment = core.add_comment(&actor, event, &call.json::<CommentInput>()?).await?;
    versioned(&comment).created(&format!("/api/v1/comments/{}", comment.id))
}

/// One comment
#[utoipa::path(get, path = "/api/v1/comments/{comment}", tag = "comments", security((), ("bearer" = [])),
    params(("comment" = String, Path), ("html" = Option<bool>, Query, description = "Adds `body_html`: the body as HTML that is safe to show")),
    responses((status = 200, description = "The comment", body = Comment), (status = 304, description = "You have it")))]
pub(crate) async fn read(call: Call, comment: &str) -> Answer {
    let mut query = call.query();
    let html = html(&mut query);
    query.finish()?;
    versioned(&call.core.comment(&call.actor().await?, comment_id(comment)?, html).await?).ok(&call)
}

/// Change a comment, for its author (JSON merge patch)
#[utoipa::path(patch, path = "/api/v1/comments/{comment}", tag = "comments", security(("bearer" = [])),
    params(("comment" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body(content = CommentInput, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The comment", body = Comment)))]
pub(crate) async fn change(call: Call, comment: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let (core, expected, id) = (call.core.clone(), etag::expected(&call.headers), comment_id(comment)?);
    versioned(&core.change_comment(&actor, id, &call.json::<Value>()?, expected).await?).changed()
}

/// Take a comment back, for its author; where it has replies, a placeholder stays
#[utoipa::path(delete, path = "/api/v1/comments/{comment}", tag = "comments", security(("bearer" = [])),
    params(("comment" = String, Path), ("If-Match" = Option<String>, Header)), responses((status = 204, description = "It is gone")))]
pub(crate) async fn delete(call: Call, comment: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    call.core.delete_comment(&actor, comment_id(comment)?, etag::expected(&call.headers)).await?;
    Ok(reply::nothing())
}

/// Hide a comment, for the event's organizers
#[utoipa::path(post, path = "/api/v1/comments/{comment}/hide", tag = "comments", security(("bearer" = [])),
    params(("comment" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "The comment, which others now see as a placeholder", body = Comment)))]
pub(crate) async fn hide(call: Call, comment: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    let expected = etag::expected(&call.headers);
    versioned(&call.core.hide_comment(&actor, comment_id(comment)?, true, expected).await?).changed()
}

/// Show a hidden comment again, for the event's organizers
#[utoipa::path(delete, path = "/api/v1/comments/{comment}/hide", tag = "comments", security(("bearer" = [])),
    params(("comment" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "It can be read again")))]
pub(crate) async fn show(call: Call, comment: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    call.core.hide_comment(&actor, comment_id(comment)?, false, etag::expected(&call.headers)).await?;
    Ok(reply::nothing())
}

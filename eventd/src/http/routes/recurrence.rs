//! `/recurrence`: rules, before anything is saved.

use eventcore::events::{Preview, PreviewInput};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::route;
use crate::http::call::{Answer, Call, Context};
use crate::http::reply;

pub(super) fn routes(context: &Context) -> BoxedFilter<(Response,)> {
    warp::path("recurrence").and(route!(context, post "preview" => preview)).boxed()
}

/// The next dates of a rule, and what it says in English
#[utoipa::path(post, path = "/api/v1/recurrence/preview", tag = "recurrence", request_body = PreviewInput,
    responses((status = 200, description = "The dates", body = Preview)))]
pub(crate) async fn preview(call: Call) -> Answer {
    call.no_query()?;
    reply::json(&call.json::<PreviewInput>()?.preview()?)
}

//! `/tokens`: my personal access tokens.

use eventcore::accounts::{AccessToken, NewAccessToken, NewSecret};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{any_of, id, route};
use crate::http::call::{Answer, Call, Context};
use crate::http::reply;

pub(super) fn routes(context: &Context) -> BoxedFilter<(Response,)> {
    let below = any_of!(
        route!(context, get => list),
        route!(context, post => create),
        route!(context, delete { token } => delete)
    );
    warp::path("tokens").and(below).boxed()
}

/// My personal access tokens, oldest first
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens", security(("bearer" = [])),
    responses((status = 200, description = "All of them, without their secrets", body = eventcore::page::Page<AccessToken>)))]
pub(crate) async fn list(call: Call) -> Answer {
    call.no_query()?;
    reply::json(&eventcore::page::Page::whole(call.core.access_tokens(&call.actor().await?).await?))
}

/// Make a personal access token; its secret is shown this once
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", security(("bearer" = [])), request_body = NewAccessToken,
    responses((status = 201, description = "The token and its secret", body = NewSecret)))]
pub(crate) async fn create(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    let core = call.core.clone();
    let secret = core.create_access_token(&actor, &call.json::<NewAccessToken>()?).await?;
    reply::created(&secret, &format!("/api/v1/tokens/{}", secret.token.id))
}

/// Delete a personal access token
#[utoipa::path(delete, path = "/api/v1/tokens/{token}", tag = "tokens", security(("bearer" = [])),
    params(("token" = String, Path)), responses((status = 204, description = "It holds no longer")))]
pub(crate) async fn delete(call: Call, token: &str) -> Answer {
    call.no_query()?;
    let actor = call.writer().await?;
    call.core.delete_access_token(&actor, id(token, "token")?).await?;
    Ok(reply::nothing())
}

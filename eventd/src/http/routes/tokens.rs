//! `/tokens`: my personal access tokens.

use eventcore::accounts::{AccessToken, NewAccessToken, NewSecret};
use eventcore::page::Page;

use crate::http::call::{Answer, Call};
use crate::http::problem_responses::{ApiProblems, BodyProblems, Conflict, NotFound};
use crate::http::reply;
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![list, create, delete].into_iter().map(Route::small_body).collect()
}

/// List my personal access tokens, oldest first
#[utoipa::path(
    get,
    path = "/api/v1/tokens",
    tag = "tokens",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "All tokens, without their secrets", body = Page<AccessToken>),
        ApiProblems,
    )
)]
async fn list(call: Call) -> Answer {
    call.no_query()?;
    reply::json(&Page::whole(call.core.access_tokens(&call.actor().await?).await?))
}

/// Create a personal access token
///
/// The response is the only one that contains its secret. The password must have been given in the last 5
/// minutes, or be sent as `current_password`. A change of password revokes all tokens.
#[utoipa::path(
    post,
    path = "/api/v1/tokens",
    tag = "tokens",
    security(("session" = [])),
    request_body = NewAccessToken,
    responses(
        (status = 201, description = "The new token and its secret", body = NewSecret),
        ApiProblems, BodyProblems, Conflict,
    )
)]
async fn create(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    actor.may_manage_credentials()?;
    let core = call.core.clone();
    let secret = core.create_access_token(&actor, &call.json::<NewAccessToken>()?).await?;
    reply::created(&secret, &format!("/api/v1/tokens/{}", secret.token.id))
}

/// Revoke a personal access token
#[utoipa::path(
    delete,
    path = "/api/v1/tokens/{token}",
    tag = "tokens",
    security(("session" = [])),
    params(("token" = String, Path)),
    responses(
        (status = 204, description = "Revoked"),
        ApiProblems, NotFound,
    )
)]
async fn delete(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    actor.may_manage_credentials()?;
    call.core.delete_access_token(&actor, call.id("token")?).await?;
    Ok(reply::no_content())
}

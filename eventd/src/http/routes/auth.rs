//! `/auth`: signing in and out.

use eventcore::accounts::{Credentials, RefreshToken, TokenPair};
use http::{HeaderValue, header};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{any_of, route};
use crate::http::call::{Answer, Call, Context};
use crate::http::reply;

pub(super) fn routes(context: &Context) -> BoxedFilter<(Response,)> {
    let below = any_of!(
        route!(context, post "login" => login),
        route!(context, post "refresh" => refresh),
        route!(context, post "logout" => logout)
    );
    warp::path("auth").and(below).boxed()
}

fn secret(pair: &TokenPair) -> Answer {
    let mut response = reply::json(pair)?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Sign in by username or e-mail address
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", request_body = Credentials,
    responses((status = 200, description = "Tokens", body = TokenPair)))]
pub(crate) async fn login(call: Call) -> Answer {
    call.no_query()?;
    let core = call.core.clone();
    let agent = call.header(header::USER_AGENT).map(str::to_owned);
    secret(&core.sign_in(&call.json::<Credentials>()?, agent.as_deref()).await?)
}

/// Exchange a refresh token for new tokens; each works once, and a second use ends the session
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "auth", request_body = RefreshToken,
    responses((status = 200, description = "Tokens", body = TokenPair)))]
pub(crate) async fn refresh(call: Call) -> Answer {
    call.no_query()?;
    let core = call.core.clone();
    secret(&core.refresh(&call.json::<RefreshToken>()?).await?)
}

/// End the session that a refresh token belongs to
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", request_body = RefreshToken,
    responses((status = 204, description = "It has ended")))]
pub(crate) async fn logout(call: Call) -> Answer {
    call.no_query()?;
    let core = call.core.clone();
    core.sign_out(&call.json::<RefreshToken>()?).await?;
    Ok(reply::nothing())
}

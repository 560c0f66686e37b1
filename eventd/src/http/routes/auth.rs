//! `/auth`: signing in and out.

use eventcore::accounts::{Credentials, RefreshToken, TokenPair};
use http::{HeaderValue, header};

use crate::http::call::{Answer, Call};
use crate::http::problem_responses::{BodyProblems, Conflict, OpenProblems, SignInProblems};
use crate::http::reply;
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![login, refresh, logout].into_iter().map(Route::small_body).collect()
}

/// A token pair, which no cache may store.
fn tokens(pair: &TokenPair) -> Answer {
    let mut response = reply::json(pair)?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Sign in by username or e-mail address
#[utoipa::path(
    post,
    path = "/api/v1/auth/login",
    tag = "auth",
    request_body = Credentials,
    responses(
        (status = 200, description = "An access token and a refresh token", body = TokenPair),
        SignInProblems, BodyProblems, Conflict,
    )
)]
async fn login(call: Call) -> Answer {
    call.no_query()?;
    let core = call.core.clone();
    let agent = call.header(header::USER_AGENT).map(str::to_owned);
    tokens(&core.sign_in(&call.json::<Credentials>()?, agent.as_deref()).await?)
}

/// Exchange a refresh token for a new pair
///
/// The old token becomes invalid. Its use after more than 20 seconds ends the session.
#[utoipa::path(
    post,
    path = "/api/v1/auth/refresh",
    tag = "auth",
    request_body = RefreshToken,
    responses(
        (status = 200, description = "A new access token and refresh token", body = TokenPair),
        SignInProblems, BodyProblems, Conflict,
    )
)]
async fn refresh(call: Call) -> Answer {
    call.no_query()?;
    let core = call.core.clone();
    tokens(&core.refresh(&call.json::<RefreshToken>()?).await?)
}

/// Sign out: end the session of a refresh token
#[utoipa::path(
    post,
    path = "/api/v1/auth/logout",
    tag = "auth",
    request_body = RefreshToken,
    responses(
        (status = 204, description = "Session ended"),
        OpenProblems, BodyProblems, Conflict,
    )
)]
async fn logout(call: Call) -> Answer {
    call.no_query()?;
    let core = call.core.clone();
    core.sign_out(&call.json::<RefreshToken>()?).await?;
    Ok(reply::no_content())
}

//! `/auth`: signing in and out.

use eventcore::accounts::{Confirmation, Credentials, RefreshToken, TokenPair};
use http::{HeaderValue, header};

use crate::http::call::{Answer, Call};
use crate::http::problem_responses::{ApiProblems, BodyProblems, OpenProblems, SignInProblems};
use crate::http::reply;
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![login, refresh, logout, confirm].into_iter().map(Route::small_body).collect()
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
        SignInProblems, BodyProblems,
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
/// The old token becomes invalid. A repeat within 20 seconds gets the same pair, so that a lost response
/// loses no sign-in. A later use ends the session. A session lasts at most 90 days.
#[utoipa::path(
    post,
    path = "/api/v1/auth/refresh",
    tag = "auth",
    request_body = RefreshToken,
    responses(
        (status = 200, description = "A new access token and refresh token", body = TokenPair),
        SignInProblems, BodyProblems,
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
        OpenProblems, BodyProblems,
    )
)]
async fn logout(call: Call) -> Answer {
    call.no_query()?;
    let core = call.core.clone();
    core.sign_out(&call.json::<RefreshToken>()?).await?;
    Ok(reply::no_content())
}

/// Give my password again, before a change of credentials
///
/// For 5 minutes my session can then change my e-mail address, create tokens, end sessions and delete my
/// account. Signing in counts too, and refreshing tokens does not.
#[utoipa::path(
    post,
    path = "/api/v1/auth/confirm",
    tag = "auth",
    security(("session" = [])),
    request_body = Confirmation,
    responses(
        (status = 204, description = "The password is right"),
        ApiProblems, BodyProblems,
    )
)]
async fn confirm(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    actor.may_manage_credentials()?;
    let core = call.core.clone();
    core.confirm_password(&actor, &call.json::<Confirmation>()?).await?;
    Ok(reply::no_content())
}

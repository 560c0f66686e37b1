//! `/auth`: signing in and out.

use eventcore::accounts::{
    Confirmation, Credentials, ForgottenPassword, LinkToken, PasswordReset, RefreshToken, TokenPair, User,
};
use http::{HeaderValue, header};

use crate::http::call::{Answer, Call};
use crate::http::problem_responses::{ApiProblems, BodyProblems, Conflict, OpenProblems, SignInProblems};
use crate::http::reply;
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    let by_mail = routes![verify_email, resend, forgot_password, reset_password];
    let routes = routes![login, refresh, logout, confirm].into_iter().chain(by_mail);
    routes.map(Route::small_body).collect()
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

/// Verify an e-mail address by the token of a link in a mail
///
/// A link is valid for a day. A repeat has no effect. If the address replaces a verified one
/// (`pending_email`), it does so now.
#[utoipa::path(
    post,
    path = "/api/v1/auth/verify-email",
    tag = "auth",
    request_body = LinkToken,
    responses(
        (status = 200, description = "The account, with the verified address", body = User),
        OpenProblems, BodyProblems, Conflict,
    )
)]
async fn verify_email(call: Call) -> Answer {
    call.no_query()?;
    let core = call.core.clone();
    let mut response = reply::json(&core.verify_email(&call.json::<LinkToken>()?).await?)?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Send me another link that verifies my e-mail address
///
/// Has no effect if the address is verified, and no other one is pending. At most five links are sent in an
/// hour.
#[utoipa::path(
    post,
    path = "/api/v1/users/me/verify-email",
    tag = "users",
    security(("session" = [])),
    responses(
        (status = 204, description = "A link is on its way, or none is needed"),
        ApiProblems, Conflict,
    )
)]
async fn resend(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    call.core.resend_verification(&actor).await?;
    Ok(reply::no_content())
}

/// Send a link for a new password to an e-mail address
///
/// The response is the same whether or not an account has the address. The link is valid for an hour.
#[utoipa::path(
    post,
    path = "/api/v1/auth/forgot-password",
    tag = "auth",
    request_body = ForgottenPassword,
    responses(
        (status = 204, description = "If an account has the address, a link is on its way"),
        OpenProblems, BodyProblems,
    )
)]
async fn forgot_password(call: Call) -> Answer {
    call.no_query()?;
    let core = call.core.clone();
    core.forgot_password(&call.json::<ForgottenPassword>()?).await?;
    Ok(reply::no_content())
}

/// Set a new password by the token of a link in a mail
///
/// The link can be used once. All sessions end, and all personal access tokens are revoked.
#[utoipa::path(
    post,
    path = "/api/v1/auth/reset-password",
    tag = "auth",
    request_body = PasswordReset,
    responses(
        (status = 204, description = "Password changed"),
        OpenProblems, BodyProblems,
    )
)]
async fn reset_password(call: Call) -> Answer {
    call.no_query()?;
    let core = call.core.clone();
    core.reset_password_by_link(&call.json::<PasswordReset>()?).await?;
    Ok(reply::no_content())
}

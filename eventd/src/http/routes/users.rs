//! `/users`: accounts.

use eventcore::accounts::{NewPassword, NewUser, PublicProfile, User, UserFilter};
use eventcore::privacy::Export;
use eventcore::{Actor, Error, Page, UserId};
use serde_json::Value;
use utoipa::openapi::schema::AnyOfBuilder;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::user_reference::UserReference;
use crate::http::call::{Answer, Call};
use crate::http::etag;
use crate::http::links::Linked;
use crate::http::problem_responses::{
    ApiProblems, BodyProblems, Conflict, NotFound, NotModified, PreconditionFailed,
};
use crate::http::query_parameters::{IfMatch, PageParameters};
use crate::http::reply::{self, Versioned};
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    let routes = routes![create, list, read, change, delete, export, change_password];
    routes.into_iter().map(Route::small_body).collect()
}

/// The id of the user in the path.
async fn user_id(call: &Call, actor: &Actor) -> Result<UserId, Error> {
    UserReference::of(call)?.resolve(call, actor).await
}

fn versioned(user: &User) -> Versioned<&User> {
    Versioned { value: user, version: user.version, updated_at: Some(user.updated_at) }
}

/// Create an account
#[utoipa::path(
    post,
    path = "/api/v1/users",
    tag = "users",
    security((), ("bearer" = [])),
    request_body = NewUser,
    responses(
        (status = 201, description = "The new account", body = User),
        ApiProblems, BodyProblems, Conflict,
    )
)]
async fn create(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    let core = call.core.clone();
    let user = core.create_user(&actor, &call.json::<NewUser>()?).await?;
    versioned(&user).created(&format!("/api/v1/users/{}", user.id))
}

/// List accounts (admins only)
#[utoipa::path(
    get,
    path = "/api/v1/users",
    tag = "users",
    security(("session" = [])),
    params(
        ("q" = Option<String>, Query,
            description = "Substring of the username, the display name or the e-mail address"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of accounts", body = Page<User>),
        ApiProblems,
    )
)]
async fn list(call: Call) -> Answer {
    let mut query = call.query();
    let (filter, page) = (UserFilter { q: query.text("q") }, query.page());
    query.finish()?;
    reply::page(&call, &call.core.users(&call.actor().await?, &filter, &page).await?)
}

/// Read an account
///
/// The user and admins get the whole account, others the public profile.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}",
    tag = "users",
    security((), ("bearer" = [])),
    params(("user" = String, Path, description = "A user id, a username, or `me`")),
    responses(
        (status = 200, description = "The account or its public profile", body = inline(AccountOrProfile)),
        NotModified, ApiProblems, NotFound,
    )
)]
async fn read(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    let id = user_id(&call, &actor).await?;
    if actor.is(id) || actor.is_admin() {
        return versioned(&call.core.user(&actor, id).await?).ok(&call);
    }
    let PublicProfile { id, username, display_name } = call.core.profile(id).await?;
    let base = &call.public_url;
    let links = ProfileLinks { events: format!("{base}/api/v1/events?organizer={username}") };
    reply::json(&Profile { id, username, display_name, links })
}

/// The public part of an account, with links.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(as = UserProfile)]
struct Profile {
    /// The id.
    id: UserId,
    /// 3–32 of `a-z 0-9 . _ -`.
    username: String,
    /// The name for display, 1–100 characters.
    display_name: String,
    /// Absolute links.
    links: ProfileLinks,
}

/// Links to what a user has published.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct ProfileLinks {
    /// The upcoming events that the user organizes.
    events: String,
}

/// The schema of an account or a profile. An account also has all fields of a profile, hence `anyOf`, not
/// `oneOf`.
struct AccountOrProfile;

impl PartialSchema for AccountOrProfile {
    fn schema() -> RefOr<Schema> {
        let either = AnyOfBuilder::new().item(Ref::from_schema_name("User"));
        Schema::AnyOf(either.item(Ref::from_schema_name("UserProfile")).build()).into()
    }
}

impl ToSchema for AccountOrProfile {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend([
            (User::name().into_owned(), User::schema()),
            (Profile::name().into_owned(), Profile::schema()),
            (ProfileLinks::name().into_owned(), ProfileLinks::schema()),
        ]);
    }
}

/// The fields of an account that can be changed.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes a request body that the library reads")]
struct UserChange {
    email: String,
    #[schema(min_length = 1, max_length = 100)]
    display_name: String,
    /// IANA name.
    timezone: String,
    role: eventcore::Role,
    /// Whether mails to attendees of my events name my address for replies. Only oneself turns it on. Null is
    /// no.
    takes_replies: Option<bool>,
    /// My password, with a change of `email` or `role`. Required if more than 5 minutes have passed since it
    /// was last given.
    #[schema(format = Password)]
    current_password: String,
}

/// Change an account by a JSON merge patch
///
/// Only admins change `role`. Only the user turns on `takes_replies`: attendees of their events then see
/// their verified address in mails, as the one for replies (`Reply-To`). For a change of `email` or `role`
/// the password must have been given in the last 5 minutes, or be sent as `current_password`.
#[utoipa::path(
    patch,
    path = "/api/v1/users/{user}",
    tag = "users",
    security(("bearer" = [])),
    params(("user" = String, Path, description = "A user id, a username, or `me`"), IfMatch),
    request_body(content(
        (UserChange = "application/merge-patch+json"),
        (UserChange = "application/json"),
    )),
    responses(
        (status = 200, description = "The changed account", body = User),
        ApiProblems, BodyProblems, NotFound, Conflict, PreconditionFailed,
    )
)]
async fn change(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    let id = user_id(&call, &actor).await?;
    let (core, expected) = (call.core.clone(), etag::precondition(&call.headers)?);
    let user = core.change_user(&actor, id, &call.json::<Value>()?, expected.as_ref()).await?;
    versioned(&user).changed()
}

/// Delete an account by anonymizing it
///
/// The password must have been given in the last 5 minutes.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{user}",
    tag = "users",
    security(("session" = [])),
    params(("user" = String, Path, description = "A user id, a username, or `me`"), IfMatch),
    responses(
        (status = 204, description = "Deleted"),
        ApiProblems, NotFound, PreconditionFailed,
    )
)]
async fn delete(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    let id = user_id(&call, &actor).await?;
    call.core.delete_user(&actor, id, etag::precondition(&call.headers)?.as_ref()).await?;
    Ok(reply::no_content())
}

/// Export all data about me
#[utoipa::path(
    get,
    path = "/api/v1/users/me/export",
    tag = "users",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "All data about me", body = Export),
        ApiProblems,
    )
)]
async fn export(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    let mut export = call.core.export_user(&actor, actor.signed_in()?.id).await?;
    export.events.iter_mut().chain(&mut export.co_organized).for_each(|event| event.link(&call.public_url));
    export.registrations.iter_mut().for_each(|registration| registration.link(&call.public_url));
    reply::json(&export)
}

/// Change my password, which ends all my other sessions and revokes my personal access tokens
#[utoipa::path(
    put,
    path = "/api/v1/users/me/password",
    tag = "users",
    security(("session" = [])),
    request_body = NewPassword,
    responses(
        (status = 204, description = "Password changed"),
        ApiProblems, BodyProblems,
    )
)]
async fn change_password(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    actor.may_manage_credentials()?;
    let core = call.core.clone();
    core.change_password(&actor, &call.json::<NewPassword>()?).await?;
    Ok(reply::no_content())
}

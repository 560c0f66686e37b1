//! `/users`: accounts.

use eventcore::accounts::{NewPassword, NewUser, PublicProfile, User, UserFilter};
use eventcore::privacy::Export;
use eventcore::{Actor, Error, Page, UserId};
use serde_json::Value;
use utoipa::openapi::schema::AnyOfBuilder;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{any_of, id, route};
use crate::http::call::{Answer, Call, Context};
use crate::http::etag;
use crate::http::problem::Problem;
use crate::http::reply::{self, Versioned};

pub(super) fn routes(context: &Context) -> BoxedFilter<(Response,)> {
    let below = any_of!(
        route!(context, post => create),
        route!(context, get => list),
        route!(context, get { user } "export" => export),
        route!(context, put { user } "password" => change_password),
        route!(context, get { user } => read),
        route!(context, patch { user } => change),
        route!(context, delete { user } => delete),
    );
    warp::path("users").and(below).boxed()
}

/// The id in the path; `me` stands for one's own.
fn user_id(actor: &Actor, text: &str) -> Result<UserId, Error> {
    if text == "me" { Ok(actor.signed_in()?.id) } else { id(text, "user") }
}

/// What only exists for oneself.
fn must_be_me(text: &str) -> Result<(), Problem> {
    if text == "me" { Ok(()) } else { Err(Error::NotFound("thing").into()) }
}

fn versioned(user: &User) -> Versioned<'_, User> {
    Versioned { value: user, version: user.version, updated_at: Some(user.updated_at) }
}

/// Create an account
#[utoipa::path(post, path = "/api/v1/users", tag = "users", security((), ("bearer" = [])), request_body = NewUser,
    responses((status = 201, description = "The account", body = User)))]
pub(crate) async fn create(call: Call) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    let core = call.core.clone();
    let user = core.create_user(&actor, &call.json::<NewUser>()?).await?;
    versioned(&user).created(&format!("/api/v1/users/{}", user.id))
}

/// List accounts, for admins
#[utoipa::path(get, path = "/api/v1/users", tag = "users", security(("bearer" = [])),
    params(("q" = Option<String>, Query, description = "Stands in the username, the display name or the address"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query), ("count" = Option<bool>, Query)),
    responses((status = 200, description = "A page of accounts", body = Page<User>)))]
pub(crate) async fn list(call: Call) -> Answer {
    let mut query = call.query();
    let (filter, page) = (UserFilter { q: query.text("q") }, query.page());
    query.finish()?;
    let users = call.core.users(&call.actor().await?, &filter, &page).await?;
    reply::page(&call, "/users", &users)
}

/// Read an account: the whole of it for oneself and for admins, else the public profile
#[utoipa::path(get, path = "/api/v1/users/{user}", tag = "users", security((), ("bearer" = [])),
    params(("user" = String, Path, description = "An id, or `me`")),
    responses((status = 200, description = "The account, or its public profile", body = inline(AccountOrProfile)), (status = 304, description = "You have it")))]
pub(crate) async fn read(call: Call, user: &str) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    let id = user_id(&actor, user)?;
    if actor.is(id) || actor.is_admin() {
        return versioned(&call.core.user(&actor, id).await?).ok(&call);
    }
    reply::json(&call.core.profile(id).await?)
}

/// What reading an account gives. An account has all that a profile has, so that both may fit.
pub(crate) struct AccountOrProfile;

impl PartialSchema for AccountOrProfile {
    fn schema() -> RefOr<Schema> {
        let either = AnyOfBuilder::new().item(Ref::from_schema_name("User"));
        Schema::AnyOf(either.item(Ref::from_schema_name("PublicProfile")).build()).into()
    }
}

impl ToSchema for AccountOrProfile {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend([
            (User::name().into_owned(), User::schema()),
            (PublicProfile::name().into_owned(), PublicProfile::schema()),
        ]);
    }
}

/// What can be changed of an account.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes a request")]
pub(crate) struct UserChange {
    email: String,
    #[schema(min_length = 1, max_length = 100)]
    display_name: String,
    /// IANA name.
    timezone: String,
    role: eventcore::Role,
}

/// Change an account (JSON merge patch): `email`, `display_name`, `timezone`; for admins also `role`
#[utoipa::path(patch, path = "/api/v1/users/{user}", tag = "users", security(("bearer" = [])),
    params(("user" = String, Path, description = "An id, or `me`"), ("If-Match" = Option<String>, Header)),
    request_body(content = UserChange, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The account", body = User)))]
pub(crate) async fn change(call: Call, user: &str) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    let id = user_id(&actor, user)?;
    let (core, expected) = (call.core.clone(), etag::expected(&call.headers));
    let user = core.change_user(&actor, id, &call.json::<Value>()?, expected).await?;
    versioned(&user).changed()
}

/// Delete an account: it is anonymised
#[utoipa::path(delete, path = "/api/v1/users/{user}", tag = "users", security(("bearer" = [])),
    params(("user" = String, Path, description = "An id, or `me`"), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "It is gone")))]
pub(crate) async fn delete(call: Call, user: &str) -> Answer {
    call.no_query()?;
    let actor = call.actor().await?;
    let id = user_id(&actor, user)?;
    call.core.delete_user(&actor, id, etag::expected(&call.headers)).await?;
    Ok(reply::nothing())
}

/// Everything that is held about me
#[utoipa::path(get, path = "/api/v1/users/me/export", tag = "users", security(("bearer" = [])),
    responses((status = 200, description = "All of it", body = Export)))]
pub(crate) async fn export(call: Call, user: &str) -> Answer {
    must_be_me(user)?;
    call.no_query()?;
    let actor = call.actor().await?;
    reply::json(&call.core.export_user(&actor, actor.signed_in()?.id).await?)
}

/// Change my password; all my other sessions end
#[utoipa::path(put, path = "/api/v1/users/me/password", tag = "users", security(("bearer" = [])), request_body = NewPassword,
    responses((status = 204, description = "It is changed")))]
pub(crate) async fn change_password(call: Call, user: &str) -> Answer {
    must_be_me(user)?;
    call.no_query()?;
    let actor = call.actor().await?;
    let core = call.core.clone();
    core.change_password(&actor, &call.json::<NewPassword>()?).await?;
    Ok(reply::nothing())
}

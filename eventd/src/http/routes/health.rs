//! `/healthz` and `/readyz`: whether the process lives, and whether it can serve.

use eventcore::db::Schema;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{any_of, route};
use crate::http::call::{Answer, Call, Context};
use crate::http::reply;

pub(super) fn routes(context: &Context) -> BoxedFilter<(Response,)> {
    any_of!(route!(context, get "healthz" => alive), route!(context, get "readyz" => ready))
}

/// Whether the process lives
#[utoipa::path(get, path = "/healthz", tag = "service", responses((status = 200, description = "It does", body = String, content_type = "text/plain")))]
pub(crate) async fn alive(_: Call) -> Answer {
    Ok(reply::text("text/plain; charset=utf-8", "alive\n"))
}

/// Whether the database answers and has the schema of this program
#[utoipa::path(get, path = "/readyz", tag = "service", responses((status = 200, description = "It does", body = String, content_type = "text/plain")))]
pub(crate) async fn ready(call: Call) -> Answer {
    match call.core.schema().await? {
        Schema::Current => Ok(reply::text("text/plain; charset=utf-8", "ready\n")),
        other => Err(other.refusal().into()),
    }
}

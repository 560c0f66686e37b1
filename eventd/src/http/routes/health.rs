//! `/healthz` and `/readyz`: whether the process lives, and whether it can serve.

use std::sync::Arc;

use eventcore::db::Schema;
use eventcore::{Error, EventCore};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{any_of, route};
use crate::http::call::{Answer, Call, Context, answer};
use crate::http::gate::Gate;
use crate::http::reply;

pub(super) fn routes(context: &Context) -> BoxedFilter<(Response,)> {
    any_of!(route!(context, get "healthz" => alive), route!(context, get "readyz" => ready), figures(context))
}

fn figures(context: &Context) -> BoxedFilter<(Response,)> {
    let Context { core, figures, .. } = context.clone();
    warp::get()
        .and(warp::path!("metrics"))
        .then(move || {
            let (core, figures) = (core.clone(), figures.clone());
            async move { answer(metrics(&core, figures.as_deref()).await) }
        })
        .boxed()
}

/// `/metrics` alone, for a listener of its own.
pub(crate) fn only_metrics(core: EventCore, gate: Arc<Gate>) -> BoxedFilter<(Response,)> {
    figures(&Context { core, public_url: "".into(), figures: Some(gate) })
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

/// Figures for Prometheus, unless they have a listener of their own
#[utoipa::path(get, path = "/metrics", tag = "service", responses((status = 200, description = "All of them", body = String, content_type = "text/plain")))]
pub(crate) async fn metrics(core: &EventCore, gate: Option<&Gate>) -> Answer {
    let gate = gate.ok_or(Error::NotFound("address"))?;
    Ok(reply::text("text/plain; version=0.0.4; charset=utf-8", gate.figures(core).await))
}

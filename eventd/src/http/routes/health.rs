//! Probes and metrics.

use eventcore::db::Schema;
use eventcore::{Error, EventCore};
use warp::reply::Response;

use crate::http::admission::Admission;
use crate::http::call::{Answer, Call};
use crate::http::problem_responses::{NotFound, PageProblems};
use crate::http::reply;
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![alive, ready, metrics]
}

/// Liveness probe
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "service",
    responses(
        (status = 200, description = "Alive", body = String, content_type = "text/plain"),
        PageProblems,
    )
)]
async fn alive(call: Call) -> Answer {
    Ok(reply::content(&call, "alive\n"))
}

/// Readiness probe: whether the database is reachable and its schema is current
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "service",
    responses(
        (status = 200, description = "Ready", body = String, content_type = "text/plain"),
        PageProblems,
    )
)]
async fn ready(call: Call) -> Answer {
    match call.core.schema().await? {
        Schema::Current => Ok(reply::content(&call, "ready\n")),
        other => Err(other.refusal().into()),
    }
}

/// Metrics for Prometheus, unless they have a listener of their own
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "service",
    responses(
        (status = 200, description = "All metrics", body = String, content_type = "text/plain"),
        PageProblems, NotFound,
    )
)]
async fn metrics(call: Call) -> Answer {
    let admission = call.admission.as_deref().ok_or(Error::NotFound("path"))?;
    Ok(metrics_response(&call.core, admission).await)
}

/// The response to `GET /metrics`.
pub(crate) async fn metrics_response(core: &EventCore, admission: &Admission) -> Response {
    let text = admission.render_metrics(core).await;
    reply::content_of_type("text/plain; version=0.0.4; charset=utf-8", text)
}

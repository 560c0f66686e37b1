//! Probes and metrics.

use eventcore::time::zones_in_force;
use eventcore::{Error, EventCore};
use warp::reply::Response;

use crate::http::admission::Admission;
use crate::http::call::{Answer, Call};
use crate::http::problem_responses::{NotFound, ProbeProblems};
use crate::http::reply;
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    routes![alive, ready, metrics].into_iter().map(Route::without_place).collect()
}

/// Liveness probe
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "service",
    responses(
        (status = 200, description = "Alive", body = String, content_type = "text/plain"),
        ProbeProblems,
    )
)]
async fn alive(call: Call) -> Answer {
    Ok(reply::content(&call, "alive\n"))
}

/// Readiness probe: whether the database can be reached and written, its disk has space, its schema is
/// current, and this process has its time zones, of which the response names the edition
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "service",
    responses(
        (status = 200, description = "Ready", body = String, content_type = "text/plain"),
        ProbeProblems,
    )
)]
async fn ready(call: Call) -> Answer {
    call.admission.readiness.check(&call.core).await?;
    Ok(reply::content(&call, format!("ready\ntime zones: {}\n", zones_in_force())))
}

/// Metrics for Prometheus: for clients on the same machine, unless the operator has opened them
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "service",
    responses(
        (status = 200, description = "All metrics", body = String, content_type = "text/plain"),
        ProbeProblems, NotFound,
    )
)]
async fn metrics(call: Call) -> Answer {
    if !call.may_read_metrics {
        return Err(Error::NotFound("path").into());
    }
    Ok(metrics_response(&call.core, &call.admission).await)
}

/// The response to `GET /metrics`.
pub(crate) async fn metrics_response(core: &EventCore, admission: &Admission) -> Response {
    let text = admission.render_metrics(core).await;
    reply::content_of_type("text/plain; version=0.0.4; charset=utf-8", text)
}

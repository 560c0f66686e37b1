//! The HTTP interface: the server, the layers around the routes, the routes, and problem responses.

mod accept;
mod admission;
mod attendee_list;
mod body;
mod caching;
mod call;
mod client_network;
mod connections;
mod cors;
mod csv_reply;
mod dav;
mod declaration;
mod edge;
mod etag;
mod forwarded;
mod head;
mod idempotency;
mod json_body;
mod links;
mod listener;
mod metrics;
mod openapi;
mod pace;
mod page_security;
mod pages;
mod path_tree;
mod problem;
mod problem_kind;
mod problem_responses;
mod progress;
pub(crate) mod qr;
mod query;
mod query_parameters;
mod rate_limit;
mod readiness;
mod reply;
mod route;
mod routes;
mod server;
mod shares;
mod streams;
mod unsent;
mod watched;

pub(crate) use admission::{Admission, Bounds};
pub(crate) use call::MetricsAccess;
pub(crate) use connections::ConnectionBounds;
#[cfg(fuzzing)]
pub(crate) use dav::check_body as check_dav_body;
pub(crate) use forwarded::TrustedProxies;
pub(crate) use pace::Pace;
pub(crate) use progress::Deadlines;
pub(crate) use rate_limit::{RateLimits, RateQuotas};
pub(crate) use routes::document;
pub(crate) use server::{Server, run, run_metrics};
pub(crate) use streams::StreamBounds;

/// The number of paths that routes declare.
pub(crate) fn path_count() -> usize {
    routes::table().len()
}

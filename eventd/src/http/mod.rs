//! HTTP: routes, problems, and what stands around them.

mod call;
mod etag;
mod layers;
mod once;
pub(crate) mod openapi;
mod problem;
mod query;
mod reply;
mod routes;
pub(crate) mod server;

pub(crate) use server::Server;

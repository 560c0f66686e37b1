//! HTTP: routes, problems, and what stands around them.

mod accept;
mod attendees;
mod call;
mod etag;
mod gate;
mod layers;
mod limit;
mod meters;
mod once;
pub(crate) mod openapi;
mod problem;
mod qr;
mod query;
mod reply;
mod routes;
pub(crate) mod server;
mod table;

pub(crate) use gate::Gate;
pub(crate) use limit::RateLimit;
pub(crate) use server::Server;

//! Idempotent execution: a request with an idempotency key takes effect once, and a repeat gets the stored
//! answer.

mod key;
mod run;

pub use key::IdempotencyKey;

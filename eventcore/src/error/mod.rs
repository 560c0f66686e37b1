//! Errors: the closed set of ways in which an operation can fail, each with a stable code and a kind.

mod cause;
mod kind;
mod variants;

pub use cause::Cause;
pub use kind::ErrorKind;
pub use variants::{Error, Result, Violation, Violations};

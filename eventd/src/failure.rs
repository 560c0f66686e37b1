//! The error type of commands.

/// The reason why a command failed, as a message for the operator.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

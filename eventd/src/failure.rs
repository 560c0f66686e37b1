//! Errors of commands.

/// Why a command failed, in a sentence for the operator.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

//! [`ZoneError`]: why time-zone data cannot be used.

/// Why time-zone data cannot be used, as text for whoever runs the program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ZoneError(String);

impl ZoneError {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

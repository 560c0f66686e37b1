//! The loading state of a screen.

use crate::backend::ApiError;

/// Whether something is loading, loaded or failed. Times are milliseconds since the program started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// Start of the running load.
    pub(crate) since: Option<u64>,
    /// End of the last successful load.
    pub(crate) loaded_at: Option<u64>,
    /// Why the last load failed.
    pub(crate) failure: Option<String>,
    failed_at: u64,
}

/// A spinner is shown after so many milliseconds; earlier it would flicker.
const SPINNER_DELAY: u64 = 150;
/// Milliseconds after a failure without automatic retry.
const RETRY_DELAY: u64 = 5_000;

impl Status {
    pub(crate) fn begin(&mut self, now: u64) {
        self.since = self.since.or(Some(now));
    }

    pub(crate) fn end(&mut self, now: u64, failure: Option<&ApiError>) {
        self.since = None;
        self.failure = failure.map(|error| error.message.clone());
        match failure {
            None => self.loaded_at = Some(now),
            Some(_) => self.failed_at = now,
        }
    }

    /// Whether a load may start: none is running, and the last failure is old enough.
    pub(crate) const fn is_ready(&self, now: u64) -> bool {
        self.since.is_none() && (self.failure.is_none() || now >= self.failed_at + RETRY_DELAY)
    }

    /// Whether to show a spinner.
    pub(crate) fn is_slow(&self, now: u64) -> bool {
        self.since.is_some_and(|since| now >= since + SPINNER_DELAY)
    }

    /// Whether no load has ended yet.
    pub(crate) const fn is_new(&self) -> bool {
        self.loaded_at.is_none() && self.failure.is_none()
    }

    /// When to draw the next frame of the spinner, or its first one; `None` if nothing is loading.
    pub(crate) fn wakes_at(&self, now: u64) -> Option<u64> {
        let since = self.since?;
        Some(if now < since + SPINNER_DELAY { since + SPINNER_DELAY } else { now + 100 })
    }
}

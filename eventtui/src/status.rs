//! How what a screen shows came to be: loading, loaded some time ago, or not.

use crate::backend::Refusal;

/// The state of something that is loaded. Times are milliseconds since the program began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) since: Option<u64>,
    pub(crate) loaded_at: Option<u64>,
    pub(crate) failure: Option<String>,
    failed_at: u64,
}

/// A wait that is shorter is not shown: it would only flicker.
const PATIENCE: u64 = 150;
/// What has failed is not tried again sooner by itself.
const PAUSE: u64 = 5_000;

impl Status {
    pub(crate) fn begin(&mut self, now: u64) {
        self.since = self.since.or(Some(now));
    }

    pub(crate) fn end(&mut self, now: u64, failure: Option<&Refusal>) {
        self.since = None;
        self.failure = failure.map(|refusal| refusal.message.clone());
        match failure {
            None => self.loaded_at = Some(now),
            Some(_) => self.failed_at = now,
        }
    }

    /// Whether more may be asked for: nothing is under way, and what went wrong lies a while back.
    pub(crate) const fn is_ready(&self, now: u64) -> bool {
        self.since.is_none() && (self.failure.is_none() || now >= self.failed_at + PAUSE)
    }

    /// Whether a spinner turns.
    pub(crate) fn is_slow(&self, now: u64) -> bool {
        self.since.is_some_and(|since| now >= since + PATIENCE)
    }

    /// Whether it was never loaded, and nothing went wrong so far.
    pub(crate) const fn is_new(&self) -> bool {
        self.loaded_at.is_none() && self.failure.is_none()
    }

    /// When the screen must be drawn anew for it, if it must.
    pub(crate) fn wakes_at(&self, now: u64) -> Option<u64> {
        let since = self.since?;
        Some(if now < since + PATIENCE { since + PATIENCE } else { now + 100 })
    }
}

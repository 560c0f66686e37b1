//! Percentiles of measured durations.

use std::time::Duration;

/// Durations in ascending order.
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// Sorts the measured durations.
    pub fn new(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        Self(durations)
    }

    /// The number of durations.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The duration at a percentile from 0 to 100; 100 is the longest. Zero if nothing was measured.
    pub fn percentile(&self, percent: usize) -> Duration {
        let last = self.0.len().saturating_sub(1);
        self.0.get((self.0.len() * percent / 100).min(last)).copied().unwrap_or_default()
    }

    /// As [`percentile`](Self::percentile), in milliseconds.
    pub fn percentile_ms(&self, percent: usize) -> f64 {
        self.percentile(percent).as_secs_f64() * 1e3
    }
}

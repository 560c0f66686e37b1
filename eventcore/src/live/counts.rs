//! How many follow, for metrics.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The followers of this process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LiveCounts {
    /// Those who follow now.
    pub followers: usize,
    /// Those who were cut off because they were too slow.
    pub cut_off: usize,
}

/// Counts followers.
#[derive(Debug, Default)]
pub(super) struct Counters {
    followers: AtomicUsize,
    cut_off: AtomicUsize,
}

impl Counters {
    pub(super) fn set_followers(&self, followers: usize) {
        self.followers.store(followers, Ordering::Relaxed);
    }

    pub(super) fn count_cut_off(&self) {
        self.cut_off.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn counts(&self) -> LiveCounts {
        LiveCounts {
            followers: self.followers.load(Ordering::Relaxed),
            cut_off: self.cut_off.load(Ordering::Relaxed),
        }
    }
}

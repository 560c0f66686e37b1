//! [`FeedVersion`]: what tells one text of a feed from another, and what is known of a feed with it.

use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use super::feed_summary::Period;
use super::syndication::{FeedLinks, SyndicationFormat};
use crate::time::Timestamp;

/// What is known of a feed without its events.
#[derive(Debug, Clone)]
pub(super) struct FeedOutline {
    pub(super) version: FeedVersion,
    /// When the next of its occurrences ends.
    pub(super) ends_at: Option<Timestamp>,
    /// The time zones of the events, with the first and the last instant for which each is needed.
    pub(super) zones: Vec<(Tz, Period)>,
}

/// What tells one text of a feed from another, in a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedVersion {
    pub(super) state: FeedState,
    /// The hash of what feeds for readers of news show besides.
    pub(super) organizers: [u8; 32],
}

/// The hash of a feed and that of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FeedState {
    pub(super) feed: [u8; 32],
    pub(super) fingerprint: [u8; 32],
}

impl FeedVersion {
    /// The version of the same list as a feed for readers of news.
    #[must_use]
    pub fn syndicated(&self, format: SyndicationFormat, links: &FeedLinks) -> Self {
        let FeedState { feed, fingerprint } = self.state;
        let variant = format!("{format:?} {}", links.address);
        let all = Sha256::new().chain_update(fingerprint).chain_update(self.organizers);
        let state = FeedState {
            feed: Sha256::new().chain_update(feed).chain_update(&variant).finalize().into(),
            fingerprint: all.chain_update(&variant).finalize().into(),
        };
        Self { state, organizers: self.organizers }
    }

    /// Differs from the fingerprint of another version of the feed unless they have the same text.
    pub fn fingerprint(&self) -> &[u8] {
        &self.state.fingerprint
    }
}

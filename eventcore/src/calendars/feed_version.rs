//! [`FeedVersion`]: what tells one text of a feed from another.

use sha2::{Digest, Sha256};

use super::syndication::{FeedLinks, SyndicationFormat};

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

//! The stream of what changes on the screen.

use eventcore::UserId;
use eventcore::live::Followed;

/// The stream of what changes, and when something is to be done about it.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// Its number. What earlier streams tell is not taken.
    pub(super) stream: u64,
    pub(super) followed: Followed,
    pub(super) user: Option<UserId>,
    pub(super) is_connected: bool,
    /// When another stream is opened, for what is on the screen by then.
    pub(super) follow_at: Option<u64>,
    /// When the screen is loaded again, since it is out of date.
    pub(super) load_at: Option<u64>,
    pub(super) loaded_at: Option<u64>,
    /// Nothing is loaded again that nobody asks for, to test what is told.
    pub(super) is_without_polls: bool,
}

impl Live {
    pub(super) const fn is_connected(&self) -> bool {
        self.is_connected
    }

    /// When something is to be done, if so.
    pub(super) fn wakes_at(&self) -> Option<u64> {
        self.follow_at.into_iter().chain(self.load_at).min()
    }
}

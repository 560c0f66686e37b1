//! Which screen a response is for.

use crate::keys::Tab;

/// Who sent a request, and receives its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    App,
    Tab(Tab),
    /// A layer by its number. Numbers are not used again.
    Layer(u64),
}

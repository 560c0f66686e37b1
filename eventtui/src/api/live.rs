//! Following what changes.

use std::pin::Pin;

use eventcore::live::LiveMessage;

/// A future of what changes.
pub(crate) type LiveFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Messages about what changes, from a database or from a server.
pub(crate) trait Updates: Send {
    /// The next message; `None` after the last, when the stream has ended or its connection is lost.
    fn next(&mut self) -> LiveFuture<'_, Option<LiveMessage>>;
}

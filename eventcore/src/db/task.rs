//! Tasks for work that ends whatever becomes of its caller.

use tracing::Instrument;

use crate::error::{Cause, Error, Result};

/// Begins `work` in a task of its own; the future waits for it. If the future is dropped, or not polled,
/// `work` runs to its end all the same.
pub(crate) fn run_to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> impl Future<Output = Result<T>> + Send {
    // Spawned here rather than in an async function, so that `work` is no part of the caller's future.
    let task = tokio::spawn(work.in_current_span());
    async move {
        match task.await {
            Ok(outcome) => outcome,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Error::unavailable(Cause::Closed, "the program is shutting down")),
            },
        }
    }
}

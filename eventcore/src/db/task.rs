//! Tasks for work that ends whatever becomes of its caller.

use tracing::Instrument;

use crate::error::{Error, Result};

/// Runs `work` in a task of its own, and waits for it. If the caller is dropped, or does not poll, `work`
/// runs to its end all the same.
pub(crate) async fn run_to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    match tokio::spawn(work.in_current_span()).await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Error::Unavailable("the program is shutting down".to_owned())),
        },
    }
}

//! Tasks for work that ends whatever becomes of its caller.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::error::{Cause, Error, Result};

/// Begins `work` in a task of its own; the future waits for it. If the future is dropped, or not polled,
/// `work` runs to its end all the same.
pub(crate) fn run_to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> RunningTask<T> {
    // Behind a pointer, so that the task is compiled once for each `T` and not for each operation.
    let work: Pin<Box<dyn Future<Output = Result<T>> + Send>> = Box::pin(work);
    RunningTask(tokio::spawn(work.in_current_span()))
}

/// Waits for a task that has begun.
///
/// A type of its own rather than `impl Future`: that would depend on the type of the work, and the compiler
/// would prove wherever it is mentioned that the work is `Send`. It took a third of the time to check this
/// crate.
pub(crate) struct RunningTask<T>(JoinHandle<Result<T>>);

impl<T> Future for RunningTask<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(Pin::new(&mut self.0).poll(context)) {
            Ok(outcome) => outcome,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Error::unavailable(Cause::Closed, "the program is shutting down")),
            },
        })
    }
}

//! Places in queues.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// A future that waits in a queue from the moment of its creation, whichever task polls it later.
///
/// A transaction waits in a task of its own. The caller takes the place in the queue before that task starts,
/// so that callers are served in the order of their calls.
pub(super) struct Enqueued<T>(EnqueuedState<T>);

enum EnqueuedState<T> {
    /// There was no queue. `None` once the output is taken.
    Ready(Option<T>),
    Waiting(Pin<Box<dyn Future<Output = T> + Send>>),
}

impl<T> Enqueued<T> {
    /// Polls `waiting` once, which puts the locks and semaphores of Tokio into their queues.
    pub(super) fn new(waiting: impl Future<Output = T> + Send + 'static) -> Self {
        let mut waiting: Pin<Box<dyn Future<Output = T> + Send>> = Box::pin(waiting);
        Self(match waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => EnqueuedState::Ready(Some(output)),
            Poll::Pending => EnqueuedState::Waiting(waiting),
        })
    }
}

impl<T: Unpin> Future for Enqueued<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match &mut self.0 {
            EnqueuedState::Ready(output) => output.take().map_or(Poll::Pending, Poll::Ready),
            EnqueuedState::Waiting(waiting) => waiting.as_mut().poll(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Mutex;

    use super::*;

    #[tokio::test]
    async fn places_are_taken_in_the_order_of_their_creation() {
        let served = Arc::new(Mutex::new(Vec::new()));
        let held = served.clone().lock_owned().await;
        let places: Vec<_> =
            (0..8).map(|number| (number, Enqueued::new(served.clone().lock_owned()))).collect();
        // The tasks begin in the opposite order.
        let mut tasks = tokio::task::JoinSet::new();
        for (number, place) in places.into_iter().rev() {
            tasks.spawn(async move { place.await.push(number) });
        }
        drop(held);
        tasks.join_all().await;
        assert_eq!(*served.lock().await, (0..8).collect::<Vec<_>>());
    }
}

//! Subscribing to changes.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

use super::change::Change;
use crate::core::EventCore;

/// Changes, from the subscription on. A [`Stream`], with [`Changes::next`] for programs that use no other
/// streams.
#[derive(Debug)]
pub struct Changes(BroadcastStream<Change>);

/// The subscriber has not kept up, and the oldest changes that it had not taken are lost. The stream goes on
/// with the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} changes were lost, because they were not taken in time")]
pub struct LostChanges(pub u64);

impl EventCore {
    /// Subscribes to what is changed from now on, by this library and its clones. See the module
    /// [`changes`](crate::changes).
    pub fn changes(&self) -> Changes {
        Changes(BroadcastStream::new(self.db().change_bus().subscribe()))
    }
}

impl Changes {
    /// Waits for the next change; `None` after the last, when the library and all its clones are dropped.
    ///
    /// No change is lost if the future is dropped.
    ///
    /// # Errors
    /// [`LostChanges`] if changes before it were not taken in time.
    pub async fn next(&mut self) -> Option<Result<Change, LostChanges>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for Changes {
    type Item = Result<Change, LostChanges>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(Pin::new(&mut self.0).poll_next(cx));
        Poll::Ready(next.map(|item| item.map_err(|BroadcastStreamRecvError::Lagged(lost)| LostChanges(lost))))
    }
}

#[cfg(test)]
mod tests {
    use super::super::bus::{CAPACITY, ChangeBus};
    use super::*;
    use crate::id::UserId;
    use crate::time::Timestamp;

    #[tokio::test]
    async fn a_subscriber_that_is_too_slow_learns_how_many_it_has_lost() {
        let bus = ChangeBus::default();
        let [mut slow, mut quick] = [(); 2].map(|()| Changes(BroadcastStream::new(bus.subscribe())));
        let all: Vec<Change> = (0..CAPACITY + 7)
            .map(|_| Change::AccountChanged { user: UserId::at(Timestamp::from_micros(1)) })
            .collect();
        for change in &all {
            bus.publish_after(vec![change.clone()], async { Ok::<(), ()>(()) }).await.unwrap();
            assert_eq!(quick.next().await, Some(Ok(change.clone())));
        }
        assert_eq!(slow.next().await, Some(Err(LostChanges(7))));
        for change in &all[7..] {
            assert_eq!(slow.next().await, Some(Ok(change.clone())));
        }
        drop(bus);
        assert_eq!((slow.next().await, quick.next().await), (None, None));
    }
}

//! [`SharedRead`]: what several calls want to read at once is read once for all of them.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Mutex, MutexGuard};

use crate::error::{Cause, Error, Result};

/// A value that is read for each call. A call that waits while others read takes the result of the first
/// reading that begins after the call, so that it is as new as if the call had read by itself.
#[derive(Debug, Default)]
pub(crate) struct SharedRead<T> {
    /// How many readings have begun.
    begun: AtomicU64,
    state: Mutex<LastRead<T>>,
}

#[derive(Debug, Default)]
struct LastRead<T> {
    /// The number of the last reading that succeeded; 0 if none did.
    succeeded: u64,
    failure: Option<Failure>,
    value: T,
}

/// The last reading, if the database was unavailable.
#[derive(Debug)]
struct Failure {
    reading: u64,
    cause: Cause,
    message: String,
}

/// The value, while no other call uses it.
pub(crate) struct Turn<'a, T> {
    state: MutexGuard<'a, LastRead<T>>,
    /// The number of the reading that this call must do.
    reading: Option<u64>,
}

impl<T> SharedRead<T> {
    /// Waits for the value. If the [`Turn`] must read, the caller does, and ends the reading.
    ///
    /// # Errors
    /// `unavailable` if that was the result of a reading that began after the call: of many calls that wait
    /// for an unreachable server, each would wait for it in turn.
    pub(crate) async fn turn(&self) -> Result<Turn<'_, T>> {
        let before = self.begun.load(Ordering::SeqCst);
        let state = self.state.lock().await;
        if state.succeeded > before {
            return Ok(Turn { state, reading: None });
        }
        if let Some(failure) = state.failure.as_ref().filter(|failure| failure.reading > before) {
            return Err(Error::unavailable(failure.cause, failure.message.clone()));
        }
        let reading = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(Turn { state, reading: Some(reading) })
    }

    /// The value as the last reading left it.
    pub(crate) async fn last(&self) -> Turn<'_, T> {
        Turn { state: self.state.lock().await, reading: None }
    }
}

impl<T> Turn<'_, T> {
    pub(crate) const fn must_read(&self) -> bool {
        self.reading.is_some()
    }

    pub(crate) fn value(&mut self) -> &mut T {
        &mut self.state.value
    }

    /// Ends the reading of this call with its result.
    pub(crate) fn end(&mut self, result: Result<()>) -> Result<()> {
        let Some(reading) = self.reading.take() else { return result };
        self.state.failure = None;
        match &result {
            Ok(()) => self.state.succeeded = reading,
            Err(Error::Unavailable { cause, message, .. }) => {
                let (cause, message) = (*cause, message.clone());
                self.state.failure = Some(Failure { reading, cause, message });
            }
            Err(_) => {}
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
    use std::task::{Context, Waker};

    use super::*;

    /// Whether a call waits. It has begun.
    fn waits(call: Pin<&mut impl Future>) -> bool {
        call.poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    /// The value, after this call has read it if it must: then it is one more.
    async fn read(shared: &SharedRead<u32>) -> Result<u32> {
        let mut turn = shared.turn().await?;
        if turn.must_read() {
            *turn.value() += 1;
            turn.end(Ok(()))?;
        }
        Ok(*turn.value())
    }

    fn unavailable() -> Result<()> {
        Err(Error::unavailable(Cause::Unreachable, "the server is away"))
    }

    #[tokio::test]
    async fn calls_that_wait_share_the_next_reading() {
        let shared = SharedRead::default();
        let mut first = shared.turn().await.unwrap();
        assert!(first.must_read());
        let mut waiting = pin!(async { tokio::join!(read(&shared), read(&shared), read(&shared)) });
        assert!(waits(waiting.as_mut()));
        first.end(Ok(())).unwrap();
        // The first reading began before these calls.
        drop(first);
        let (one, two, three) = waiting.await;
        assert_eq!([one.unwrap(), two.unwrap(), three.unwrap()], [1; 3]);
        // And the second one before this.
        assert_eq!(read(&shared).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn calls_that_wait_share_that_the_database_is_unavailable() {
        let shared = SharedRead::<u32>::default();
        let first = shared.turn().await.unwrap();
        let mut second = pin!(shared.turn());
        let mut third = pin!(read(&shared));
        assert!(waits(second.as_mut()) && waits(third.as_mut()));
        // A call that is given up has read nothing.
        drop(first);
        let mut second = second.await.unwrap();
        assert!(second.must_read());
        assert!(second.end(unavailable()).is_err());
        drop(second);
        let error = third.await.unwrap_err();
        assert_eq!(error.cause(), Some(Cause::Unreachable));
        assert_eq!(error.to_string(), "the server is away");
        // A later call reads again.
        assert_eq!(read(&shared).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn other_errors_are_those_of_one_call() {
        let shared = SharedRead::<u32>::default();
        let mut first = shared.turn().await.unwrap();
        let mut second = pin!(read(&shared));
        assert!(waits(second.as_mut()));
        assert!(first.end(Err(Error::internal("one bad row"))).is_err());
        drop(first);
        assert_eq!(second.await.unwrap(), 1);
    }
}

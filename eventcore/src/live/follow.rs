//! Following what changes.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::{mpsc, oneshot};

use super::command::{Command, Followed, JoinRequest};
use super::counts::LiveCounts;
use super::event::LiveMessage;
use super::hub::Hub;
use super::slot::ended;
use crate::accounts::Caller;
use crate::core::EventCore;
use crate::error::{Cause, Error, Result, Violations};

/// Messages that wait for a follower before it is cut off. All of the first ones fit.
const BUFFER: usize = 256;

/// The messages to a follower. A [`Stream`], with [`LiveStream::next`] for programs that use no other
/// streams. Dropping it ends it.
#[derive(Debug)]
pub struct LiveStream(mpsc::Receiver<LiveMessage>);

impl Followed {
    /// The most occurrences, and the most events.
    pub const LIMIT: usize = 100;
}

impl EventCore {
    /// Follows the seats of occurrences, changes of events, and the notifications of the caller, across all
    /// processes: see the module [`live`](crate::live).
    ///
    /// Without `resume`, the stream begins with the present state. With the id of a message of an earlier
    /// stream, of this process or another one, it begins with what has changed since.
    ///
    /// # Errors
    /// `invalid_input` if nothing or too much is wanted, `invalid_credentials` if the session of the caller
    /// has ended, `unavailable` if the database cannot be read, or after [`EventCore::end_live_streams`].
    pub async fn follow(
        &self,
        caller: impl Into<Caller>,
        wanted: Followed,
        resume: Option<&str>,
    ) -> Result<LiveStream> {
        let caller = caller.into();
        let mut violations = Violations::default();
        for (pointer, count) in [("/occurrence", wanted.occurrences.len()), ("/event", wanted.events.len())] {
            if count > Followed::LIMIT {
                let message = format!("must be at most {} ids", Followed::LIMIT);
                violations.add(pointer, "too_many", message);
            }
        }
        if wanted == Followed::default() && caller.user_id().is_none() {
            let message = "name an occurrence or an event, or sign in to follow your notifications";
            violations.add("/occurrence", "required", message);
        }
        violations.into_result()?;
        let (sender, messages) = mpsc::channel(BUFFER);
        let (joined, answer) = oneshot::channel();
        let resume = resume.map(str::to_owned);
        let request = JoinRequest { caller, wanted, resume, sender, joined };
        self.hub()?.send(Command::Join(Box::new(request))).await.map_err(|_| ended())?;
        answer.await.unwrap_or_else(|_| {
            Err(Error::unavailable(Cause::Closed, "live streams have ended: connect again"))
        })?;
        Ok(LiveStream(messages))
    }

    /// The hub, which is started if necessary.
    fn hub(&self) -> Result<mpsc::Sender<Command>> {
        let live = self.live();
        live.commands(|received| {
            let hub = Hub::new(live.db.clone(), live.clock.clone(), live.counters.clone());
            tokio::spawn(hub.run(received));
        })
    }

    /// Lets the streams of other processes learn at once what this process changes, and the other way round.
    /// Without it, or on SQLite, they learn it within a second.
    ///
    /// On PostgreSQL this takes a connection of its own, to `listen_url` if a connection pooler is in front
    /// of the database.
    ///
    /// # Errors
    /// `unavailable` if the URL is not valid.
    pub fn reach_other_processes(&self, listen_url: Option<&str>) -> Result<()> {
        self.live().reach(listen_url)
    }

    /// Ends all streams of this library, and lets nobody follow any more: before the process ends.
    pub fn end_live_streams(&self) {
        self.live().end();
    }

    /// How many follow.
    pub fn live_counts(&self) -> LiveCounts {
        self.live().counts()
    }
}

impl LiveStream {
    /// Waits for the next message; `None` after the last.
    pub async fn next(&mut self) -> Option<LiveMessage> {
        self.0.recv().await
    }
}

impl Stream for LiveStream {
    type Item = LiveMessage;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<LiveMessage>> {
        self.0.poll_recv(cx)
    }
}

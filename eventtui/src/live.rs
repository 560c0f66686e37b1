//! Keeps a stream of what changes open, and passes on what it tells.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use eventcore::live::{Followed, LiveEvent};
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use crate::backend::Backend;
use crate::message::{LiveUpdate, Message};

/// The wait before a lost connection is tried again the first time, and the longest one. Each try doubles it.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_mins(1);
/// A connection that has lasted so long is not likely to be lost at once again.
const STABLE: Duration = Duration::from_secs(10);

/// The task that follows what changes.
#[derive(Debug, Default)]
pub(crate) struct Following(Option<AbortHandle>);

impl Following {
    /// Follows something else from now on, or nothing. The task is one of those that are running.
    pub(crate) fn replace(
        &mut self,
        running: &mut JoinSet<()>,
        (backend, sender): (&Arc<dyn Backend>, &UnboundedSender<Message>),
        stream: u64,
        wanted: Option<Followed>,
    ) {
        self.end();
        self.0 = wanted.map(|wanted| running.spawn(follow(backend.clone(), sender.clone(), stream, wanted)));
    }

    /// Follows nothing any more.
    pub(crate) fn end(&mut self) {
        if let Some(task) = self.0.take() {
            task.abort();
        }
    }
}

/// Follows what changes until nobody listens: connects, and connects again where a lost connection ended.
async fn follow(backend: Arc<dyn Backend>, sender: UnboundedSender<Message>, stream: u64, wanted: Followed) {
    let tell = |update| sender.send(Message::Live { stream, update });
    let mut resume: Option<Arc<str>> = None;
    let mut pause = Pause(FIRST);
    loop {
        let began = Instant::now();
        let outcome = backend.follow(&wanted, resume.as_deref()).await;
        if backend.take_signed_out() {
            drop(sender.send(Message::SignedOut));
        }
        if let Ok(mut updates) = outcome {
            let mut told = Ok(());
            let mut is_connected = false;
            while let Some(message) = updates.next().await {
                if !std::mem::replace(&mut is_connected, true) {
                    told = tell(LiveUpdate::Connected);
                }
                resume = message.id.or(resume);
                if *message.event != LiveEvent::Heartbeat {
                    told = told.and(tell(LiveUpdate::Told(message.event)));
                }
                if told.is_err() {
                    return;
                }
            }
        }
        if tell(LiveUpdate::Lost).is_err() {
            return;
        }
        // A hasher begins with random keys.
        let random = RandomState::new().hash_one(0_u8);
        tokio::time::sleep(pause.after(began.elapsed(), random)).await;
    }
}

/// The wait before the next try.
#[derive(Debug)]
struct Pause(Duration);

impl Pause {
    /// The wait after a connection that lasted so long, and what doubles it. A random number makes it up to
    /// half longer, so that the clients of a server that was restarted do not come at once.
    fn after(&mut self, lasted: Duration, random: u64) -> Duration {
        if lasted >= STABLE {
            self.0 = FIRST;
        }
        let wait = self.0;
        self.0 = (wait * 2).min(LONGEST);
        wait + wait / 2 * u32::try_from(random % 1_000).unwrap_or_default() / 1_000
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use eventcore::live::LiveMessage;
    use tokio::sync::mpsc;

    use super::*;
    use crate::backend::{ApiError, Closing, LiveFuture, Request, Updates, Work};

    /// Messages by their ids; without one, it is a heartbeat.
    type Script = VecDeque<Option<&'static str>>;

    /// A server whose streams are these, and which then does not answer.
    struct Scripted {
        streams: Mutex<VecDeque<Option<Script>>>,
        /// Where each stream was to resume.
        asked: Mutex<Vec<Option<String>>>,
    }

    struct ScriptedUpdates(Script);

    impl Updates for ScriptedUpdates {
        fn next(&mut self) -> LiveFuture<'_, Option<LiveMessage>> {
            let next = self.0.pop_front().map(|id| match id {
                Some(id) => LiveMessage { id: Some(id.into()), event: Arc::new(LiveEvent::Reset) },
                None => LiveMessage { id: Some("heartbeat".into()), event: Arc::new(LiveEvent::Heartbeat) },
            });
            Box::pin(async move { next })
        }
    }

    impl Backend for Scripted {
        fn name(&self) -> &'static str {
            "scripted"
        }

        fn run(&self, _request: Request) -> Work<'_> {
            unreachable!("only followed")
        }

        fn follow<'a>(
            &'a self,
            _wanted: &'a Followed,
            resume: Option<&'a str>,
        ) -> LiveFuture<'a, Result<Box<dyn Updates>, ApiError>> {
            self.asked.lock().unwrap().push(resume.map(str::to_owned));
            let next = self.streams.lock().unwrap().pop_front().flatten();
            Box::pin(async move {
                match next {
                    Some(script) => Ok(Box::new(ScriptedUpdates(script)) as Box<dyn Updates>),
                    None => Err(ApiError::unavailable("away")),
                }
            })
        }

        fn close(&self) -> Closing<'_> {
            Box::pin(async {})
        }
    }

    #[tokio::test]
    async fn a_lost_connection_is_resumed_where_it_ended() {
        let streams = [Some(Script::from([Some("1"), Some("2")])), None, Some(Script::from([None]))];
        let (streams, asked) = (Mutex::new(VecDeque::from(streams)), Mutex::default());
        let backend = Arc::new(Scripted { streams, asked });
        let (sender, mut messages) = mpsc::unbounded_channel();
        let following = tokio::spawn(follow(backend.clone(), sender, 7, Followed::default()));
        let mut told = Vec::new();
        while told.iter().filter(|told| **told == "lost").count() < 4 {
            let Some(Message::Live { stream: 7, update }) = messages.recv().await else { panic!("{told:?}") };
            told.push(match update {
                LiveUpdate::Connected => "connected",
                LiveUpdate::Lost => "lost",
                LiveUpdate::Told(_) => "told",
            });
        }
        assert_eq!(told, ["connected", "told", "told", "lost", "lost", "connected", "lost", "lost"]);
        let asked = backend.asked.lock().unwrap().clone();
        let asked: Vec<Option<&str>> = asked.iter().map(Option::as_deref).collect();
        assert_eq!(asked, [None, Some("2"), Some("2"), Some("heartbeat")]);
        // It ends with those who listen.
        drop(messages);
        following.await.unwrap();
    }

    #[test]
    fn a_lost_connection_is_tried_ever_less_often() {
        let mut pause = Pause(FIRST);
        let waits: Vec<u128> = (0..10).map(|_| pause.after(Duration::ZERO, 0).as_millis()).collect();
        assert_eq!(waits, [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
        assert_eq!(pause.after(Duration::ZERO, 999).as_secs(), 89, "up to half longer");
        assert_eq!(pause.after(STABLE, 0), FIRST);
    }
}

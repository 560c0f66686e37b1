//! [`LiveSlot`]: the hub of a library, which runs once somebody follows.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use super::command::Command;
use super::counts::{Counters, LiveCounts};
use crate::change_log::{self, ProcessLink};
use crate::db::Db;
use crate::error::{Cause, Error, Result};
use crate::time::Clock;

/// Followers who wait for the hub.
const QUEUE: usize = 1_024;

/// The hub of a library, and its connection with other processes.
pub(crate) struct LiveSlot {
    pub(super) db: Db,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) counters: Arc<Counters>,
    hub: Mutex<HubState>,
    reach: Mutex<Option<ProcessLink>>,
}

enum HubState {
    /// Nobody has followed yet.
    Idle,
    Running(mpsc::Sender<Command>),
    /// Nobody can follow any more.
    Ended,
}

impl LiveSlot {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        let (hub, reach) = (Mutex::new(HubState::Idle), Mutex::default());
        Self { db, clock, counters: Arc::default(), hub, reach }
    }

    /// Connects this process with others.
    pub(super) fn reach(&self, listen_url: Option<&str>) -> Result<()> {
        let reach = change_log::reach(&self.db, listen_url)?;
        *self.reach.lock().unwrap_or_else(PoisonError::into_inner) = Some(reach);
        Ok(())
    }

    /// The hub, which `start` starts if necessary.
    pub(super) fn commands(
        &self,
        start: impl FnOnce(mpsc::Receiver<Command>),
    ) -> Result<mpsc::Sender<Command>> {
        let mut hub = self.hub.lock().unwrap_or_else(PoisonError::into_inner);
        match &*hub {
            HubState::Ended => return Err(ended()),
            HubState::Running(commands) if !commands.is_closed() => return Ok(commands.clone()),
            HubState::Idle | HubState::Running(_) => {}
        }
        let (commands, received) = mpsc::channel(QUEUE);
        start(received);
        *hub = HubState::Running(commands.clone());
        Ok(commands)
    }

    /// Ends all streams.
    pub(super) fn end(&self) {
        let mut hub = self.hub.lock().unwrap_or_else(PoisonError::into_inner);
        if let HubState::Running(commands) = std::mem::replace(&mut *hub, HubState::Ended) {
            // If the queue is full, the hub ends when it has read it: nobody else can join.
            drop(commands.try_send(Command::Stop));
        }
        drop(hub);
        *self.reach.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn counts(&self) -> LiveCounts {
        self.counters.counts()
    }
}

/// Nobody can follow any more.
pub(super) fn ended() -> Error {
    Error::unavailable(Cause::Closed, "the server is shutting down: connect again")
}

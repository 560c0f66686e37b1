//! What the hub is told, and by whom.

use std::collections::BTreeSet;

use tokio::sync::{mpsc, oneshot};

use super::event::LiveMessage;
use crate::accounts::Caller;
use crate::error::Result;
use crate::id::{EventId, OccurrenceId};

/// What the hub is told.
#[derive(Debug)]
pub(super) enum Command {
    Join(Box<JoinRequest>),
    /// End all streams.
    Stop,
}

/// What a follower asks for. Signed-in followers are also shown their notifications.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Followed {
    /// The seats of these occurrences.
    pub occurrences: BTreeSet<OccurrenceId>,
    /// Changes of these events.
    pub events: BTreeSet<EventId>,
}

/// A follower who wants to be shown what changes.
#[derive(Debug)]
pub(super) struct JoinRequest {
    pub(super) caller: Caller,
    pub(super) wanted: Followed,
    /// The id after which to resume.
    pub(super) resume: Option<String>,
    pub(super) sender: mpsc::Sender<LiveMessage>,
    pub(super) joined: oneshot::Sender<Result<()>>,
}

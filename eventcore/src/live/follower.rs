//! [`Follower`]: someone who is shown what changes, and what they have asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::command::Followed;
use super::event::{LiveEvent, LiveMessage};
use super::item::Item;
use super::views::Views;
use crate::accounts::Caller;
use crate::actor::Actor;
use crate::changes::Topic;
use crate::error::Result;
use crate::id::{EventId, OccurrenceId};
use crate::time::Timestamp;

/// A follower.
#[derive(Debug)]
pub(super) struct Follower {
    pub(super) caller: Caller,
    pub(super) actor: Actor,
    /// When the credential expires.
    pub(super) ends_at: Option<Timestamp>,
    pub(super) sender: mpsc::Sender<LiveMessage>,
    occurrences: BTreeMap<OccurrenceId, ShownOccurrence>,
    /// Whether each event is shown.
    events: BTreeMap<EventId, bool>,
}

#[derive(Debug, Clone, Copy, Default)]
struct ShownOccurrence {
    /// The event, once it is known.
    event: Option<EventId>,
    is_shown: bool,
}

/// The follower does not take the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// Too many wait for it.
    TooSlow,
    /// It has gone.
    Gone,
}

impl Follower {
    pub(super) fn new(
        caller: Caller,
        actor: Actor,
        ends_at: Option<Timestamp>,
        wanted: Followed,
        sender: mpsc::Sender<LiveMessage>,
    ) -> Self {
        Self {
            caller,
            actor,
            ends_at,
            sender,
            occurrences: wanted.occurrences.into_iter().map(|id| (id, ShownOccurrence::default())).collect(),
            events: wanted.events.into_iter().map(|id| (id, false)).collect(),
        }
    }

    /// The occurrences and events.
    pub(super) fn items(&self) -> impl Iterator<Item = Item> {
        let events = self.events.keys().map(|id| Item::Event(*id));
        events.chain(self.occurrences.keys().map(|id| Item::Seats(*id)))
    }

    /// The topics that concern the follower, apart from single notifications.
    pub(super) fn topics(&self) -> BTreeSet<Topic> {
        let events = self.events.keys().copied();
        let of_occurrences = self.occurrences.values().filter_map(|occurrence| occurrence.event);
        let events = events.chain(of_occurrences).map(Topic::Event);
        let occurrences = self.occurrences.keys().map(|id| Topic::Occurrence(*id));
        events.chain(occurrences).chain(self.actor.user_id().map(Topic::Inbox)).collect()
    }

    /// The topics of an item.
    pub(super) fn topics_of(&self, item: Item) -> impl Iterator<Item = Topic> {
        let (first, second) = match item {
            Item::Event(id) => (Some(Topic::Event(id)), None),
            Item::Seats(id) => {
                let event = self.occurrences.get(&id).and_then(|occurrence| occurrence.event);
                (Some(Topic::Occurrence(id)), event.map(Topic::Event))
            }
            Item::Notification(id) => (self.actor.user_id().map(|user| Topic::Notification(user, id)), None),
            Item::Unread => (self.actor.user_id().map(Topic::Inbox), None),
        };
        first.into_iter().chain(second)
    }

    /// The items that a topic concerns.
    pub(super) fn items_of(&self, topic: Topic) -> Vec<Item> {
        match topic {
            Topic::Event(id) => {
                let event = self.events.contains_key(&id).then_some(Item::Event(id));
                let of_event = self.occurrences.iter().filter(|(_, one)| one.event == Some(id));
                event.into_iter().chain(of_event.map(|(occurrence, _)| Item::Seats(*occurrence))).collect()
            }
            Topic::Occurrence(id) => vec![Item::Seats(id)],
            Topic::Notification(_, id) => vec![Item::Notification(id)],
            Topic::Inbox(_) => vec![Item::Unread],
            Topic::Account(_) | Topic::Calendars(_) | Topic::Lists | Topic::Categories => Vec::new(),
        }
    }

    /// Records whether an occurrence or event is shown now. Returns whether it was before.
    pub(super) fn show(&mut self, item: Item, views: &Views) -> Visible {
        let is_shown = views.shows(item, &self.actor);
        let was_shown = match item {
            Item::Event(id) => self.events.insert(id, is_shown).unwrap_or(false),
            Item::Seats(id) => {
                let occurrence = self.occurrences.entry(id).or_default();
                occurrence.event = views.event_of(id).or(occurrence.event);
                std::mem::replace(&mut occurrence.is_shown, is_shown)
            }
            Item::Notification(_) | Item::Unread => return Visible { before: true, now: true },
        };
        Visible { before: was_shown, now: is_shown }
    }

    /// Sends a message.
    pub(super) fn send(&self, id: Option<Arc<str>>, event: Arc<LiveEvent>) -> Result<(), Lost> {
        self.sender.try_send(LiveMessage { id, event }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Lost::TooSlow,
            mpsc::error::TrySendError::Closed(_) => Lost::Gone,
        })
    }
}

/// Whether a follower sees something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Visible {
    pub(super) before: bool,
    pub(super) now: bool,
}

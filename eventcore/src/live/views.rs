//! [`Views`]: the present state of what followers are shown, read for all of them at once.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use sqlx::FromRow;

use super::event::{EventNow, GoneNow, InboxNow, LiveEvent, SeatsNow};
use super::item::Item;
use crate::actor::Actor;
use crate::db::{Db, Queries, Reader, RowList, SqlWriter};
use crate::error::Result;
use crate::events::{EventStatus, OccurrenceStatus, Relation, Visibility, co_organizes, is_registered};
use crate::id::{EventId, NotificationId, OccurrenceId, UserId};
use crate::notifications::{Notification, told, unread_counts};
use crate::time::Timestamp;

/// What is to be read: items, each with a user who is shown it, if that is not an anonymous follower.
#[derive(Debug, Default)]
pub(super) struct Asked(BTreeSet<(Item, Option<UserId>)>);

/// The present state of items.
#[derive(Debug, Default)]
pub(super) struct Views {
    occurrences: HashMap<OccurrenceId, ShownSeatsRow>,
    events: HashMap<EventId, ShownEventRow>,
    co_organizers: HashSet<(EventId, UserId)>,
    registered: HashSet<(EventId, UserId)>,
    notifications: HashMap<(UserId, NotificationId), Notification>,
    unread: HashMap<UserId, i64>,
    /// Shared by all who are shown the same.
    shared: HashMap<(Item, bool), Arc<LiveEvent>>,
}

/// What decides who sees an event.
#[derive(Debug, Clone, FromRow)]
struct GateRow {
    event_id: EventId,
    organizer_id: UserId,
    event_status: EventStatus,
    visibility: Visibility,
}

#[derive(Debug, FromRow)]
struct ShownSeatsRow {
    id: OccurrenceId,
    #[sqlx(flatten)]
    gate: GateRow,
    status: OccurrenceStatus,
    capacity: i64,
    seats_taken: i64,
    waitlist_length: i64,
    version: i64,
}

#[derive(Debug, FromRow)]
struct ShownEventRow {
    #[sqlx(flatten)]
    gate: GateRow,
    version: i64,
    updated_at: Timestamp,
}

#[derive(Debug, FromRow)]
struct RelationRow {
    event_id: EventId,
    user_id: UserId,
    co_organizes: bool,
    registered: bool,
}

impl Asked {
    /// Adds an item for a follower.
    pub(super) fn add(&mut self, item: Item, actor: &Actor) {
        self.0.insert((item, actor.user_id()));
    }

    fn ids<T: Ord>(&self, id: impl Fn(&Item) -> Option<T>) -> BTreeSet<T> {
        self.0.iter().filter_map(|(item, _)| id(item)).collect()
    }
}

impl Views {
    /// Reads what is asked for, in a few statements.
    pub(super) async fn read(db: &Db, asked: &Asked) -> Result<Self> {
        let mut reader = db.read().await?;
        let occurrences = asked.ids(|item| match item {
            Item::Seats(id) => Some(*id),
            _ => None,
        });
        let events = asked.ids(|item| match item {
            Item::Event(id) => Some(*id),
            _ => None,
        });
        let mut views = Self {
            occurrences: read_occurrences(&mut reader, occurrences).await?,
            events: read_events(&mut reader, events).await?,
            ..Self::default()
        };
        for row in read_relations(&mut reader, views.restricted(asked)).await? {
            if row.co_organizes {
                views.co_organizers.insert((row.event_id, row.user_id));
            }
            if row.registered {
                views.registered.insert((row.event_id, row.user_id));
            }
        }
        let (mut notifications, mut users) = (Vec::new(), BTreeSet::new());
        for (item, user) in &asked.0 {
            match (item, user) {
                (Item::Notification(id), Some(user)) => {
                    notifications.push((*user, *id));
                    users.insert(*user);
                }
                (Item::Unread, Some(user)) => _ = users.insert(*user),
                _ => {}
            }
        }
        views.notifications = told(&mut reader, &notifications).await?;
        views.unread = unread_counts(&mut reader, &users.into_iter().collect::<Vec<_>>()).await?;
        Ok(views)
    }

    /// The events that not everyone sees, with those who ask for them.
    fn restricted(&self, asked: &Asked) -> BTreeSet<(EventId, UserId)> {
        let restricted = |(item, user): &(Item, Option<UserId>)| {
            let gate = self.gate(*item)?;
            (!gate.shows_to(Relation::Stranger)).then_some((gate.event_id, (*user)?))
        };
        asked.0.iter().filter_map(restricted).collect()
    }

    fn gate(&self, item: Item) -> Option<&GateRow> {
        match item {
            Item::Seats(id) => self.occurrences.get(&id).map(|occurrence| &occurrence.gate),
            Item::Event(id) => self.events.get(&id).map(|event| &event.gate),
            Item::Notification(_) | Item::Unread => None,
        }
    }

    /// The event of an occurrence, whoever may see it.
    pub(super) fn event_of(&self, occurrence: OccurrenceId) -> Option<EventId> {
        self.occurrences.get(&occurrence).map(|occurrence| occurrence.gate.event_id)
    }

    /// Whether an actor sees an occurrence or an event.
    pub(super) fn shows(&self, item: Item, actor: &Actor) -> bool {
        self.gate(item).is_some_and(|gate| {
            let relation = match actor.user_id() {
                None => Relation::of(actor, gate.organizer_id, false, false),
                Some(user) => {
                    let key = (gate.event_id, user);
                    let (co_organizes, registered) =
                        (self.co_organizers.contains(&key), self.registered.contains(&key));
                    Relation::of(actor, gate.organizer_id, co_organizes, registered)
                }
            };
            gate.shows_to(relation)
        })
    }

    /// What is shown of an item: for an occurrence or an event, if it `is_shown`. `None` if there is nothing.
    pub(super) fn event(&mut self, item: Item, actor: &Actor, is_shown: bool) -> Option<Arc<LiveEvent>> {
        if let Some(shared) = self.shared.get(&(item, is_shown)) {
            return Some(shared.clone());
        }
        let event = match item {
            Item::Seats(id) if is_shown => LiveEvent::Seats(self.occurrences.get(&id)?.seats()),
            Item::Event(id) if is_shown => LiveEvent::Event(self.events.get(&id)?.event()),
            Item::Seats(id) => LiveEvent::Gone(GoneNow { occurrence_id: Some(id), event_id: None }),
            Item::Event(id) => LiveEvent::Gone(GoneNow { occurrence_id: None, event_id: Some(id) }),
            Item::Notification(id) => {
                let user = actor.user_id()?;
                return self.inbox(user, Some(self.notifications.get(&(user, id))?.clone()));
            }
            Item::Unread => return self.inbox(actor.user_id()?, None),
        };
        let event = Arc::new(event);
        self.shared.insert((item, is_shown), event.clone());
        Some(event)
    }

    fn inbox(&self, user: UserId, notification: Option<Notification>) -> Option<Arc<LiveEvent>> {
        let unread_count = self.unread.get(&user).copied()?;
        Some(Arc::new(LiveEvent::Inbox(Box::new(InboxNow { unread_count, notification }))))
    }
}

impl GateRow {
    fn shows_to(&self, relation: Relation) -> bool {
        relation.sees(self.event_status, self.visibility)
    }
}

impl ShownSeatsRow {
    fn seats(&self) -> SeatsNow {
        SeatsNow {
            occurrence_id: self.id,
            event_id: self.gate.event_id,
            status: self.status,
            capacity: self.capacity,
            seats_taken: self.seats_taken,
            seats_left: (self.capacity - self.seats_taken).max(0),
            waitlist_length: self.waitlist_length,
            version: self.version,
        }
    }
}

impl ShownEventRow {
    fn event(&self) -> EventNow {
        EventNow {
            event_id: self.gate.event_id,
            status: self.gate.event_status,
            visibility: self.gate.visibility,
            version: self.version,
            updated_at: self.updated_at,
        }
    }
}

async fn read_occurrences(
    reader: &mut Reader,
    ids: BTreeSet<OccurrenceId>,
) -> Result<HashMap<OccurrenceId, ShownSeatsRow>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut sql = SqlWriter::new(reader.dialect());
    sql.push(
        "SELECT o.id, o.event_id, e.organizer_id, e.status AS event_status, e.visibility, o.status,
            o.capacity, o.seats_taken, o.waitlist_length, o.version FROM ",
    );
    sql.rows("v", RowList::default().ids("id", ids.into_iter().map(OccurrenceId::as_uuid)));
    sql.push(" JOIN occurrences o ON o.id = v.id JOIN events e ON e.id = o.event_id");
    let found: Vec<ShownSeatsRow> = sql.query(reader).all().await?;
    Ok(found.into_iter().map(|facts| (facts.id, facts)).collect())
}

async fn read_events(reader: &mut Reader, ids: BTreeSet<EventId>) -> Result<HashMap<EventId, ShownEventRow>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut sql = SqlWriter::new(reader.dialect());
    sql.push(
        "SELECT e.id AS event_id, e.organizer_id, e.status AS event_status, e.visibility, e.version,
            e.updated_at FROM ",
    );
    sql.rows("v", RowList::default().ids("id", ids.into_iter().map(EventId::as_uuid)));
    sql.push(" JOIN events e ON e.id = v.id");
    let found: Vec<ShownEventRow> = sql.query(reader).all().await?;
    Ok(found.into_iter().map(|facts| (facts.gate.event_id, facts)).collect())
}

/// How users are related to events that not everyone sees.
async fn read_relations(reader: &mut Reader, pairs: BTreeSet<(EventId, UserId)>) -> Result<Vec<RelationRow>> {
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let rows = RowList::default()
        .ids("event_id", pairs.iter().map(|(event, _)| event.as_uuid()))
        .ids("user_id", pairs.iter().map(|(_, user)| user.as_uuid()));
    let mut sql = SqlWriter::new(reader.dialect());
    sql.push("SELECT v.event_id, v.user_id, ");
    sql.push(&co_organizes("v.event_id", "v.user_id")).push(" AS co_organizes, ");
    sql.push(&is_registered("v.event_id", "v.user_id")).push(" AS registered FROM ");
    sql.rows("v", rows);
    Ok(sql.query(reader).all().await?)
}

//! [`Topic`]: what a change is about, for those who follow it or keep a copy of it.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use super::change::Change;
use crate::id::{EventId, NotificationId, OccurrenceId, UserId};

/// What a change is about. Whoever shows or keeps it reads it anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Topic {
    /// Fields of an event, or which occurrences it has. What its occurrences inherit may have changed too.
    Event(EventId),
    /// Fields of an occurrence, or its seats.
    Occurrence(OccurrenceId),
    /// A notification of a user.
    Notification(UserId, NotificationId),
    /// Which notifications a user has read.
    Inbox(UserId),
    /// What a user may do, and their name: the account, its sessions and its tokens.
    Account(UserId),
    /// Which events and occurrences the calendars of a user have, and when programs remind of them.
    Calendars(UserId),
    /// What lists show besides the events that they had: new ones, and categories.
    Lists,
    /// Names of categories.
    Categories,
}

/// The text is not that of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ParseTopicError;

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (letter, id) = match self {
            Self::Event(id) => ('e', id.as_uuid()),
            Self::Occurrence(id) => ('o', id.as_uuid()),
            Self::Notification(user, id) => {
                return write!(f, "n{}{}", user.as_uuid().simple(), id.as_uuid().simple());
            }
            Self::Inbox(user) => ('i', user.as_uuid()),
            Self::Account(user) => ('a', user.as_uuid()),
            Self::Calendars(user) => ('c', user.as_uuid()),
            Self::Lists => ('l', Uuid::nil()),
            Self::Categories => ('g', Uuid::nil()),
        };
        write!(f, "{letter}{}", id.simple())
    }
}

impl FromStr for Topic {
    type Err = ParseTopicError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (letter, rest) = text.split_at_checked(1).ok_or(ParseTopicError)?;
        let (first, second) = match rest.split_at_checked(32) {
            Some((first, "")) => (first, None),
            Some((first, second)) if second.len() == 32 => (first, Some(second)),
            _ => return Err(ParseTopicError),
        };
        let uuid = |text: &str| Uuid::try_parse(text).map_err(|_| ParseTopicError);
        Ok(match (letter, uuid(first)?, second) {
            ("e", id, None) => Self::Event(id.into()),
            ("o", id, None) => Self::Occurrence(id.into()),
            ("i", id, None) => Self::Inbox(id.into()),
            ("a", id, None) => Self::Account(id.into()),
            ("c", id, None) => Self::Calendars(id.into()),
            ("l", id, None) if id.is_nil() => Self::Lists,
            ("g", id, None) if id.is_nil() => Self::Categories,
            ("n", user, Some(second)) => Self::Notification(user.into(), uuid(second)?.into()),
            _ => return Err(ParseTopicError),
        })
    }
}

/// What the changes of a transaction are about. Nobody can have followed an event that did not exist before.
pub(crate) fn topics_of(changes: &[Change]) -> BTreeSet<Topic> {
    let created: HashSet<EventId> = changes.iter().filter_map(created).collect();
    let is_known = |topic: &Topic| !matches!(topic, Topic::Event(event) if created.contains(event));
    let topics = changes.iter().flat_map(topics).filter(is_known);
    let is_new =
        |change: &Change| matches!(change, Change::EventPublished { event } if created.contains(event));
    topics.chain(changes.iter().any(is_new).then_some(Topic::Lists)).collect()
}

fn created(change: &Change) -> Option<EventId> {
    match change {
        Change::EventCreated { event, .. } => Some(*event),
        _ => None,
    }
}

fn topics(change: &Change) -> Vec<Topic> {
    match change {
        Change::Registered { occurrence, user, .. }
        | Change::Waitlisted { occurrence, user, .. }
        | Change::RegistrationChanged { occurrence, user, .. }
        | Change::Promoted { occurrence, user, .. }
        | Change::RegistrationCancelled { occurrence, user, .. } => {
            vec![Topic::Occurrence(*occurrence), Topic::Calendars(*user)]
        }
        Change::EventCreated { organizer: user, .. } | Change::RemindersChanged { user } => {
            vec![Topic::Calendars(*user)]
        }
        Change::EventPublished { event }
        | Change::EventUnpublished { event }
        | Change::EventChanged { event, .. }
        | Change::EventCancelled { event, .. }
        | Change::EventDeleted { event, .. }
        | Change::OccurrencesAdded { event, .. } => vec![Topic::Event(*event)],
        // Those who organized the event before follow it.
        Change::OrganizerChanged { event, organizer: user }
        | Change::CoOrganizerAdded { event, user }
        | Change::CoOrganizerRemoved { event, user } => vec![Topic::Event(*event), Topic::Calendars(*user)],
        Change::EventSplit { event, new_event } => vec![Topic::Event(*event), Topic::Event(*new_event)],
        Change::OccurrenceMoved { event, occurrence, .. }
        | Change::OccurrenceChanged { event, occurrence, .. }
        | Change::OccurrenceCancelled { event, occurrence }
        | Change::OccurrenceRestored { event, occurrence }
        | Change::OccurrenceDeleted { event, occurrence } => {
            vec![Topic::Event(*event), Topic::Occurrence(*occurrence)]
        }
        Change::AccountChanged { user }
        | Change::PasswordChanged { user }
        | Change::AccountDisabled { user }
        | Change::AccountEnabled { user }
        | Change::AccountDeleted { user }
        | Change::AccessTokenRevoked { user, .. }
        | Change::SessionsEnded { user } => vec![Topic::Account(*user)],
        Change::NotificationsRead { user } => vec![Topic::Inbox(*user)],
        Change::CategoryCreated { .. } | Change::CategoryChanged { .. } | Change::CategoryDeleted { .. } => {
            vec![Topic::Lists, Topic::Categories]
        }
        // Those who are checked in have had their seats before.
        Change::CheckedIn { .. }
        | Change::CheckInUndone { .. }
        | Change::CommentPosted { .. }
        | Change::CommentChanged { .. }
        | Change::CommentDeleted { .. }
        | Change::CommentHidden { .. }
        | Change::FeedbackGiven { .. }
        | Change::FeedbackChanged { .. }
        | Change::FeedbackWithdrawn { .. }
        | Change::FeedbackAnswered { .. }
        | Change::AccountCreated { .. }
        | Change::SignedIn { .. }
        | Change::AccessTokenCreated { .. }
        | Change::CalendarAddressCreated { .. }
        | Change::CalendarAddressRevoked { .. }
        | Change::WebhookDisabled { .. }
        | Change::SubscriptionDisabled { .. }
        | Change::SubscribedEventsMissing { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::uuid_at;
    use crate::time::Timestamp;

    fn id<T: From<Uuid>>(number: i64) -> T {
        uuid_at(Timestamp::from_micros(number)).into()
    }

    #[test]
    fn the_text_of_a_topic_is_read_back() {
        for topic in [
            Topic::Event(id(1)),
            Topic::Occurrence(id(2)),
            Topic::Notification(id(3), id(4)),
            Topic::Inbox(id(5)),
            Topic::Account(id(6)),
            Topic::Lists,
            Topic::Calendars(id(7)),
            Topic::Categories,
        ] {
            assert_eq!(topic.to_string().parse(), Ok(topic));
        }
        let uuid = Uuid::nil().simple().to_string();
        for text in
            ["", "o", &uuid, &format!("x{uuid}"), &format!("n{uuid}"), &format!("o{uuid}{uuid}"), "ö1"]
        {
            assert_eq!(text.parse::<Topic>(), Err(ParseTopicError), "{text}");
        }
    }

    #[test]
    fn events_that_are_new_are_no_topics() {
        let (new, old): (EventId, EventId) = (id(1), id(2));
        let split = Change::EventSplit { event: old, new_event: new };
        let organizer = id(3);
        let created = Change::EventCreated { event: new, organizer };
        let changes = [created, Change::EventPublished { event: new }, split];
        let of_organizer = Topic::Calendars(organizer);
        assert_eq!(topics_of(&changes), BTreeSet::from([Topic::Event(old), of_organizer, Topic::Lists]));
        assert_eq!(topics_of(&changes[..1]), BTreeSet::from([of_organizer]), "a draft");
    }
}

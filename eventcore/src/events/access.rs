//! Permissions: who can see and who can change an event.

use super::event::{EventStatus, Visibility};
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::id::UserId;

/// The relation of an actor to an event, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Relation {
    /// None, or not signed in.
    Stranger,
    /// A user with a registration that is not cancelled.
    Registered,
    /// A user whom the organizer added.
    CoOrganizer,
    /// The user who created it, or took it over.
    Organizer,
    /// An admin, or the system.
    Admin,
}

impl Relation {
    /// The strongest relation of the actor to an event of `organizer`.
    pub(crate) fn of(actor: &Actor, organizer: UserId, co_organizes: bool, registered: bool) -> Self {
        if actor.is_admin() {
            Self::Admin
        } else if actor.is(organizer) {
            Self::Organizer
        } else if co_organizes {
            Self::CoOrganizer
        } else if registered {
            Self::Registered
        } else {
            Self::Stranger
        }
    }

    /// Whether the actor can change the event and see its attendees.
    pub(crate) const fn organizes(self) -> bool {
        matches!(self, Self::CoOrganizer | Self::Organizer | Self::Admin)
    }

    /// Whether the actor can see the event by its id.
    pub(crate) const fn sees(self, status: EventStatus, visibility: Visibility) -> bool {
        match (status, visibility) {
            (EventStatus::Draft, _) => self.organizes(),
            (_, Visibility::Private) => self.organizes() || matches!(self, Self::Registered),
            (_, Visibility::Public | Visibility::Unlisted) => true,
        }
    }

    /// Fails with *not found* unless the actor can see the event.
    pub(crate) fn must_see(self, status: EventStatus, visibility: Visibility) -> Result<()> {
        if self.sees(status, visibility) { Ok(()) } else { Err(Error::NotFound("event")) }
    }

    /// Fails with *forbidden* unless the actor can change the event; with *not found* if they cannot even see
    /// it.
    pub(crate) fn must_organize(self, status: EventStatus, visibility: Visibility) -> Result<()> {
        self.must_see(status, visibility)?;
        if self.organizes() {
            Ok(())
        } else {
            Err(Error::Forbidden("only the event's organizers can do this"))
        }
    }

    /// Fails unless the actor can add and remove co-organizers: the organizer and admins.
    pub(crate) fn must_own(self, status: EventStatus, visibility: Visibility) -> Result<()> {
        self.must_organize(status, visibility)?;
        match self {
            Self::CoOrganizer => Err(Error::Forbidden("only the organizer can change the co-organizers")),
            _ => Ok(()),
        }
    }
}

/// A condition of SQL: whether the user co-organizes the event. Both are SQL that yields an id.
pub(crate) fn co_organizes(event: &str, user: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM event_organizers shared
            WHERE shared.event_id = {event} AND shared.user_id = {user})"
    )
}

/// A condition of SQL: whether the user has a registration for the event that is not cancelled. Both are SQL
/// that yields an id.
///
/// The condition of the status is not that of the index of live registrations, which begins with another
/// column: PostgreSQL would read all of that index as long as it believed the table to be empty.
pub(crate) fn is_registered(event: &str, user: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM registrations own WHERE own.event_id = {event} AND own.user_id = {user}
            AND own.status || '' <> 'cancelled')"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visibility_by_relation() {
        use EventStatus::{Cancelled, Draft, Published};
        use Relation::{Admin, CoOrganizer, Organizer, Registered, Stranger};
        use Visibility::{Private, Public, Unlisted};
        for (status, visibility, least) in [
            (Draft, Public, CoOrganizer),
            (Draft, Unlisted, CoOrganizer),
            (Draft, Private, CoOrganizer),
            (Published, Public, Stranger),
            (Published, Unlisted, Stranger),
            (Published, Private, Registered),
            (Cancelled, Public, Stranger),
            (Cancelled, Private, Registered),
        ] {
            for relation in [Stranger, Registered, CoOrganizer, Organizer, Admin] {
                assert_eq!(
                    relation.sees(status, visibility),
                    relation >= least,
                    "{status} {visibility} {relation:?}"
                );
            }
        }
    }

    #[test]
    fn hidden_events_are_not_found_and_visible_ones_forbidden() {
        let refusal = |relation: Relation, visibility| {
            relation.must_organize(EventStatus::Published, visibility).unwrap_err().code()
        };
        assert_eq!(refusal(Relation::Stranger, Visibility::Private), "not_found");
        assert_eq!(refusal(Relation::Stranger, Visibility::Public), "forbidden");
        assert_eq!(refusal(Relation::Registered, Visibility::Private), "forbidden");
        assert!(Relation::CoOrganizer.must_organize(EventStatus::Draft, Visibility::Private).is_ok());
        assert!(Relation::CoOrganizer.must_own(EventStatus::Published, Visibility::Public).is_err());
        assert!(Relation::Organizer.must_own(EventStatus::Draft, Visibility::Public).is_ok());
    }
}

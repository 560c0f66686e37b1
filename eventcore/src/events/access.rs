//! Who may see an event and who may change it: pure rules.

use super::event::{EventStatus, Visibility};
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::id::UserId;

/// What someone is to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Relation {
    /// Nobody in particular.
    Stranger,
    /// Has a registration that is not cancelled.
    Registered,
    /// Was named by the organizer.
    CoOrganizer,
    /// Published it.
    Organizer,
    /// An admin, or the system.
    Admin,
}

impl Relation {
    /// The strongest thing that the actor is to an event of `organizer`.
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

    /// Whether they may change the event and see who comes.
    pub(crate) const fn organizes(self) -> bool {
        matches!(self, Self::CoOrganizer | Self::Organizer | Self::Admin)
    }

    /// Whether they may see the event by its id.
    pub(crate) const fn sees(self, status: EventStatus, visibility: Visibility) -> bool {
        match (status, visibility) {
            (EventStatus::Draft, _) => self.organizes(),
            (_, Visibility::Private) => self.organizes() || matches!(self, Self::Registered),
            (_, Visibility::Public | Visibility::Unlisted) => true,
        }
    }

    /// Passes who may see it: for all others it does not exist.
    pub(crate) fn must_see(self, status: EventStatus, visibility: Visibility) -> Result<()> {
        if self.sees(status, visibility) { Ok(()) } else { Err(Error::NotFound("event")) }
    }

    /// Passes who may change it: *not found* for those who may not even see it, *forbidden* for the others.
    pub(crate) fn must_organize(self, status: EventStatus, visibility: Visibility) -> Result<()> {
        self.must_see(status, visibility)?;
        if self.organizes() { Ok(()) } else { Err(Error::Forbidden("only its organizers can do this")) }
    }

    /// Passes who may say who organizes it.
    pub(crate) fn must_own(self, status: EventStatus, visibility: Visibility) -> Result<()> {
        self.must_organize(status, visibility)?;
        match self {
            Self::CoOrganizer => Err(Error::Forbidden("only the organizer names co-organizers")),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sees_what() {
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
    fn what_is_hidden_is_not_found_and_what_is_seen_is_forbidden() {
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

//! Whether what a notification tells is still true: the rule that decides what is mailed.

use crate::events::{EventStatus, OccurrenceStatus, Relation, Visibility};
use crate::notifications::kind::NotificationKind;
use crate::registrations::RegistrationStatus;

/// How things are when a mail is to be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Situation {
    pub(super) kind: NotificationKind,
    /// Whether the reader wants this kind by e-mail, and has not muted the event.
    pub(super) wanted: bool,
    /// The relation of the reader to the event.
    pub(super) relation: Relation,
    pub(super) event: EventStatus,
    pub(super) visibility: Visibility,
    /// The status of the occurrence, if it is about one.
    pub(super) occurrence: Option<OccurrenceStatus>,
    /// Whether the occurrence has begun.
    pub(super) begun: bool,
    /// Whether the occurrence has ended.
    pub(super) ended: bool,
    /// Whether the occurrence starts at another time than the one that is told.
    pub(super) moved_again: bool,
    /// Whether another start is told.
    pub(super) tells_start: bool,
    /// The status of the reader's registration for the occurrence, unless it is cancelled.
    pub(super) registration: Option<RegistrationStatus>,
    /// Whether that is the registration that is told of.
    pub(super) is_told_registration: bool,
    /// Whether the reader has done it.
    pub(super) own: bool,
    /// Whether the reader was invited by mail, and so has the occurrence in their calendar.
    pub(super) invited: bool,
    /// Whether the comment or the feedback that is told of can be read.
    pub(super) readable: bool,
}

impl Situation {
    /// Whether the reader is to be told.
    pub(super) fn is_true(self) -> bool {
        use NotificationKind as Kind;
        use RegistrationStatus::{Attended, Confirmed, Waitlisted};
        let takes_place = self.event == EventStatus::Published
            && self.occurrence == Some(OccurrenceStatus::Scheduled)
            && !self.ended;
        let is_registered = self.registration.is_some();
        let has_seats = matches!(self.registration, Some(Confirmed | Attended));
        let is_news = match self.kind {
            Kind::RegistrationConfirmed | Kind::RegistrationPromoted => {
                takes_place && has_seats && self.is_told_registration
            }
            Kind::RegistrationWaitlisted => {
                takes_place && self.registration == Some(Waitlisted) && self.is_told_registration
            }
            // Their calendar is told, also if the occurrence was cancelled since: that is told to others.
            Kind::RegistrationCancelled if self.own => self.invited && !self.ended && !is_registered,
            // Who has registered again needs not be told.
            Kind::RegistrationCancelled => takes_place && !is_registered,
            Kind::EventChanged => takes_place && is_registered && !(self.tells_start && self.moved_again),
            Kind::EventCancelled => {
                self.occurrence == Some(OccurrenceStatus::Cancelled) && is_registered && !self.ended
            }
            Kind::Reminder => {
                takes_place && !self.begun && !self.moved_again && self.registration == Some(Confirmed)
            }
            Kind::NewComment | Kind::FeedbackReceived => self.readable && self.relation.organizes(),
            Kind::CommentReply => self.readable,
            Kind::PasswordChanged | Kind::NewSignIn | Kind::WebhookDisabled | Kind::CalendarSubscription => {
                false
            }
        };
        // Those whose registration an organizer cancelled knew of the event, and are told no more than that.
        let may_know =
            self.kind == Kind::RegistrationCancelled || self.relation.sees(self.event, self.visibility);
        self.wanted && may_know && is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTERED: Situation = Situation {
        kind: NotificationKind::RegistrationConfirmed,
        wanted: true,
        relation: Relation::Registered,
        event: EventStatus::Published,
        visibility: Visibility::Private,
        occurrence: Some(OccurrenceStatus::Scheduled),
        begun: false,
        ended: false,
        moved_again: false,
        tells_start: false,
        registration: Some(RegistrationStatus::Confirmed),
        is_told_registration: true,
        own: false,
        invited: false,
        readable: false,
    };
    const CANCELLED: Situation = Situation { occurrence: Some(OccurrenceStatus::Cancelled), ..REGISTERED };
    const COMMENTED: Situation = Situation {
        kind: NotificationKind::NewComment,
        relation: Relation::CoOrganizer,
        occurrence: None,
        registration: None,
        readable: true,
        ..REGISTERED
    };

    /// A situation in which each kind is true.
    fn of(kind: NotificationKind) -> Situation {
        match kind {
            NotificationKind::RegistrationWaitlisted => {
                Situation { kind, registration: Some(RegistrationStatus::Waitlisted), ..REGISTERED }
            }
            NotificationKind::RegistrationCancelled => {
                Situation { kind, registration: None, relation: Relation::Stranger, ..REGISTERED }
            }
            NotificationKind::EventCancelled => Situation { kind, ..CANCELLED },
            NotificationKind::NewComment | NotificationKind::FeedbackReceived => {
                Situation { kind, ..COMMENTED }
            }
            NotificationKind::CommentReply => Situation { kind, relation: Relation::Registered, ..COMMENTED },
            _ => Situation { kind, ..REGISTERED },
        }
    }

    fn kinds() -> impl Iterator<Item = NotificationKind> {
        NotificationKind::ALL.iter().copied().filter(|kind| !kind.is_about_account())
    }

    #[test]
    fn what_is_true_is_told_to_those_who_want_it() {
        for kind in kinds() {
            assert!(of(kind).is_true(), "{kind}");
            assert!(!Situation { wanted: false, ..of(kind) }.is_true(), "{kind}");
        }
        assert!(!of(NotificationKind::NewSignIn).is_true());
    }

    #[test]
    fn the_calendar_of_who_cancels_is_told_if_they_were_invited() {
        let own = Situation { own: true, invited: true, ..of(NotificationKind::RegistrationCancelled) };
        assert!(own.is_true());
        assert!(Situation { occurrence: Some(OccurrenceStatus::Cancelled), ..own }.is_true());
        let again = Some(RegistrationStatus::Waitlisted);
        for untold in [
            Situation { invited: false, ..own },
            Situation { ended: true, ..own },
            Situation { wanted: false, ..own },
            Situation { registration: again, ..own },
        ] {
            assert!(!untold.is_true(), "{untold:?}");
        }
    }

    #[test]
    fn those_who_may_not_see_the_event_are_told_nothing_of_it() {
        for kind in kinds().filter(|kind| *kind != NotificationKind::RegistrationCancelled) {
            assert!(!Situation { relation: Relation::Stranger, ..of(kind) }.is_true(), "{kind}");
            let draft = Situation { relation: Relation::Registered, event: EventStatus::Draft, ..of(kind) };
            assert!(!draft.is_true(), "{kind}");
        }
    }

    #[test]
    fn what_has_changed_since_is_not_told() {
        use NotificationKind as Kind;
        for kind in kinds() {
            let situation = of(kind);
            let is_of_registration =
                matches!(kind, Kind::RegistrationConfirmed | Kind::RegistrationPromoted | Kind::Reminder);
            if situation.occurrence.is_some() {
                assert!(!Situation { ended: true, ..situation }.is_true(), "{kind}: over");
                let cancelled = Situation { occurrence: Some(OccurrenceStatus::Cancelled), ..situation };
                assert_eq!(cancelled.is_true(), kind == Kind::EventCancelled, "{kind}: cancelled");
                let other =
                    if situation.registration.is_none() { Some(RegistrationStatus::Confirmed) } else { None };
                assert!(!Situation { registration: other, ..situation }.is_true(), "{kind}: registration");
            } else {
                assert!(!Situation { readable: false, ..situation }.is_true(), "{kind}: deleted");
            }
            if is_of_registration {
                let waiting = Some(RegistrationStatus::Waitlisted);
                assert!(!Situation { registration: waiting, ..situation }.is_true(), "{kind}: waits");
            }
        }
        let moved = Situation { moved_again: true, ..of(Kind::Reminder) };
        assert!(!moved.is_true() && !Situation { begun: true, ..of(Kind::Reminder) }.is_true());
        let changed = Situation { moved_again: true, ..of(Kind::EventChanged) };
        assert!(changed.is_true() && !Situation { tells_start: true, ..changed }.is_true());
        let another = Situation { is_told_registration: false, ..of(Kind::RegistrationPromoted) };
        assert!(!another.is_true());
    }
}

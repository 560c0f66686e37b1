//! Requests for admission and their outcomes.

use super::super::registration::{NewAttendee, Party, Registered, Registration};
use crate::accounts::Caller;
use crate::error::{Error, Result};
use crate::id::{OccurrenceId, RegistrationId, UserId};
use crate::precondition::Precondition;
use crate::seats::Promoted;

/// A request to make, change or cancel the registration of one user for one occurrence.
#[derive(Debug, Clone)]
pub(crate) struct AdmissionRequest {
    pub(in super::super) caller: Caller,
    pub(in super::super) occurrence: OccurrenceId,
    /// The user whose registration it is; `None` if an organizer named nobody who exists.
    pub(in super::super) attendee: Option<UserId>,
    pub(in super::super) act: Act,
}

/// What is requested.
#[derive(Debug, Clone)]
pub(in super::super) enum Act {
    /// The caller registers, or changes their registration.
    Register(Party),
    /// An organizer registers someone, or changes their registration.
    Add(NewAttendee),
    /// The registration of the caller is cancelled, or the system cancels it.
    Cancel {
        expected: Option<Precondition>,
        /// Whether the calendar of the caller has declined the invitation.
        is_answer: bool,
    },
    /// An organizer removes an attendee.
    Remove { registration: RegistrationId, expected: Option<Precondition> },
}

/// What has become of a request.
#[derive(Debug, Clone)]
pub(crate) enum Admitted {
    /// There is a registration.
    Registered(Box<Registered>),
    /// There is none (any more), and these have moved up from the waitlist.
    Cancelled(Vec<Promoted>),
}

impl AdmissionRequest {
    /// The values that the request gives the registration, where it makes or changes one.
    pub(super) fn wanted(&self) -> Option<(Option<i64>, Option<bool>)> {
        match &self.act {
            Act::Register(Party { party_size, auto_promote, .. })
            | Act::Add(NewAttendee { party_size, auto_promote, .. }) => Some((*party_size, *auto_promote)),
            Act::Cancel { .. } | Act::Remove { .. } => None,
        }
    }
}

impl Admitted {
    pub(super) fn created(registration: Registration) -> Self {
        Self::Registered(Box::new(Registered { registration, created: true, promoted: Vec::new() }))
    }

    pub(super) fn changed(registration: Registration, promoted: Vec<Promoted>) -> Self {
        Self::Registered(Box::new(Registered { registration, created: false, promoted }))
    }

    /// Adds registrations that have moved up for the seats that the request has freed.
    pub(super) fn add_promoted(&mut self, more: Vec<Promoted>) {
        match self {
            Self::Registered(registered) => registered.promoted.extend(more),
            Self::Cancelled(promoted) => promoted.extend(more),
        }
    }

    /// Who has moved up from the waitlist.
    pub(in super::super) fn promoted(self) -> Vec<Promoted> {
        match self {
            Self::Registered(registered) => registered.promoted,
            Self::Cancelled(promoted) => promoted,
        }
    }

    /// The registration.
    pub(in super::super) fn registered(self) -> Result<Registered> {
        match self {
            Self::Registered(registered) => Ok(*registered),
            Self::Cancelled(_) => Err(Error::internal("a request to register was taken for a cancellation")),
        }
    }
}

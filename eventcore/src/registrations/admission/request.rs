//! Requests for admission and their outcomes.

use super::super::registration::{NewAttendee, Party, Registered, Registration};
use crate::accounts::Caller;
use crate::error::{Error, Result};
use crate::id::{OccurrenceId, RegistrationId, UserId};
use crate::precondition::Precondition;

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
    Cancel { expected: Option<Precondition> },
    /// An organizer removes an attendee.
    Remove { registration: RegistrationId, expected: Option<Precondition> },
}

/// What has become of a request.
#[derive(Debug, Clone)]
pub(crate) enum Admitted {
    /// There is a registration.
    Registered(Box<Registered>),
    /// There is none (any more).
    Cancelled,
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
    pub(super) fn of(registration: Registration, created: bool) -> Self {
        Self::Registered(Box::new(Registered { registration, created }))
    }

    /// The registration.
    pub(in super::super) fn registered(self) -> Result<Registered> {
        match self {
            Self::Registered(registered) => Ok(*registered),
            Self::Cancelled => Err(Error::internal("a request to register was taken for a cancellation")),
        }
    }
}

//! Registering for an occurrence, and changing a registration.

use super::admission::{Act, AdmissionRequest};
use super::registration::{NewAttendee, Party, Registered};
use crate::accounts::Caller;
use crate::core::EventCore;
use crate::error::{Error, Result};
use crate::id::{OccurrenceId, UserId};

impl EventCore {
    /// Registers the caller for an occurrence, or changes their registration. Repeating a call changes
    /// nothing.
    ///
    /// # Errors
    /// - `event_not_published`, `occurrence_cancelled`, `occurrence_past`
    /// - `registration_not_open`, `registration_closed` (also while more seats are taken than the capacity)
    /// - `event_full` if the waitlist is disabled, or if a seated party grows and the seats are not free
    /// - `party_too_large` if the party exceeds the event's `max_party_size`
    /// - `version_mismatch` if `party.expected` is not the stored version
    /// - `email_not_verified`, see
    ///   [`Builder::require_verified_email`](crate::Builder::require_verified_email)
    ///
    /// # Cancellation
    /// A call that has begun registers, even if it is dropped: see [`EventCore`](EventCore#cancellation).
    pub async fn register(
        &self,
        caller: impl Into<Caller>,
        occurrence: OccurrenceId,
        party: &Party,
    ) -> Result<Registered> {
        let caller = caller.into();
        let user = caller.writer()?;
        if let Err(unverified) = self.must_be_verified_user(user).await {
            // Who is no longer signed in is told that.
            self.identify(&caller).await?;
            return Err(unverified);
        }
        // Whether an unknown field repeats what is stored is known when the registration has been read.
        if !party.parse_errors.has_unknown()
            && let Err(invalid) = party.validate()
        {
            self.identify(&caller).await?;
            return Err(invalid);
        }
        let act = Act::Register(party.clone());
        self.admit(AdmissionRequest { caller, occurrence, attendee: Some(user), act }).await?.registered()
    }

    /// Registers a user for an occurrence, or changes their registration, for its organizers.
    ///
    /// Organizers may do so before registration opens and after it closes, until 24 hours after the end of
    /// the occurrence. Once an occurrence has started, nobody joins its waitlist: without free seats the
    /// result is `event_full`.
    ///
    /// # Errors
    /// As [`EventCore::register`] without the registration window, and `forbidden` for others than
    /// organizers.
    pub async fn add_registration(
        &self,
        caller: impl Into<Caller>,
        occurrence: OccurrenceId,
        attendee: &NewAttendee,
    ) -> Result<Registered> {
        let caller = caller.into();
        caller.may_write()?;
        let user = self.find_attendee(attendee).await?;
        let act = Act::Add(attendee.clone());
        self.admit(AdmissionRequest { caller, occurrence, attendee: user, act }).await?.registered()
    }

    /// The id of the user that an organizer named; `None` if there is no such username.
    async fn find_attendee(&self, attendee: &NewAttendee) -> Result<Option<UserId>> {
        match (attendee.user_id, &attendee.username) {
            (Some(id), _) => Ok(Some(id)),
            (None, Some(name)) => match self.profile_by_username(name).await {
                Ok(profile) => Ok(Some(profile.id)),
                Err(Error::NotFound(_)) => Ok(None),
                Err(error) => Err(error),
            },
            (None, None) => Ok(None),
        }
    }
}

//! Cancelling one's own registration, and removing an attendee.

use super::admission::{Act, AdmissionRequest, Admitted};
use crate::accounts::Caller;
use crate::core::EventCore;
use crate::db::{Queries, sql};
use crate::error::Result;
use crate::id::{OccurrenceId, RegistrationId, UserId};
use crate::precondition::Precondition;
use crate::seats::Promoted;

impl EventCore {
    /// Cancels the caller's registration for an occurrence that is not over. Freed seats go to the waitlist:
    /// returns who has moved up, in its order.
    ///
    /// Succeeds without effect if the caller has no live registration, and `expected` is `None`.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the stored version or there is no live registration;
    /// `occurrence_past`.
    ///
    /// # Cancellation
    /// As of [`EventCore::register`].
    pub async fn cancel_registration(
        &self,
        caller: impl Into<Caller>,
        occurrence: OccurrenceId,
        expected: Option<&Precondition>,
    ) -> Result<Vec<Promoted>> {
        let caller = caller.into();
        let user = caller.writer()?;
        let act = Act::Cancel { expected: expected.cloned(), is_answer: false };
        let cancelled = self.admit(AdmissionRequest { caller, occurrence, attendee: Some(user), act });
        cancelled.await.map(Admitted::promoted)
    }

    /// Cancels a registration whose attendee, the caller, has declined the invitation in their calendar.
    ///
    /// # Errors
    /// As of [`EventCore::cancel_registration`].
    pub(crate) async fn decline_invitation(
        &self,
        caller: impl Into<Caller>,
        occurrence: OccurrenceId,
    ) -> Result<()> {
        let caller = caller.into();
        let user = caller.writer()?;
        let act = Act::Cancel { expected: None, is_answer: true };
        self.admit(AdmissionRequest { caller, occurrence, attendee: Some(user), act }).await.map(drop)
    }

    /// Cancels the registration of an attendee, for the organizers. Freed seats go to the waitlist: returns
    /// who has moved up, in its order.
    ///
    /// Succeeds without effect if the registration is cancelled already, and `expected` is `None`.
    ///
    /// # Errors
    /// `version_mismatch` if `expected` is not the stored version or the registration is cancelled;
    /// `occurrence_past`.
    pub async fn remove_registration(
        &self,
        caller: impl Into<Caller>,
        occurrence: OccurrenceId,
        id: RegistrationId,
        expected: Option<&Precondition>,
    ) -> Result<Vec<Promoted>> {
        let caller = caller.into();
        caller.may_write()?;
        let attendee = self.attendee_of(id, occurrence).await?;
        let act = Act::Remove { registration: id, expected: expected.cloned() };
        self.admit(AdmissionRequest { caller, occurrence, attendee, act }).await.map(Admitted::promoted)
    }

    /// The user of a registration for an occurrence. It never changes.
    async fn attendee_of(&self, id: RegistrationId, occurrence: OccurrenceId) -> Result<Option<UserId>> {
        let mut db = self.db().read().await?;
        let user: Option<(UserId,)> = db
            .query(sql!("SELECT user_id FROM registrations WHERE id = $1 AND occurrence_id = $2"))
            .bind(id)
            .bind(occurrence)
            .optional()
            .await?;
        Ok(user.map(|(user,)| user))
    }
}

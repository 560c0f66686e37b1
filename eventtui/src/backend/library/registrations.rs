//! The operations on registrations, on a database.

use eventcore::registrations::{CheckIn, MyRegistration, NewAttendee, Party, Registration, TicketInput};
use eventcore::{Cursor, Error, OccurrenceId, Page, Precondition, RegistrationId};

use super::{Library, found, page};
use crate::api::{RegistrationsApi, Result};

impl RegistrationsApi for Library {
    async fn my_registrations(&self, cursor: Option<Cursor>) -> Result<Page<MyRegistration>> {
        Ok(self.core.my_registrations(&self.actor(), None, &page(cursor)).await?)
    }

    async fn my_registration(&self, occurrence: OccurrenceId) -> Result<Option<Registration>> {
        match found(self.core.my_registration(&self.actor(), occurrence).await) {
            Err(Error::Unauthenticated) => Ok(None),
            outcome => Ok(outcome?),
        }
    }

    async fn register(&self, occurrence: OccurrenceId, party: i64) -> Result<Registration> {
        Ok(self.core.register(&self.actor(), occurrence, &Party::of(party)).await?.registration)
    }

    async fn set_auto_promote(
        &self,
        occurrence: OccurrenceId,
        version: i64,
        auto_promote: bool,
    ) -> Result<Registration> {
        let party = Party {
            auto_promote: Some(auto_promote),
            expected: Some(Precondition::version(version)),
            ..Party::default()
        };
        Ok(self.core.register(&self.actor(), occurrence, &party).await?.registration)
    }

    async fn cancel_registration(&self, occurrence: OccurrenceId) -> Result<()> {
        self.core.cancel_registration(&self.actor(), occurrence, None).await?;
        Ok(())
    }

    async fn registrations(
        &self,
        occurrence: OccurrenceId,
        cursor: Option<Cursor>,
    ) -> Result<Page<Registration>> {
        Ok(self.core.registrations(&self.actor(), occurrence, None, &page(cursor)).await?)
    }

    async fn add_registration(
        &self,
        occurrence: OccurrenceId,
        username: &str,
        party: i64,
    ) -> Result<Registration> {
        let attendee = NewAttendee {
            username: Some(username.to_owned()),
            party_size: Some(party),
            ..NewAttendee::default()
        };
        Ok(self.core.add_registration(&self.actor(), occurrence, &attendee).await?.registration)
    }

    async fn remove_registration(
        &self,
        occurrence: OccurrenceId,
        registration: RegistrationId,
    ) -> Result<()> {
        self.core.remove_registration(&self.actor(), occurrence, registration, None).await?;
        Ok(())
    }

    async fn check_in(&self, registration: RegistrationId) -> Result<CheckIn> {
        Ok(self.core.check_in(&self.actor(), registration, None).await?)
    }

    async fn check_in_by_code(&self, occurrence: Option<OccurrenceId>, code: &str) -> Result<CheckIn> {
        let ticket =
            TicketInput { code: Some(code.to_owned()), occurrence_id: occurrence, ..TicketInput::default() };
        Ok(self.core.check_in_by_code(&self.actor(), &ticket).await?)
    }

    async fn undo_check_in(&self, registration: RegistrationId) -> Result<Registration> {
        Ok(self.core.undo_check_in(&self.actor(), registration, None).await?)
    }
}

//! The reminders of one registration, in place of the user's own list.

use crate::actor::Actor;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result, Violations};
use crate::id::{OccurrenceId, RegistrationId, UserId};
use crate::input::{Fields, deserialize_by_fields};
use crate::reminder_list::{ReminderList, store_leads};

/// When a user is reminded of one registration.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegistrationReminders {
    /// How long before the start to be reminded: up to 5 ISO 8601 durations of 1 minute to 60 days; null for
    /// the user's own list.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>))]
    pub reminders: Option<ReminderList>,
    /// Violations found while parsing; empty if built in Rust.
    #[serde(skip)]
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(RegistrationReminders);

impl RegistrationReminders {
    fn take(fields: &mut Fields) -> Self {
        Self { reminders: ReminderList::take(fields, "reminders"), parse_errors: Violations::default() }
    }
}

/// When a user is reminded of one registration, in place of their own list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnReminders {
    /// The registration.
    pub registration_id: RegistrationId,
    /// How long before the start: ISO 8601 durations.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub reminders: ReminderList,
}

impl EventCore {
    /// The registrations of a user that have reminders of their own. Makes no permission check.
    pub(crate) async fn own_reminders_of(&self, user: UserId) -> Result<Vec<OwnReminders>> {
        let rows: Vec<(RegistrationId, String)> = self
            .db()
            .read()
            .await?
            .query(sql!(
                "SELECT id, reminders FROM registrations
                 WHERE user_id = $1 AND reminders IS NOT NULL ORDER BY id"
            ))
            .bind(user)
            .all()
            .await?;
        let own = |(registration_id, json): (RegistrationId, String)| {
            Ok(OwnReminders { registration_id, reminders: ReminderList::read(Some(&json))? })
        };
        rows.into_iter().map(own).collect()
    }

    /// When the actor is reminded of their registration for an occurrence.
    ///
    /// # Errors
    /// `not_found` without a registration.
    pub async fn registration_reminders(
        &self,
        actor: &Actor,
        occurrence: OccurrenceId,
    ) -> Result<RegistrationReminders> {
        let user = actor.signed_in()?.id;
        load(&mut self.db().read().await?, occurrence, user).await
    }

    /// Sets when the actor is reminded of their registration for an occurrence.
    ///
    /// # Errors
    /// `not_found` without a registration; `invalid_input` with all violations.
    pub async fn set_registration_reminders(
        &self,
        actor: &Actor,
        occurrence: OccurrenceId,
        input: &RegistrationReminders,
    ) -> Result<RegistrationReminders> {
        let user = actor.writer()?.id;
        input.parse_errors.clone().into_result()?;
        let list = input.reminders.as_ref();
        transaction!(self.db(), |tx| store(tx, occurrence, user, list))
    }
}

async fn load(
    db: &mut impl Queries,
    occurrence: OccurrenceId,
    user: UserId,
) -> Result<RegistrationReminders> {
    let found: Option<(Option<String>,)> = db
        .query(sql!(
            "SELECT reminders FROM registrations
             WHERE occurrence_id = $1 AND user_id = $2 AND status <> 'cancelled'"
        ))
        .bind(occurrence)
        .bind(user)
        .optional()
        .await?;
    let (stored,) = found.ok_or(Error::NotFound("registration"))?;
    let reminders = stored.as_deref().map(|json| ReminderList::read(Some(json))).transpose()?;
    Ok(RegistrationReminders { reminders, ..RegistrationReminders::default() })
}

/// Changes neither the registration's version nor the occurrence, and so needs no lock on that.
async fn store(
    tx: &mut Tx,
    occurrence: OccurrenceId,
    user: UserId,
    list: Option<&ReminderList>,
) -> Result<RegistrationReminders> {
    if let Some(list) = list {
        store_leads(tx, list).await?;
    }
    let changed = tx
        .query(sql!(
            "UPDATE registrations SET reminders = $3
             WHERE occurrence_id = $1 AND user_id = $2 AND status <> 'cancelled'
                AND reminders IS DISTINCT FROM $3"
        ))
        .bind(occurrence)
        .bind(user)
        .bind(list.map(ReminderList::to_json).transpose()?)
        .execute()
        .await?;
    if changed > 0 {
        tx.record(Change::RemindersChanged { user });
    }
    load(tx, occurrence, user).await
}

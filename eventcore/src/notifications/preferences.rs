//! What a user wants to be told, on which channels, and when they are reminded.

use std::collections::BTreeMap;

use serde_json::Value;

use super::kind::NotificationKind;
use crate::accounts::lock_account;
use crate::actor::Actor;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result, Violations};
use crate::id::UserId;
use crate::input::{Fields, deserialize_by_fields};
use crate::reminder_list::{ReminderList, store_leads};

/// The channels of a kind of notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, sqlx::FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KindPreference {
    /// The kind.
    pub kind: NotificationKind,
    /// Whether it is told in the app. Notices about the account always are.
    pub in_app: bool,
    /// Whether it is told by e-mail. Notices about the account always are.
    pub email: bool,
}

/// What a user wants to be told.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NotificationPreferences {
    /// All kinds, with their channels.
    pub kinds: Vec<KindPreference>,
    /// How long before the start to be reminded: up to 5 ISO 8601 durations of 1 minute to 60 days. Days are
    /// calendar days in the zone of the event.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub reminders: ReminderList,
}

/// The channels of a kind, to store. One that is left out is on.
#[cfg(feature = "openapi")]
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the input; `take_kind` reads it")]
struct KindPreferenceInput {
    /// The kind.
    kind: NotificationKind,
    /// Whether it is told in the app. Notices about the account always are.
    #[schema(required = false, default = true)]
    in_app: bool,
    /// Whether it is told by e-mail. Notices about the account always are.
    #[schema(required = false, default = true)]
    email: bool,
}

/// Preferences to store. What is left out gets its default: every channel, and reminders a day and an hour
/// before the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreferencesInput {
    /// The kinds to set, each once.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<KindPreferenceInput>, required = false))]
    pub kinds: Vec<KindPreference>,
    /// How long before the start to be reminded: up to 5 ISO 8601 durations of 1 minute to 60 days. An empty
    /// list means no reminders.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>, required = false))]
    pub reminders: Option<ReminderList>,
    /// Violations found while parsing; empty if built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(PreferencesInput);

impl PreferencesInput {
    fn take(fields: &mut Fields) -> Self {
        let items = match fields.value("kinds") {
            None => Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => {
                fields.add_violation("kinds", "wrong_type", "must be a list");
                Vec::new()
            }
        };
        let numbered = items.into_iter().enumerate();
        let kinds: Vec<(usize, KindPreference)> =
            numbered.filter_map(|(n, item)| Some((n, take_kind(fields, n, item)?))).collect();
        let mut violations = Violations::default();
        check_kinds(&kinds, &mut violations);
        fields.add_violations(&violations);
        let kinds = kinds.into_iter().map(|(_, preference)| preference).collect();
        let reminders = ReminderList::take(fields, "reminders");
        Self { kinds, reminders, parse_errors: Violations::default() }
    }

    fn validate(&self) -> Result<()> {
        let mut violations = self.parse_errors.clone();
        // Those of parsed JSON are checked already, at their places in it.
        if violations.is_empty() {
            let kinds: Vec<(usize, KindPreference)> = self.kinds.iter().copied().enumerate().collect();
            check_kinds(&kinds, &mut violations);
        }
        violations.into_result()
    }
}

/// Checks kinds, each with its place in the list.
fn check_kinds(kinds: &[(usize, KindPreference)], violations: &mut Violations) {
    for (i, (n, preference)) in kinds.iter().enumerate() {
        if kinds[..i].iter().any(|(_, earlier)| earlier.kind == preference.kind) {
            violations.add(format!("/kinds/{n}/kind"), "duplicate", "is given twice");
        }
        if preference.kind.is_about_account() && !(preference.in_app && preference.email) {
            violations.add(
                format!("/kinds/{n}"),
                "required",
                "notices about the account cannot be turned off",
            );
        }
    }
}

fn take_kind(fields: &mut Fields, n: usize, item: Value) -> Option<KindPreference> {
    let mut object = Fields::new(item);
    if !object.has("kind") {
        object.add_violation("kind", "required", "is required");
    }
    let kind = object.parsed("kind");
    let (in_app, email) = (object.boolean("in_app").unwrap_or(true), object.boolean("email").unwrap_or(true));
    fields.merge(&format!("kinds/{n}"), object);
    Some(KindPreference { kind: kind?, in_app, email })
}

impl EventCore {
    /// The actor's preferences.
    pub async fn notification_preferences(&self, actor: &Actor) -> Result<NotificationPreferences> {
        self.preferences_of(actor.signed_in()?.id).await
    }

    /// The preferences of a user. Makes no permission check.
    pub(crate) async fn preferences_of(&self, user: UserId) -> Result<NotificationPreferences> {
        load(&mut self.db().read().await?, user).await
    }

    /// Replaces the actor's preferences.
    ///
    /// # Errors
    /// `invalid_input` with all violations.
    pub async fn set_notification_preferences(
        &self,
        actor: &Actor,
        input: &PreferencesInput,
    ) -> Result<NotificationPreferences> {
        let user = actor.writer()?.id;
        input.validate()?;
        transaction!(self.db(), |tx| store(tx, user, input))
    }
}

pub(super) async fn load(db: &mut impl Queries, user: UserId) -> Result<NotificationPreferences> {
    let stored: Vec<KindPreference> = db
        .query(sql!("SELECT kind, in_app, email FROM notification_preferences WHERE user_id = $1"))
        .bind(user)
        .all()
        .await?;
    let reminders: Option<(Option<String>,)> =
        db.query(sql!("SELECT reminders FROM users WHERE id = $1")).bind(user).optional().await?;
    let (reminders,) = reminders.ok_or(Error::NotFound("user"))?;
    let mut kinds: BTreeMap<NotificationKind, KindPreference> = NotificationKind::ALL
        .iter()
        .map(|kind| (*kind, KindPreference { kind: *kind, in_app: true, email: true }))
        .collect();
    kinds.extend(stored.into_iter().map(|preference| (preference.kind, preference)));
    let reminders = ReminderList::read(reminders.as_deref())?;
    Ok(NotificationPreferences { kinds: kinds.into_values().collect(), reminders })
}

pub(super) async fn store(
    tx: &mut Tx,
    user: UserId,
    input: &PreferencesInput,
) -> Result<NotificationPreferences> {
    let reminders = match &input.reminders {
        Some(list) if *list != ReminderList::default() => Some(list),
        _ => None,
    };
    if let Some(list) = reminders {
        store_leads(tx, list).await?;
    }
    let json = reminders.map(ReminderList::to_json).transpose()?;
    // Two changes must not mix.
    if !lock_account(tx, user).await? {
        return Err(Error::NotFound("user"));
    }
    let changed = tx
        .query(sql!("UPDATE users SET reminders = $2 WHERE id = $1 AND reminders IS DISTINCT FROM $2"))
        .bind(user)
        .bind(json)
        .execute()
        .await?;
    if changed > 0 {
        tx.record(Change::RemindersChanged { user });
    }
    tx.query(sql!("DELETE FROM notification_preferences WHERE user_id = $1")).bind(user).execute().await?;
    for preference in input.kinds.iter().filter(|preference| !(preference.in_app && preference.email)) {
        tx.query(sql!(
            "INSERT INTO notification_preferences (user_id, kind, in_app, email) VALUES ($1, $2, $3, $4)"
        ))
        .bind(user)
        .bind(preference.kind)
        .bind(preference.in_app)
        .bind(preference.email)
        .execute()
        .await?;
    }
    load(tx, user).await
}

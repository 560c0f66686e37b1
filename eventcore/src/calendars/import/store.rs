//! Storing what a plan says: all of a UID, or nothing.
//!
//! The table `imported_events` has the events of a user by the UIDs of files. The UID of a file that this
//! library has written is the id of its event: its organizers import it into that event. What comes from a
//! calendar that the user follows is apart from that, in `subscribed_events`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::note::ImportNote;
use super::occurrence::Index;
use super::plan::{PartPlan, UidPlan};
use super::report::ImportOutcome;
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::events::{
    EventStatus, Horizon, ImportDefaults, OccurrenceOutcome, create_imported, is_organized_by, is_over,
    make_subscribed, update_imported, update_imported_occurrences,
};
use crate::id::{EventId, SubscriptionId, UserId};
use crate::time::Timestamp;

/// The import of a UID.
#[derive(Debug)]
pub(super) struct UidImport {
    pub(super) actor: Actor,
    /// The calendar that the actor follows, if the file is that.
    pub(super) subscription: Option<SubscriptionId>,
    pub(super) plan: UidPlan,
    pub(super) defaults: ImportDefaults,
    /// Whether the file only cancels events (METHOD is CANCEL).
    pub(super) only_cancels: bool,
    pub(super) now: Timestamp,
    pub(super) horizon: Horizon,
    /// The component at work, to report an error with its line.
    pub(super) at: AtomicUsize,
}

/// What becomes of a component.
#[derive(Debug, Clone)]
pub(super) enum Fate {
    Stored(ImportOutcome, EventId),
    /// The code and the message of the reason.
    Skipped(&'static str, &'static str),
    /// It is stored, with this note.
    Noted(ImportNote),
}

/// What has become of a UID.
#[derive(Debug, Default)]
pub(super) struct UidResult {
    pub(super) fates: Vec<(Index, Fate)>,
    /// The number of new events and of their future occurrences.
    pub(super) new_events: u32,
    pub(super) new_occurrences: u32,
}

const PAST: (&str, &str) = ("past", "it is over");

impl EventCore {
    /// Imports a UID in a transaction of its own. A dry run is rolled back.
    pub(super) async fn import_uid(&self, import: Arc<UidImport>, dry_run: bool) -> Result<UidResult> {
        if !dry_run {
            return transaction!(self.db(), |tx| import_uid(tx, import.clone()));
        }
        let one = self.begin_transaction().await?;
        transaction!(one.core().db(), |tx| import_uid(tx, import.clone()))
    }
}

async fn import_uid(tx: &mut Tx, import: Arc<UidImport>) -> Result<UidResult> {
    let (actor, plan, now) = (&import.actor, &import.plan, import.now);
    let user = actor.writer()?.id;
    let mut known = known(tx, actor, user, import.subscription, &plan.uid).await?;
    let mut result = UidResult::default();
    // Existing events are locked before the account.
    let (stored, new): (Vec<_>, Vec<_>) =
        plan.parts.iter().partition(|part| known.events.contains_key(&part.key));
    for part in stored {
        import.at.store(part.component, Ordering::Relaxed);
        let id = known.events[&part.key];
        match update_imported(tx, actor, id, &part.event, now, import.horizon).await {
            Ok((changed, outcomes)) => result.add_updated(part, id, changed, &outcomes),
            Err(error) if is_over(&error) && part.is_over && plan.parts.len() == 1 => {
                return Ok(UidResult::past(part));
            }
            Err(error) => return Err(error),
        }
    }
    for part in new {
        import.at.store(part.component, Ordering::Relaxed);
        if import.only_cancels {
            result.fates.push((part.component, Fate::Skipped("not_found", "no event has this UID")));
        } else if part.is_over && import.defaults.since > Timestamp::MIN {
            result.fates.append(&mut UidResult::past(part).fates);
        } else {
            let (id, outcomes) =
                create_imported(tx, actor, &part.event, &import.defaults, now, import.horizon).await?;
            let stale = known.stale.remove(&part.key);
            match import.subscription {
                None => remember(tx, user, (&plan.uid, &part.key), id, stale).await?,
                Some(subscription) => {
                    remember_subscribed(tx, subscription, (&plan.uid, &part.key), id, stale).await?;
                }
            }
            result.new_events += 1;
            result.new_occurrences += count_of_event(tx, id, now).await?;
            result.add_created(part, id, &outcomes, &import.defaults);
        }
    }
    for (component, occurrence) in &plan.alone {
        import.at.store(*component, Ordering::Relaxed);
        let occurrences = std::slice::from_ref(occurrence);
        let mut fate = Fate::Skipped("without_series", "neither the file nor the account has its series");
        for id in known.events.values() {
            let outcome = update_imported_occurrences(tx, actor, *id, occurrences, now).await?;
            let outcome = outcome.first().copied().unwrap_or(OccurrenceOutcome::Unknown);
            fate = fate_of(outcome, ImportOutcome::Updated, *id);
            if matches!(fate, Fate::Stored(..)) {
                break;
            }
        }
        result.fates.push((*component, fate));
    }
    Ok(result)
}

/// What becomes of the component of an occurrence.
const fn fate_of(outcome: OccurrenceOutcome, changed: ImportOutcome, id: EventId) -> Fate {
    match outcome {
        OccurrenceOutcome::Changed => Fate::Stored(changed, id),
        OccurrenceOutcome::Unchanged => Fate::Stored(ImportOutcome::Unchanged, id),
        OccurrenceOutcome::Past => Fate::Skipped(PAST.0, PAST.1),
        OccurrenceOutcome::Unknown => {
            Fate::Skipped("not_in_series", "the series has no occurrence at its RECURRENCE-ID")
        }
        OccurrenceOutcome::BeyondHorizon => {
            Fate::Skipped("beyond_horizon", "it is later than occurrences are stored: import it again later")
        }
    }
}

impl UidResult {
    /// All of a plan is over.
    pub(super) fn over(plan: &UidPlan) -> Self {
        let fates = plan.parts.iter().flat_map(|part| Self::past(part).fates);
        Self { fates: fates.collect(), ..Self::default() }
    }

    fn past(part: &PartPlan) -> Self {
        let components = part.components.iter().copied().flatten().chain([part.component]);
        let fates = components.map(|component| (component, Fate::Skipped(PAST.0, PAST.1)));
        Self { fates: fates.collect(), ..Self::default() }
    }

    fn add_updated(&mut self, part: &PartPlan, id: EventId, changed: bool, outcomes: &[OccurrenceOutcome]) {
        // A period of RDATE belongs to the component of the event.
        let own = part
            .components
            .iter()
            .zip(outcomes)
            .any(|(component, outcome)| component.is_none() && *outcome == OccurrenceOutcome::Changed);
        let outcome = if changed || own { ImportOutcome::Updated } else { ImportOutcome::Unchanged };
        self.fates.push((part.component, Fate::Stored(outcome, id)));
        self.add_occurrences(part, id, outcomes, ImportOutcome::Updated);
    }

    fn add_created(
        &mut self,
        part: &PartPlan,
        id: EventId,
        outcomes: &[OccurrenceOutcome],
        defaults: &ImportDefaults,
    ) {
        self.fates.push((part.component, Fate::Stored(ImportOutcome::Created, id)));
        let mut note = |code: &'static str, message: String| {
            self.fates.push((part.component, Fate::Noted(ImportNote::new(code, 0, message))));
        };
        if part.event.title.is_none() {
            note("title_filled", format!("SUMMARY is missing: “{}” is filled in", defaults.title));
        }
        if part.event.location.is_none() {
            note("location_filled", format!("LOCATION is missing: “{}” is filled in", defaults.location));
        }
        self.add_occurrences(part, id, outcomes, ImportOutcome::Created);
    }

    fn add_occurrences(
        &mut self,
        part: &PartPlan,
        id: EventId,
        outcomes: &[OccurrenceOutcome],
        changed: ImportOutcome,
    ) {
        let with_component = part.components.iter().zip(outcomes);
        let fates = with_component
            .filter_map(|(component, outcome)| Some(((*component)?, fate_of(*outcome, changed, id))));
        self.fates.extend(fates);
    }
}

/// The events of a UID by their parts.
struct KnownEvents {
    events: HashMap<String, EventId>,
    /// Those that the user no longer organizes.
    stale: HashMap<String, EventId>,
}

async fn known(
    tx: &mut Tx,
    actor: &Actor,
    user: UserId,
    subscription: Option<SubscriptionId>,
    uid: &str,
) -> Result<KnownEvents> {
    let of_subscription =
        sql!("SELECT part, event_id FROM subscribed_events WHERE subscription_id = $1 AND uid = $2");
    let of_user = sql!("SELECT part, event_id FROM imported_events WHERE user_id = $1 AND uid = $2");
    let query = match subscription {
        Some(subscription) => tx.query(of_subscription).bind(subscription),
        None => tx.query(of_user).bind(user),
    };
    let rows: Vec<(String, EventId)> = query.bind(uid.to_owned()).all().await?;
    let mut known = KnownEvents { events: HashMap::new(), stale: HashMap::new() };
    for (part, id) in rows {
        let list = if is_organized_by(tx, actor, id).await? { &mut known.events } else { &mut known.stale };
        list.insert(part, id);
    }
    if subscription.is_none()
        && !known.events.contains_key("")
        && let Ok(id) = uid.parse()
        && is_organized_by(tx, actor, id).await?
    {
        known.events.insert(String::new(), id);
    }
    Ok(known)
}

/// Stores which event has a UID.
///
/// # Errors
/// `unavailable` if another import has stored one meanwhile: the transaction is run again.
async fn remember(
    tx: &mut Tx,
    user: UserId,
    (uid, part): (&str, &str),
    id: EventId,
    stale: Option<EventId>,
) -> Result<()> {
    if let Some(stale) = stale {
        tx.query(sql!("DELETE FROM imported_events WHERE user_id = $1 AND event_id = $2"))
            .bind(user)
            .bind(stale)
            .execute()
            .await?;
    }
    let inserted = tx
        .query(sql!(
            "INSERT INTO imported_events (user_id, uid, part, event_id) VALUES ($1, $2, $3, $4)
             ON CONFLICT (user_id, uid, part) DO NOTHING"
        ))
        .bind(user)
        .bind(uid.to_owned())
        .bind(part.to_owned())
        .bind(id)
        .execute()
        .await?;
    if inserted == 0 { Err(Error::Contended) } else { Ok(()) }
}

/// As [`remember`], for a calendar that is followed.
///
/// # Errors
/// `not_found` if it is not followed any more.
async fn remember_subscribed(
    tx: &mut Tx,
    subscription: SubscriptionId,
    (uid, part): (&str, &str),
    id: EventId,
    stale: Option<EventId>,
) -> Result<()> {
    let locked: Option<(SubscriptionId,)> = tx
        .query(sql!(
            sqlite "SELECT id FROM calendar_subscriptions WHERE id = $1 AND disabled_at IS NULL",
            postgres "SELECT id FROM calendar_subscriptions WHERE id = $1 AND disabled_at IS NULL
                FOR KEY SHARE"
        ))
        .bind(subscription)
        .optional()
        .await?;
    locked.ok_or(Error::NotFound("subscription"))?;
    if let Some(stale) = stale {
        tx.query(sql!("DELETE FROM subscribed_events WHERE subscription_id = $1 AND event_id = $2"))
            .bind(subscription)
            .bind(stale)
            .execute()
            .await?;
    }
    tx.query(sql!(
        "INSERT INTO subscribed_events (subscription_id, uid, part, event_id) VALUES ($1, $2, $3, $4)"
    ))
    .bind(subscription)
    .bind(uid.to_owned())
    .bind(part.to_owned())
    .bind(id)
    .execute()
    .await?;
    make_subscribed(tx, id, subscription).await
}

async fn count_of_event(tx: &mut Tx, id: EventId, now: Timestamp) -> Result<u32> {
    let count: i64 = tx
        .query(sql!("SELECT count(*) FROM occurrences WHERE event_id = $1 AND starts_at > $2"))
        .bind(id)
        .bind(now)
        .scalar()
        .await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// An event that a user has imported, as their data has it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, sqlx::FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportedUid {
    /// The UID of the file, or its digest.
    pub uid: String,
    /// The event.
    pub event_id: EventId,
}

impl EventCore {
    /// The events that a user has imported. The caller checks permissions.
    pub(crate) async fn imports_of(&self, user: UserId) -> Result<Vec<ImportedUid>> {
        let mut db = self.db().read().await?;
        let imports = db
            .query(sql!("SELECT uid, event_id FROM imported_events WHERE user_id = $1 ORDER BY event_id"))
            .bind(user)
            .all()
            .await?;
        Ok(imports)
    }
}

impl EventCore {
    /// The UIDs of what comes from a calendar that is followed.
    pub(super) async fn subscribed_uids(&self, subscription: SubscriptionId) -> Result<HashSet<String>> {
        let mut db = self.db().read().await?;
        let uids: Vec<(String,)> = db
            .query(sql!("SELECT DISTINCT uid FROM subscribed_events WHERE subscription_id = $1"))
            .bind(subscription)
            .all()
            .await?;
        Ok(uids.into_iter().map(|(uid,)| uid).collect())
    }
}

/// Forgets the UIDs of what a user has imported.
pub(crate) async fn forget_imports(tx: &mut Tx, user: UserId) -> Result<()> {
    tx.query(sql!("DELETE FROM imported_events WHERE user_id = $1")).bind(user).execute().await?;
    Ok(())
}

/// The status of new events, as far as it can need a verified address.
pub(super) fn may_publish(status: Option<EventStatus>) -> bool {
    status != Some(EventStatus::Draft)
}

//! Reading subscriptions.

use super::subscription::{COLUMNS, CalendarSubscription, SubscriptionRow};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Sql};
use crate::error::{Error, Result};
use crate::id::{SubscriptionId, UserId};

impl EventCore {
    /// The calendars that the actor follows, in the order of their creation.
    pub async fn calendar_subscriptions(&self, actor: &Actor) -> Result<Vec<CalendarSubscription>> {
        self.calendar_subscriptions_of(actor.signed_in()?.id).await
    }

    /// One of the calendars that the actor follows.
    pub async fn calendar_subscription(
        &self,
        actor: &Actor,
        id: SubscriptionId,
    ) -> Result<CalendarSubscription> {
        let owner = actor.signed_in()?.id;
        find(&mut self.db().read().await?, owner, id).await?.subscription()
    }

    /// The calendars that a user follows. Makes no permission check.
    pub(crate) async fn calendar_subscriptions_of(&self, owner: UserId) -> Result<Vec<CalendarSubscription>> {
        let rows: Vec<SubscriptionRow> = self
            .db()
            .read()
            .await?
            .query(Sql::dynamic(format!(
                "SELECT {COLUMNS} FROM calendar_subscriptions s WHERE s.user_id = $1
                 ORDER BY s.created_at, s.id"
            )))
            .bind(owner)
            .all()
            .await?;
        rows.into_iter().map(SubscriptionRow::subscription).collect()
    }
}

/// Finds a subscription of a user.
pub(super) async fn find(
    db: &mut impl Queries,
    owner: UserId,
    id: SubscriptionId,
) -> Result<SubscriptionRow> {
    db.query(Sql::dynamic(format!(
        "SELECT {COLUMNS} FROM calendar_subscriptions s WHERE s.id = $1 AND s.user_id = $2"
    )))
    .bind(id)
    .bind(owner)
    .optional()
    .await?
    .ok_or(Error::NotFound("subscription"))
}

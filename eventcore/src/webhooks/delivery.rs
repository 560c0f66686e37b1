//! Deliveries, as the owner of a webhook sees them.

use sqlx::FromRow;

use super::read::find;
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Sql, SqlWriter, text_enum};
use crate::error::{Error, Result};
use crate::id::{WebhookDeliveryId, WebhookId};
use crate::page::{Keyset, Order, Page, PageRequest, SortKey};
use crate::time::Timestamp;

text_enum! {
    /// The state of a delivery.
    pub enum DeliveryState {
        /// It is sent as soon as possible, or again after a failure.
        Waiting = "waiting",
        /// The receiver has answered with a status of 200 to 299.
        Delivered = "delivered",
        /// Its last attempt failed.
        Failed = "failed",
        /// It was of no use any more when its turn came.
        Dropped = "dropped",
    }
}

/// A change that a webhook is told of, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookDelivery {
    /// The id, which the receiver gets as `webhook-id`. Repeats have the same.
    pub id: WebhookDeliveryId,
    /// The kind of change, or `webhook.test`.
    pub kind: String,
    /// The state.
    pub state: DeliveryState,
    /// The number of attempts so far.
    pub attempts: i64,
    /// The HTTP status of the last answer; null if there was none.
    pub status: Option<i64>,
    /// The beginning of the last answer, up to 2,000 characters; null if there was none.
    pub answer: Option<String>,
    /// Why the last attempt failed, or why it was dropped; null if it did not.
    pub error: Option<String>,
    /// When the change happened.
    pub happened_at: Timestamp,
    /// When it was last attempted; null if it was not.
    pub attempted_at: Option<Timestamp>,
    /// When it is attempted next; null if it is not.
    pub next_attempt_at: Option<Timestamp>,
}

pub(super) const COLUMNS: &str = "d.id, d.kind, d.state, d.attempts, d.status, d.answer, d.error, \
     d.happened_at, d.attempted_at, d.next_attempt_at";

impl EventCore {
    /// A page of the deliveries of a webhook of the actor, newest first: all, or those in a state. They are
    /// kept for 30 days.
    pub async fn webhook_deliveries(
        &self,
        actor: &Actor,
        webhook: WebhookId,
        state: Option<DeliveryState>,
        page: &PageRequest,
    ) -> Result<Page<WebhookDelivery>> {
        let owner = actor.signed_in()?.id;
        let keyset = Keyset::new(page, &format!("deliveries of {webhook} {state:?}"), Order::Descending)?;
        let position = keyset.position.unwrap_or(keyset.beginning());
        let mut db = self.db().read().await?;
        find(&mut db, owner, webhook).await?;
        let mut sql = SqlWriter::new(db.dialect());
        sql.push("SELECT ").push(COLUMNS).push(" FROM webhook_deliveries d WHERE d.webhook_id = ");
        sql.value(webhook.as_uuid());
        if let Some(state) = state {
            sql.push(" AND d.state = ").value(state.as_str());
        }
        sql.push(" AND d.id ").push(keyset.comparison()).push(" ").value(position.id);
        sql.push(" ORDER BY d.id ").push(keyset.direction()).push(" LIMIT ");
        sql.push(&keyset.fetch().to_string());
        let rows: Vec<WebhookDelivery> = sql.query(&mut db).all().await?;
        let total = if page.count {
            let mut sql = SqlWriter::new(db.dialect());
            sql.push("SELECT count(*) FROM webhook_deliveries WHERE webhook_id = ").value(webhook.as_uuid());
            if let Some(state) = state {
                sql.push(" AND state = ").value(state.as_str());
            }
            Some(sql.query(&mut db).scalar().await?)
        } else {
            None
        };
        Ok(Page { total, ..keyset.page(rows, |row| SortKey { number: 0, id: row.id.as_uuid() }) })
    }

    /// A delivery to a webhook of the actor.
    pub async fn webhook_delivery(
        &self,
        actor: &Actor,
        webhook: WebhookId,
        id: WebhookDeliveryId,
    ) -> Result<WebhookDelivery> {
        let owner = actor.signed_in()?.id;
        let mut db = self.db().read().await?;
        find(&mut db, owner, webhook).await?;
        load(&mut db, webhook, id).await
    }
}

/// Loads a delivery of a webhook.
pub(super) async fn load(
    db: &mut impl Queries,
    webhook: WebhookId,
    id: WebhookDeliveryId,
) -> Result<WebhookDelivery> {
    db.query(Sql::dynamic(format!(
        "SELECT {COLUMNS} FROM webhook_deliveries d WHERE d.id = $1 AND d.webhook_id = $2"
    )))
    .bind(id)
    .bind(webhook)
    .optional()
    .await?
    .ok_or(Error::NotFound("delivery"))
}

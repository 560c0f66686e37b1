//! Reading webhooks.

use super::webhook::{COLUMNS, Webhook, WebhookRow};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Sql};
use crate::error::{Error, Result};
use crate::id::{UserId, WebhookId};

impl EventCore {
    /// The actor's own webhooks, oldest first.
    pub async fn webhooks(&self, actor: &Actor) -> Result<Vec<Webhook>> {
        self.webhooks_of(actor.signed_in()?.id).await
    }

    /// One of the actor's own webhooks.
    pub async fn webhook(&self, actor: &Actor, id: WebhookId) -> Result<Webhook> {
        let owner = actor.signed_in()?.id;
        Ok(find(&mut self.db().read().await?, owner, id).await?.webhook(self.now()))
    }

    /// The webhooks of a user. Makes no permission check.
    pub(crate) async fn webhooks_of(&self, owner: UserId) -> Result<Vec<Webhook>> {
        let rows: Vec<WebhookRow> = self
            .db()
            .read()
            .await?
            .query(Sql::dynamic(format!(
                "SELECT {COLUMNS} FROM webhooks w WHERE w.user_id = $1 ORDER BY w.created_at, w.id"
            )))
            .bind(owner)
            .all()
            .await?;
        let now = self.now();
        Ok(rows.into_iter().map(|row| row.webhook(now)).collect())
    }
}

/// Finds a webhook of a user.
pub(super) async fn find(db: &mut impl Queries, owner: UserId, id: WebhookId) -> Result<WebhookRow> {
    db.query(Sql::dynamic(format!("SELECT {COLUMNS} FROM webhooks w WHERE w.id = $1 AND w.user_id = $2")))
        .bind(id)
        .bind(owner)
        .optional()
        .await?
        .ok_or(Error::NotFound("webhook"))
}

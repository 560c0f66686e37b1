//! Writing the deliveries of what has changed, in bounded batches.

use crate::db::{Queries, RowList, SqlWriter, Tx, sql};
use crate::error::{Error, Result};
use crate::id::{EventId, UserId, WebhookDeliveryId, WebhookId};
use crate::jobs::{Job, WebhookNews, WebhookSubject, enqueue};
use crate::time::Timestamp;

/// The changes of one transaction of the job. Others write between two of them.
const BATCH: usize = 100;

/// Writes the deliveries of the next changes. Returns what is left.
pub(crate) async fn spread(tx: &mut Tx, news: &WebhookNews, now: Timestamp) -> Result<Option<WebhookNews>> {
    let Some(first) = news.subjects.first() else { return Ok(None) };
    let event = match (first.event, first.occurrence) {
        (None, Some(occurrence)) => {
            let found = sql!("SELECT event_id FROM occurrences WHERE id = $1");
            let found: Option<(EventId,)> = tx.query(found).bind(occurrence).optional().await?;
            found.map(|(event,)| event)
        }
        (event, _) => event,
    };
    let webhooks = told(tx, news, event, &first.organizers).await?;
    let (batch, rest) = news.subjects.split_at(news.subjects.len().min(BATCH));
    if webhooks.is_empty() {
        return Ok(None);
    }
    write(tx, &webhooks, event, news, batch, now).await?;
    let rest = (!rest.is_empty()).then(|| WebhookNews { subjects: rest.to_vec(), ..news.clone() });
    Ok(rest)
}

/// The webhooks that are told, locked against deletion.
async fn told(
    tx: &mut Tx,
    news: &WebhookNews,
    event: Option<EventId>,
    former: &[UserId],
) -> Result<Vec<(WebhookId,)>> {
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("SELECT w.id FROM webhooks w JOIN users u ON u.id = w.user_id JOIN webhook_kinds k");
    sql.push(" ON k.webhook_id = w.id AND k.kind = ").value(news.change.as_str());
    sql.push(" WHERE w.disabled_at IS NULL AND w.created_at <= ").value(news.at);
    sql.push(" AND u.deleted_at IS NULL AND u.disabled_at IS NULL AND (");
    sql.push("(w.all_events AND u.role = 'admin') OR w.user_id IN (");
    sql.push("SELECT e.organizer_id FROM events e WHERE e.id = ").value(event.map(EventId::as_uuid));
    sql.push(" UNION ALL SELECT g.user_id FROM event_organizers g WHERE g.event_id = ");
    sql.value(event.map(EventId::as_uuid));
    sql.push(" UNION ALL SELECT v.id FROM ");
    sql.rows("v", RowList::default().ids("id", former.iter().map(|user| user.as_uuid())));
    sql.push(")) ORDER BY w.id").push_for_postgres(" FOR KEY SHARE OF w");
    Ok(sql.query(tx).all().await?)
}

async fn write(
    tx: &mut Tx,
    webhooks: &[(WebhookId,)],
    event: Option<EventId>,
    news: &WebhookNews,
    batch: &[WebhookSubject],
    now: Timestamp,
) -> Result<()> {
    let subjects: Vec<String> = batch
        .iter()
        .map(|subject| WebhookSubject { event, ..subject.clone() })
        .map(|subject| serde_json::to_string(&subject))
        .collect::<Result<_, _>>()
        .map_err(Error::internal)?;
    let rows: Vec<(WebhookDeliveryId, WebhookId, &String)> = subjects
        .iter()
        .flat_map(|subject| webhooks.iter().map(move |(webhook,)| (webhook, subject)))
        .map(|(webhook, subject)| (WebhookDeliveryId::at(now), *webhook, subject))
        .collect();
    let list = RowList::default()
        .ids("id", rows.iter().map(|(id, ..)| id.as_uuid()))
        .ids("webhook_id", rows.iter().map(|(_, webhook, _)| webhook.as_uuid()))
        .texts("subject", rows.iter().map(|(.., subject)| (*subject).clone()));
    let mut sql = SqlWriter::new(tx.dialect());
    sql.push("INSERT INTO webhook_deliveries (id, webhook_id, kind, subject, state, manual, happened_at,");
    sql.push(" created_at, next_attempt_at) SELECT v.id, v.webhook_id, ").value(news.change.as_str());
    sql.push(", v.subject, 'waiting', FALSE, ").value(news.at).push(", ").value(now).push(", ").value(now);
    sql.push(" FROM ").rows("v", list);
    sql.query(tx).execute().await?;
    let jobs: Vec<Job> = rows.iter().map(|(id, ..)| Job::SendWebhook { delivery: *id }).collect();
    enqueue(tx, &jobs, now, now).await
}

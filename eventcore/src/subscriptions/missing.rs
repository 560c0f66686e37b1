//! Events that a calendar lacks.

use super::ending::end_event;
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, RowList, SqlWriter, Tx, sql, transaction};
use crate::error::Result;
use crate::id::{EventId, SubscriptionId};
use crate::time::Timestamp;

/// Records which events a calendar lacks. `uids` are all that it has, also of what could not be imported.
pub(super) async fn mark(tx: &mut Tx, id: SubscriptionId, uids: &[String], now: Timestamp) -> Result<()> {
    let listed = || RowList::default().texts("uid", uids.iter().cloned());
    for is_listed in [true, false] {
        let mut sql = SqlWriter::new(tx.dialect());
        sql.push("UPDATE subscribed_events SET missing_since = ");
        sql.value(if is_listed { None } else { Some(now) });
        sql.push(" WHERE subscription_id = ").value(id.as_uuid());
        sql.push(if is_listed { " AND missing_since IS NOT NULL" } else { " AND missing_since IS NULL" });
        sql.push(if is_listed { " AND uid IN (" } else { " AND uid NOT IN (" });
        sql.push("SELECT v.uid FROM ").rows("v", listed()).push(")");
        sql.query(tx).execute().await?;
    }
    Ok(())
}

/// Ends the events that lie ahead and that the calendar lacked before `started` too, each in a transaction of
/// its own.
pub(super) async fn end_missing(
    core: &EventCore,
    actor: &Actor,
    id: SubscriptionId,
    started: Timestamp,
) -> Result<()> {
    let missing: Vec<(EventId,)> = {
        let mut db = core.db().read().await?;
        db.query(sql!(
            "SELECT DISTINCT m.event_id FROM subscribed_events m
             WHERE m.subscription_id = $1 AND m.missing_since < $2
                AND EXISTS (SELECT 1 FROM occurrences o
                    WHERE o.event_id = m.event_id AND o.status = 'scheduled' AND o.starts_at > $2)
             ORDER BY m.event_id"
        ))
        .bind(id)
        .bind(started)
        .all()
        .await?
    };
    for (event,) in missing {
        let now = core.now();
        transaction!(core.db(), |tx| end_event(tx, actor, id, event, true, now))?;
    }
    Ok(())
}

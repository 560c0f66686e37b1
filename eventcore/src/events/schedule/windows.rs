//! Storing the registration windows of occurrences as instants, so that lists filter by them.

use chrono_tz::Tz;
use sqlx::FromRow;

use crate::db::{Queries, Sql, Tx, batches, sql, values};
use crate::error::Result;
use crate::events::event::zone;
use crate::events::window::{OpenPeriod, RegistrationWindow, WindowEdge, WindowStart};
use crate::id::{EventId, OccurrenceId};
use crate::time::Timestamp;

#[derive(Debug, FromRow)]
struct StoredWindow {
    id: OccurrenceId,
    starts_at: Timestamp,
    registration_opens: Option<WindowEdge>,
    registration_closes: Option<WindowEdge>,
    #[sqlx(flatten)]
    period: OpenPeriod,
}

impl StoredWindow {
    /// The window by the overrides and the window of the event.
    fn computed(&self, event: RegistrationWindow, all_day: bool, tz: Tz) -> OpenPeriod {
        let own = RegistrationWindow { opens: self.registration_opens, closes: self.registration_closes };
        own.or(event).of(WindowStart { at: self.starts_at, all_day, tz })
    }
}

/// Computes the windows of the occurrences of an event that are not over, from their starts, their overrides
/// and the window of the event, and stores those that changed.
///
/// `all_day` and the time zone are those of the event. Requires locks on all its occurrences.
pub(crate) async fn update(
    tx: &mut Tx,
    event: EventId,
    window: RegistrationWindow,
    (all_day, tz): (bool, Tz),
    now: Timestamp,
) -> Result<()> {
    let stored: Vec<StoredWindow> = tx
        .query(sql!(
            "SELECT id, starts_at, registration_opens, registration_closes,
                registration_opens_at, registration_closes_at
             FROM occurrences WHERE event_id = $1 AND ends_at > $2"
        ))
        .bind(event)
        .bind(now)
        .all()
        .await?;
    let changed: Vec<(OccurrenceId, OpenPeriod)> = stored
        .iter()
        .map(|stored| (stored, stored.computed(window, all_day, tz)))
        .filter(|(stored, period)| stored.period != *period)
        .map(|(stored, period)| (stored.id, period))
        .collect();
    for batch in batches(&changed) {
        let text = format!(
            "UPDATE occurrences SET registration_opens_at = v.column2, registration_closes_at = v.column3
             FROM (VALUES {}) AS v WHERE occurrences.id = v.column1",
            values(batch.len(), 3, 1)
        );
        let mut query = tx.query(Sql::dynamic(text));
        for (id, period) in batch {
            query = query.bind(*id).bind(period.opens_at).bind(period.closes_at);
        }
        query.execute().await?;
    }
    Ok(())
}

#[derive(FromRow)]
struct AuditedWindow {
    #[sqlx(flatten)]
    stored: StoredWindow,
    event_opens: Option<WindowEdge>,
    event_closes: Option<WindowEdge>,
    all_day: bool,
    timezone: String,
}

/// The occurrences that are not over whose stored windows are not what their starts and their events say.
pub(crate) async fn wrong_windows(db: &mut impl Queries, now: Timestamp) -> Result<Vec<OccurrenceId>> {
    let rows: Vec<AuditedWindow> = db
        .query(sql!(
            "SELECT o.id, o.starts_at, o.registration_opens, o.registration_closes,
                o.registration_opens_at, o.registration_closes_at, e.all_day, e.timezone,
                e.registration_opens AS event_opens, e.registration_closes AS event_closes
             FROM occurrences o JOIN events e ON e.id = o.event_id
             WHERE o.ends_at > $1 AND (e.registration_opens IS NOT NULL OR e.registration_closes IS NOT NULL
                OR o.registration_opens IS NOT NULL OR o.registration_closes IS NOT NULL
                OR o.registration_opens_at IS NOT NULL OR o.registration_closes_at IS NOT NULL)"
        ))
        .bind(now)
        .all()
        .await?;
    let is_wrong = |row: &AuditedWindow| {
        let event = RegistrationWindow { opens: row.event_opens, closes: row.event_closes };
        row.stored.computed(event, row.all_day, zone(&row.timezone)) != row.stored.period
    };
    Ok(rows.iter().filter(|row| is_wrong(row)).map(|row| row.stored.id).collect())
}

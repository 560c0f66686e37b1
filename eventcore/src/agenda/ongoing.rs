//! Occurrences of several days, which take place on days on which they do not start.

use super::condition::is_multi_day;
use crate::core::EventCore;
use crate::db::{Queries, Sql};
use crate::error::Result;
use crate::events::{self, OCCURRENCE_COLUMNS, Occurrence, OccurrenceRow};
use crate::page::{Keyset, Order, Page, PageRequest, SortKey};
use crate::time::Timestamp;

impl EventCore {
    /// A page of the public occurrences that last longer than a day and overlap `from..to`, in order of their
    /// end.
    pub async fn ongoing(
        &self,
        from: Timestamp,
        to: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Occurrence>> {
        let keyset = Keyset::new(page, &format!("ongoing {from} {to}"), Order::Ascending)?;
        let position = keyset.position.unwrap_or(keyset.beginning());
        let mut db = self.db().read().await?;
        let multi_day = format!("o.listed AND {}", is_multi_day(db.dialect()));
        let rows: Vec<OccurrenceRow> = db
            .query(Sql::dynamic(format!(
                "SELECT {OCCURRENCE_COLUMNS} FROM occurrences o JOIN events e ON e.id = o.event_id
                    JOIN users u ON u.id = e.organizer_id
                 WHERE {multi_day} AND o.ends_at > $1 AND o.starts_at < $2 AND {}",
                keyset.beyond("o.ends_at", "o.id", 3)
            )))
            .bind(from)
            .bind(to)
            .bind(Timestamp::from_micros(position.number))
            .bind(position.id)
            .all()
            .await?;
        let total = if page.count {
            let text = format!(
                "SELECT count(*) FROM occurrences o WHERE {multi_day} AND o.ends_at > $1 AND o.starts_at < $2"
            );
            db.query(Sql::dynamic(text)).bind(from).bind(to).scalar().await?
        } else {
            None
        };
        let now = self.now();
        let page = keyset.page(rows, |row| SortKey { number: row.ends_at.as_micros(), id: row.id.as_uuid() });
        let mut page = page.map(|row| row.occurrence(now));
        events::add_recurrences(&mut db, &mut page.items).await?;
        Ok(Page { total, ..page })
    }
}

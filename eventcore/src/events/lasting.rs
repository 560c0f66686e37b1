//! Dates of several days, for those days on which none of them begins.

use super::days::is_multi_day;
use super::event::Occurrence;
use super::rows::{OCCURRENCE_COLUMNS, OccurrenceRow};
use crate::clock::Timestamp;
use crate::core::EventCore;
use crate::db::{Queries, Sql};
use crate::error::Result;
use crate::page::{Key, Keyset, Order, Page, PageRequest};

impl EventCore {
    /// A page of the dates that last for more than a day and take place at some time from `from` on and before `to`, those that end first before
    /// the others: of what everyone may find.
    pub async fn lasting(
        &self,
        from: Timestamp,
        to: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Occurrence>> {
        let keyset = Keyset::new(page, &format!("lasting {from} {to}"), Order::Ascending)?;
        let position = keyset.position.unwrap_or(keyset.beginning());
        let mut db = self.db().read().await?;
        let lasting = format!("o.listed AND {}", is_multi_day(db.dialect()));
        let rows: Vec<OccurrenceRow> = db
            .query(Sql::built(format!(
                "SELECT {OCCURRENCE_COLUMNS} FROM occurrences o JOIN events e ON e.id = o.event_id JOIN users u ON u.id = e.organizer_id
                 WHERE {lasting} AND o.ends_at > $1 AND o.starts_at < $2 AND {}",
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
                "SELECT count(*) FROM occurrences o WHERE {lasting} AND o.ends_at > $1 AND o.starts_at < $2"
            );
            db.query(Sql::built(text)).bind(from).bind(to).scalar().await?
        } else {
            None
        };
        let now = self.now();
        let page = keyset.page(rows, |row| Key { number: row.ends_at.as_micros(), id: row.id.as_uuid() });
        Ok(Page { total, ..page.map(|row| row.occurrence(now)) })
    }
}

//! Counting everything again: what the dates say of their seats must be what the registrations say, and what is of a date must be of its event.

use sqlx::FromRow;

use crate::core::EventCore;
use crate::db::{Queries, sql};
use crate::error::Result;
use crate::id::OccurrenceId;

/// A date that says something else than its registrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discrepancy {
    /// Which date.
    pub occurrence: OccurrenceId,
    /// What is wrong with it.
    pub what: String,
}

#[derive(FromRow)]
struct Counted {
    id: OccurrenceId,
    capacity: i64,
    seats_taken: i64,
    waitlist_length: i64,
    next_waitlist_number: i64,
    sit: i64,
    wait: i64,
    last_number: i64,
    strangers: i64,
    strange_feedback: i64,
    next_party: Option<i64>,
    hands_out: bool,
}

impl Counted {
    fn discrepancies(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.seats_taken != self.sit {
            wrong.push(format!("seats_taken is {}, and the parties hold {}", self.seats_taken, self.sit));
        }
        if self.waitlist_length != self.wait {
            wrong.push(format!("waitlist_length is {}, and {} wait", self.waitlist_length, self.wait));
        }
        if self.next_waitlist_number <= self.last_number {
            wrong.push(format!(
                "next_waitlist_number is {}, and {} is given out",
                self.next_waitlist_number, self.last_number
            ));
        }
        if self.strangers > 0 {
            wrong.push(format!("{} registrations name another event than the date's", self.strangers));
        }
        if self.strange_feedback > 0 {
            wrong.push(format!(
                "{} pieces of feedback name another event than the date's",
                self.strange_feedback
            ));
        }
        if let Some(party) = self.next_party
            && self.hands_out
            && self.sit + party <= self.capacity
        {
            wrong.push(format!(
                "a party of {party} waits, and {} of {} seats are free",
                self.capacity - self.sit,
                self.capacity
            ));
        }
        wrong
    }
}

impl EventCore {
    /// Counts the registrations of every date; answers where the date says something else, lets someone wait for seats that are free, or has what
    /// names another event.
    pub async fn recount(&self) -> Result<Vec<Discrepancy>> {
        let mut db = self.db().read().await?;
        // One statement, and so one moment.
        let rows: Vec<Counted> = db
            .query(sql!(
                "SELECT o.id, o.capacity, o.seats_taken, o.waitlist_length, o.next_waitlist_number,
                    CAST(coalesce(c.sit, 0) AS BIGINT) AS sit, CAST(coalesce(c.wait, 0) AS BIGINT) AS wait,
                    CAST(coalesce(c.last_number, 0) AS BIGINT) AS last_number, CAST(coalesce(c.strangers, 0) AS BIGINT) AS strangers,
                    coalesce(f.strangers, 0) AS strange_feedback,
                    (SELECT w.party_size FROM registrations w WHERE w.occurrence_id = o.id AND w.status = 'waitlisted' AND w.auto_promote
                        AND w.party_size <= o.capacity ORDER BY w.waitlist_number LIMIT 1) AS next_party,
                    o.status = 'scheduled' AND e.status = 'published' AND o.starts_at > $1 AS hands_out
                 FROM occurrences o JOIN events e ON e.id = o.event_id LEFT JOIN (
                    SELECT r.occurrence_id, sum(CASE WHEN r.status IN ('confirmed', 'attended') THEN r.party_size ELSE 0 END) AS sit,
                        sum(CASE WHEN r.status = 'waitlisted' THEN 1 ELSE 0 END) AS wait, max(r.waitlist_number) AS last_number,
                        sum(CASE WHEN r.event_id <> p.event_id THEN 1 ELSE 0 END) AS strangers
                    FROM registrations r JOIN occurrences p ON p.id = r.occurrence_id GROUP BY r.occurrence_id) c ON c.occurrence_id = o.id
                 LEFT JOIN (
                    SELECT s.occurrence_id, count(*) AS strangers FROM feedback s JOIN occurrences p ON p.id = s.occurrence_id
                    WHERE s.event_id <> p.event_id GROUP BY s.occurrence_id) f ON f.occurrence_id = o.id
                 WHERE c.occurrence_id IS NOT NULL OR f.occurrence_id IS NOT NULL OR o.seats_taken <> 0 OR o.waitlist_length <> 0"
            ))
            .bind(self.now())
            .all()
            .await?;
        let wrong = |row: Counted| {
            let id = row.id;
            row.discrepancies().into_iter().map(move |what| Discrepancy { occurrence: id, what })
        };
        Ok(rows.into_iter().flat_map(wrong).collect())
    }
}

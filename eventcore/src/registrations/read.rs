//! Reading registrations: one's own, and those of a date.

use sqlx::FromRow;

use super::locked_occurrence::Hall;
use super::positions::WaitlistPositions;
use super::registration::{
    COLUMNS, CountedRow, MyRegistration, POSITION, Registration, RegistrationRow, RegistrationStatus,
};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::placeholders;
use crate::db::{Dialect, Queries, Sql, sql};
use crate::error::{Error, Result};
use crate::events::{self, OCCURRENCE_COLUMNS, OccurrenceRow, Relation, Visibility};
use crate::id::{OccurrenceId, RegistrationId, UserId};
use crate::page::{Key, Keyset, Order, Page, PageRequest};
use crate::time::Timestamp;

impl EventCore {
    /// What the actor has at a date.
    ///
    /// # Errors
    /// `not_found` where they have nothing, or gave it up.
    pub async fn my_registration(&self, actor: &Actor, occurrence: OccurrenceId) -> Result<Registration> {
        let user = actor.signed_in()?.id;
        let mut db = self.db().read().await?;
        Hall::load(&mut db, actor, occurrence, None).await?.visible(actor)?;
        let row: Option<CountedRow> = db
            .query(Sql::built(format!(
                "SELECT {COLUMNS}, {POSITION} FROM registrations r JOIN users u ON u.id = r.user_id
                 WHERE r.occurrence_id = $1 AND r.user_id = $2 AND r.status <> 'cancelled'"
            )))
            .bind(occurrence)
            .bind(user)
            .optional()
            .await?;
        row.map(CountedRow::registration).ok_or(Error::NotFound("registration"))
    }

    /// One registration, for its user and for the organizers.
    pub async fn registration(&self, actor: &Actor, id: RegistrationId) -> Result<Registration> {
        actor.must_be_someone()?;
        let mut db = self.db().read().await?;
        let row: Option<CountedRow> = db
            .query(Sql::built(format!(
                "SELECT {COLUMNS}, {POSITION} FROM registrations r JOIN users u ON u.id = r.user_id WHERE r.id = $1"
            )))
            .bind(id)
            .optional()
            .await?;
        let counted = row.ok_or(Error::NotFound("registration"))?;
        if !actor.is(counted.row.user_id) {
            let seen = events::find(&mut db, actor, counted.row.event_id).await?;
            seen.organized().map_err(|_| Error::NotFound("registration"))?;
        }
        Ok(counted.registration())
    }

    /// A page of what the actor has or had, with the dates: what is ahead first, soonest first, then what is over, latest first.
    pub async fn my_registrations(
        &self,
        actor: &Actor,
        status: Option<RegistrationStatus>,
        page: &PageRequest,
    ) -> Result<Page<MyRegistration>> {
        let user = actor.signed_in()?.id;
        let now = self.now();
        let keyset = Keyset::new(page, &format!("registrations of {user} {status:?}"), Order::Ascending)?;
        let mut db = self.db().read().await?;
        let rank = rank(db.dialect());
        let position = keyset.position.unwrap_or(keyset.beginning());
        let rows: Vec<Ranked> = db
            .query(Sql::built(format!(
                "SELECT {COLUMNS}, {POSITION}, {rank} AS rank FROM registrations r JOIN users u ON u.id = r.user_id JOIN occurrences o ON o.id = r.occurrence_id
                 WHERE r.user_id = $1 AND r.status = coalesce($5, r.status) AND {}",
                keyset.beyond(rank, "r.id", 3)
            )))
            .bind(user)
            .bind(now)
            .bind(position.number)
            .bind(position.id)
            .bind(status)
            .all()
            .await?;
        let page_of_rows =
            keyset.page(rows, |row| Key { number: row.rank, id: row.counted.row.id.as_uuid() });
        let total = if page.count { Some(count_of_user(&mut db, user, status).await?) } else { None };
        let dates = dates(&mut db, actor, &page_of_rows.items).await?;
        let page = page_of_rows.map(|ranked| {
            let registration = ranked.counted.registration();
            let date = dates.iter().find(|date| date.id == registration.occurrence_id);
            // Registered twice, once in vain, is rare: the date is copied then.
            MyRegistration { occurrence: date.map(|date| date.clone().occurrence(now)), registration }
        });
        Ok(Page { total, ..page })
    }

    /// A page of the registrations of a date, for its organizers: in the order in which they came, or of the waitlist where `status` asks for that.
    pub async fn registrations(
        &self,
        actor: &Actor,
        occurrence: OccurrenceId,
        status: Option<RegistrationStatus>,
        page: &PageRequest,
    ) -> Result<Page<Registration>> {
        self.registrations_along(actor, occurrence, status, page, &mut WaitlistPositions::default()).await
    }

    /// The same, for whoever goes through all pages with one `walk`: places in the waitlist go on from those of the page before, where each page by
    /// itself counts them from the head of the list.
    pub async fn registrations_along(
        &self,
        actor: &Actor,
        occurrence: OccurrenceId,
        status: Option<RegistrationStatus>,
        page: &PageRequest,
        walk: &mut WaitlistPositions,
    ) -> Result<Page<Registration>> {
        actor.must_be_someone()?;
        let mut db = self.db().read().await?;
        Hall::load(&mut db, actor, occurrence, None).await?.organized(actor)?;
        let keyset =
            Keyset::new(page, &format!("registrations at {occurrence} {status:?}"), Order::Ascending)?;
        let waitlist = status == Some(RegistrationStatus::Waitlisted);
        let rows = of_date(&mut db, occurrence, status, &keyset).await?;
        let key = |row: &RegistrationRow| Key {
            number: if waitlist {
                row.waitlist_number.unwrap_or_default()
            } else {
                row.created_at.as_micros()
            },
            id: row.id.as_uuid(),
        };
        let total = if page.count { Some(count_of_date(&mut db, occurrence, status).await?) } else { None };
        let page = keyset.page(rows, key);
        let items = walk.positioned(&mut db, occurrence, page.items).await?;
        Ok(Page { items, next: page.next, previous: page.previous, total })
    }

    /// Everything that a user has or had, oldest first: for rooms that have checked who asks.
    pub(crate) async fn registrations_of(&self, user: UserId) -> Result<Vec<Registration>> {
        let mut db = self.db().read().await?;
        let rows: Vec<CountedRow> = db
            .query(Sql::built(format!(
                "SELECT {COLUMNS}, {POSITION} FROM registrations r JOIN users u ON u.id = r.user_id WHERE r.user_id = $1 ORDER BY r.created_at, r.id"
            )))
            .bind(user)
            .all()
            .await?;
        Ok(rows.into_iter().map(CountedRow::registration).collect())
    }
}

pub(super) async fn find(db: &mut impl Queries, id: RegistrationId) -> Result<Option<RegistrationRow>> {
    let text =
        format!("SELECT {COLUMNS} FROM registrations r JOIN users u ON u.id = r.user_id WHERE r.id = $1");
    Ok(db.query(Sql::built(text)).bind(id).optional().await?)
}

#[derive(FromRow)]
struct Ranked {
    #[sqlx(flatten)]
    counted: CountedRow,
    rank: i64,
}

/// What sorts dates that are ahead (`$2` is now) by their start, and those that are over behind them, backwards.
const fn rank(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => {
            "(CASE WHEN o.ends_at > $2 THEN o.starts_at ELSE 4000000000000000000 - o.starts_at END)"
        }
        Dialect::Postgres => {
            "(CASE WHEN o.ends_at > $2 THEN CAST(extract(epoch FROM o.starts_at) * 1000000 AS BIGINT)
              ELSE 4000000000000000000 - CAST(extract(epoch FROM o.starts_at) * 1000000 AS BIGINT) END)"
        }
    }
}

async fn count_of_user(
    db: &mut impl Queries,
    user: UserId,
    status: Option<RegistrationStatus>,
) -> Result<i64> {
    let count =
        sql!("SELECT count(*) FROM registrations WHERE user_id = $1 AND status = coalesce($2, status)");
    Ok(db.query(count).bind(user).bind(status).scalar().await?)
}

async fn count_of_date(
    db: &mut impl Queries,
    occurrence: OccurrenceId,
    status: Option<RegistrationStatus>,
) -> Result<i64> {
    let count =
        sql!("SELECT count(*) FROM registrations WHERE occurrence_id = $1 AND status = coalesce($2, status)");
    Ok(db.query(count).bind(occurrence).bind(status).scalar().await?)
}

/// A date, and what the actor is to its event.
#[derive(FromRow)]
struct SeenDate {
    #[sqlx(flatten)]
    date: OccurrenceRow,
    visibility: Visibility,
    co_organizes: bool,
    registered: bool,
}

/// The dates of registrations, as far as their user may see them.
async fn dates(db: &mut impl Queries, actor: &Actor, rows: &[Ranked]) -> Result<Vec<OccurrenceRow>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = db
        .query(Sql::built(format!(
            "SELECT {OCCURRENCE_COLUMNS}, e.visibility,
                EXISTS (SELECT 1 FROM event_organizers c WHERE c.event_id = e.id AND c.user_id = $1) AS co_organizes,
                EXISTS (SELECT 1 FROM registrations r WHERE r.event_id = e.id AND r.user_id = $1 AND r.status <> 'cancelled') AS registered
             FROM occurrences o JOIN events e ON e.id = o.event_id JOIN users u ON u.id = e.organizer_id WHERE o.id IN ({})",
            placeholders(rows.len(), 2)
        )))
        .bind(actor.user_id());
    for ranked in rows {
        query = query.bind(ranked.counted.row.occurrence_id);
    }
    let found: Vec<SeenDate> = query.all().await?;
    let holds = |date: OccurrenceId| {
        rows.iter().any(|Ranked { counted: CountedRow { row, .. }, .. }| {
            row.occurrence_id == date && row.held().is_some()
        })
    };
    let seen = found.into_iter().filter(|SeenDate { date, visibility, co_organizes, registered }| {
        let relation = Relation::of(actor, date.organizer_id, *co_organizes, *registered);
        holds(date.id) || relation.sees(date.event_status, *visibility)
    });
    Ok(seen.map(|seen| seen.date).collect())
}

async fn of_date(
    db: &mut impl Queries,
    occurrence: OccurrenceId,
    status: Option<RegistrationStatus>,
    keyset: &Keyset,
) -> Result<Vec<RegistrationRow>> {
    let waitlist = status == Some(RegistrationStatus::Waitlisted);
    let number = if waitlist { "r.waitlist_number" } else { "r.created_at" };
    // A literal, so that the index of the waitlist serves.
    let filter = status.map_or_else(String::new, |status| format!("AND r.status = '{status}'"));
    let position = keyset.position.unwrap_or(keyset.beginning());
    let query = db
        .query(Sql::built(format!(
            "SELECT {COLUMNS} FROM registrations r JOIN users u ON u.id = r.user_id
             WHERE r.occurrence_id = $1 {filter} AND {}",
            keyset.beyond(number, "r.id", 2)
        )))
        .bind(occurrence);
    let query = if waitlist {
        query.bind(position.number)
    } else {
        query.bind(Timestamp::from_micros(position.number))
    };
    Ok(query.bind(position.id).all().await?)
}

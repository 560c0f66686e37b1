//! Reading registrations: one's own, and those of an occurrence.

use sqlx::FromRow;

use super::occurrence_facts::OccurrenceFacts;
use super::positions::WaitlistPositions;
use super::registration::{
    COLUMNS, MyRegistration, POSITION, PositionedRow, Registration, RegistrationRow, RegistrationStatus,
};
use crate::accounts::{Caller, CallerRow, identify};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Dialect, Joinable, LeftJoined, Queries, Sql, SqlWriter, placeholders, sql};
use crate::error::{Error, Result};
use crate::events::{
    self, EventStatus, OCCURRENCE_COLUMNS, OccurrenceRow, Relation, Visibility, co_organizes, is_registered,
};
use crate::id::{OccurrenceId, RegistrationId, UserId};
use crate::page::{Keyset, Order, Page, PageRequest, SortKey};
use crate::time::Timestamp;

/// A user's registration for an occurrence, and what decides whether they may see that.
#[derive(FromRow)]
struct MyRegistrationRow {
    #[sqlx(flatten)]
    caller: CallerRow,
    organizer_id: UserId,
    event_status: EventStatus,
    visibility: Visibility,
    co_organizes: bool,
    is_registered: bool,
    #[sqlx(flatten)]
    registration: LeftJoined<PositionedRow>,
}

impl Joinable for PositionedRow {
    const KEY: &'static str = "id";
}

impl EventCore {
    /// The actor's live registration for an occurrence.
    ///
    /// # Errors
    /// `not_found` if there is none, or it was cancelled.
    pub async fn my_registration(
        &self,
        caller: impl Into<Caller>,
        occurrence: OccurrenceId,
    ) -> Result<Registration> {
        let (caller, now): (Caller, _) = (caller.into(), self.now());
        let user = caller.user_id().ok_or(Error::Unauthenticated)?.as_uuid();
        let mut db = self.db().read().await?;
        let mut sql = SqlWriter::new(db.dialect());
        sql.push("SELECT ").push(CallerRow::COLUMNS).push(", e.organizer_id, e.status AS event_status, ");
        let me = sql.placeholder(user);
        sql.push("e.visibility, ").push(&co_organizes("e.id", &me)).push(" AS co_organizes, ");
        sql.push(&is_registered("e.id", &me)).push(" AS is_registered, ");
        sql.push(COLUMNS).push(", ").push(POSITION);
        sql.push(" FROM occurrences o JOIN events e ON e.id = o.event_id LEFT JOIN registrations r ");
        sql.push("ON r.id = (SELECT m.id FROM registrations m WHERE m.occurrence_id = o.id ");
        sql.push("AND m.status <> 'cancelled' AND m.user_id = ").push(&me).push(")");
        sql.push(" LEFT JOIN users u ON u.id = r.user_id");
        CallerRow::push_join(&mut sql, &caller, now);
        sql.push(" WHERE o.id = ").value(occurrence.as_uuid());
        let found: Option<MyRegistrationRow> = sql.query(&mut db).optional().await?;
        let Some(found) = found else {
            identify(&mut db, &caller, now).await?;
            return Err(Error::NotFound("occurrence"));
        };
        let actor = found.caller.actor(&caller)?;
        let relation = Relation::of(&actor, found.organizer_id, found.co_organizes, found.is_registered);
        let seen = relation.must_see(found.event_status, found.visibility);
        seen.map_err(|error| error.rename_not_found("occurrence"))?;
        found.registration.0.map(PositionedRow::registration).ok_or(Error::NotFound("registration"))
    }

    /// A registration, for its user and for the organizers.
    pub async fn registration(&self, actor: &Actor, id: RegistrationId) -> Result<Registration> {
        actor.must_be_signed_in()?;
        let mut db = self.db().read().await?;
        let row: Option<PositionedRow> = db
            .query(Sql::dynamic(format!(
                "SELECT {COLUMNS}, {POSITION} FROM registrations r JOIN users u ON u.id = r.user_id
                 WHERE r.id = $1"
            )))
            .bind(id)
            .optional()
            .await?;
        let found = row.ok_or(Error::NotFound("registration"))?;
        if !actor.is(found.row.user_id) {
            let seen = events::find(&mut db, actor, found.row.event_id).await?;
            seen.must_organize().map_err(|_| Error::NotFound("registration"))?;
        }
        Ok(found.registration())
    }

    /// A page of the actor's registrations with their occurrences.
    ///
    /// Occurrences that are not over come first, soonest first; then past ones, latest first.
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
        let rows: Vec<RankedRow> = db
            .query(Sql::dynamic(format!(
                "SELECT {COLUMNS}, {POSITION}, {rank} AS rank FROM registrations r
                    JOIN users u ON u.id = r.user_id JOIN occurrences o ON o.id = r.occurrence_id
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
            keyset.page(rows, |row| SortKey { number: row.rank, id: row.positioned.row.id.as_uuid() });
        let total = if page.count { Some(count_of_user(&mut db, user, status).await?) } else { None };
        let occurrences = visible_occurrences(&mut db, actor, &page_of_rows.items).await?;
        let page = page_of_rows.map(|ranked| {
            let registration = ranked.positioned.registration();
            let occurrence = occurrences.iter().find(|row| row.id == registration.occurrence_id);
            // Cloned, because a user may have several registrations (cancelled ones) for one occurrence.
            MyRegistration { occurrence: occurrence.map(|row| row.clone().occurrence(now)), registration }
        });
        let mut page = Page { total, ..page };
        let occurrences = page.items.iter_mut().filter_map(|mine| mine.occurrence.as_mut());
        events::add_recurrences(&mut db, occurrences).await?;
        Ok(page)
    }

    /// A page of the registrations for an occurrence, for its organizers: in order of arrival, or in waitlist
    /// order if `status` is `waitlisted`.
    pub async fn registrations(
        &self,
        actor: &Actor,
        occurrence: OccurrenceId,
        status: Option<RegistrationStatus>,
        page: &PageRequest,
    ) -> Result<Page<Registration>> {
        let mut positions = WaitlistPositions::default();
        self.registrations_with_positions(actor, occurrence, status, page, &mut positions).await
    }

    /// A page of the registrations for an occurrence, for callers that read all pages in order.
    ///
    /// `positions` carries the waitlist numbering from page to page, which makes reading the whole list
    /// linear; [`EventCore::registrations`] counts positions from the head of the list for each page.
    pub async fn registrations_with_positions(
        &self,
        actor: &Actor,
        occurrence: OccurrenceId,
        status: Option<RegistrationStatus>,
        page: &PageRequest,
        positions: &mut WaitlistPositions,
    ) -> Result<Page<Registration>> {
        actor.must_be_signed_in()?;
        let mut db = self.db().read().await?;
        OccurrenceFacts::load(&mut db, actor, occurrence).await?.must_be_organized(actor)?;
        let keyset =
            Keyset::new(page, &format!("registrations at {occurrence} {status:?}"), Order::Ascending)?;
        let waitlist = status == Some(RegistrationStatus::Waitlisted);
        let rows = rows_of_occurrence(&mut db, occurrence, status, &keyset).await?;
        let key = |row: &RegistrationRow| SortKey {
            number: if waitlist {
                row.waitlist_number.unwrap_or_default()
            } else {
                row.created_at.as_micros()
            },
            id: row.id.as_uuid(),
        };
        let total =
            if page.count { Some(count_of_occurrence(&mut db, occurrence, status).await?) } else { None };
        let page = keyset.page(rows, key);
        let items = positions.number(&mut db, occurrence, page.items).await?;
        Ok(Page { next: page.next, previous: page.previous, total, ..Page::whole(items) })
    }

    /// All registrations of a user, cancelled ones included, oldest first. The caller has checked permission.
    pub(crate) async fn registrations_of(&self, user: UserId) -> Result<Vec<Registration>> {
        let mut db = self.db().read().await?;
        let rows: Vec<PositionedRow> = db
            .query(Sql::dynamic(format!(
                "SELECT {COLUMNS}, {POSITION} FROM registrations r JOIN users u ON u.id = r.user_id
                 WHERE r.user_id = $1 ORDER BY r.created_at, r.id"
            )))
            .bind(user)
            .all()
            .await?;
        Ok(rows.into_iter().map(PositionedRow::registration).collect())
    }
}

pub(super) async fn find(db: &mut impl Queries, id: RegistrationId) -> Result<Option<RegistrationRow>> {
    let text =
        format!("SELECT {COLUMNS} FROM registrations r JOIN users u ON u.id = r.user_id WHERE r.id = $1");
    Ok(db.query(Sql::dynamic(text)).bind(id).optional().await?)
}

#[derive(FromRow)]
struct RankedRow {
    #[sqlx(flatten)]
    positioned: PositionedRow,
    rank: i64,
}

/// The sort key: occurrences that are not over (`$2` is now) by start, then past ones in reverse.
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

async fn count_of_occurrence(
    db: &mut impl Queries,
    occurrence: OccurrenceId,
    status: Option<RegistrationStatus>,
) -> Result<i64> {
    let count =
        sql!("SELECT count(*) FROM registrations WHERE occurrence_id = $1 AND status = coalesce($2, status)");
    Ok(db.query(count).bind(occurrence).bind(status).scalar().await?)
}

/// An occurrence with what decides whether the actor may see it.
#[derive(FromRow)]
struct OccurrenceAccess {
    #[sqlx(flatten)]
    occurrence: OccurrenceRow,
    visibility: Visibility,
    co_organizes: bool,
    registered: bool,
}

/// The occurrences of registrations that the actor may see.
async fn visible_occurrences(
    db: &mut impl Queries,
    actor: &Actor,
    rows: &[RankedRow],
) -> Result<Vec<OccurrenceRow>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = db
        .query(Sql::dynamic(format!(
            "SELECT {OCCURRENCE_COLUMNS}, e.visibility,
                {} AS co_organizes, {} AS registered
             FROM occurrences o JOIN events e ON e.id = o.event_id JOIN users u ON u.id = e.organizer_id
             WHERE o.id IN ({})",
            co_organizes("e.id", "$1"),
            is_registered("e.id", "$1"),
            placeholders(rows.len(), 2)
        )))
        .bind(actor.user_id());
    for ranked in rows {
        query = query.bind(ranked.positioned.row.occurrence_id);
    }
    let found: Vec<OccurrenceAccess> = query.all().await?;
    let has_registration = |occurrence: OccurrenceId| {
        rows.iter().any(|RankedRow { positioned: PositionedRow { row, .. }, .. }| {
            row.occurrence_id == occurrence && row.holding().is_some()
        })
    };
    let visible = found.into_iter().filter(|access| {
        let OccurrenceAccess { occurrence, visibility, co_organizes, registered } = access;
        let relation = Relation::of(actor, occurrence.organizer_id, *co_organizes, *registered);
        has_registration(occurrence.id) || relation.sees(occurrence.event_status, *visibility)
    });
    Ok(visible.map(|access| access.occurrence).collect())
}

async fn rows_of_occurrence(
    db: &mut impl Queries,
    occurrence: OccurrenceId,
    status: Option<RegistrationStatus>,
    keyset: &Keyset,
) -> Result<Vec<RegistrationRow>> {
    let waitlist = status == Some(RegistrationStatus::Waitlisted);
    let number = if waitlist { "r.waitlist_number" } else { "r.created_at" };
    // A literal rather than a parameter, so that the partial index of the waitlist applies.
    let filter = status.map_or_else(String::new, |status| format!("AND r.status = '{status}'"));
    let position = keyset.position.unwrap_or(keyset.beginning());
    let query = db
        .query(Sql::dynamic(format!(
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

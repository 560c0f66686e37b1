//! The list of a user's notifications, and reading them.

use super::notification::{Notification, NotificationPage};
use super::row::{COLUMNS, NotificationRow, TABLES};
use crate::actor::Actor;
use crate::changes::Change;
use crate::core::EventCore;
use crate::db::{Queries, Sql, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::{NotificationId, UserId};
use crate::page::{Keyset, Order, Page, PageRequest, SortKey};
use crate::time::Timestamp;

impl EventCore {
    /// A page of the actor's notifications, newest first, and the number of all that are unread.
    pub async fn notifications(
        &self,
        actor: &Actor,
        unread: bool,
        page: &PageRequest,
    ) -> Result<NotificationPage> {
        let user = actor.signed_in()?.id;
        let keyset = Keyset::new(page, &format!("notifications of {user} {unread}"), Order::Descending)?;
        let position = keyset.position.unwrap_or(keyset.beginning());
        let which = if unread { "n.read_at IS NULL AND n.in_app" } else { "n.in_app" };
        let mut db = self.db().read().await?;
        let rows: Vec<NotificationRow> = db
            .query(Sql::dynamic(format!(
                "SELECT {COLUMNS} FROM {TABLES} WHERE n.user_id = $1 AND {which} AND n.id {} $2
                 ORDER BY n.id {} LIMIT {}",
                keyset.comparison(),
                keyset.direction(),
                keyset.fetch()
            )))
            .bind(user)
            .bind(position.id)
            .all()
            .await?;
        let unread_count = count_unread(&mut db, user).await?;
        let total = match (page.count, unread) {
            (false, _) => None,
            (true, true) => Some(unread_count),
            (true, false) => Some(count(&mut db, user).await?),
        };
        let page = keyset.page(rows, |row| SortKey { number: 0, id: row.id.as_uuid() });
        let (next, previous) = (page.next, page.previous);
        let items = page.items.into_iter().map(NotificationRow::notification).collect::<Result<_>>()?;
        Ok(NotificationPage { page: Page { next, previous, total, ..Page::whole(items) }, unread_count })
    }

    /// Marks a notification of the actor as read. Repeating it changes nothing.
    pub async fn read_notification(&self, actor: &Actor, id: NotificationId) -> Result<Notification> {
        let user = actor.writer()?.id;
        let now = self.now();
        transaction!(self.db(), |tx| read_one(tx, user, id, now))
    }

    /// Marks all notifications of the actor as read, or those up to `until`, which the client has shown.
    pub async fn read_all_notifications(&self, actor: &Actor, until: Option<NotificationId>) -> Result<()> {
        let user = actor.writer()?.id;
        let now = self.now();
        transaction!(self.db(), |tx| read_all(tx, user, until, now))
    }

    /// All notifications of a user, newest first. Makes no permission check.
    pub(crate) async fn notifications_of(&self, user: UserId) -> Result<Vec<Notification>> {
        let rows: Vec<NotificationRow> = self
            .db()
            .read()
            .await?
            .query(Sql::dynamic(format!(
                "SELECT {COLUMNS} FROM {TABLES} WHERE n.user_id = $1 ORDER BY n.id DESC"
            )))
            .bind(user)
            .all()
            .await?;
        rows.into_iter().map(NotificationRow::notification).collect()
    }
}

async fn count_unread(db: &mut impl Queries, user: UserId) -> Result<i64> {
    let count = sql!("SELECT count(*) FROM notifications WHERE user_id = $1 AND read_at IS NULL AND in_app");
    Ok(db.query(count).bind(user).scalar().await?)
}

async fn count(db: &mut impl Queries, user: UserId) -> Result<i64> {
    let count = sql!("SELECT count(*) FROM notifications WHERE user_id = $1 AND in_app");
    Ok(db.query(count).bind(user).scalar().await?)
}

async fn read_one(tx: &mut Tx, user: UserId, id: NotificationId, now: Timestamp) -> Result<Notification> {
    let read = tx
        .query(sql!(
            "UPDATE notifications SET read_at = $3
             WHERE user_id = $1 AND id = $2 AND read_at IS NULL AND in_app"
        ))
        .bind(user)
        .bind(id)
        .bind(now)
        .execute()
        .await?;
    record_read(tx, user, read);
    let row: Option<NotificationRow> = tx
        .query(Sql::dynamic(format!(
            "SELECT {COLUMNS} FROM {TABLES} WHERE n.user_id = $1 AND n.id = $2 AND n.in_app"
        )))
        .bind(user)
        .bind(id)
        .optional()
        .await?;
    row.ok_or(Error::NotFound("notification"))?.notification()
}

async fn read_all(tx: &mut Tx, user: UserId, until: Option<NotificationId>, now: Timestamp) -> Result<()> {
    let until = until.unwrap_or(NotificationId::from(uuid::Uuid::max()));
    let read = tx
        .query(sql!(
            "UPDATE notifications SET read_at = $3
             WHERE user_id = $1 AND id <= $2 AND read_at IS NULL AND in_app"
        ))
        .bind(user)
        .bind(until)
        .bind(now)
        .execute()
        .await?;
    record_read(tx, user, read);
    Ok(())
}

fn record_read(tx: &mut Tx, user: UserId, read: u64) {
    if read > 0 {
        tx.record(Change::NotificationsRead { user });
    }
}

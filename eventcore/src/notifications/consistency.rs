//! The consistency check of notifications.

use std::collections::HashSet;

use crate::core::EventCore;
use crate::db::{Queries, sql};
use crate::error::Result;
use crate::id::{RegistrationId, UserId};
use crate::reminder_list::ReminderList;

impl EventCore {
    /// What is wrong with notifications and reminders, as messages for the operator: notifications of users
    /// that do not exist or are deleted, and lead times that are never looked for. Changes nothing.
    pub async fn check_notifications(&self) -> Result<Vec<String>> {
        let mut db = self.db().read().await?;
        let ownerless: Vec<(UserId, i64)> = db
            .query(sql!(
                "SELECT n.user_id, count(*) FROM notifications n LEFT JOIN users u ON u.id = n.user_id
                 WHERE u.id IS NULL OR u.deleted_at IS NOT NULL GROUP BY n.user_id"
            ))
            .all()
            .await?;
        let mut found: Vec<String> = ownerless
            .iter()
            .map(|(user, count)| format!("user {user}: {count} notifications of no account"))
            .collect();
        let known: Vec<(String,)> = db.query(sql!("SELECT lead FROM reminder_leads")).all().await?;
        let known: HashSet<String> = known.into_iter().map(|(lead,)| lead).collect();
        let of_users: Vec<(UserId, String)> =
            db.query(sql!("SELECT id, reminders FROM users WHERE reminders IS NOT NULL")).all().await?;
        let of_registrations: Vec<(RegistrationId, String)> = db
            .query(sql!("SELECT id, reminders FROM registrations WHERE reminders IS NOT NULL"))
            .all()
            .await?;
        let users = of_users.into_iter().map(|(id, list)| (format!("user {id}"), list));
        let registrations =
            of_registrations.into_iter().map(|(id, list)| (format!("registration {id}"), list));
        for (owner, list) in users.chain(registrations) {
            match ReminderList::read(Some(&list)) {
                Err(_) => found.push(format!("{owner}: the reminders cannot be read: {list}")),
                Ok(list) => {
                    let unknown = list.as_slice().iter().map(ToString::to_string);
                    found.extend(
                        unknown
                            .filter(|lead| !known.contains(lead))
                            .map(|lead| format!("{owner}: the reminder {lead} is never looked for")),
                    );
                }
            }
        }
        Ok(found)
    }
}

//! Users of an embedding program, who are known by the ids that it gives them.

use super::create;
use super::input::NewUser;
use super::user::{self, User};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, Tx, sql, transaction};
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::time::Timestamp;

/// The longest external id, in bytes.
const MAX_EXTERNAL_ID: usize = 255;

/// What an embedding program tells of one of its users: see [`EventCore::user_for`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalUser {
    /// Without a username: a random one.
    account: NewUser,
    email_is_verified: bool,
}

impl ExternalUser {
    /// A user with an e-mail address, which no other user has, and a name of 1–100 characters for display.
    pub fn new(email: impl Into<String>, display_name: impl Into<String>) -> Self {
        Self { account: NewUser::new("", email).display_name(display_name), email_is_verified: false }
    }

    /// The username: 3–32 of `a-z 0-9 . _ -`. Default: a random one.
    #[must_use]
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.account.username = username.into();
        self
    }

    /// The IANA time zone in which the user is told times. Default: UTC.
    #[must_use]
    pub fn timezone(mut self, name: impl Into<String>) -> Self {
        self.account = self.account.timezone(name);
        self
    }

    /// Whether the program has verified the e-mail address. Default: false.
    #[must_use]
    pub const fn email_is_verified(mut self, verified: bool) -> Self {
        self.email_is_verified = verified;
        self
    }

    fn account(&self, id: UserId) -> NewUser {
        let mut account = self.account.clone();
        if account.username.is_empty() {
            // The last digits of the id are random.
            let digits: String = id.as_uuid().simple().to_string().chars().skip(16).collect();
            account.username = format!("user-{digits}");
        }
        account
    }
}

impl User {
    /// This user as an [`Actor`] with all permissions of their role, for embedding programs that authenticate
    /// users themselves. Read the user anew for each request: the role may have changed, and
    /// [`EventCore::user_for`] refuses those who are disabled.
    pub const fn actor(&self) -> Actor {
        Actor::user(self.id, self.role)
    }
}

impl EventCore {
    /// The user whom the embedding program knows by `external_id`, who is created at the first call, without
    /// a password. Later calls do not change them.
    ///
    /// ```
    /// use eventcore::accounts::ExternalUser;
    /// use eventcore::EventCore;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let core = EventCore::builder().temporary().open().await?;
    /// let member = ExternalUser::new("ada@example.org", "Ada Lovelace").email_is_verified(true);
    /// let ada = core.user_for("member 1815", &member).await?;
    /// assert_eq!(core.user_for("member 1815", &member).await?.id, ada.id);
    /// let page = core.notifications(&ada.actor(), false, &Default::default()).await?;
    /// assert!(page.page.items.is_empty());
    /// # core.close().await;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// `invalid_input`, with `/external_id` for one that is empty, longer than 255 bytes, or has control
    /// characters; `forbidden` if the user is disabled; `email_taken` and `username_taken` if another user,
    /// such as one without an external id, has them: see [`EventCore::link_user`].
    pub async fn user_for(&self, external_id: &str, user: &ExternalUser) -> Result<User> {
        check(external_id)?;
        if let Some(known) = self.find_external(external_id).await? {
            return Ok(known);
        }
        let now = self.now();
        let id = UserId::at(now);
        let account = user.account(id).validate(false)?;
        let verified_at = user.email_is_verified.then_some(now);
        let created = transaction!(self.db(), |tx| create::insert_external(
            tx,
            id,
            &account,
            external_id,
            verified_at,
            now
        ));
        match created {
            Ok(created) => Ok(created),
            // Perhaps another call has created them meanwhile.
            Err(error) => self.find_external(external_id).await?.ok_or(error),
        }
    }

    /// Lets the embedding program know an existing user by `external_id`, or not any more. Only the system
    /// may do so: who can choose their external id can be anyone.
    ///
    /// # Errors
    /// `forbidden` for other actors; `invalid_input` as [`EventCore::user_for`], and if another user has this
    /// external id; `not_found`.
    pub async fn link_user(&self, actor: &Actor, user: UserId, external_id: Option<&str>) -> Result<()> {
        actor.must_be_system()?;
        external_id.map_or(Ok(()), check)?;
        let now = self.now();
        transaction!(self.db(), |tx| link(tx, user, external_id, now))
    }

    /// The external id of a user. The caller checks permissions.
    pub(crate) async fn external_id_of(&self, user: UserId) -> Result<Option<String>> {
        let mut db = self.db().read().await?;
        let sql = sql!("SELECT external_id FROM users WHERE id = $1");
        let found: Option<(Option<String>,)> = db.query(sql).bind(user).optional().await?;
        Ok(found.and_then(|(external_id,)| external_id))
    }

    /// The user with an external id who is not deleted.
    ///
    /// # Errors
    /// `forbidden` if they are disabled.
    async fn find_external(&self, external_id: &str) -> Result<Option<User>> {
        let found: Option<user::UserRow> = self
            .db()
            .read()
            .await?
            .query(sql!("SELECT * FROM users WHERE external_id = $1 AND deleted_at IS NULL"))
            .bind(external_id.to_owned())
            .optional()
            .await?;
        match found {
            Some(row) if row.disabled_at.is_some() => Err(Error::Forbidden("this account is disabled")),
            found => Ok(found.map(User::from)),
        }
    }
}

fn check(external_id: &str) -> Result<()> {
    let fits = (1..=MAX_EXTERNAL_ID).contains(&external_id.len());
    if fits && !external_id.chars().any(char::is_control) {
        return Ok(());
    }
    let message = "must have 1 to 255 bytes, and no control characters";
    Err(Error::invalid("/external_id", "invalid", message))
}

async fn link(tx: &mut Tx, user: UserId, external_id: Option<&str>, now: Timestamp) -> Result<()> {
    let linked = tx
        .query(sql!(
            "UPDATE users SET external_id = $2, updated_at = $3, version = version + 1
             WHERE id = $1 AND deleted_at IS NULL"
        ))
        .bind(user)
        .bind(external_id.map(str::to_owned))
        .bind(now)
        .execute()
        .await
        .map_err(user::map_unique_violation)?;
    if linked == 0 { Err(Error::NotFound("user")) } else { Ok(()) }
}

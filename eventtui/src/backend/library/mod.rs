//! The API on a database, through the library.

mod accounts;
mod calendars;
mod categories;
mod comments;
mod events;
mod feedback;
mod live;
mod notifications;
mod occurrences;
mod registrations;
mod subscriptions;
mod tokens;
mod webhooks;

use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use eventcore::live::Followed;
use eventcore::{Actor, Cursor, Error, EventCore, PageRequest};

use super::dispatch::run;
use super::{ApiError, Backend, Closing, LiveFuture, Request, Updates, Work};
use crate::api::PAGE;
use crate::failure::Failure;

/// A database, and the user who is signed in.
pub(crate) struct Library {
    core: EventCore,
    name: String,
    actor: Mutex<Actor>,
    /// Whether other processes tell this one of changes.
    is_reached: AtomicBool,
}

impl Library {
    /// Opens the database at `url`, which must exist and have the current schema; `user` acts without a
    /// password.
    pub(crate) async fn open(url: &str, user: Option<&str>) -> Result<Self, Failure> {
        let core = EventCore::builder().url(url).refuse_foreign(true).migrate(false).open().await?;
        let actor = match user {
            None => Actor::Anonymous,
            Some(name) => {
                let profile = found(core.profile_by_username(name).await)?;
                let profile = profile.ok_or_else(|| format!("the database has no user {name:?}"))?;
                let user = core.user(&Actor::System, profile.id).await?;
                Actor::user(user.id, user.role)
            }
        };
        let path = url.split('?').next().unwrap_or(url);
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        Ok(Self { core, name, actor: Mutex::new(actor), is_reached: AtomicBool::new(false) })
    }

    fn actor(&self) -> Actor {
        *self.actor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn act_as(&self, actor: Actor) {
        *self.actor.lock().unwrap_or_else(PoisonError::into_inner) = actor;
    }
}

impl Backend for Library {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&self, request: Request) -> Work<'_> {
        Box::pin(run(self, request))
    }

    fn follow<'a>(
        &'a self,
        wanted: &'a Followed,
        resume: Option<&'a str>,
    ) -> LiveFuture<'a, Result<Box<dyn Updates>, ApiError>> {
        Box::pin(self.updates(wanted.clone(), resume))
    }

    fn close(&self) -> Closing<'_> {
        self.core.end_live_streams();
        Box::pin(self.core.close())
    }
}

fn page(cursor: Option<Cursor>) -> PageRequest {
    PageRequest::first(PAGE).at(cursor)
}

/// `None` instead of *not found*.
fn found<T>(outcome: Result<T, Error>) -> Result<Option<T>, Error> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

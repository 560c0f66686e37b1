//! The commands of the command line, one per file.

pub(crate) mod check;
pub(crate) mod copy;
pub(crate) mod demo;
mod demo_registrations;
mod jobs;
pub(crate) mod log;
pub(crate) mod migrate;
pub(crate) mod serve;
pub(crate) mod user;

use eventcore::db::{Db, PoolSizes};
use eventcore::{EventCore, Options};

use crate::config::{Config, Limits};

/// Connects to the database without migrating it.
async fn connect(config: &Config) -> eventcore::Result<EventCore> {
    let pools = PoolSizes { postgres: config.database_connections, ..PoolSizes::default() };
    EventCore::connect(
        &config.database,
        Options {
            pools,
            jwt_secret: config.jwt_secret.clone(),
            horizon: config.horizon,
            slows_guessing: config.limits == Limits::On,
            ..Options::default()
        },
    )
    .await
}

/// Connects to a database that must exist, for commands that change nothing. SQLite would create a missing
/// file.
async fn connect_existing(config: &Config) -> eventcore::Result<EventCore> {
    if let Some(file) = Db::missing_file(&config.database) {
        let reason = format!(
            "{} does not exist: name another file, or create it with `eventd migrate`",
            file.display()
        );
        return Err(eventcore::Error::Unavailable(reason));
    }
    connect(config).await
}

/// Connects to the database and migrates it.
async fn open(config: &Config) -> eventcore::Result<EventCore> {
    let core = connect(config).await?;
    core.migrate().await?;
    Ok(core)
}

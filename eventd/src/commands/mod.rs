//! What the commands of the command line do, a file each.

pub(crate) mod check;
pub(crate) mod copy;
pub(crate) mod demo;
mod demo_guests;
mod jobs;
pub(crate) mod log;
pub(crate) mod migrate;
pub(crate) mod serve;
pub(crate) mod user;

use eventcore::db::{Db, PoolSizes};
use eventcore::{EventCore, Options};

use crate::config::Config;

/// Opens the database as it is.
async fn connect(config: &Config) -> eventcore::Result<EventCore> {
    let pools = PoolSizes { postgres: config.database_connections, ..PoolSizes::default() };
    EventCore::connect(
        &config.database,
        Options {
            pools,
            jwt_secret: config.jwt_secret.clone(),
            horizon: config.horizon,
            ..Options::default()
        },
    )
    .await
}

/// Opens a database that is there, for commands that change nothing: not even a file that a mistyped name would make.
async fn connect_to_look(config: &Config) -> eventcore::Result<EventCore> {
    if let Some(file) = Db::missing_file(&config.database) {
        let why =
            format!("{} is not there: name another file, or make it with `eventd migrate`", file.display());
        return Err(eventcore::Error::Unavailable(why));
    }
    connect(config).await
}

/// Opens the database and brings its schema up to date.
async fn open(config: &Config) -> eventcore::Result<EventCore> {
    let core = connect(config).await?;
    core.migrate().await?;
    Ok(core)
}

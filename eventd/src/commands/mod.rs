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

use eventcore::db::PoolSizes;
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

/// Opens the database and brings its schema up to date.
async fn open(config: &Config) -> eventcore::Result<EventCore> {
    let core = connect(config).await?;
    core.migrate().await?;
    Ok(core)
}

//! The commands of the command line, one per file.

pub(crate) mod check;
pub(crate) mod copy;
pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod itip;
pub(crate) mod jobs;
pub(crate) mod log;
pub(crate) mod mail;
pub(crate) mod migrate;
pub(crate) mod secret;
pub(crate) mod serve;
mod table;
pub(crate) mod user;

use std::time::Duration;

use eventcore::db::PoolSettings;
use eventcore::{EventCore, Options, Quotas};

use crate::config::{Config, Limits};

fn options(config: &Config) -> Options {
    Options {
        pools: PoolSettings {
            postgres: config.database_connections,
            lock_timeout: config.lock_timeout,
            statement_timeout: config.statement_timeout,
            ..PoolSettings::default()
        },
        jwt_secret: config.jwt_secret.clone(),
        horizon: config.horizon,
        slows_guessing: config.limits == Limits::On,
        quotas: if config.limits == Limits::On { config.quotas } else { Quotas::UNLIMITED },
        require_verified_email: config.require_verified_email,
        webhooks: config.webhooks.clone(),
        zones: config.zones.clone(),
        ..Options::default()
    }
}

/// The options of commands that may read whole tables.
fn patient_options(config: &Config) -> Options {
    let mut options = options(config);
    options.pools.statement_timeout = Duration::ZERO;
    options
}

/// Connects to the database without migrating it. A missing SQLite file is created.
async fn connect(config: &Config) -> eventcore::Result<EventCore> {
    EventCore::connect(&config.database, options(config)).await
}

/// Connects to a database that must exist, without looking at its schema.
async fn connect_existing(config: &Config) -> eventcore::Result<EventCore> {
    EventCore::connect(&config.database, Options { must_exist: true, ..patient_options(config) }).await
}

/// Opens a database that must exist and have the current schema, for commands that create none.
async fn open_existing(config: &Config) -> eventcore::Result<EventCore> {
    EventCore::open_existing(&config.database, patient_options(config)).await
}

/// Connects to the database and migrates it.
async fn open(config: &Config) -> eventcore::Result<EventCore> {
    let core = connect(config).await?;
    core.migrate().await?;
    Ok(core)
}

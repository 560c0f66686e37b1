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
use eventcore::{Builder, EventCore, Quotas};

use crate::config::{Config, Limits};

/// The sizes and time limits of the connection pools.
fn pools(config: &Config) -> PoolSettings {
    PoolSettings {
        postgres: config.database_connections,
        lock_timeout: config.lock_timeout,
        statement_timeout: config.statement_timeout,
        ..PoolSettings::default()
    }
}

/// How much one account may create.
fn quotas(config: &Config) -> Quotas {
    if config.limits == Limits::On { config.quotas } else { Quotas::UNLIMITED }
}

/// The library on the configured database, before it is opened.
fn database(config: &Config) -> Builder {
    EventCore::builder()
        .url(&config.database)
        .refuse_foreign(true)
        .pools(pools(config))
        .jwt_secret(config.jwt_secret.clone())
        .horizon(config.horizon)
        .slows_guessing(config.limits == Limits::On)
        .quotas(quotas(config))
        .require_verified_email(config.require_verified_email)
        .webhooks(config.webhooks.clone())
        .zones(config.zones.clone())
}

/// As [`database`], for commands that may read whole tables of a database that must exist.
fn existing_database(config: &Config) -> Builder {
    let pools = PoolSettings { statement_timeout: Duration::ZERO, ..pools(config) };
    database(config).pools(pools).must_exist(true)
}

/// Opens a database that must exist and have the current schema, for commands that create none.
async fn open_existing(config: &Config) -> eventcore::Result<EventCore> {
    existing_database(config).migrate(false).open().await
}

/// Opens the database and migrates it.
async fn open(config: &Config) -> eventcore::Result<EventCore> {
    database(config).open().await
}

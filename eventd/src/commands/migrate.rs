//! `eventd migrate`.

use std::process::ExitCode;

use eventcore::db::Schema;

use crate::config::Config;
use crate::failure::Failure;

/// Migrates the schema, or, with `check`, only reports whether it is current.
pub(crate) async fn migrate(config: &Config, check: bool) -> Result<ExitCode, Failure> {
    let core = if check { super::connect_existing(config).await? } else { super::connect(config).await? };
    if !check {
        core.migrate().await?;
    }
    let schema = core.schema().await?;
    println!("{}", schema.refusal());
    core.close().await;
    Ok(if schema == Schema::Current { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

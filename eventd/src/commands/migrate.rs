//! `eventd migrate`.

use std::process::ExitCode;

use eventcore::db::Schema;

use crate::config::Config;
use crate::failure::Failure;
use crate::output::print_line;

/// Migrates the schema, or, with `check`, only reports whether it is current.
pub(crate) async fn migrate(config: &Config, check: bool) -> Result<ExitCode, Failure> {
    let core =
        if check { super::existing_database(config).connect().await? } else { super::open(config).await? };
    let schema = core.schema().await?;
    core.close().await;
    let exit = match schema {
        Schema::Current => ExitCode::SUCCESS,
        Schema::Empty | Schema::Behind(_) => ExitCode::FAILURE,
        // No migration helps.
        Schema::Newer | Schema::Unreleased | Schema::Foreign => return Err(schema.refusal().into()),
    };
    print_line(schema.refusal())?;
    Ok(exit)
}

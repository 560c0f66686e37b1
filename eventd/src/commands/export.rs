//! `eventd export`.

use std::process::ExitCode;

use eventcore::{Actor, EventCore};

use crate::config::Config;
use crate::failure::Failure;
use crate::output::print_line;

/// Prints all data about a user as JSON.
pub(crate) async fn export(config: &Config, username: &str) -> Result<ExitCode, Failure> {
    let core = super::open_existing(config).await?;
    let exported = as_json(&core, username).await;
    core.close().await;
    print_line(exported?)?;
    Ok(ExitCode::SUCCESS)
}

async fn as_json(core: &EventCore, username: &str) -> Result<String, Failure> {
    let user = core.profile_by_username(username).await?;
    let export = core.export_user(&Actor::System, user.id).await?;
    Ok(serde_json::to_string_pretty(&export)?)
}

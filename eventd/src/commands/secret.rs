//! `eventd secret`: the keys that sign access tokens.

use std::process::ExitCode;

use clap::Subcommand;
use eventcore::Actor;

use crate::config::Config;
use crate::failure::Failure;
use crate::output::print_line;

#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Sign access tokens with a new key; those that are signed with the old one stay valid until they expire
    Rotate {
        /// Refuse access tokens that are signed with the old key from now on; clients renew theirs by their
        /// refresh tokens
        #[arg(long)]
        at_once: bool,
    },
}

/// Runs the command as the system actor. Running servers follow at once.
pub(crate) async fn run(config: &Config, command: SecretCommand) -> Result<ExitCode, Failure> {
    let SecretCommand::Rotate { at_once } = command;
    let core = super::open_existing(config).await?;
    let rotated = core.rotate_signing_key(&Actor::System, at_once).await;
    core.close().await;
    rotated?;
    let old = if at_once {
        "are refused from now on"
    } else {
        "stay valid until they expire, for 15 minutes at most"
    };
    print_line(format!("access tokens are signed with a new key; those signed with the old one {old}"))?;
    Ok(ExitCode::SUCCESS)
}

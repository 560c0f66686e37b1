//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::commands;
use crate::config::{Config, Flags};
use crate::failure::Failure;

/// Publishes events over HTTP: accounts, events, the agenda, registration.
#[derive(Debug, Parser)]
#[command(name = "eventd", version, about, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Migrate the database and serve; what happens when no command is given
    Serve {
        /// Fill the database with people, events and registrations first, if it is empty
        #[arg(long)]
        demo: bool,
    },
    /// Bring the schema of the database up to date
    Migrate {
        /// Change nothing: say whether it is, and exit with 1 where it isn't
        #[arg(long)]
        check: bool,
    },
    /// Count all seats and waitlists again, change nothing, and exit with 1 where a date says something else than its registrations
    Check,
    /// Create, list and mend accounts
    #[command(subcommand)]
    User(commands::user::UserCommand),
    /// Fill an empty database with people, events and registrations to look at
    Demo,
    /// Copy an SQLite database as it is at this moment, while it is in use
    Backup {
        /// The copy, which must not exist yet
        file: PathBuf,
    },
    /// Bring a copy back; the database must not exist yet
    Restore {
        /// The copy
        file: PathBuf,
    },
    /// Print the OpenAPI document
    Openapi,
    /// Print the configuration in force and where each value came from, secrets hidden
    Config,
}

/// Reads the command line and does what it says.
pub(crate) async fn run() -> Result<ExitCode, Failure> {
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    if let Some(Command::Openapi) = cli.command {
        println!("{}", crate::http::document().to_pretty_json()?);
        return Ok(ExitCode::SUCCESS);
    }
    let innermost = matches.subcommand().map_or(&matches, |(_, inner)| inner);
    let config = Config::resolve(&cli.flags, &matches, innermost)?;
    commands::log::start(&config)?;
    match cli.command.unwrap_or(Command::Serve { demo: false }) {
        Command::Serve { demo } => commands::serve::serve(&config, demo).await,
        Command::Migrate { check } => commands::migrate::migrate(&config, check).await,
        Command::Check => commands::check::check(&config).await,
        Command::User(command) => commands::user::run(&config, command).await,
        Command::Demo => commands::demo::demo(&config).await,
        Command::Backup { file } => commands::copy::backup(&config, &file).await,
        Command::Restore { file } => commands::copy::restore(&config, &file).await,
        Command::Config => {
            print!("{config}");
            Ok(ExitCode::SUCCESS)
        }
        Command::Openapi => Ok(ExitCode::SUCCESS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}

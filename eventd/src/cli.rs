//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::commands;
use crate::config::{Config, Flags};
use crate::failure::Failure;

/// Event management over HTTP: accounts, events, registrations and feedback
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
    /// Migrate the database and serve (default)
    Serve {
        /// First fill the database with sample data, if it is empty
        #[arg(long)]
        demo: bool,
    },
    /// Migrate the database schema to this version
    Migrate {
        /// Only check the schema, and exit with 1 if it is not current
        #[arg(long)]
        check: bool,
    },
    /// Check seat counts and waitlists against registrations, and exit with 1 on a discrepancy
    Check,
    /// Create, list and repair accounts
    #[command(subcommand)]
    User(commands::user::UserCommand),
    /// Fill an empty database with sample data
    Demo,
    /// Back up an SQLite database, which may be in use
    Backup {
        /// The backup file, which must not exist yet
        file: PathBuf,
    },
    /// Restore an SQLite database, which must not exist yet, from a backup
    Restore {
        /// The backup file
        file: PathBuf,
    },
    /// Print the OpenAPI document
    Openapi,
    /// Print the configuration with the source of each value, and with secrets hidden
    Config,
}

/// Parses the command line and runs the command.
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
    fn the_command_line_is_valid() {
        Cli::command().debug_assert();
    }
}

//! The command line.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::commands;
use crate::config::{Config, Flags};
use crate::failure::Failure;
use crate::output::{print, print_line};

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
    /// Check the database file, and compare seat counts, waitlists, copied columns, the search index and
    /// reminders with what they derive from
    ///
    /// Exits with 1 on a discrepancy.
    Check,
    /// Create, list, change and delete accounts
    #[command(subcommand)]
    User(commands::user::UserCommand),
    /// Rotate the key that signs access tokens
    #[command(subcommand)]
    Secret(commands::secret::SecretCommand),
    /// List, show, retry and drop jobs: the work that workers do after requests, and the daily upkeep
    #[command(subcommand)]
    Jobs(commands::jobs::JobsCommand),
    /// Preview mails, and test the mail server
    #[command(subcommand)]
    Mail(commands::mail::MailCommand),
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
    /// Import events from an iCalendar file (.ics) of any program
    ///
    /// Each UID becomes an event of the user, or changes the event that it was imported as. It is stored
    /// whole or not at all. Limits per account do not count.
    Import(commands::import::ImportArguments),
    /// Print all data about a user as JSON
    Export {
        /// Username
        #[arg(long, value_name = "USERNAME")]
        user: String,
    },
    /// Take an attendee's answer to an invitation: a mail, or the text/calendar part of one
    ///
    /// The mail server hands over what is sent to the sender of mails (`--mail-from`), such as by a pipe to
    /// `eventd itip -`. Who declines is cancelled, and who accepts after that is registered again. An answer
    /// must have the UID of the attendee's own invitation, which is secret, and a mail must be from the
    /// attendee. The exit code is 0, 1 if the answer is refused, and 75 (`EX_TEMPFAIL`) if it may be taken
    /// later.
    Itip {
        /// The file; `-` is standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print the OpenAPI document
    Openapi,
    /// Print the configuration with the source of each value, and with secrets hidden
    Config,
    /// Print shell completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff)
    Man {
        /// Instead write a page for each command to this folder, such as ~/.local/share/man/man1
        #[arg(long, value_name = "FOLDER")]
        folder: Option<PathBuf>,
    },
}

/// Settings that the help of every command on a database shows. The others are for `serve`; all commands
/// take them, so that one environment or file serves all.
const SETTINGS_OF_ALL: [&str; 4] = ["database", "log", "config", "zoneinfo"];

/// The command line. Subcommands hide the settings that have no effect on them from their help.
fn command_line() -> clap::Command {
    let mut cli = Cli::command();
    // A copy that is defined on a subcommand takes the place of the global one there.
    let hidden = |cli: &clap::Command, shown: &[&str]| -> Vec<Arg> {
        let settings = cli.get_arguments().filter(|arg| arg.is_global_set());
        settings
            .filter(|arg| !shown.contains(&arg.get_id().as_str()))
            .map(|arg| arg.clone().hide(true))
            .collect()
    };
    let (most, all) = (hidden(&cli, &SETTINGS_OF_ALL), hidden(&cli, &[]));
    cli = cli.mut_subcommands(|command| match command.get_name() {
        "serve" | "config" | "mail" => command,
        "openapi" | "completions" | "man" => command.args(all.clone()),
        _ => command.args(most.clone()),
    });
    cli
}

fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command_line(), "eventd", &mut text);
    print(&String::from_utf8_lossy(&text))
}

fn manual(folder: Option<&Path>) -> Result<(), Failure> {
    if let Some(folder) = folder {
        let written = clap_mangen::generate_to(command_line(), folder);
        return Ok(written.map_err(|error| format!("cannot write to {}: {error}", folder.display()))?);
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(command_line()).render(&mut text)?;
    print(&String::from_utf8_lossy(&text))
}

/// Parses the command line and runs the command.
pub(crate) async fn run() -> Result<ExitCode, Failure> {
    let matches = command_line().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // These need no configuration.
    let printed = match &cli.command {
        Some(Command::Openapi) => Some(print_line(crate::http::document().to_pretty_json()?)),
        Some(Command::Completions { shell }) => Some(completions(*shell)),
        Some(Command::Man { folder }) => Some(manual(folder.as_deref())),
        _ => None,
    };
    if let Some(printed) = printed {
        return printed.map(|()| ExitCode::SUCCESS);
    }
    let innermost = matches.subcommand().map_or(&matches, |(_, inner)| inner);
    let config = Config::resolve(&cli.flags, &matches, innermost)?;
    let command = cli.command.unwrap_or(Command::Serve { demo: false });
    commands::log::start(&config, matches!(command, Command::Serve { .. }))?;
    match command {
        Command::Serve { demo } => commands::serve::serve(&config, demo).await,
        Command::Migrate { check } => commands::migrate::migrate(&config, check).await,
        Command::Check => commands::check::check(&config).await,
        Command::User(command) => commands::user::run(&config, command).await,
        Command::Secret(command) => commands::secret::run(&config, command).await,
        Command::Jobs(command) => commands::jobs::run(&config, command).await,
        Command::Mail(command) => commands::mail::run(&config, command).await,
        Command::Demo => commands::demo::demo(&config).await,
        Command::Backup { file } => commands::copy::backup(&config, &file).await,
        Command::Restore { file } => commands::copy::restore(&config, &file).await,
        Command::Import(arguments) => commands::import::import(&config, arguments).await,
        Command::Itip { file } => commands::itip::itip(&config, &file).await,
        Command::Export { user } => commands::export::export(&config, &user).await,
        Command::Config => {
            print(&config.to_string())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Openapi | Command::Completions { .. } | Command::Man { .. } => Ok(ExitCode::SUCCESS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_valid() {
        command_line().debug_assert();
    }
}

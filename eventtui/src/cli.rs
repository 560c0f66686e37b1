//! The command line, and what is generated from it.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::{CommandFactory, Parser, Subcommand};

use crate::commands;
use crate::failure::Failure;

/// The heading of the options that all commands have.
const SOURCE: &str = "Options of all commands";

/// Browse, attend and organize events in the terminal.
#[derive(Debug, Parser)]
#[command(name = "eventtui", version)]
pub(crate) struct Cli {
    /// Database to open directly [default: `DATABASE_URL`, the configured source, or an existing
    /// `sqlite://events.db`]
    #[arg(long, value_name = "URL", conflicts_with = "server", global = true, help_heading = SOURCE)]
    pub(crate) database: Option<String>,
    /// Server to connect to, such as `https://events.example.org`
    #[arg(long, value_name = "URL", global = true, help_heading = SOURCE)]
    pub(crate) server: Option<String>,
    /// Act as this user of the database, without a password
    #[arg(long = "as", value_name = "USER", conflicts_with = "server", global = true, help_heading = SOURCE)]
    pub(crate) user: Option<String>,
    /// My time zone, an IANA name [default: the configured one, `TZ`, or the system's]
    #[arg(long, value_name = "ZONE", global = true, help_heading = SOURCE)]
    pub(crate) timezone: Option<String>,
    /// Folder with compiled time zones, used unless they are older than those that are built in [default:
    /// that of the system, if its zones are newer]
    #[arg(long, env = "ZONEINFO", value_name = "FOLDER", global = true, help_heading = SOURCE)]
    pub(crate) zoneinfo: Option<PathBuf>,
    /// dark, light, contrast, plain, or a TOML file of colours [default: the configured one, or
    /// light if `COLORFGBG` tells a light background, or dark]
    #[arg(long, value_name = "THEME")]
    pub(crate) theme: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Commands for scripts, which need no terminal. Lists are aligned on a terminal, and separated by tabs in a
/// pipe.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List occurrences
    Agenda(commands::AgendaArgs),
    /// Search as on the screen: words, @location, #tag, in:category, is:free, from:day
    Search(commands::SearchArgs),
    /// Show one occurrence
    Show(commands::ShowArgs),
    /// Register for an occurrence
    Register(commands::RegisterArgs),
    /// List my registrations
    Mine(commands::MineArgs),
    /// List my notifications, newest first
    Notifications(commands::NotificationsArgs),
    /// Cancel my registration
    Cancel(commands::CancelArgs),
    /// Create an event
    New(commands::NewArgs),
    /// Check in attendees by their ticket codes
    CheckIn(commands::CheckInArgs),
    /// Sign in to a server; the sign-in is kept for all commands
    Login(commands::LoginArgs),
    /// Sign out of a server
    Logout,
    /// Create a personal access token and print it, for `EVENTTUI_TOKEN`
    Token(commands::TokenArgs),
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

/// Prints the completions of a shell.
pub(crate) fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "eventtui", &mut text);
    print(&text)
}

/// Prints the manual page as roff, or writes the page of each command to a folder.
pub(crate) fn manual(folder: Option<&Path>) -> Result<(), Failure> {
    if let Some(folder) = folder {
        let written = clap_mangen::generate_to(Cli::command(), folder);
        return Ok(written.map_err(|error| format!("cannot write to {}: {error}", folder.display()))?);
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut text)?;
    print(&text)
}

/// Prints to standard output. Its reader may close the pipe early, as `head` does.
fn print(text: &[u8]) -> Result<(), Failure> {
    match std::io::stdout().write_all(text) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => Ok(outcome?),
    }
}

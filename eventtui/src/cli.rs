//! The command line, and what is generated from it.

use std::io::Write;

use clap::{CommandFactory, Parser, Subcommand};

use crate::commands;
use crate::failure::Failure;

/// Browse, attend and organize events in the terminal.
#[derive(Debug, Parser)]
#[command(name = "eventtui", version)]
pub(crate) struct Cli {
    /// Database to open directly [default: `DATABASE_URL`, the configured source, or an existing
    /// `sqlite://events.db`]
    #[arg(long, value_name = "URL", conflicts_with = "server", global = true)]
    pub(crate) database: Option<String>,
    /// Server to connect to, such as `https://events.example.org`
    #[arg(long, value_name = "URL", global = true)]
    pub(crate) server: Option<String>,
    /// Act as this user of the database, without a password
    #[arg(long = "as", value_name = "USER", conflicts_with = "server", global = true)]
    pub(crate) user: Option<String>,
    /// My time zone, an IANA name [default: the configured one, `TZ`, or the system's]
    #[arg(long, value_name = "ZONE", global = true)]
    pub(crate) timezone: Option<String>,
    /// dark, light, contrast, plain, or a TOML file of colours [default: the configured one, or dark]
    #[arg(long, value_name = "THEME")]
    pub(crate) theme: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Commands for scripts, which need no terminal.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List occurrences
    Agenda(commands::AgendaArgs),
    /// Show one occurrence
    Show(commands::ShowArgs),
    /// Register for an occurrence
    Register(commands::RegisterArgs),
    /// Print shell completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff)
    Man,
}

/// Prints the completions of a shell.
pub(crate) fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "eventtui", &mut text);
    Ok(std::io::stdout().write_all(&text)?)
}

/// Prints the manual page as roff.
pub(crate) fn manual() -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut text)?;
    Ok(std::io::stdout().write_all(&text)?)
}

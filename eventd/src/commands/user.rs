//! `eventd user`: account administration for the operator.

use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use eventcore::accounts::{NewUser, OperatorAccount};
use eventcore::{Actor, EventCore, PageRequest, Role};
use serde_json::json;

use super::table::print_table;
use crate::config::Config;
use crate::failure::Failure;
use crate::output::{print, print_line};

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Create an account
    Create {
        /// Username: 3 to 32 of a-z, 0-9 and . _ -
        #[arg(long)]
        username: String,
        /// E-mail address
        #[arg(long)]
        email: String,
        /// Create an admin
        #[arg(long)]
        admin: bool,
        /// Read the password from the first line of standard input
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// List all accounts
    ///
    /// In a pipe, each line has these values, separated by tabs: username, role, active or disabled, e-mail
    /// address, display name, time of creation, id.
    List,
    /// Set a password, read from the first line of standard input, end all sessions of the user and revoke
    /// their personal access tokens
    ResetPassword {
        /// Username
        username: String,
    },
    /// Make a user an admin, or an admin a user
    SetRole {
        /// Username
        username: String,
        /// The new role
        role: RoleName,
    },
    /// Disable an account: its user cannot sign in
    Disable {
        /// Username
        username: String,
    },
    /// Enable a disabled account again
    Enable {
        /// Username
        username: String,
    },
    /// Delete an account and its personal data
    ///
    /// Upcoming events pass to a co-organizer or are cancelled, registrations are cancelled, comments and
    /// feedback stay under the name "deleted user".
    Delete {
        /// Username
        username: String,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
}

/// A role, as an argument.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RoleName {
    User,
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::User => Self::User,
            RoleName::Admin => Self::Admin,
        }
    }
}

/// Runs the command as the system actor. Only the creation of an account creates a missing database.
pub(crate) async fn run(config: &Config, command: UserCommand) -> Result<ExitCode, Failure> {
    let core = match command {
        UserCommand::Create { .. } => super::open(config).await?,
        _ => super::open_existing(config).await?,
    };
    let done = perform(&core, command).await;
    core.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn perform(core: &EventCore, command: UserCommand) -> Result<(), Failure> {
    let system = Actor::System;
    match command {
        UserCommand::Create { username, email, admin, password_stdin: _ } => {
            let role = Some(if admin { Role::Admin } else { Role::User });
            let new = NewUser {
                username,
                email,
                password: Some(password_from_stdin()?),
                role,
                ..NewUser::default()
            };
            let user = core.create_user(&system, &new).await?;
            print_line(format!("created {} ({}) with id {}", user.username, user.role, user.id))
        }
        UserCommand::List => list(core).await,
        UserCommand::ResetPassword { username } => {
            let user = core.reset_password(&system, &username, &password_from_stdin()?).await?;
            let ended = "all sessions ended and personal access tokens revoked";
            print_line(format!("password of {} changed, {ended}", user.username))
        }
        UserCommand::SetRole { username, role } => {
            let id = core.profile_by_username(&username).await?.id;
            let user = core.change_user(&system, id, &json!({"role": Role::from(role)}), None).await?;
            print_line(format!("the role of {} is {}", user.username, user.role))
        }
        UserCommand::Disable { username } => {
            let user = core.set_user_disabled(&system, &username, true).await?;
            print_line(format!("{} is disabled", user.username))
        }
        UserCommand::Enable { username } => {
            let user = core.set_user_disabled(&system, &username, false).await?;
            print_line(format!("{} is enabled", user.username))
        }
        UserCommand::Delete { username, yes } => delete(core, &username, yes).await,
    }
}

async fn delete(core: &EventCore, username: &str, yes: bool) -> Result<(), Failure> {
    let user = core.profile_by_username(username).await?;
    if !yes {
        if !std::io::stdin().is_terminal() {
            return Err("deleting an account cannot be undone: confirm it with --yes".into());
        }
        print(&format!("Deleting {} cannot be undone. Type the username to confirm: ", user.username))?;
        if line_from_stdin()? != user.username {
            return Err("not confirmed: nothing was deleted".into());
        }
    }
    core.delete_user(&Actor::System, user.id, None).await?;
    print_line(format!("deleted {}", user.username))
}

async fn list(core: &EventCore) -> Result<(), Failure> {
    let mut rows = Vec::new();
    let mut request = PageRequest::first(PageRequest::MAX_LIMIT);
    loop {
        let page = core.operator_accounts(&Actor::System, &request).await?;
        rows.extend(page.items.into_iter().map(row));
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => break,
        }
    }
    print_table(&["USERNAME", "ROLE", "STATUS", "E-MAIL", "NAME", "CREATED", "ID"], &rows)
}

fn row(OperatorAccount { user, disabled_at }: OperatorAccount) -> Vec<String> {
    vec![
        user.username,
        user.role.to_string(),
        if disabled_at.is_some() { "disabled" } else { "active" }.to_owned(),
        user.email.unwrap_or_default(),
        user.display_name,
        user.created_at.to_string(),
        user.id.to_string(),
    ]
}

fn line_from_stdin() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn password_from_stdin() -> Result<String, Failure> {
    let password = line_from_stdin()?;
    if password.is_empty() { Err("no password on standard input".into()) } else { Ok(password) }
}

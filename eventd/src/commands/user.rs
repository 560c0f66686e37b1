//! `eventd user`: account administration for the operator.

use std::io::BufRead;
use std::process::ExitCode;

use clap::Subcommand;
use eventcore::accounts::{NewUser, UserFilter};
use eventcore::{Actor, EventCore, PageRequest, Role};

use crate::config::Config;
use crate::failure::Failure;

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
    List,
    /// Set a password, read from the first line of standard input, and end all sessions of the user
    ResetPassword {
        /// Username
        username: String,
    },
    /// Disable an account: its user cannot sign in
    Disable {
        /// Username
        username: String,
        /// Enable the account again
        #[arg(long)]
        undo: bool,
    },
}

/// Runs the command as the system actor.
pub(crate) async fn run(config: &Config, command: UserCommand) -> Result<ExitCode, Failure> {
    let core = super::open(config).await?;
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
            println!("created {} ({}) with id {}", user.username, user.role, user.id);
        }
        UserCommand::List => list(core).await?,
        UserCommand::ResetPassword { username } => {
            let user = core.reset_password(&system, &username, &password_from_stdin()?).await?;
            println!("password of {} changed, all sessions ended", user.username);
        }
        UserCommand::Disable { username, undo } => {
            let user = core.set_user_disabled(&system, &username, !undo).await?;
            println!("{} {}", user.username, if undo { "is enabled" } else { "is disabled" });
        }
    }
    Ok(())
}

async fn list(core: &EventCore) -> Result<(), Failure> {
    let mut request = PageRequest::first(PageRequest::MAX_LIMIT);
    loop {
        let page = core.users(&Actor::System, &UserFilter::default(), &request).await?;
        for user in page.items {
            println!(
                "{}  {:<32}  {:<5}  {}",
                user.id,
                user.username,
                user.role,
                user.email.unwrap_or_default()
            );
        }
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(()),
        }
    }
}

fn password_from_stdin() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() { Err("no password on standard input".into()) } else { Ok(password.to_owned()) }
}

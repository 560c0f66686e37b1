//! `login`, `logout` and `token`: signing in for scripts.

use std::io::{BufRead, IsTerminal, Write};

use clap::Args;
use crossterm::event::{Event, KeyCode, KeyModifiers};
use eventcore::{Clock, SystemClock};

use super::output::{failure, print_line};
use crate::api::AccountsApi;
use crate::backend::Source;
use crate::client::Client;
use crate::failure::Failure;

/// Who signs in.
#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    /// Username or e-mail address [default: asked for]
    login: Option<String>,
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
}

/// Which token to create.
#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    /// Name of the token, to tell it from others
    #[arg(long, value_name = "NAME", default_value = "eventtui")]
    name: String,
    /// Permissions: read, or write
    #[arg(long, value_name = "SCOPE", default_value = "read")]
    scope: String,
    /// Days until it expires
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    days: u32,
    /// Username or e-mail address [default: who is signed in]
    #[arg(long, value_name = "NAME")]
    login: Option<String>,
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
}

pub(crate) async fn login(source: &Source<'_>, args: LoginArgs) -> Result<(), Failure> {
    let client = client(source)?;
    let login = match args.login {
        Some(login) => login,
        None if args.password_stdin => {
            return Err("name who signs in: eventtui login NAME --password-stdin".into());
        }
        None => ask("Username or e-mail address: ")?,
    };
    let password = password(args.password_stdin)?;
    client.sign_in(login.trim(), &password).await.map_err(failure)?;
    let me = client.me().await.map_err(failure)?;
    print_line(&format!("signed in as {}", me.map(|me| me.username).unwrap_or(login)))
}

pub(crate) async fn logout(source: &Source<'_>) -> Result<(), Failure> {
    client(source)?.sign_out().await.map_err(failure)?;
    print_line("signed out")
}

pub(crate) async fn token(source: &Source<'_>, args: TokenArgs) -> Result<(), Failure> {
    let client = client(source)?;
    let login = match args.login {
        Some(login) => login,
        None => client.login().await.ok_or("sign in first, or name yourself with --login")?,
    };
    let password = password(args.password_stdin)?;
    let expires = SystemClock.now().plus(std::time::Duration::from_hours(24 * u64::from(args.days)));
    let secret = client.create_token(&login, &password, &args.name, &args.scope, expires).await;
    print_line(&secret.map_err(failure)?)
}

/// The server of the source. A database needs no sign-in.
fn client(source: &Source<'_>) -> Result<Client, Failure> {
    match source.server {
        Some(server) => Client::new(server),
        None => Err("sign-in is to a server: name one with --server (a database takes --as USER)".into()),
    }
}

fn password(from_input: bool) -> Result<String, Failure> {
    if !from_input {
        return secret("Password: ");
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() { Err("standard input has no password".into()) } else { Ok(password.to_owned()) }
}

/// Asks on the terminal.
fn ask(question: &str) -> Result<String, Failure> {
    must_be_terminal()?;
    eprint!("{question}");
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

fn must_be_terminal() -> Result<(), Failure> {
    if std::io::stdin().is_terminal() {
        return Ok(());
    }
    Err("standard input is not a terminal: name yourself, and use --password-stdin".into())
}

/// The raw mode of the terminal, in which it does not show what is typed.
struct RawMode;

impl RawMode {
    fn enter() -> std::io::Result<Self> {
        crossterm::terminal::enable_raw_mode()?;
        Ok(Self)
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // Nothing can be done about a failure.
        let _ = crossterm::terminal::disable_raw_mode();
        eprintln!();
    }
}

/// Asks on the terminal for a text that it does not show.
fn secret(question: &str) -> Result<String, Failure> {
    must_be_terminal()?;
    eprint!("{question}");
    std::io::stderr().flush()?;
    let _raw = RawMode::enter()?;
    let mut typed = String::new();
    loop {
        let Event::Key(key) = crossterm::event::read()? else { continue };
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            _ if !key.is_press() => {}
            KeyCode::Enter => return Ok(typed),
            KeyCode::Esc => return Err("cancelled".into()),
            KeyCode::Char('c' | 'd') if control => return Err("cancelled".into()),
            KeyCode::Char('u') if control => typed.clear(),
            KeyCode::Backspace => _ = typed.pop(),
            KeyCode::Char(letter) if !control => typed.push(letter),
            _ => {}
        }
    }
}

//! A terminal client for events: the agenda of a database or of a server.

mod agenda;
mod backend;
mod terminal;
mod view;

use std::io::IsTerminal;
use std::process::ExitCode;

use chrono_tz::Tz;
use clap::Parser;
use crossterm::event::{Event, EventStream};
use futures_util::StreamExt;
use tokio::sync::mpsc;

use agenda::{Effect, Message, State};
use backend::Backend;

/// Browse events in the terminal.
#[derive(Debug, Parser)]
#[command(name = "eventtui", version, about)]
struct Cli {
    /// The database to open directly [default: `sqlite://events.db`, if that file exists]
    #[arg(long, env = "DATABASE_URL", value_name = "URL", conflicts_with = "server", hide_env_values = true)]
    database: Option<String>,
    /// The server to talk to, such as `https://events.example.org`
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The time zone in which times are shown; that of each event when nothing is said
    #[arg(long, env = "TZ", value_name = "ZONE")]
    timezone: Option<String>,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("eventtui: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    // A TZ that names no IANA zone is the machine's business, not a mistake of ours.
    let zone: Option<Tz> = cli.timezone.as_deref().and_then(|name| name.parse().ok());
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err("needs a terminal to draw on".into());
    }
    let backend = Backend::open(cli.database.as_deref(), cli.server.as_deref()).await?;
    let state = State::new(backend.place(), zone);
    let mut screen = terminal::Screen::enter()?;
    let outcome = show(&mut screen, state, &backend).await;
    drop(screen);
    backend.close().await;
    outcome
}

/// The one loop: messages change the state, the state is drawn, effects run beside it.
async fn show(screen: &mut terminal::Screen, mut state: State, backend: &Backend) -> Result<(), Failure> {
    let (sender, mut answers) = mpsc::unbounded_channel();
    let mut keys = EventStream::new();
    let mut stop = terminal::told_to_stop()?;
    let mut effects = state.begin();
    loop {
        for effect in effects.drain(..) {
            match effect {
                Effect::Quit => return Ok(()),
                Effect::Load(cursor) => {
                    let (backend, sender) = (backend.clone(), sender.clone());
                    tokio::spawn(async move {
                        let page = backend.agenda(cursor.clone()).await.map_err(|error| error.to_string());
                        // Nobody listens any more once the program ends.
                        drop(sender.send(Message::Loaded(cursor, page)));
                    });
                }
            }
        }
        screen.draw(|frame| view::draw(frame, &mut state))?;
        let message = tokio::select! {
            Some(answer) = answers.recv() => answer,
            event = keys.next() => match event {
                Some(Ok(Event::Key(key))) if key.is_press() => Message::Key(key.code, key.modifiers),
                Some(Ok(_)) => continue,
                Some(Err(error)) => return Err(error.into()),
                None => return Ok(()),
            },
            Some(()) = stop.recv() => return Ok(()),
        };
        effects = state.update(message);
    }
}

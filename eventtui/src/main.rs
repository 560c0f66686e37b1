//! A terminal client for events: on a database, through the library, or on a server, over HTTP.

mod app;
mod backend;
mod config;
mod drafts;
mod elsewhere;
mod failure;
mod files;
mod first_run;
mod input;
mod keep;
mod keys;
mod markdown;
mod message;
mod places;
mod plain;
mod screens;
mod search_filter;
mod spoken;
mod status;
mod terminal;
mod theme;
mod view;
mod view_context;
mod widgets;

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;
use clap::{Parser, Subcommand};
use crossterm::event::{Event, MouseEventKind};
use eventcore::{Clock, SystemClock, Violation};
use tokio::sync::mpsc;
use tokio::time::Instant;

use app::App;
use backend::{Backend, Cause, Refusal, Source};
use config::{Config, Start};
use drafts::Store;
use failure::Failure;
use keys::Key;
use message::{Effect, Message, Settled};
use theme::Theme;
use view_context::ViewContext;

/// Browse events, come to them, and organize them, in the terminal.
#[derive(Debug, Parser)]
#[command(name = "eventtui", version, about)]
struct Cli {
    /// The database to open directly [default: `DATABASE_URL`, else what the configuration names, else `sqlite://events.db`, if that file exists]
    #[arg(long, value_name = "URL", conflicts_with = "server", global = true)]
    database: Option<String>,
    /// The server to talk to, such as `https://events.example.org`
    #[arg(long, value_name = "URL", global = true)]
    server: Option<String>,
    /// Act as this user of the database, without a password: for who owns the file
    #[arg(long = "as", value_name = "USER", conflicts_with = "server", global = true)]
    user: Option<String>,
    /// My time zone, an IANA name [default: the configuration's, else TZ, else the machine's]
    #[arg(long, value_name = "ZONE", global = true)]
    timezone: Option<String>,
    /// dark, light, contrast, plain, or a TOML file with a colour for each meaning [default: the configuration's, else dark]
    #[arg(long, value_name = "THEME")]
    theme: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// For scripts and pipes: what needs no terminal.
#[derive(Debug, Subcommand)]
enum Command {
    /// Print what is coming
    Agenda(plain::AgendaArgs),
    /// Print one date with all about it
    Show(plain::ShowArgs),
    /// Register for a date
    Register(plain::RegisterArgs),
    /// Print the completions of a shell
    Completions {
        /// Whose
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// The theme of who names none.
const DARK: &str = "dark";

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
    let config = Config::open(config::file().as_deref())?;
    let zone = my_zone(cli.timezone.as_deref(), config.timezone)?;
    let mut source = Source {
        database: cli.database.as_deref(),
        server: cli.server.as_deref(),
        user: cli.user.as_deref(),
    };
    let named = std::env::var("DATABASE_URL").ok().filter(|url| !url.is_empty());
    if source.database.is_none() && source.server.is_none() {
        source.database = named.as_deref();
    }
    if source.database.is_none() && source.server.is_none() {
        match &config.start {
            Some(Start::Database(url)) => source.database = Some(url),
            // Who acts as someone means a database, and here is none but that in the folder.
            Some(Start::Server(address)) if source.user.is_none() => source.server = Some(address),
            _ => {}
        }
    }
    match cli.command {
        Some(Command::Completions { shell }) => plain::completions(shell),
        Some(Command::Man) => plain::manual(),
        Some(Command::Agenda(args)) => plain::agenda(&source, zone, args).await,
        Some(Command::Show(args)) => plain::show(&source, args).await,
        Some(Command::Register(args)) => plain::register(&source, args).await,
        None => {
            let theme = cli.theme.as_deref().or(config.theme.as_deref()).unwrap_or(DARK);
            full_screen(&source, zone, theme, config.clone()).await
        }
    }
}

/// The zone of the machine is a wish; a zone that is named is meant.
fn my_zone(named: Option<&str>, preferred: Option<Tz>) -> Result<Tz, Failure> {
    if let Some(name) = named {
        return Ok(config::zone(name)?);
    }
    if let Some(zone) = preferred {
        return Ok(zone);
    }
    let told = std::env::var("TZ").ok().and_then(|name| name.trim_start_matches(':').parse().ok());
    let machine = told.or_else(|| iana_time_zone::get_timezone().ok()?.parse().ok());
    Ok(machine.unwrap_or(Tz::UTC))
}

fn my_theme(named: &str) -> Result<Theme, Failure> {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if no_colour { Ok(Theme::PLAIN) } else { Theme::open(named) }
}

/// Keeps preferences, if they can hold.
fn settle(config: Config) -> Result<Settled, Refusal> {
    let refused = |pointer: &str, error: Failure| {
        let message = error.to_string();
        let wrong =
            Violation { pointer: pointer.to_owned(), code: "invalid".into(), message: message.clone() };
        Refusal { message, fields: vec![wrong], cause: Cause::Other }
    };
    let theme =
        my_theme(config.theme.as_deref().unwrap_or(DARK)).map_err(|error| refused("/theme", error))?;
    let mine = my_zone(None, config.timezone).map_err(|error| refused("/timezone", error))?;
    config.keep(config::file().as_deref()).map_err(|error| refused("", error.into()))?;
    Ok(Settled { config, theme, mine })
}

async fn full_screen(source: &Source<'_>, zone: Tz, theme: &str, config: Config) -> Result<(), Failure> {
    let theme = my_theme(theme)?;
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err("needs a terminal to draw on; `eventtui agenda` prints to a pipe".into());
    }
    let mut screen = None;
    let mut greeting = None;
    let mut source = source.clone();
    if source.is_nothing() {
        let screen = screen.insert(terminal::Screen::enter()?);
        match first_run::offer(screen, theme).await? {
            first_run::Begun::Ready(said) => greeting = said,
            first_run::Begun::Left => return Ok(()),
        }
        source.database = Some(first_run::DATABASE);
    }
    let backend = backend::open(&source).await?;
    let began = SystemClock.now().to_utc();
    let view = ViewContext {
        theme,
        my_zone: zone,
        in_my_zone: config.in_mine,
        now: began.with_timezone(&zone).naive_local(),
        unrated: HashSet::new(),
        my_statuses: HashMap::new(),
    };
    let mut app = App::new(backend.place(), view, began);
    app.with_config(config);
    let drafts = Arc::new(Store::of_user(&source));
    if drafts.is_there() {
        app.with_drafts(drafts.open());
    }
    if let Some(greeting) = greeting {
        app.greet(greeting);
    }
    let mut screen = match screen {
        Some(screen) => screen,
        None => terminal::Screen::enter()?,
    };
    let outcome = show(&mut screen, &mut app, &backend, &drafts).await;
    drop(screen);
    // However it ended, by a signal or because something went wrong: what was being typed is there the next time.
    for (of, draft) in app.last_drafts() {
        if let Err(why) = drafts.set(drafts.turn(), &of, draft.as_ref()) {
            eprintln!("eventtui: what you typed is not kept: {why}");
        }
    }
    backend.close().await;
    outcome
}

/// The one loop: messages change the state, the state is drawn, effects run beside it.
async fn show(
    screen: &mut terminal::Screen,
    app: &mut App,
    backend: &Arc<dyn Backend>,
    drafts: &Arc<Store>,
) -> Result<(), Failure> {
    let (sender, mut answers) = mpsc::unbounded_channel();
    let began = Instant::now();
    let since = || u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut input = input::Input::listen()?;
    let mut signals = terminal::Signals::listen()?;
    let (width, height) = screen.size()?;
    app.update(since(), Message::Resized { width, height });
    let mut effects = app.begin();
    let mut running = tokio::task::JoinSet::new();
    loop {
        let mut quits = false;
        let mut queue = VecDeque::from(std::mem::take(&mut effects));
        while let Some(effect) = queue.pop_front() {
            match effect {
                Effect::Quit => quits = true,
                Effect::Copy(text) => terminal::copy(&text)?,
                Effect::Browse(url) => {
                    if let Err(why) = elsewhere::browse(&url) {
                        queue.extend(app.update(since(), Message::Failed(why)));
                    }
                }
                Effect::Write(text) => {
                    let written = match elsewhere::editor() {
                        Ok(editor) => {
                            // Nothing is read from the terminal while nobody asks `input`.
                            terminal::leave();
                            let written = elsewhere::write(&editor, &text, &mut signals).await;
                            screen.resume()?;
                            written
                        }
                        Err(why) => Err(why),
                    };
                    // It is there before anything else is: no frame without it is drawn, and no key that was typed meanwhile comes before it.
                    queue.extend(app.update(since(), written.map_or_else(Message::Failed, Message::Written)));
                    quits |= signals.ends;
                }
                Effect::Keep { name, text } => {
                    let sender = sender.clone();
                    running.spawn_blocking(move || {
                        let kept = keep::keep(&name, &text);
                        drop(sender.send(kept.map_or_else(Message::Failed, Message::Kept)));
                    });
                }
                Effect::Draft { of, draft } => {
                    let (drafts, turn, sender) = (drafts.clone(), drafts.turn(), sender.clone());
                    running.spawn_blocking(move || {
                        if let Err(why) = drafts.set(turn, &of, draft.as_ref()) {
                            drop(sender.send(Message::Unkept(why)));
                        }
                    });
                }
                Effect::Prefer(config) => {
                    let sender = sender.clone();
                    running.spawn_blocking(move || {
                        drop(sender.send(Message::Preferred(settle(config).map(Box::new))));
                    });
                }
                Effect::Run { ticket, request } => {
                    let (backend, sender) = (backend.clone(), sender.clone());
                    running.spawn(async move {
                        let outcome = backend.run(request).await;
                        panic_if_told("work");
                        // Nobody listens any more once the program ends.
                        drop(sender.send(Message::Answered { ticket, outcome }));
                    });
                }
            }
        }
        if quits {
            return finish(running).await;
        }
        screen.draw(|frame| view::draw(frame, app))?;
        panic_if_told("loop");
        let wakes_at = app.wakes_at().map(|at| began + Duration::from_millis(at));
        let message = tokio::select! {
            Some(answer) = answers.recv() => answer,
            event = input.next() => match event.map(read) {
                Ok(Some(Heard::Message(message))) => message,
                Ok(Some(Heard::Suspend)) => {
                    suspend(screen)?;
                    continue;
                }
                Ok(None) => continue,
                // A terminal that was closed says so by a signal as well.
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error.into()),
            },
            signal = signals.next() => match signal {
                terminal::Told::End | terminal::Told::Interrupt => return Ok(()),
                terminal::Told::Stop => {
                    suspend(screen)?;
                    continue;
                }
            },
            // Work that panicked has given the terminal back already: there is nothing left to draw on.
            Some(done) = running.join_next() => {
                done?;
                continue;
            }
            () = sleep_until(wakes_at) => Message::Tick,
        };
        effects = app.update(since(), message);
    }
}

/// Panics where a test names the place, to see what becomes of the terminal. A release knows nothing of it.
#[cfg(debug_assertions)]
fn panic_if_told(place: &str) {
    let told = std::env::var_os("EVENTTUI_PANIC").is_some_and(|told| told == place);
    assert!(!told, "this is the panic that was asked for");
}

#[cfg(not(debug_assertions))]
const fn panic_if_told(_place: &str) {}

/// Lets what was asked for last, such as giving up a place, reach its end.
async fn finish(mut running: tokio::task::JoinSet<()>) -> Result<(), Failure> {
    let all = async { while running.join_next().await.is_some() {} };
    // Who quits does not wait long for a server that is away.
    let _ = tokio::time::timeout(Duration::from_secs(2), all).await;
    Ok(())
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// What a terminal event means.
enum Heard {
    Message(Message),
    Suspend,
}

fn read(event: Event) -> Option<Heard> {
    use crossterm::event::{KeyCode, KeyModifiers};
    Some(Heard::Message(match event {
        Event::Key(key) if !key.is_press() => return None,
        Event::Key(key) if Key::from(key) == Key(KeyCode::Char('z'), KeyModifiers::CONTROL) => {
            return Some(Heard::Suspend);
        }
        Event::Key(key) => Message::Key(key.into()),
        Event::Paste(text) => Message::Paste(text),
        Event::Resize(width, height) => Message::Resized { width, height },
        Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::Down(_) => Message::Click { column: mouse.column, row: mouse.row },
            MouseEventKind::ScrollDown => Message::Wheel { down: true },
            MouseEventKind::ScrollUp => Message::Wheel { down: false },
            _ => return None,
        },
        _ => return None,
    }))
}

/// Stops until the shell lets the program go on.
fn suspend(screen: &mut terminal::Screen) -> Result<(), Failure> {
    terminal::leave();
    terminal::stop()?;
    screen.resume()?;
    Ok(())
}

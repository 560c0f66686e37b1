//! A terminal client for events, on a database through the library, or on a server over HTTP.

mod api;
mod app;
mod backend;
mod channels;
mod cli;
mod client;
mod commands;
mod config;
mod desktop_notice;
mod download;
mod drafts;
mod external;
mod failure;
mod files;
mod first_run;
mod inbox;
mod input;
mod keys;
mod live;
mod markdown;
mod message;
mod natural_dates;
mod places;
mod reference;
mod screens;
mod search_filter;
mod status;
mod terminal;
mod theme;
mod user_agent;
mod view;
mod view_context;
mod widgets;
mod zones;

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;
use clap::Parser;
use crossterm::event::{Event, MouseEventKind};
use eventcore::time::use_zones;
use eventcore::{Clock, SystemClock, Timestamp, Violation, ZoneSource};
use tokio::sync::mpsc;
use tokio::time::Instant;

use app::App;
use backend::{ApiError, Backend, ErrorKind, Request, Source};
use cli::{Cli, Command};
use config::{Config, Start};
use desktop_notice::DesktopNotices;
use drafts::{Draft, DraftStore};
use failure::Failure;
use keys::Key;
use message::{Effect, Message, SavedPreferences};
use natural_dates::{DateContext, DayOrder};
use terminal::ProcessSignal;
use theme::Theme;
use view_context::ViewContext;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody may read standard error any more.
            drop(writeln!(std::io::stderr(), "eventtui: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    // Before a database is opened, or without one.
    use_zones(&cli.zoneinfo.clone().map_or(ZoneSource::System, ZoneSource::Folder))?;
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
            // `--as` needs a database, so the configured server is skipped for the one in the current folder.
            Some(Start::Server(address)) if source.user.is_none() => source.server = Some(address),
            _ => {}
        }
    }
    match cli.command {
        Some(Command::Completions { shell }) => cli::completions(shell),
        Some(Command::Man { folder }) => cli::manual(folder.as_deref()),
        Some(Command::Agenda(args)) => commands::agenda(&source, zone, args).await,
        Some(Command::Show(args)) => commands::show(&source, args).await,
        Some(Command::Register(args)) => commands::register(&source, args).await,
        Some(Command::Search(args)) => commands::search(&source, zone, dates(zone), args).await,
        Some(Command::Mine(args)) => commands::mine(&source, args).await,
        Some(Command::Notifications(args)) => commands::notifications(&source, zone, args).await,
        Some(Command::Cancel(args)) => commands::cancel(&source, args).await,
        Some(Command::New(args)) => commands::new(&source, zone, dates(zone), args).await,
        Some(Command::CheckIn(args)) => commands::check_in(&source, args).await,
        Some(Command::Login(args)) => commands::login(&source, args).await,
        Some(Command::Logout) => commands::logout(&source).await,
        Some(Command::Token(args)) => commands::token(&source, args).await,
        None => {
            let theme = cli.theme.as_deref().or(config.theme.as_deref()).unwrap_or(default_theme());
            full_screen(&source, zone, theme, config.clone()).await
        }
    }
}

/// What spoken times of the command line refer to.
fn dates(zone: Tz) -> DateContext {
    DateContext { now: SystemClock.now().in_zone(zone).naive_local(), order: day_order() }
}

fn day_order() -> DayOrder {
    DayOrder::of_environment(|name| std::env::var(name).ok())
}

/// The time zone of the command line, the configuration, `TZ` or the system. An unknown one is an error only
/// on the command line.
fn my_zone(named: Option<&str>, preferred: Option<Tz>) -> Result<Tz, Failure> {
    if let Some(name) = named {
        return Ok(config::zone(name)?);
    }
    if let Some(zone) = preferred {
        return Ok(zone);
    }
    let environment = std::env::var("TZ").ok().and_then(|name| name.trim_start_matches(':').parse().ok());
    let system = environment.or_else(|| iana_time_zone::get_timezone().ok()?.parse().ok());
    Ok(system.unwrap_or(Tz::UTC))
}

/// The name of the default theme.
fn default_theme() -> &'static str {
    Theme::for_background(std::env::var("COLORFGBG").ok().as_deref())
}

/// The theme of this name; without colours if `NO_COLOR` is set.
fn my_theme(named: &str) -> Result<Theme, Failure> {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if no_colour { Ok(Theme::PLAIN) } else { Theme::open(named) }
}

/// Validates and saves preferences.
fn save_preferences(config: Config) -> Result<SavedPreferences, ApiError> {
    let refused = |pointer: &str, error: Failure| {
        let message = error.to_string();
        let violation =
            Violation { pointer: pointer.to_owned(), code: "invalid".into(), message: message.clone() };
        ApiError { message, fields: vec![violation], kind: ErrorKind::Other }
    };
    let theme = my_theme(config.theme.as_deref().unwrap_or(default_theme()))
        .map_err(|error| refused("/theme", error))?;
    let zone = my_zone(None, config.timezone).map_err(|error| refused("/timezone", error))?;
    config.save(config::file().as_deref()).map_err(|error| refused("", error.into()))?;
    Ok(SavedPreferences { config, theme, zone })
}

async fn full_screen(source: &Source<'_>, zone: Tz, theme: &str, config: Config) -> Result<(), Failure> {
    let theme = my_theme(theme)?;
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err("standard input and output must be a terminal; for scripts, use `eventtui agenda`".into());
    }
    let mut screen = None;
    let mut greeting = None;
    let mut source = source.clone();
    if source.is_nothing() {
        let screen = screen.insert(terminal::FullScreen::enter()?);
        match first_run::offer(screen, theme).await? {
            first_run::FirstRun::Ready(notice) => greeting = notice,
            first_run::FirstRun::Quit => return Ok(()),
        }
        source.database = Some(first_run::DATABASE);
    }
    let backend = backend::open(&source).await?;
    let began = SystemClock.now().to_utc();
    let view = ViewContext {
        theme,
        my_zone: zone,
        in_my_zone: config.in_my_zone,
        now: Timestamp::from(began).in_zone(zone).naive_local(),
        day_order: day_order(),
        categories: Vec::new(),
        unrated: HashSet::new(),
        my_statuses: HashMap::new(),
    };
    let mut app = App::new(backend.name(), view, began);
    app.with_config(config);
    stop_polls_if_asked(&mut app);
    let drafts = Arc::new(DraftStore::of_user(&source));
    if drafts.is_there() {
        app.with_drafts(drafts.open());
    }
    if let Some(greeting) = greeting {
        app.greet(greeting);
    }
    let mut screen = match screen {
        Some(screen) => screen,
        None => terminal::FullScreen::enter()?,
    };
    let outcome = show(&mut screen, &mut app, &backend, &drafts).await;
    drop(screen);
    // Also after a signal or an error, so that unsaved text is there at the next start.
    for (of, draft) in app.last_drafts() {
        if let Err(why) = drafts.set(drafts.next_change(), &of, draft.as_ref()) {
            eprintln!("eventtui: your unsaved text could not be stored: {why}");
        }
    }
    backend.close().await;
    outcome
}

/// The event loop: a message changes the state, the state is drawn, and effects run concurrently.
async fn show(
    screen: &mut terminal::FullScreen,
    app: &mut App,
    backend: &Arc<dyn Backend>,
    drafts: &Arc<DraftStore>,
) -> Result<(), Failure> {
    let (sender, mut messages) = mpsc::unbounded_channel();
    let began = Instant::now();
    let since = || u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut input = input::Input::listen()?;
    let mut signals = terminal::Signals::listen()?;
    let (width, height) = screen.size()?;
    app.update(since(), Message::Resized { width, height });
    let mut effects = app.begin();
    let mut running = tokio::task::JoinSet::new();
    let mut following = live::Following::default();
    loop {
        let mut quits = false;
        let mut queue = VecDeque::from(std::mem::take(&mut effects));
        while let Some(effect) = queue.pop_front() {
            match effect {
                Effect::Quit => quits = true,
                Effect::Copy(text) => terminal::copy(&text)?,
                Effect::ShowOnDesktop { by, title, text } => {
                    show_on_desktop(by, &title, &text)?;
                }
                Effect::OpenLink(url) => {
                    if let Err(why) = external::browse(&url) {
                        queue.extend(app.update(since(), Message::Failed(why)));
                    }
                }
                Effect::EditDescription(text) => {
                    let written = match external::editor() {
                        Ok(editor) => {
                            // `input` reads only while it is polled, so the editor gets all keys.
                            terminal::leave();
                            let written = external::edit(&editor, &text, &mut signals).await;
                            screen.resume()?;
                            written
                        }
                        Err(why) => Err(why),
                    };
                    // Taken in before the next frame and before keys typed meanwhile.
                    queue.extend(app.update(since(), written.map_or_else(Message::Failed, Message::Edited)));
                    quits |= signals.ends;
                }
                Effect::SaveFile { name, text } => {
                    let sender = sender.clone();
                    running.spawn_blocking(move || {
                        let saved = download::save(&name, &text);
                        drop(sender.send(saved.map_or_else(Message::Failed, Message::FileSaved)));
                    });
                }
                Effect::StoreDraft { key, draft } => {
                    store_draft(&mut running, (drafts, &sender), key, draft);
                }
                Effect::SavePreferences(config) => {
                    let sender = sender.clone();
                    running.spawn_blocking(move || {
                        drop(sender.send(Message::PreferencesSaved(save_preferences(config).map(Box::new))));
                    });
                }
                Effect::Follow { stream, followed } => {
                    following.replace(&mut running, (backend, &sender), stream, followed);
                }
                Effect::SendRequest { ticket, request } => {
                    let (backend, sender) = (backend.clone(), sender.clone());
                    running.spawn(async move { respond(backend, sender, ticket, request).await });
                }
            }
        }
        if quits {
            following.end();
            return finish(running).await;
        }
        screen.draw(|frame| view::draw(frame, app))?;
        panic_if_asked("loop");
        let wakes_at = app.wakes_at().map(|at| began + Duration::from_millis(at));
        let message = tokio::select! {
            Some(message) = messages.recv() => message,
            event = input.next() => match event.map(read) {
                Ok(Some(TerminalInput::Message(message))) => message,
                Ok(Some(TerminalInput::Suspend)) => {
                    suspend(screen)?;
                    continue;
                }
                Ok(None) => continue,
                // A closed terminal also sends SIGHUP.
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error.into()),
            },
            signal = signals.next() => match signal {
                ProcessSignal::Terminate | ProcessSignal::Interrupt => return Ok(()),
                ProcessSignal::Suspend => {
                    suspend(screen)?;
                    continue;
                }
            },
            // The panic hook has restored the terminal already, so the program ends.
            Some(done) = running.join_next() => match done {
                Err(error) if error.is_panic() => return Err(error.into()),
                _ => continue,
            },
            () = sleep_until(wakes_at) => Message::Tick,
        };
        effects = app.update(since(), message);
    }
}

/// Stores a draft, and tells if that fails.
fn store_draft(
    running: &mut tokio::task::JoinSet<()>,
    (drafts, sender): (&Arc<DraftStore>, &mpsc::UnboundedSender<Message>),
    key: String,
    draft: Option<Draft>,
) {
    let (drafts, change, sender) = (drafts.clone(), drafts.next_change(), sender.clone());
    running.spawn_blocking(move || {
        if let Err(why) = drafts.set(change, &key, draft.as_ref()) {
            drop(sender.send(Message::DraftNotStored(why)));
        }
    });
}

/// Shows a notice on the desktop, if the terminal has a sequence for it.
fn show_on_desktop(by: DesktopNotices, title: &str, text: &str) -> std::io::Result<()> {
    let sequence = by.sequence(|name| std::env::var(name).ok(), title, text);
    sequence.map_or(Ok(()), |sequence| terminal::send(&sequence))
}

/// Runs a request and sends the response. Sending fails only while the program ends.
async fn respond(
    backend: Arc<dyn Backend>,
    sender: mpsc::UnboundedSender<Message>,
    ticket: u64,
    request: Request,
) {
    let outcome = backend.run(request).await;
    panic_if_asked("work");
    if backend.take_signed_out() {
        drop(sender.send(Message::SignedOut));
    }
    drop(sender.send(Message::Responded { ticket, outcome }));
}

/// Panics if `EVENTTUI_PANIC` names this place, to test that the terminal is restored. Debug builds only.
#[cfg(debug_assertions)]
fn panic_if_asked(place: &str) {
    let asked = std::env::var_os("EVENTTUI_PANIC").is_some_and(|named| named == place);
    assert!(!asked, "this is the panic that was asked for");
}

#[cfg(not(debug_assertions))]
const fn panic_if_asked(_place: &str) {}

/// Stops polls if `EVENTTUI_WITHOUT_POLLS` is set, to test live updates. Debug builds only.
#[cfg(debug_assertions)]
fn stop_polls_if_asked(app: &mut App) {
    if std::env::var_os("EVENTTUI_WITHOUT_POLLS").is_some() {
        app.stop_polls();
    }
}

#[cfg(not(debug_assertions))]
const fn stop_polls_if_asked(_app: &mut App) {}

/// Waits up to two seconds for running effects, such as the cancellation of a registration.
async fn finish(mut running: tokio::task::JoinSet<()>) -> Result<(), Failure> {
    let all = async { while running.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(Duration::from_secs(2), all).await;
    Ok(())
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// The meaning of a terminal event.
enum TerminalInput {
    Message(Message),
    Suspend,
}

fn read(event: Event) -> Option<TerminalInput> {
    use crossterm::event::{KeyCode, KeyModifiers};
    Some(TerminalInput::Message(match event {
        Event::Key(key) if !key.is_press() => return None,
        Event::Key(key) if Key::from(key) == Key(KeyCode::Char('z'), KeyModifiers::CONTROL) => {
            return Some(TerminalInput::Suspend);
        }
        Event::Key(key) => Message::Key(key.into()),
        Event::Paste(text) => Message::Paste(text),
        Event::Resize(width, height) => Message::Resized { width, height },
        Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::Down(_) => Message::Click { column: mouse.column, row: mouse.row },
            MouseEventKind::ScrollDown => Message::Scroll { down: true },
            MouseEventKind::ScrollUp => Message::Scroll { down: false },
            _ => return None,
        },
        _ => return None,
    }))
}

/// Restores the terminal and stops the process; enters again after SIGCONT.
fn suspend(screen: &mut terminal::FullScreen) -> Result<(), Failure> {
    terminal::leave();
    terminal::stop()?;
    screen.resume()?;
    Ok(())
}

//! The screen at start if no source is named and the folder has no database: offers a demo or an empty one.

use std::path::PathBuf;
use std::process::Stdio;

use crossterm::event::{Event, KeyCode};
use eventcore::EventCore;
use ratatui::Frame;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use crate::failure::Failure;
use crate::input::Input;
use crate::keys::Key;
use crate::terminal::{FullScreen, Signals};
use crate::theme::Theme;

/// The default database.
pub(crate) const DATABASE: &str = "sqlite://events.db";

/// The user's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Demo,
    Empty,
    Quit,
}

/// The outcome of the choice.
pub(crate) enum FirstRun {
    /// The database exists; with a notice to show first.
    Ready(Option<String>),
    Quit,
}

/// Offers the choice and carries it out.
pub(crate) async fn offer(screen: &mut FullScreen, theme: Theme) -> Result<FirstRun, Failure> {
    let daemon = daemon();
    let mut input = Input::listen()?;
    let mut signals = Signals::listen()?;
    let choice = loop {
        screen.draw(|frame| draw(frame, theme, daemon.is_some()))?;
        tokio::select! {
            event = input.next() => match event? {
                Event::Key(key) if key.is_press() => {
                    if let Some(choice) = chosen(key.into(), daemon.is_some()) {
                        break choice;
                    }
                }
                _ => {}
            },
            _ = signals.next() => break Choice::Quit,
        }
    };
    match (choice, daemon) {
        (Choice::Demo, Some(daemon)) => {
            screen.draw(|frame| {
                frame.render_widget(Line::raw(" Creating the demo in events.db …"), frame.area())
            })?;
            let filling = tokio::process::Command::new(daemon)
                .args(["demo", "--database", DATABASE])
                .stdin(Stdio::null())
                .kill_on_drop(true)
                .output();
            let filled = filling.await?;
            if !filled.status.success() {
                let why = String::from_utf8_lossy(&filled.stderr);
                return Err(format!("the demo could not be created: {}", why.trim()).into());
            }
            let output = String::from_utf8_lossy(&filled.stdout);
            // The first line ends with the username and the password; the notice shows only that.
            let sign_in = output.lines().next().and_then(|line| line.rsplit("; ").next());
            Ok(FirstRun::Ready(sign_in.map(|line| line.replace(" with the password:", ", password:"))))
        }
        (Choice::Empty, _) => {
            EventCore::open(DATABASE).await?.close().await;
            Ok(FirstRun::Ready(None))
        }
        _ => Ok(FirstRun::Quit),
    }
}

/// eventd, which can create a demo: beside this program, or in `PATH`.
fn daemon() -> Option<PathBuf> {
    let beside = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.to_owned()));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = beside.into_iter().chain(std::env::split_paths(&path));
    folders.map(|folder| folder.join("eventd")).find(|program| program.is_file())
}

fn chosen(key: Key, demo: bool) -> Option<Choice> {
    match key.0 {
        KeyCode::Char('d') | KeyCode::Enter if demo => Some(Choice::Demo),
        KeyCode::Char('n') => Some(Choice::Empty),
        KeyCode::Char('q' | 'c') | KeyCode::Esc => Some(Choice::Quit),
        _ => None,
    }
}

fn draw(frame: &mut Frame<'_>, theme: Theme, demo: bool) {
    let key = |key: &'static str, what: &'static str| {
        Line::from(vec![Span::styled(format!("   {key}  "), theme.accent), Span::raw(what)])
    };
    let mut lines = vec![
        Line::styled(" Welcome to eventtui", theme.accent),
        Line::raw(""),
        Line::raw(" There is no events.db in this folder yet."),
        Line::raw(""),
    ];
    if demo {
        lines.push(key("d", "create a demo: users, events, registrations"));
    }
    lines.push(key("n", "create an empty database"));
    lines.push(key("q", "quit"));
    lines.push(Line::raw(""));
    if !demo {
        lines.push(Line::styled(" Put eventd in your PATH to be offered a demo.", theme.muted));
    }
    lines.push(Line::styled(
        " To open another: eventtui --database URL, or eventtui --server https://…",
        Style::new().patch(theme.muted),
    ));
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), frame.area());
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyModifiers;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;

    #[test]
    fn the_demo_is_offered_only_with_eventd() {
        let picture = |demo: bool| {
            let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
            terminal.draw(|frame| draw(frame, Theme::PLAIN, demo)).unwrap();
            terminal.backend().to_string()
        };
        insta::assert_snapshot!("first_run_80x24", picture(true));
        assert!(!picture(false).contains("create a demo"));
        let key = |letter| Key(KeyCode::Char(letter), KeyModifiers::NONE);
        assert_eq!(chosen(key('d'), true), Some(Choice::Demo));
        assert_eq!(chosen(key('d'), false), None);
        assert_eq!(chosen(key('n'), false), Some(Choice::Empty));
        assert_eq!(chosen(key('x'), true), None);
    }
}

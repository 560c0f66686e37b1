//! The first screen of who starts in a folder without a database: it offers the demo, or an empty one.

use std::path::PathBuf;
use std::process::Stdio;

use crossterm::event::{Event, KeyCode};
use ratatui::Frame;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use crate::Failure;
use crate::input::Input;
use crate::keys::Key;
use crate::terminal::{Screen, Signals};
use crate::theme::Theme;

/// What is opened where nothing else is named.
pub(crate) const DATABASE: &str = "sqlite://events.db";

/// What someone wants of an empty folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Demo,
    Empty,
    Leave,
}

/// What is left to do after the choice.
pub(crate) enum Begun {
    /// The database is there, or is made on opening; what to say first.
    Ready(Option<String>),
    Left,
}

/// Offers what can be done, and does it.
pub(crate) async fn offer(screen: &mut Screen, theme: Theme) -> Result<Begun, Failure> {
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
            _ = signals.next() => break Choice::Leave,
        }
    };
    match (choice, daemon) {
        (Choice::Demo, Some(daemon)) => {
            screen.draw(|frame| frame.render_widget(Line::raw(" Filling events.db …"), frame.area()))?;
            let filling = tokio::process::Command::new(daemon)
                .args(["demo", "--database", DATABASE])
                .stdin(Stdio::null())
                .kill_on_drop(true)
                .output();
            let filled = filling.await?;
            if !filled.status.success() {
                let why = String::from_utf8_lossy(&filled.stderr);
                return Err(format!("the demo could not be made: {}", why.trim()).into());
            }
            let said = String::from_utf8_lossy(&filled.stdout);
            // How one signs in is what matters, and what there is room for.
            let sign_in = said.lines().next().and_then(|line| line.rsplit("; ").next());
            Ok(Begun::Ready(sign_in.map(|said| said.replace(" with the password:", ", password:"))))
        }
        (Choice::Empty, _) => Ok(Begun::Ready(None)),
        _ => Ok(Begun::Left),
    }
}

/// The daemon, which knows how to fill a demo: beside this program, or on the path.
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
        KeyCode::Char('q' | 'c') | KeyCode::Esc => Some(Choice::Leave),
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
        lines.push(key("d", "fill one with a demo: people, events, guests"));
    }
    lines.push(key("n", "make an empty one"));
    lines.push(key("q", "leave it"));
    lines.push(Line::raw(""));
    if !demo {
        lines.push(Line::styled(" With eventd on the path there would be a demo, too.", theme.muted));
    }
    lines.push(Line::styled(
        " What is elsewhere: eventtui --database URL, or eventtui --server https://…",
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
    fn it_offers_what_there_is() {
        let picture = |demo: bool| {
            let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
            terminal.draw(|frame| draw(frame, Theme::PLAIN, demo)).unwrap();
            terminal.backend().to_string()
        };
        insta::assert_snapshot!("first_run_80x24", picture(true));
        assert!(!picture(false).contains("fill one with a demo"));
        let key = |letter| Key(KeyCode::Char(letter), KeyModifiers::NONE);
        assert_eq!(chosen(key('d'), true), Some(Choice::Demo));
        assert_eq!(chosen(key('d'), false), None);
        assert_eq!(chosen(key('n'), false), Some(Choice::Empty));
        assert_eq!(chosen(key('x'), true), None);
    }
}

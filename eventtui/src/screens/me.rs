//! My account: who I am, what I prefer, and where I am signed in.

use eventcore::accounts::{Session, User};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::row;
use crate::config::Config;
use crate::look::Look;
use crate::status::Status;
use crate::widgets::list::Position;
use crate::widgets::text::{clean, fit, flow, wrapped};

/// Columns below which what is said of me is said in short, and without names before it.
const NARROW: u16 = 60;
/// Rows of the sessions, with what stands above them: what is said of me leaves as many, and can be read elsewhere too.
const SESSIONS: usize = 4;
/// Columns of the names.
const NAME: usize = 13;

/// My sessions; the rest is known anyway.
#[derive(Debug, Default)]
pub(crate) struct Me {
    pub(crate) sessions: Vec<Session>,
    pub(crate) status: Status,
    pub(crate) position: Position,
}

impl Me {
    pub(crate) fn selected(&self) -> Option<&Session> {
        self.sessions.get(self.position.selected)
    }

    /// Who I am and what I prefer, above the sessions, on so many columns and rows.
    pub(crate) fn head(
        &self,
        (look, me, config): (&Look, Option<&User>, &Config),
        (width, rows): (u16, usize),
    ) -> Vec<Line<'static>> {
        let theme = look.theme;
        let Some(me) = me else { return Vec::new() };
        let room = usize::from(width);
        let name = format!(" {} ({})", clean(&me.display_name), clean(&me.username));
        let verified = if me.email_verified { "" } else { " (not verified)" };
        let email = format!("{}{verified}", clean(me.email.as_deref().unwrap_or_default()));
        let zone = clean(&me.timezone);
        let start = config.start.as_ref().map_or_else(|| "./events.db".to_owned(), ToString::to_string);
        let start = clean(&start);
        let sessions = match self.sessions.len() {
            0 => " Sessions".to_owned(),
            many => format!(" Sessions ({many})"),
        };
        let sessions = Line::styled(sessions, theme.accent);
        if width < NARROW {
            let whose = if config.in_mine { "times in mine" } else { "each event's own time" };
            let since = format!(" · {} since {}", me.role, on(me.created_at, look, "%-d %b %Y"));
            let lines = [
                Line::from(vec![Span::styled(name, theme.accent), Span::styled(since, theme.muted)]),
                Line::raw(format!(" {email}")),
                Line::raw(format!(" Time zone {zone}")),
                Line::raw(format!(" Theme {}, {whose}", theme.name)),
                Line::raw(format!(" Starts with {start}")),
            ];
            let mut lines: Vec<_> = lines.into_iter().flat_map(|line| flow(line, room)).collect();
            lines.truncate(rows.saturating_sub(SESSIONS));
            lines.push(sessions);
            return lines;
        }
        let line = |name: &'static str, words: String| {
            let words = wrapped(&words, room.saturating_sub(NAME + 1)).into_iter().enumerate();
            words.map(move |(n, words)| {
                let name = if n == 0 { name } else { "" };
                let name = format!(" {}", fit(name, NAME - 1));
                Line::from(vec![Span::styled(name, theme.muted), Span::raw(words)])
            })
        };
        let whose = if config.in_mine { look.mine.name() } else { "each event's own zone" };
        let mut lines = flow(Line::styled(name, theme.accent), room);
        lines.extend(line("E-mail", email));
        lines.extend(line("Time zone", zone));
        lines.extend(line("Role", format!("{}, since {}", me.role, on(me.created_at, look, "%-d %B %Y"))));
        lines.push(Line::raw(""));
        lines.extend(line("Preferences", format!("theme {}, times in {whose}", theme.name)));
        lines.extend(line("", format!("starts with {start} (, changes them)")));
        lines.push(Line::raw(""));
        lines.truncate(rows.saturating_sub(SESSIONS));
        lines.push(sessions);
        lines
    }

    pub(crate) fn draw(
        &self,
        frame: &mut Frame<'_>,
        area: Rect,
        (look, me, config): (&Look, Option<&User>, &Config),
    ) {
        let theme = look.theme;
        let lines = self.head((look, me, config), (area.width, usize::from(area.height)));
        let above = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let [head, list] = Layout::vertical([Constraint::Length(above), Constraint::Min(1)]).areas(area);
        frame.render_widget(Paragraph::new(lines), head);
        if me.is_none() {
            return;
        }
        if self.sessions.is_empty() {
            let (words, style) = match (&self.status.failure, self.status.is_new()) {
                (Some(failure), _) => (format!(" {}", clean(failure)), theme.bad),
                (None, true) => (" …".to_owned(), theme.muted),
                (None, false) => (" None: who owns the database needs none.".to_owned(), theme.muted),
            };
            let words = Paragraph::new(Line::styled(words, style)).wrap(Wrap { trim: false });
            return frame.render_widget(words, list);
        }
        let rows = self.sessions.iter().enumerate().skip(self.position.top).take(usize::from(list.height));
        let lines = rows.map(|(place, session)| {
            let line = of_session(session, look, list.width);
            if place == self.position.selected { row::mark_selected(line, look) } else { line }
        });
        frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), list);
    }
}

fn on(at: eventcore::Timestamp, look: &Look, format: &str) -> String {
    at.in_zone(look.mine).naive_local().format(format).to_string()
}

/// What the client of a session calls itself.
pub(crate) fn device(session: &Session) -> String {
    clean(session.user_agent.as_deref().filter(|name| !name.is_empty()).unwrap_or("a client without a name"))
}

/// When a session was last used.
pub(crate) fn last_used(session: &Session, look: &Look) -> String {
    on(session.last_used_at, look, "%-d %b %Y %H:%M")
}

/// A session: which client, when it was last used, and whether it is this one.
fn of_session(session: &Session, look: &Look, width: u16) -> Line<'static> {
    let theme = look.theme;
    let room = usize::from(width);
    let used = fit(&last_used(session, look), 18);
    let sign = if session.current { "● this one" } else { "" };
    let more = format!(
        "  began {}, ends {} if it is not used",
        on(session.created_at, look, "%-d %b %Y"),
        on(session.expires_at, look, "%-d %b %Y")
    );
    let more = if room >= 120 { more } else { String::new() };
    // The sign, at least, has room.
    let sign = if room >= 60 { fit(sign, 11) } else { fit(sign.split(' ').next().unwrap_or_default(), 2) };
    let taken = 3 + used.chars().count() + sign.chars().count() + more.chars().count();
    Line::from(vec![
        Span::raw(format!(" {} ", fit(&device(session), room.saturating_sub(taken)))),
        Span::styled(sign, theme.good),
        Span::raw(used),
        Span::styled(more, theme.muted),
    ])
}

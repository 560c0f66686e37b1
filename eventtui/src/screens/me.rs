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
use crate::widgets::text::{clean, fit};

/// Rows above the sessions.
pub(crate) const HEAD: u16 = 9;

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

    pub(crate) fn draw(
        &self,
        frame: &mut Frame<'_>,
        area: Rect,
        (look, me, config): (&Look, Option<&User>, &Config),
    ) {
        let theme = look.theme;
        let Some(me) = me else { return };
        let [head, list] = Layout::vertical([Constraint::Length(HEAD), Constraint::Min(1)]).areas(area);
        let line = |name: &str, words: String| {
            Line::from(vec![Span::styled(format!(" {name:<12}"), theme.muted), Span::raw(words)])
        };
        let verified = if me.email_verified { "" } else { " (not verified)" };
        let whose = if config.in_mine { look.mine.name() } else { "each event's own zone" };
        let start = config.start.as_ref().map_or_else(|| "./events.db".to_owned(), ToString::to_string);
        let sessions = match self.sessions.len() {
            0 => " Sessions".to_owned(),
            many => format!(" Sessions ({many})"),
        };
        let lines = vec![
            Line::styled(format!(" {} ({})", clean(&me.display_name), clean(&me.username)), theme.accent),
            line("E-mail", format!("{}{verified}", clean(me.email.as_deref().unwrap_or_default()))),
            line("Time zone", clean(&me.timezone)),
            line("Role", format!("{}, since {}", me.role, on(me.created_at, look, "%-d %B %Y"))),
            Line::raw(""),
            line("Preferences", format!("theme {}, times in {whose}", theme.name)),
            line("", format!("starts with {} (, changes them)", clean(&start))),
            Line::raw(""),
            Line::styled(sessions, theme.accent),
        ];
        frame.render_widget(Paragraph::new(lines), head);
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

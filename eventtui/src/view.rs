//! The drawing of the terminal: head, screen, note line and key line. It only reads the state.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, Paragraph};

use crate::app::App;
use crate::keys::{Action, Binding, bindings};
use crate::screens::prompt::Prompt;
use crate::screens::screen::Notice;
use crate::status::Status;
use crate::widgets::tab_bar;
use crate::widgets::text::{clean, columns, fit, wrapped};
use crate::widgets::text_field::CURSOR;

/// Draws the whole terminal.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App) {
    let [head, rule, body, note, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    draw_head(frame, app, head);
    frame.render_widget(Block::new().borders(Borders::TOP).border_style(app.cx.view.theme.muted), rule);
    app.stack.top().draw(frame, body, &app.cx);
    draw_note(frame, app, note);
    draw_foot(frame, app, foot);
}

fn draw_head(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let theme = app.cx.view.theme;
    let (name, tabs) = tab_bar::tabs(app.stack.tab, area.width);
    let mut spans = vec![Span::styled(name, theme.accent)];
    for (tab, text) in tabs {
        let style = if tab == app.stack.tab { theme.selected.patch(theme.accent) } else { theme.muted };
        spans.push(Span::styled(text, style));
    }
    let zone = if app.cx.view.in_my_zone { app.cx.view.my_zone.name() } else { "each event's own time" };
    let left: usize = spans.iter().map(Span::width).sum();
    let room = usize::from(area.width).saturating_sub(left + 1);
    // As much as fits.
    let source = clean(&app.source);
    let all = match &app.cx.me {
        Some(me) => {
            let user = clean(&me.username);
            vec![
                format!("{user}@{source} · {zone} "),
                format!("{user}@{source} "),
                format!("{user} "),
                String::new(),
            ]
        }
        None => {
            let place = format!("not signed in · {source}");
            let long = format!("{place} (A signs in) · {zone} ");
            vec![long, format!("{place} (A signs in) "), format!("{place} "), "not signed in ".to_owned()]
        }
    };
    let unread = match app.cx.inbox.unread() {
        0 => String::new(),
        unread => format!("✉ {unread} "),
    };
    let room = room.saturating_sub(columns(&unread));
    let between = |right: &str| if unread.is_empty() || right.is_empty() { "" } else { "· " };
    let fits = |right: &String| columns(right) + columns(between(right)) <= room;
    if let Some(right) = all.into_iter().find(fits) {
        let right = format!("{right}{}", between(&right));
        spans.push(Span::raw(" ".repeat(room - columns(&right) + 1)));
        spans.push(Span::styled(right, theme.muted));
        spans.push(Span::styled(unread, theme.accent));
    }
    frame.render_widget(Line::from(spans), area);
}

/// Frames of the animation while a screen loads.
const SPINNER: [char; 4] = ['◐', '◓', '◑', '◒'];

fn draw_note(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let theme = app.cx.view.theme;
    let no_status = Status::default();
    let status = app.status().unwrap_or(&no_status);
    let line = if let Some(prompt) = &app.cx.prompt {
        return draw_prompt(frame, app, prompt, area);
    } else if let Some(notice) = &app.cx.notice {
        return draw_over(frame, notice_lines(notice, app, area.width), area);
    } else if status.is_slow(app.cx.now) {
        let turn = usize::try_from(app.cx.now / 100 % 4).unwrap_or(0);
        Line::styled(format!(" {} loading", SPINNER[turn]), theme.muted)
    } else if let (Some(_), None) = (&status.failure, status.loaded_at) {
        Line::styled(format!(" ! Trying again in {} s", app.tries_again_in()), theme.warn)
    } else if let (Some(_), Some(at)) = (&status.failure, status.loaded_at) {
        let old = match app.cx.now.saturating_sub(at) / 1_000 {
            seconds @ ..60 => format!("{seconds} s"),
            seconds => format!("{} min", seconds / 60),
        };
        let words = format!("! Loaded {old} ago. Trying again in {} s", app.tries_again_in());
        Line::styled(format!(" {}", fit(&words, usize::from(area.width).saturating_sub(1))), theme.warn)
    } else {
        Line::default()
    };
    frame.render_widget(line, area);
}

fn notice_lines(notice: &Notice, app: &App, width: u16) -> Vec<Line<'static>> {
    let style = match notice.sign {
        '✓' => app.cx.view.theme.good,
        '!' => app.cx.view.theme.warn,
        _ => app.cx.view.theme.bad,
    };
    let text = format!("{} {}", notice.sign, clean(&notice.text));
    let lines = wrapped(&text, usize::from(width).saturating_sub(2));
    lines.into_iter().map(|line| Line::styled(format!(" {line}"), style)).collect()
}

/// Draws lines of which the last is in `row`, over the rows above.
fn draw_over(frame: &mut Frame<'_>, lines: Vec<Line<'static>>, row: Rect) {
    let rows = u16::try_from(lines.len()).unwrap_or(1).min(row.y + 1);
    let area = Rect { y: row.y + 1 - rows, height: rows, ..row };
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines), area);
}

/// Draws a question, over the rows above if it needs several, with the warning about the answer so far.
fn draw_prompt(frame: &mut Frame<'_>, app: &App, prompt: &Prompt, area: Rect) {
    let theme = app.cx.view.theme;
    let room = usize::from(area.width).saturating_sub(2).max(1);
    let text = prompt.text(&app.cx.view);
    let lines: Vec<String> = text.lines().flat_map(|line| wrapped(&clean(line), room)).collect();
    // A text longer than half of the screen is scrolled to the cursor.
    let most = usize::from(area.y / 2).max(1);
    let cursor = lines.iter().position(|line| line.contains(CURSOR)).unwrap_or(0);
    let above = lines.len().saturating_sub(most).min(cursor);
    let lines = lines.into_iter().skip(above).take(most);
    let lines = lines.map(|line| Line::styled(format!(" {line}"), theme.accent));
    let wrong = app.cx.notice.as_ref().filter(|notice| notice.sign != '✓');
    let wrong = wrong.map(|notice| notice_lines(notice, app, area.width)).unwrap_or_default();
    draw_over(frame, wrong.into_iter().chain(lines).collect(), area);
}

/// Draws the key bindings of the screen, as far as they fit.
fn draw_foot(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let place = app.at();
    let leads_back = !app.stack.layers.is_empty();
    // Help and Esc are always shown.
    let help = bindings(place).find(|binding| binding.action == Action::Help);
    let help =
        help.and_then(|binding| Some(format!(" {} {} ", binding.keys_in(place).next()?, binding.short)));
    let back = format!("{}{}", help.unwrap_or_default(), if leads_back { " Esc back" } else { "" });
    let room = usize::from(area.width).saturating_sub(columns(&back));
    let mut text = String::new();
    // On a narrow screen the arrow keys are left out.
    let moves = area.width >= 60;
    let is_shown = |binding: &&Binding| {
        !binding.short.is_empty()
            && binding.action != Action::Help
            && (moves || binding.action != Action::Down)
    };
    for binding in bindings(place).filter(is_shown) {
        let Some(key) = binding.keys_in(place).next() else { continue };
        let shown = format!(" {key} {} ", binding.short);
        if columns(&text) + columns(&shown) > room {
            break;
        }
        text.push_str(&shown);
    }
    text.push_str(&back);
    frame.render_widget(Line::styled(text, Style::new().patch(app.cx.view.theme.muted)), area);
}

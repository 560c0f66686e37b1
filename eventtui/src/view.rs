//! The screen: a pure picture of the state.

use chrono::Timelike;
use chrono_tz::Tz;
use eventcore::Timestamp;
use eventcore::events::{Moment, Occurrence, OccurrenceStatus};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Borders, List, ListItem, ListState, Paragraph, Wrap};

use crate::agenda::{KEYS, State};

/// From here on list and detail stand side by side.
const WIDE: u16 = 100;

/// Draws everything.
pub(crate) fn draw(frame: &mut Frame<'_>, state: &mut State) {
    let [head, body, note, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(3),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    let zone = state.zone.map_or("each event's own time", |zone| zone.name());
    let bold = Style::new().add_modifier(Modifier::BOLD);
    frame.render_widget(
        Line::from(vec![
            Span::styled(" eventtui ", bold),
            Span::raw(format!("  Agenda   {} · {zone}", clean(&state.place))),
        ]),
        head,
    );
    if state.dates.is_empty() {
        frame.render_widget(Paragraph::new(emptiness(state)).block(Block::new().borders(Borders::TOP)), body);
    } else if body.width >= WIDE {
        let [list, detail] =
            Layout::horizontal([Constraint::Percentage(60), Constraint::Percentage(40)]).areas(body);
        draw_list(frame, state, list);
        draw_detail(frame, state, detail);
    } else {
        draw_list(frame, state, body);
    }
    let message = match (&state.failure, state.loading) {
        (Some(why), _) => format!(" ✗ {} (R tries again)", clean(why)),
        (None, true) => " … loading".to_owned(),
        (None, false) => String::new(),
    };
    frame.render_widget(Line::raw(message), note);
    let keys: Vec<String> = KEYS.iter().map(|(key, what)| format!("{key} {what}")).collect();
    frame.render_widget(
        Line::styled(format!(" {}", keys.join("  ")), Style::new().add_modifier(Modifier::DIM)),
        foot,
    );
}

fn emptiness(state: &State) -> &'static str {
    match (state.loading, state.failure.is_some()) {
        (true, _) => " …",
        (false, true) => " Nothing could be loaded.",
        (false, false) => " Nothing ahead.",
    }
}

/// Text from others is text: control characters are shown, never passed on.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '␛' } else { c }).collect()
}

fn draw_list(frame: &mut Frame<'_>, state: &mut State, area: Rect) {
    state.height = usize::from(area.height.saturating_sub(1)).max(1);
    let first = state.selected.saturating_sub(state.height);
    let mut day = String::new();
    let items: Vec<ListItem<'_>> = state.dates[first..]
        .iter()
        .take(2 * state.height)
        .map(|date| {
            let (on, at) = shown(&date.starts_at, &date.timezone, state.zone);
            let row = row(date, &at, area.width);
            if on == day {
                return ListItem::new(row);
            }
            day.clone_from(&on);
            ListItem::new(Text::from(vec![
                Line::styled(format!(" {on}"), Style::new().add_modifier(Modifier::BOLD)),
                row,
            ]))
        })
        .collect();
    let list = List::new(items)
        .block(Block::new().borders(Borders::TOP))
        .highlight_symbol("▌")
        .highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let mut selection = ListState::default().with_selected(Some(state.selected - first));
    frame.render_stateful_widget(list, area, &mut selection);
}

/// Day and time of a start, in the zone that is chosen or the event's own.
fn shown(moment: &Moment, own: &str, chosen: Option<Tz>) -> (String, String) {
    match moment {
        Moment::Day(day) => (day.format("%a %-d %B %Y").to_string(), "all day".to_owned()),
        Moment::At(instant) => {
            let zone = chosen.or_else(|| own.parse().ok()).unwrap_or(Tz::UTC);
            let local = Timestamp::from(*instant).in_zone(zone);
            (local.format("%a %-d %B %Y").to_string(), format!("{:02}:{:02}", local.hour(), local.minute()))
        }
    }
}

fn row(date: &Occurrence, at: &str, width: u16) -> Line<'static> {
    let room = usize::from(width).saturating_sub(24).max(10);
    let (title, place) = (fit(&clean(&date.title), room * 3 / 5), fit(&clean(&date.location), room * 2 / 5));
    if date.status == OccurrenceStatus::Cancelled {
        return Line::styled(
            format!(" {at:<7} {title} {place} ✗ cancelled"),
            Style::new().add_modifier(Modifier::CROSSED_OUT),
        );
    }
    Line::raw(format!(" {at:<7} {title} {place} {} {}", bar(date), date.seats_left))
}

/// Seats taken, in eighths.
fn bar(date: &Occurrence) -> String {
    let eighths =
        usize::try_from(date.seats_taken.min(date.capacity) * 8 / date.capacity.max(1)).unwrap_or(0);
    format!("{}{}", "█".repeat(eighths), "░".repeat(8 - eighths))
}

/// The text, cut or filled to so many columns as the terminal counts them.
fn fit(text: &str, columns: usize) -> String {
    let mut fitted = String::new();
    for c in text.chars() {
        let mut longer = fitted.clone();
        longer.push(c);
        if Span::raw(longer.as_str()).width() > columns {
            break;
        }
        fitted = longer;
    }
    let missing = columns.saturating_sub(Span::raw(fitted.as_str()).width());
    fitted + &" ".repeat(missing)
}

fn draw_detail(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let Some(date) = state.dates.get(state.selected) else { return };
    let (on, at) = shown(&date.starts_at, &date.timezone, state.zone);
    let seats =
        format!("{} of {} seats free · {} wait", date.seats_left, date.capacity, date.waitlist_length);
    let mut lines = vec![
        Line::styled(clean(&date.title), Style::new().add_modifier(Modifier::BOLD)),
        Line::raw(""),
        Line::raw(format!("{on}, {at}")),
        Line::raw(format!("{} · by {}", clean(&date.location), clean(&date.organizer.display_name))),
        Line::raw(seats),
        Line::raw(""),
    ];
    lines.extend(date.description.lines().map(|line| Line::raw(clean(line))));
    let block = Block::new().borders(Borders::TOP | Borders::LEFT);
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }).block(block), area);
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::agenda::Message;
    use crate::agenda::tests::page;

    fn screen(state: &mut State, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, state)).unwrap();
        terminal.backend().to_string()
    }

    fn loaded(dates: usize) -> State {
        let mut state = State::new("events.db", None);
        state.begin();
        state.update(Message::Loaded(None, Ok(page(0, dates, false))));
        state
    }

    #[test]
    fn days_head_their_dates() {
        let shown = screen(&mut loaded(4), 80, 12);
        assert!(shown.contains(" Mon 1 March 2027") && shown.contains(" Tue 2 March 2027"), "{shown}");
        assert!(shown.contains("18:30   Evening 3") && shown.contains("█░░░░░░░ 32"), "{shown}");
    }

    #[test]
    fn a_wide_screen_shows_the_detail() {
        assert!(screen(&mut loaded(2), 120, 20).contains("Hall 0 · by Ada"));
        assert!(!screen(&mut loaded(2), 80, 20).contains("by Ada"));
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        let mut state = loaded(1);
        state.dates[0].title = "\u{1b}[31mred\u{7}".to_owned();
        let shown = screen(&mut state, 120, 20);
        assert!(!shown.contains('\u{1b}') && shown.contains("␛[31mred␛"), "{shown}");
    }

    #[test]
    fn every_state_is_legible_on_any_screen() {
        for (width, height) in [(80, 24), (120, 40), (40, 15), (10, 5), (1, 1)] {
            for mut state in [State::new("x", None), loaded(0), loaded(1), loaded(60)] {
                state.selected = state.dates.len().saturating_sub(1);
                screen(&mut state, width, height);
            }
        }
        assert!(screen(&mut loaded(0), 40, 15).contains("Nothing ahead."));
    }
}

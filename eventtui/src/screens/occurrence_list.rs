//! A list of occurrences under their days, shared by the agenda, the search and the past occurrences.

use chrono::NaiveDate;
use eventcore::Page;
use eventcore::events::Occurrence;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders, Paragraph};

use super::event;
use super::row;
use super::screen::Context;
use crate::backend::{Answer, Refusal, nonsense};
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::list::{PagedList, Position};
use crate::widgets::text::{clean, flow};

/// From this width on the selected occurrence is shown beside the list.
const WIDE: u16 = 100;

/// Occurrences, each with its day, title, location and seats.
pub(crate) type OccurrenceList = PagedList<Occurrence>;

/// The page of occurrences in an answer.
pub(crate) fn occurrences(outcome: Result<Answer, Refusal>) -> Result<Page<Occurrence>, Refusal> {
    outcome.and_then(|answer| match answer {
        Answer::Dates(page) => Ok(page),
        _ => Err(nonsense()),
    })
}

/// Replaces an older copy of an occurrence.
pub(crate) fn replace(list: &mut OccurrenceList, occurrence: &Occurrence) {
    if let Some(known) = list.items.iter_mut().find(|known| known.id == occurrence.id) {
        *known = occurrence.clone();
    }
}

pub(crate) fn draw(list: &OccurrenceList, frame: &mut Frame<'_>, area: Rect, view: &ViewContext) {
    if area.width < WIDE {
        return draw_rows(list, frame, area, view);
    }
    let [rows, detail] =
        Layout::horizontal([Constraint::Percentage(60), Constraint::Percentage(40)]).areas(area);
    draw_rows(list, frame, rows, view);
    let block = Block::new().borders(Borders::LEFT).border_style(view.theme.muted);
    let lines = list
        .selected()
        .map(|occurrence| event::text(occurrence, None, view, detail.width - 1))
        .unwrap_or_default();
    frame.render_widget(Paragraph::new(lines).block(block), detail);
}

fn draw_rows(list: &OccurrenceList, frame: &mut Frame<'_>, area: Rect, view: &ViewContext) {
    row::draw_days(frame, area, list, view, |occurrence| {
        let (day, _) = view.local(&occurrence.starts_at, &occurrence.timezone);
        (Some(day), row::occurrence(occurrence, view, None, area.width))
    });
}

/// Draws why a list is empty: it is loading, loading failed, or there is nothing.
pub(crate) fn draw_empty(frame: &mut Frame<'_>, area: Rect, status: &Status, cx: &Context, words: &str) {
    let text = match &status.failure {
        Some(why) => format!(" Could not load: {}. R tries again.", clean(why)),
        None if status.since.is_some() || status.is_new() && cx.me.is_some() => " …".to_owned(),
        None => format!(" {words}"),
    };
    let lines = flow(Line::raw(text), usize::from(area.width));
    frame.render_widget(Paragraph::new(lines), area);
}

/// The days of the items from the top of the screen on.
fn days(list: &OccurrenceList, rows: usize, view: &ViewContext) -> Vec<Option<NaiveDate>> {
    let day = |occurrence: &Occurrence| Some(view.local(&occurrence.starts_at, &occurrence.timezone).0);
    list.items.iter().skip(list.position.top).take(rows).map(day).collect()
}

/// Keeps the selection on the screen, with `rows` rows for the list.
pub(crate) fn settle(list: &mut OccurrenceList, rows: usize, view: &ViewContext) {
    row::settle(&days(list, rows, view), &mut list.position, rows);
}

/// Selects the item at a column and row of an area; returns whether it was selected before.
pub(crate) fn click(list: &mut OccurrenceList, at: (u16, u16), rows: usize, cx: &Context) -> bool {
    let width = cx.size.0;
    if width >= WIDE && at.0 >= width / 5 * 3 {
        return false;
    }
    let days = days(list, rows, &cx.view);
    click_days(&days, &mut list.position, at.1, rows)
}

/// [`click`] for any list under days.
pub(crate) fn click_days(
    days: &[Option<NaiveDate>],
    position: &mut Position,
    line: u16,
    rows: usize,
) -> bool {
    match row::lines(days, *position, rows).get(usize::from(line)) {
        Some(row::DayListLine::Item(item)) => std::mem::replace(&mut position.selected, *item) == *item,
        Some(row::DayListLine::Day(_)) | None => false,
    }
}

/// Rows of the terminal above and below the body of a screen.
const FRAME: u16 = 4;

/// Rows of a list that has `above` rows above it on its screen.
pub(crate) fn rows(cx: &Context, above: u16) -> usize {
    usize::from(cx.size.1.saturating_sub(FRAME + above))
}

//! A list of occurrences under their days, shared by the agenda, the search and the past occurrences.

use eventcore::Page;
use eventcore::events::Occurrence;
use eventcore::live::Followed;
use eventcore::registrations::MyRegistration;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders, Paragraph};

use super::event;
use super::row::{self, Heading};
use super::screen::Context;
use crate::backend::{ApiError, Response, unexpected_response};
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::list::PagedList;
use crate::widgets::text::{clean, flow};

/// From this width on the selected occurrence is shown beside the list.
const WIDE: u16 = 100;

/// Occurrences, each with its day, title, location and seats.
pub(crate) type OccurrenceList = PagedList<Occurrence>;

/// An item of a list under days.
pub(crate) trait ListedOccurrence {
    /// Whether a wide terminal shows the selected item beside the list.
    const HAS_PREVIEW: bool;

    /// None for an occurrence that the user may no longer see.
    fn occurrence(&self) -> Option<&Occurrence>;
}

impl ListedOccurrence for Occurrence {
    const HAS_PREVIEW: bool = true;

    fn occurrence(&self) -> Option<&Occurrence> {
        Some(self)
    }
}

impl ListedOccurrence for MyRegistration {
    const HAS_PREVIEW: bool = false;

    fn occurrence(&self) -> Option<&Occurrence> {
        self.occurrence.as_ref()
    }
}

/// The page of occurrences in a response.
pub(crate) fn occurrences(outcome: Result<Response, ApiError>) -> Result<Page<Occurrence>, ApiError> {
    outcome.and_then(|response| match response {
        Response::Occurrences(page) => Ok(page),
        _ => Err(unexpected_response()),
    })
}

/// The occurrences on the screen, and `around` items above and below.
pub(crate) fn followed<T: ListedOccurrence>(list: &PagedList<T>, around: usize, cx: &Context) -> Followed {
    let items = list.around(cx.height(), around).iter();
    let occurrences = items.filter_map(|item| item.occurrence()).map(|occurrence| occurrence.id).collect();
    Followed { occurrences, ..Followed::default() }
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
    let headings = headings(list, usize::from(area.height), view);
    row::draw_days(frame, area, (list, &headings), view, |occurrence| {
        row::occurrence(occurrence, view, None, area.width)
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

/// The headings of the items from the top of the screen on: "Now" over the first ones of the list if they
/// take place now, and the day of the start over all others.
pub(crate) fn headings<T: ListedOccurrence>(
    list: &PagedList<T>,
    rows: usize,
    view: &ViewContext,
) -> Vec<Option<Heading>> {
    let takes_place = |item: &&T| item.occurrence().is_some_and(|occurrence| view.takes_place(occurrence));
    let now = list.items.iter().take_while(takes_place).count();
    let heading = |(place, item): (usize, &T)| {
        let occurrence = item.occurrence()?;
        let (day, _) = view.local(&occurrence.starts_at, &occurrence.timezone);
        Some(if place < now { Heading::Now } else { Heading::Day(day) })
    };
    list.items.iter().enumerate().skip(list.position.top).take(rows).map(heading).collect()
}

/// Keeps the selection on the screen, with `rows` rows for the list.
pub(crate) fn settle<T: ListedOccurrence>(list: &mut PagedList<T>, rows: usize, view: &ViewContext) {
    row::settle(&headings(list, rows, view), &mut list.position, rows);
}

/// Selects the item at a column and row of an area; returns whether it was selected before.
pub(crate) fn click<T: ListedOccurrence>(
    list: &mut PagedList<T>,
    (column, line): (u16, u16),
    rows: usize,
    cx: &Context,
) -> bool {
    let width = cx.size.0;
    if T::HAS_PREVIEW && width >= WIDE && column >= width / 5 * 3 {
        return false;
    }
    let headings = headings(list, rows, &cx.view);
    match row::lines(&headings, list.position, rows).get(usize::from(line)) {
        Some(row::DayListLine::Item(item)) => std::mem::replace(&mut list.position.selected, *item) == *item,
        Some(row::DayListLine::Heading(_)) | None => false,
    }
}

/// Rows of the terminal above and below the body of a screen.
const FRAME: u16 = 4;

/// Rows of a list that has `above` rows above it on its screen.
pub(crate) fn rows(cx: &Context, above: u16) -> usize {
    usize::from(cx.size.1.saturating_sub(FRAME + above))
}

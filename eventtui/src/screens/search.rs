//! The search: the agenda, filtered by what is typed.

use chrono::NaiveDate;
use eventcore::Cursor;
use eventcore::events::Occurrence;
use eventcore::live::Followed;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::event::EventScreen;
use super::occurrence_list::{self, OccurrenceList};
use super::screen::{AppCommand, Context, Handled, LoadFrom, Screen};
use crate::backend::{ApiError, Request, Response};
use crate::keys::{Action, Key, Place};
use crate::message::Purpose;
use crate::reference::Reference;
use crate::search_filter::SearchFilter;
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::list::Pages;
use crate::widgets::text::clean;
use crate::widgets::text_field::{CURSOR, TextField};

/// Rows above the list: what is typed, and how it is understood.
const HEAD: u16 = 2;

#[derive(Debug, Default)]
pub(crate) struct SearchScreen {
    pub(crate) list: OccurrenceList,
    typed: TextField,
}

impl SearchScreen {
    fn filter(&self, view: &ViewContext) -> SearchFilter {
        SearchFilter::parse(&self.typed.text(), view.dates())
    }
}

impl Screen for SearchScreen {
    fn place(&self) -> Place {
        Place::Search
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.list.status)
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::Open => match Reference::parse(&self.typed.text()) {
                Some(reference) => cx.commands.push(AppCommand::Find(reference)),
                None => EventScreen::open(self.list.selected(), cx),
            },
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn press(&mut self, key: Key, cx: &mut Context) {
        let before = self.typed.text();
        self.typed.press(key);
        if self.typed.text() != before {
            self.load(LoadFrom::Start, cx);
        }
    }

    fn paste(&mut self, text: &str, cx: &mut Context) {
        self.typed.paste(text);
        self.load(LoadFrom::Start, cx);
    }

    fn click(&mut self, (column, row): (u16, u16), cx: &mut Context) {
        let Some(line) = row.checked_sub(HEAD) else { return };
        let rows = occurrence_list::rows(cx, HEAD);
        if occurrence_list::click(&mut self.list, (column, line), rows, cx) {
            EventScreen::open(self.list.selected(), cx);
        }
    }

    fn list(&mut self) -> Option<&mut dyn Pages> {
        Some(&mut self.list)
    }

    fn list_rows(&self, cx: &Context) -> usize {
        cx.height().saturating_sub(usize::from(HEAD))
    }

    fn page(&self, cursor: Option<Cursor>, cx: &Context) -> Option<(Purpose, Request)> {
        let purpose = Purpose::Search(cursor.clone());
        Some((purpose, Request::Occurrences { filter: self.filter(&cx.view), tz: cx.view.my_zone, cursor }))
    }

    fn responded(&mut self, purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        let Purpose::Search(cursor) = purpose else { return cx.notify_unexpected() };
        let page = occurrence_list::occurrences(outcome);
        self.list.take(cursor.as_ref(), page, (cx.now, cx.height()), |occurrence| occurrence.id);
    }

    fn occurrence(&self, _view: &ViewContext) -> Option<&Occurrence> {
        self.list.selected()
    }

    fn settle(&mut self, cx: &Context) {
        occurrence_list::settle(&mut self.list, occurrence_list::rows(cx, HEAD), &cx.view);
    }

    fn each_occurrence(&mut self, call: &mut dyn FnMut(&mut Occurrence)) {
        self.list.items.iter_mut().for_each(call);
    }

    fn followed(&self, around: usize, cx: &Context) -> Followed {
        occurrence_list::followed(&self.list, around, cx)
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let view = &cx.view;
        let [head, body] = Layout::vertical([Constraint::Length(HEAD), Constraint::Min(1)]).areas(area);
        let typed = Line::from(vec![
            Span::styled(" / ", view.theme.accent),
            Span::raw(format!("{}{CURSOR}", clean(&self.typed.text()))),
        ]);
        frame.render_widget(Paragraph::new(vec![typed, chips(&self.filter(view), view)]), head);
        if self.list.items.is_empty() {
            let is_reference = Reference::parse(&self.typed.text()).is_some();
            let words = if is_reference { "⏎ opens it." } else { "No upcoming event matches." };
            return occurrence_list::draw_empty(frame, body, &self.list.status, cx, words);
        }
        occurrence_list::draw(&self.list, frame, body, view);
    }
}

/// The conditions of the filter as chips. Without any, a line that lists the available ones.
fn chips(filter: &SearchFilter, view: &ViewContext) -> Line<'static> {
    let day = |day: NaiveDate| day.format("%a %-d %b %Y").to_string();
    let chips = [
        Some(&filter.organizer).filter(|name| !name.is_empty()).map(|name| format!("by {}", clean(name))),
        Some(&filter.location).filter(|place| !place.is_empty()).map(|place| format!("at {}", clean(place))),
        filter.available.then(|| "free seats".to_owned()),
        filter.registered.then(|| "mine".to_owned()),
        filter.from.map(|from| format!("from {}", day(from))),
        filter.to.map(|to| format!("until {}", day(to))),
    ];
    let kinds = filter.categories.iter().map(|category| clean(category));
    let tags = filter.tags.iter().map(|tag| format!("#{}", clean(tag)));
    let mut spans = Vec::new();
    for chip in kinds.chain(tags).chain(chips.into_iter().flatten()) {
        spans.extend([Span::raw(" "), Span::styled(format!("[{chip}]"), view.theme.accent)]);
    }
    for word in &filter.unclear {
        let note = format!(" ! {} is not a date: fri, +10, 24.12.", clean(word));
        spans.push(Span::styled(note, view.theme.warn));
    }
    if spans.is_empty() {
        let hint =
            " words @place #tag by:ada in:concert is:free is:mine from:fri to:+10 · or a link".to_owned();
        spans.push(Span::styled(hint, view.theme.muted));
    }
    Line::from(spans)
}

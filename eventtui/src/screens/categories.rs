//! The categories of events, which admins maintain.

use eventcore::categories::Category;
use eventcore::{Cursor, Page};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::row;
use super::screen::{Context, Handled, Screen};
use super::settings::SettingsScreen;
use crate::backend::{ApiError, Request, Response, unexpected_response};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::list::{PagedList, Pages};
use crate::widgets::text::{clean, fit, flow};

/// Rows above the list.
const HEAD: u16 = 2;
/// Columns below which a row has no room for the description.
const NARROW: u16 = 80;

/// All categories, by name.
#[derive(Debug, Default)]
pub(crate) struct CategoriesScreen {
    pub(crate) list: PagedList<Category>,
}

impl Screen for CategoriesScreen {
    fn place(&self) -> Place {
        Place::Categories
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.list.status)
    }

    /// Opens forms. The library decides whether the user may save them.
    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        let form: fn(&Category) -> SettingsScreen = match action {
            Action::NewCategory => {
                if cx.signed_in() {
                    cx.open(SettingsScreen::category(None));
                }
                return Handled::Yes;
            }
            Action::EditCategory => |category: &Category| SettingsScreen::category(Some(category)),
            Action::DeleteCategory => SettingsScreen::category_deletion,
            _ => return Handled::No,
        };
        if cx.signed_in() {
            match self.list.selected() {
                Some(category) => cx.open(form(category)),
                None => cx.notify('!', "No category is selected"),
            }
        }
        Handled::Yes
    }

    fn list(&mut self) -> Option<&mut dyn Pages> {
        Some(&mut self.list)
    }

    fn list_rows(&self, cx: &Context) -> usize {
        cx.height().saturating_sub(usize::from(HEAD))
    }

    fn page(&self, _cursor: Option<Cursor>, _cx: &Context) -> Option<(Purpose, Request)> {
        Some((Purpose::CategoryList, Request::Categories))
    }

    fn responded(&mut self, _purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        let page = outcome.and_then(|response| match response {
            Response::Categories(categories) => Ok(Page::whole(categories)),
            _ => Err(unexpected_response()),
        });
        self.list.take(None, page, (cx.now, self.list_rows(cx)), |category| category.id);
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let (view, theme) = (&cx.view, cx.view.theme);
        let [head, body] = Layout::vertical([Constraint::Length(HEAD), Constraint::Min(1)]).areas(area);
        let title = Line::from(vec![
            Span::styled(" Categories", theme.accent),
            Span::styled("  changed by admins", theme.muted),
        ]);
        frame.render_widget(title, head);
        let line = match (&self.list.status.failure, self.list.status.is_new()) {
            _ if !self.list.items.is_empty() => {
                let items = (self.list.items.iter(), self.list.position);
                return row::draw_plain(frame, body, items, view, |category| {
                    line(category, view, body.width)
                });
            }
            (Some(failure), _) => Line::styled(format!(" {}", clean(failure)), theme.bad),
            (None, true) => Line::styled(" …", theme.muted),
            (None, false) => Line::styled(" None. n creates one", theme.muted),
        };
        frame.render_widget(Paragraph::new(flow(line, usize::from(body.width))), body);
    }
}

/// A row: name, slug, the number of upcoming events, and the description.
fn line(category: &Category, view: &ViewContext, width: u16) -> Line<'static> {
    let theme = view.theme;
    let events = match category.upcoming_events {
        0 => "no events".to_owned(),
        1 => "1 event".to_owned(),
        many => format!("{many} events"),
    };
    let width = usize::from(width);
    let room = if width < usize::from(NARROW) { width.saturating_sub(14) / 2 } else { 20 };
    let left = width.saturating_sub(2 * room + 16);
    let mut spans = vec![
        Span::raw(format!(" {}", fit(&category.name, room))),
        Span::styled(format!(" {}", fit(&category.slug, room)), theme.muted),
        Span::raw(format!(" {}", fit(&events, 11))),
    ];
    if width >= usize::from(NARROW) {
        spans.push(Span::styled(format!(" {}", fit(&category.description, left)), theme.muted));
    }
    Line::from(spans)
}

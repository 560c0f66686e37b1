//! Which calendar file to import.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};

use super::entries::{Entries, Entry};
use super::import_report::ImportReportScreen;
use super::screen::{Context, Handled, Screen};
use crate::backend::{ApiError, ImportRequest, Request, Response};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::status::Status;

/// A form with the path of a file, which an import is tried with.
#[derive(Debug)]
pub(crate) struct ImportFormScreen {
    entries: Entries,
}

impl Default for ImportFormScreen {
    fn default() -> Self {
        let location = Entry::of("Where, if not said", "/location", "").optional();
        Self { entries: Entries::of(vec![Entry::of("File", "/path", ""), location]) }
    }
}

impl ImportFormScreen {
    fn send(&mut self, cx: &mut Context) {
        if self.entries.are_sending() || !self.entries.are_complete() {
            return;
        }
        let [path, location] = [0, 1].map(|place| self.entries.text(place));
        let location = Some(location).filter(|location| !location.is_empty());
        self.entries.status.begin(cx.now);
        cx.send(Purpose::TryImport, Request::Import(ImportRequest::Try { path, location }));
    }
}

impl Screen for ImportFormScreen {
    fn place(&self) -> Place {
        Place::Settings
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.entries.status)
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::Save => self.send(cx),
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn entries(&mut self) -> Option<&mut Entries> {
        Some(&mut self.entries)
    }

    fn responded(&mut self, _purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        match self.entries.saved(outcome, cx.now) {
            Some(Response::Import(tried)) => {
                cx.close();
                cx.open(ImportReportScreen::of(*tried));
            }
            Some(_) => cx.notify_unexpected(),
            None => {}
        }
    }

    fn signed_out(&mut self, cx: &mut Context) {
        cx.close();
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let theme = cx.view.theme;
        let title = Line::styled(" Import a calendar", theme.accent);
        let mut lines = vec![Line::raw(""), title, Line::raw("")];
        let hint = |place: usize| match place {
            0 => Some("an .ics file, such as ~/club.ics".to_owned()),
            _ => Some("such as: Library".to_owned()),
        };
        lines.extend(self.entries.lines(&cx.view, area.width, hint));
        let words =
            " Events of any calendar program. What an import would do is shown before anything is stored";
        lines.push(Line::styled(words, theme.muted));
        lines.push(Line::styled(" Enter tries it", theme.muted));
        frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
    }
}

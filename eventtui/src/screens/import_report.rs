//! What an import would do, or has done: each component of the file.

use eventcore::Page;
use eventcore::calendars::{ImportOutcome, ImportReport, ImportedComponent};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::row;
use super::screen::{Context, Handled, LoadFrom, Screen};
use crate::backend::{
    ApiError, CalendarFile, ImportRequest, ImportedFile, Request, Response, unexpected_response,
};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::view_context::ViewContext;
use crate::widgets::list::{PagedList, Pages};
use crate::widgets::text::{clean, columns, fit, flow};

/// Rows above the list.
const HEAD: u16 = 3;
/// Rows below the list, for the selected component.
const FOOT: u16 = 4;

/// The report of an import.
#[derive(Debug)]
pub(crate) struct ImportReportScreen {
    file: CalendarFile,
    /// Without its components, which are in the list.
    report: ImportReport,
    pub(crate) list: PagedList<ImportedComponent>,
}

impl ImportReportScreen {
    pub(crate) fn of(tried: ImportedFile) -> Self {
        let ImportedFile { file, report } = tried;
        let list = PagedList::default();
        let mut screen = Self { file, report: ImportReport::default(), list };
        screen.take(report);
        screen
    }

    fn take(&mut self, mut report: ImportReport) {
        let components = std::mem::take(&mut report.components);
        self.list = PagedList::default();
        self.list.take(None, Ok(Page::whole(components)), (0, 1), |component| component.line);
        self.report = report;
    }

    /// Imports the file, after a question.
    fn store(&self, cx: &mut Context) {
        let ImportReport { dry_run, created, updated, .. } = self.report;
        if !dry_run {
            return cx.notify('!', "It is imported already");
        }
        if created + updated == 0 {
            return cx.notify('!', "Nothing of it would be imported");
        }
        let text = match (created, updated) {
            (created, 0) => format!("Import {created} new {}?", entries(created)),
            (0, updated) => format!("Import {updated} changed {}?", entries(updated)),
            (created, updated) => format!("Import {created} new and {updated} changed entries?"),
        };
        cx.confirm(text, Request::Import(ImportRequest::Store(self.file.clone())), Purpose::StoreImport);
    }

    /// Shows the outcome after the screen was closed.
    pub(crate) fn finish(outcome: Result<Response, ApiError>, cx: &mut Context) {
        match outcome {
            Ok(Response::Import(imported)) => {
                cx.notify('✓', format!("Imported: {}", counts(&imported.report)))
            }
            Ok(_) => cx.notify_unexpected(),
            Err(error) => cx.notify_error(&error),
        }
        cx.refresh();
    }
}

/// The word for components of which one event may have several.
const fn entries(count: u32) -> &'static str {
    if count == 1 { "entry" } else { "entries" }
}

/// `12 new · 3 changed · 1 as it is · 5 left out`.
fn counts(report: &ImportReport) -> String {
    let all = [
        (report.created, "new"),
        (report.updated, "changed"),
        (report.unchanged, "as they are"),
        (report.skipped, "left out"),
    ];
    let counts = all.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, words)| format!("{count} {words}")).collect();
    if counts.is_empty() { "nothing in it".to_owned() } else { counts.join(" · ") }
}

impl Screen for ImportReportScreen {
    fn place(&self) -> Place {
        Place::ImportReport
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::StoreImport => self.store(cx),
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn close(&mut self, cx: &mut Context) -> bool {
        // The screen below is loaded once this one is gone.
        cx.close();
        cx.refresh();
        false
    }

    fn list(&mut self) -> Option<&mut dyn Pages> {
        Some(&mut self.list)
    }

    fn list_rows(&self, cx: &Context) -> usize {
        cx.height().saturating_sub(usize::from(HEAD + FOOT)).max(1)
    }

    /// The report is there already.
    fn load(&mut self, _from: LoadFrom, _cx: &mut Context) {}

    fn responded(&mut self, _purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        match outcome {
            Ok(Response::Import(imported)) => {
                cx.notify('✓', format!("Imported: {}", counts(&imported.report)));
                self.take(imported.report);
            }
            Ok(_) => cx.notify_error(&unexpected_response()),
            Err(error) => cx.notify_error(&error),
        }
    }

    fn signed_out(&mut self, cx: &mut Context) {
        cx.close();
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let (view, theme) = (&cx.view, cx.view.theme);
        let [head, body, foot] =
            Layout::vertical([Constraint::Length(HEAD), Constraint::Min(1), Constraint::Length(FOOT)])
                .areas(area);
        let state = if self.report.dry_run {
            Line::styled(" ! Nothing is stored yet: Enter imports it", theme.warn)
        } else {
            Line::styled(" ✓ Imported", theme.good)
        };
        let room = usize::from(area.width).saturating_sub(12);
        let title = vec![
            Line::styled(format!(" Import of {}", fit(&self.file.name, room).trim_end()), theme.accent),
            Line::raw(format!(" {}", counts(&self.report))),
            state,
        ];
        frame.render_widget(Paragraph::new(title), head);
        if self.list.items.is_empty() {
            let words = Line::styled(" The file has no events", theme.muted);
            return frame.render_widget(words, body);
        }
        let items = (self.list.items.iter(), self.list.position);
        row::draw_plain(frame, body, items, view, |component| line(component, view, body.width));
        let details = self.list.selected().map(|component| details(component, view, foot.width));
        frame.render_widget(Paragraph::new(details.unwrap_or_default()), foot);
    }
}

fn outcome(component: &ImportedComponent, view: &ViewContext) -> (&'static str, Style) {
    match component.outcome {
        ImportOutcome::Created => ("+ new", view.theme.good),
        ImportOutcome::Updated => ("~ changed", view.theme.warn),
        ImportOutcome::Unchanged => ("= as it is", view.theme.muted),
        ImportOutcome::Skipped => ("✗ left out", view.theme.bad),
    }
}

/// A row: what becomes of it, its title, and why, or what was filled in.
fn line(component: &ImportedComponent, view: &ViewContext, width: u16) -> Line<'static> {
    let (words, style) = outcome(component, view);
    let note = component.reason.as_ref().or(component.notes.first());
    let note = note.map_or_else(String::new, |note| clean(&note.message));
    let room = usize::from(width).saturating_sub(13);
    let title = component.title.as_deref().unwrap_or(&component.component);
    let title_room = if note.is_empty() { room } else { (room * 2 / 5).max(12).min(room) };
    let note = fit(&note, room.saturating_sub(title_room + 1));
    let gap = if columns(&note) > 0 { " " } else { "" };
    Line::from(vec![
        Span::styled(format!(" {} ", fit(words, 10)), style),
        Span::raw(fit(title, title_room)),
        Span::styled(format!("{gap}{note}"), view.theme.muted),
    ])
}

/// What the row has no room for: the line of the file, the UID, and all that is to be said.
fn details(component: &ImportedComponent, view: &ViewContext, width: u16) -> Vec<Line<'static>> {
    let (theme, width) = (view.theme, usize::from(width));
    let uid = component.uid.as_deref().map_or_else(String::new, |uid| format!(" · {uid}"));
    let place = format!(" line {}{}", component.line, clean(&uid));
    let mut lines = vec![Line::styled(fit(&place, width), theme.muted)];
    for note in component.reason.iter().chain(&component.notes) {
        let (sign, style) =
            if component.reason.as_ref() == Some(note) { ("✗", theme.bad) } else { ("·", Style::new()) };
        let at = if note.line == component.line { String::new() } else { format!(" (line {})", note.line) };
        lines.extend(flow(Line::styled(format!(" {sign} {}{at}", clean(&note.message)), style), width));
    }
    lines
}

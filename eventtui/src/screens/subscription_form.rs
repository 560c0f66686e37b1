//! A calendar to follow, or a changed one.

use eventcore::Violation;
use eventcore::subscriptions::CalendarSubscription;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};
use serde_json::{Map, Value, json};

use super::entries::{Entries, Entry};
use super::screen::{Context, Handled, Screen};
use crate::backend::{ApiError, ErrorKind, Request, Response, SubscriptionsRequest};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::status::Status;

/// A form with the URL of a calendar, and what new events get that it does not say.
#[derive(Debug)]
pub(crate) struct SubscriptionFormScreen {
    /// The subscription as loaded; `None` for a new one.
    changed: Option<Box<CalendarSubscription>>,
    entries: Entries,
}

type FieldText = fn(&CalendarSubscription) -> Option<String>;

impl SubscriptionFormScreen {
    pub(crate) fn of(followed: Option<&CalendarSubscription>) -> Self {
        let text = |of: FieldText| followed.and_then(of).unwrap_or_default();
        let optional = |label, pointer, of: FieldText| Entry::of(label, pointer, &text(of)).optional();
        let drafts = if followed.is_some_and(|followed| followed.drafts) { "yes" } else { "no" };
        let entries = vec![
            Entry::of("URL", "/url", &text(|followed| Some(followed.url.clone()))),
            optional("Where, if not said", "/location", |followed| followed.location.clone()),
            optional("Seats", "/capacity", |followed| followed.capacity.map(|seats| seats.to_string())),
            optional("Time zone", "/timezone", |followed| followed.timezone.clone()),
            optional("Visible", "/visibility", |followed| Some(followed.visibility?.as_str().to_owned())),
            Entry::of("As drafts", "/drafts", drafts),
        ];
        Self { changed: followed.cloned().map(Box::new), entries: Entries::of(entries) }
    }

    fn save(&mut self, cx: &mut Context) {
        if self.entries.are_sending() || !self.entries.are_complete() {
            return;
        }
        let fields = match self.fields() {
            Ok(fields) => fields,
            Err(wrong) => {
                let (message, fields) = ("a field is invalid".to_owned(), vec![wrong]);
                return self.entries.show_error(ApiError { message, fields, kind: ErrorKind::Other });
            }
        };
        let request = match &self.changed {
            None => SubscriptionsRequest::Create(Value::Object(fields)),
            Some(_) if fields.is_empty() => return cx.close(),
            Some(followed) => SubscriptionsRequest::Change {
                subscription: followed.id,
                version: followed.version,
                patch: Value::Object(fields),
            },
        };
        self.entries.status.begin(cx.now);
        cx.send(Purpose::SaveSubscription, Request::Subscriptions(request));
    }

    /// The fields of a new subscription, or those of a changed one that differ.
    fn fields(&self) -> Result<Map<String, Value>, Violation> {
        let texts = [0, 1, 2, 3, 4, 5].map(|place| self.entries.text(place));
        let [url, location, capacity, timezone, visibility, drafts] = texts;
        let wrong = |pointer: &str, message: &str| Violation {
            pointer: pointer.to_owned(),
            code: "invalid".into(),
            message: message.to_owned(),
        };
        let optional = |text: String| if text.is_empty() { Value::Null } else { Value::String(text) };
        let capacity = match capacity.as_str() {
            "" => Value::Null,
            number => json!(number.parse::<i64>().map_err(|_| wrong("/capacity", "must be a number"))?),
        };
        let drafts = match drafts.to_lowercase().as_str() {
            "yes" => true,
            "no" => false,
            _ => return Err(wrong("/drafts", "must be yes or no")),
        };
        let fields = [
            ("url", json!(url)),
            ("location", optional(location)),
            ("capacity", capacity),
            ("timezone", optional(timezone)),
            ("visibility", optional(visibility.to_lowercase())),
            ("drafts", json!(drafts)),
        ];
        let before = self.changed.as_ref().and_then(|followed| serde_json::to_value(followed).ok());
        let is_said = |name: &str, value: &Value| match &before {
            Some(before) => before.get(name) != Some(value),
            None => !value.is_null(),
        };
        let said = fields.into_iter().filter(|(name, value)| is_said(name, value));
        Ok(said.map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// A hint for a field.
    fn beside(&self, place: usize) -> Option<String> {
        if place < 5 && !self.entries.text(place).is_empty() {
            return None;
        }
        Some(match place {
            0 => "such as https://example.org/club.ics".to_owned(),
            1 => "To be announced".to_owned(),
            2 => "100".to_owned(),
            3 => "as the calendar says".to_owned(),
            4 => "public, unlisted, private".to_owned(),
            _ => "yes: you publish them".to_owned(),
        })
    }
}

impl Screen for SubscriptionFormScreen {
    fn place(&self) -> Place {
        Place::Settings
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.entries.status)
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::Save => self.save(cx),
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn entries(&mut self) -> Option<&mut Entries> {
        Some(&mut self.entries)
    }

    fn responded(&mut self, _purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        if self.entries.saved(outcome, cx.now).is_some() {
            cx.close();
            cx.notify('✓', "Calendar saved");
            cx.refresh();
        }
    }

    fn signed_out(&mut self, cx: &mut Context) {
        cx.close();
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let theme = cx.view.theme;
        let is_new = self.changed.is_none();
        let title = if is_new { " Follow a calendar" } else { " Change the followed calendar" };
        let mut lines = vec![Line::raw(""), Line::styled(title, theme.accent), Line::raw("")];
        lines.extend(self.entries.lines(&cx.view, area.width, |place| self.beside(place)));
        let words = " The .ics file is read every hour. What it has becomes events of mine, which only it \
                     changes. The other fields are what new events get that it does not say";
        lines.push(Line::styled(words, theme.muted));
        lines.push(Line::styled(" Enter saves", theme.muted));
        frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
    }
}

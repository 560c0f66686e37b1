//! A new webhook, or a changed one; and its secret, which is shown only once.

use eventcore::Violation;
use eventcore::webhooks::Webhook;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};
use serde_json::{Map, Value, json};

use super::entries::{Entries, Entry};
use super::new_token::local;
use super::screen::{Context, Handled, Screen};
use super::webhook_words::{host, kinds_text, read_kinds};
use crate::backend::{ApiError, ErrorKind, Request, Response, WebhookSecret, WebhooksRequest};
use crate::keys::{Action, Place};
use crate::message::{Effect, Purpose};
use crate::status::Status;
use crate::widgets::text::flow;

/// A form with the fields of a webhook.
#[derive(Debug)]
pub(crate) struct WebhookFormScreen {
    /// The webhook as loaded; None for a new one.
    changed: Option<Box<Webhook>>,
    entries: Entries,
}

impl WebhookFormScreen {
    pub(crate) fn of(webhook: Option<&Webhook>) -> Self {
        let text = |of: fn(&Webhook) -> &str| webhook.map_or("", of);
        let kinds = webhook.map_or_else(|| "registration".to_owned(), |webhook| kinds_text(&webhook.kinds));
        let events = if webhook.is_some_and(|webhook| webhook.all_events) { "all" } else { "mine" };
        let entries = vec![
            Entry::of("URL", "/url", text(|webhook| &webhook.url)),
            Entry::of("Kinds of changes", "/kinds", &kinds),
            Entry::of("Events", "/all_events", events),
            Entry::of("Description", "/description", text(|webhook| &webhook.description)).optional(),
        ];
        Self { changed: webhook.cloned().map(Box::new), entries: Entries::of(entries) }
    }

    fn save(&mut self, cx: &mut Context) {
        if self.entries.are_sending() || !self.entries.are_complete() {
            return;
        }
        let fields = match self.fields() {
            Ok(fields) => fields,
            Err(fields) => {
                let message = "a field is invalid".to_owned();
                return self.entries.show_error(ApiError { message, fields, kind: ErrorKind::Other });
            }
        };
        let request = match &self.changed {
            None => WebhooksRequest::Create(Value::Object(fields)),
            Some(_) if fields.is_empty() => return cx.close(),
            Some(webhook) => WebhooksRequest::Change {
                webhook: webhook.id,
                version: webhook.version,
                patch: Value::Object(fields),
            },
        };
        self.entries.status.begin(cx.now);
        cx.send(Purpose::SaveWebhook, Request::Webhooks(request));
    }

    /// The fields of a new webhook, or those of a changed one that differ.
    fn fields(&self) -> Result<Map<String, Value>, Vec<Violation>> {
        let [url, kinds, events, description] = [0, 1, 2, 3].map(|place| self.entries.text(place));
        let wrong = |pointer: &str, message: String| {
            vec![Violation { pointer: pointer.to_owned(), code: "invalid".into(), message }]
        };
        let kinds = read_kinds(&kinds).map_err(|message| wrong("/kinds", message))?;
        let all_events = match events.to_lowercase().as_str() {
            "all" => true,
            "mine" => false,
            _ => return Err(wrong("/all_events", "must be mine or all".to_owned())),
        };
        let before = self.changed.as_deref();
        let mut fields = Map::new();
        let mut insert = |name: &str, value: Value, same: bool| {
            if !same {
                fields.insert(name.to_owned(), value);
            }
        };
        insert("url", json!(url), before.is_some_and(|before| before.url == url));
        let same_kinds = before.is_some_and(|before| {
            before.kinds.len() == kinds.len() && before.kinds.iter().all(|kind| kinds.contains(kind))
        });
        insert("kinds", json!(kinds), same_kinds);
        insert("all_events", json!(all_events), before.is_some_and(|b| b.all_events == all_events));
        insert("description", json!(description), before.is_some_and(|b| b.description == description));
        Ok(fields)
    }

    /// Shows the outcome of saving, also after the screen was closed.
    pub(crate) fn finish(outcome: Result<Response, ApiError>, cx: &mut Context) {
        match outcome {
            Ok(Response::WebhookSecret(created)) => {
                cx.refresh();
                return cx.open(WebhookSecretScreen { created });
            }
            Ok(_) => cx.notify('✓', "Webhook saved"),
            Err(error) => cx.notify_error(&error),
        }
        cx.refresh();
    }

    /// A hint for a field.
    fn beside(&self, place: usize) -> Option<String> {
        let text = self.entries.text(place);
        Some(match place {
            0 if text.is_empty() => "such as https://example.org/hooks".to_owned(),
            1 => match read_kinds(&text) {
                Ok(kinds) if kinds.len() == 1 => "→ 1 kind".to_owned(),
                Ok(kinds) => format!("→ {} kinds", kinds.len()),
                Err(wrong) => format!("! {wrong}"),
            },
            2 => "mine, or all: admins only".to_owned(),
            3 if text.is_empty() => "such as: badge printer".to_owned(),
            _ => return None,
        })
    }
}

impl Screen for WebhookFormScreen {
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
        if let Some(response) = self.entries.saved(outcome, cx.now) {
            cx.close();
            Self::finish(Ok(response), cx);
        }
    }

    fn signed_out(&mut self, cx: &mut Context) {
        cx.close();
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let theme = cx.view.theme;
        let title = if self.changed.is_some() { " Change the webhook" } else { " New webhook" };
        let mut lines = vec![Line::raw(""), Line::styled(title, theme.accent), Line::raw("")];
        lines.extend(self.entries.lines(&cx.view, area.width, |place| self.beside(place)));
        let words = " It gets a signed POST for each change. Kinds: event, occurrence, registration, \
                     comment, feedback, one such as event.published, or all";
        lines.push(Line::styled(words, theme.muted));
        lines.push(Line::styled(" Enter saves", theme.muted));
        frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
    }
}

/// The secret of a webhook.
#[derive(Debug)]
pub(crate) struct WebhookSecretScreen {
    pub(crate) created: WebhookSecret,
}

impl Screen for WebhookSecretScreen {
    fn place(&self) -> Place {
        Place::Secret
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        if action != Action::CopySecret {
            return Handled::No;
        }
        cx.notify('✓', "Secret copied, if your terminal allows it");
        cx.effects.push(Effect::Copy(self.created.secret.clone()));
        Handled::Yes
    }

    fn signed_out(&mut self, cx: &mut Context) {
        cx.close();
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let (view, theme) = (&cx.view, cx.view.theme);
        let former = match self.created.former_until {
            Some(at) => {
                let until = local(at, view).format("%a %-d %B %Y, %H:%M");
                format!(" The former secret signs too until {until}")
            }
            None => " The receiver checks signatures with it (see standardwebhooks.com)".to_owned(),
        };
        let lines = [
            Line::styled(format!(" Secret of the webhook of {}", host(&self.created.url)), theme.accent),
            Line::raw(""),
            Line::raw(format!(" {}", self.created.secret)),
            Line::raw(""),
            Line::styled(" ! It is shown only now: y copies it", theme.warn),
            Line::raw(""),
            Line::styled(former, theme.muted),
        ];
        let lines: Vec<_> = lines.into_iter().flat_map(|line| flow(line, usize::from(area.width))).collect();
        frame.render_widget(Paragraph::new(lines), area);
    }
}

//! My webhooks: URLs that are told of changes in my events.

use eventcore::webhooks::{DisabledBecause, Webhook};
use eventcore::{Cursor, Page};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use serde_json::json;

use super::deliveries::DeliveriesScreen;
use super::list_frame::{HEAD, ListFrame};
use super::new_token::local;
use super::screen::{Context, Handled, Screen};
use super::webhook_form::WebhookFormScreen;
use super::webhook_words::{host, kinds_text};
use crate::backend::{ApiError, Request, Response, WebhooksRequest, unexpected_response};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::list::{PagedList, Pages};
use crate::widgets::text::{columns, fit, flow};

/// Rows below the list, for the selected webhook.
const FOOT: u16 = 4;
/// Columns below which a row has no room for the last delivery.
const NARROW: u16 = 80;

/// The webhooks of the user, oldest first.
#[derive(Debug, Default)]
pub(crate) struct WebhooksScreen {
    pub(crate) list: PagedList<Webhook>,
}

impl WebhooksScreen {
    /// Runs an action on the selected webhook.
    fn manage(&self, action: Action, cx: &mut Context) -> Handled {
        let Some(hook) = self.list.selected() else {
            cx.notify('!', "No webhook is selected");
            return Handled::Yes;
        };
        let (webhook, version) = (hook.id, hook.version);
        let request = |request| Request::Webhooks(request);
        match action {
            Action::Open => cx.open(DeliveriesScreen::of(hook)),
            Action::EditWebhook => cx.open(WebhookFormScreen::of(Some(hook))),
            Action::TestWebhook => {
                let sent = "A test is sent: Enter shows what becomes of it";
                cx.send(Purpose::Command(sent), request(WebhooksRequest::Test(webhook)));
            }
            Action::ToggleWebhook => {
                let patch = json!({"enabled": !hook.enabled});
                let done = if hook.enabled { "Webhook paused" } else { "Webhook enabled" };
                let change = WebhooksRequest::Change { webhook, version, patch };
                cx.send(Purpose::Command(done), request(change));
            }
            Action::RotateSecret => {
                let text = "Replace the secret? The former one signs for 24 more hours".to_owned();
                let rotate = WebhooksRequest::RotateSecret { webhook, url: hook.url.clone() };
                cx.confirm(text, request(rotate), Purpose::RotateSecret);
            }
            Action::DeleteWebhook => {
                let text = format!("Delete the webhook of {}, with its deliveries?", host(&hook.url));
                let delete = WebhooksRequest::Delete { webhook, version };
                cx.confirm(text, request(delete), Purpose::Command("Webhook deleted"));
            }
            _ => return Handled::No,
        }
        Handled::Yes
    }
}

impl Screen for WebhooksScreen {
    fn place(&self) -> Place {
        Place::Webhooks
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.list.status)
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::NewWebhook => cx.open(WebhookFormScreen::of(None)),
            _ => return self.manage(action, cx),
        }
        Handled::Yes
    }

    fn list(&mut self) -> Option<&mut dyn Pages> {
        Some(&mut self.list)
    }

    fn list_rows(&self, cx: &Context) -> usize {
        cx.height().saturating_sub(usize::from(HEAD + FOOT)).max(1)
    }

    fn page(&self, _cursor: Option<Cursor>, _cx: &Context) -> Option<(Purpose, Request)> {
        Some((Purpose::Webhooks, Request::Webhooks(WebhooksRequest::List)))
    }

    fn responded(&mut self, _purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        let page = outcome.and_then(|response| match response {
            Response::Webhooks(webhooks) => Ok(Page::whole(webhooks)),
            _ => Err(unexpected_response()),
        });
        self.list.take(None, page, (cx.now, self.list_rows(cx)), |webhook| webhook.id);
    }

    fn signed_out(&mut self, cx: &mut Context) {
        cx.close();
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let around = ListFrame {
            title: "Webhooks".to_owned(),
            subtitle: "URLs that are told of changes in my events",
            empty: "None. n creates one",
            foot: FOOT,
        };
        let view = &cx.view;
        let line = |item: &_, width| line(item, view, width);
        around.draw(frame, area, (&self.list, view), line, |item, width| details(item, view, width));
    }
}

/// Whether it is told of changes, and if not, why.
fn state(webhook: &Webhook, view: &ViewContext) -> (&'static str, Style) {
    match webhook.disabled_because {
        None => ("✓ on", view.theme.good),
        Some(DisabledBecause::Owner) => ("‖ paused", view.theme.muted),
        Some(DisabledBecause::Failing) => ("✗ failing", view.theme.bad),
        Some(DisabledBecause::Gone) => ("✗ gone", view.theme.bad),
    }
}

/// A row: URL, state, and when something was delivered last.
fn line(webhook: &Webhook, view: &ViewContext, width: u16) -> Line<'static> {
    let (state, style) = state(webhook, view);
    let last = match webhook.last_success_at {
        Some(at) => format!("delivered {}", local(at, view).format("%-d %b %Y %H:%M")),
        None => "nothing delivered yet".to_owned(),
    };
    let last = if width < NARROW { String::new() } else { format!("  {}", fit(&last, 28)) };
    let room = usize::from(width).saturating_sub(13 + columns(&last));
    Line::from(vec![
        Span::raw(format!(" {}", fit(&webhook.url, room))),
        Span::styled(format!(" {}", fit(state, 10)), style),
        Span::styled(last, view.theme.muted),
    ])
}

/// What the row has no room for: description, kinds, and why it is disabled.
fn details(webhook: &Webhook, view: &ViewContext, width: u16) -> Vec<Line<'static>> {
    let (theme, width) = (view.theme, usize::from(width));
    let scope = if webhook.all_events { "all events" } else { "my events" };
    let mut lines = Vec::new();
    let why = match webhook.disabled_because {
        Some(DisabledBecause::Failing) => "It took nothing for 24 hours. p enables it again",
        Some(DisabledBecause::Gone) => "It has answered that it is gone. p enables it again",
        Some(DisabledBecause::Owner) | None => "",
    };
    if !why.is_empty() {
        lines.extend(flow(Line::styled(format!(" ✗ {why}"), theme.bad), width));
    }
    if !webhook.description.is_empty() {
        lines.push(Line::raw(format!(" {}", fit(&webhook.description, width.saturating_sub(2)))));
    }
    let kinds = format!(" {scope}: {}", kinds_text(&webhook.kinds));
    lines.extend(flow(Line::styled(kinds, theme.muted), width));
    lines
}

//! What was delivered to a webhook, and what became of it.

use eventcore::webhooks::{DeliveryState, Webhook, WebhookDelivery};
use eventcore::{Cursor, WebhookId};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::list_frame::{HEAD, ListFrame};
use super::new_token::local;
use super::screen::{Context, Handled, Screen};
use super::webhook_words::host;
use crate::backend::{ApiError, Request, Response, WebhooksRequest, unexpected_response};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::list::{PagedList, Pages};
use crate::widgets::text::{clean, fit, flow};

/// Rows below the list, for the selected delivery.
const FOOT: u16 = 6;

/// The deliveries to a webhook, newest first.
#[derive(Debug)]
pub(crate) struct DeliveriesScreen {
    webhook: WebhookId,
    url: String,
    pub(crate) list: PagedList<WebhookDelivery>,
}

impl DeliveriesScreen {
    pub(crate) fn of(webhook: &Webhook) -> Self {
        Self { webhook: webhook.id, url: webhook.url.clone(), list: PagedList::default() }
    }

    fn redeliver(&self, cx: &mut Context) {
        let Some(delivery) = self.list.selected() else { return cx.notify('!', "No delivery is selected") };
        let request = WebhooksRequest::Redeliver { webhook: self.webhook, delivery: delivery.id };
        cx.send(Purpose::Command("It is sent again"), Request::Webhooks(request));
    }
}

impl Screen for DeliveriesScreen {
    fn place(&self) -> Place {
        Place::Deliveries
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.list.status)
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::Redeliver => self.redeliver(cx),
            Action::TestWebhook => {
                let request = WebhooksRequest::Test(self.webhook);
                cx.send(Purpose::Command("A test is sent"), Request::Webhooks(request));
            }
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn list(&mut self) -> Option<&mut dyn Pages> {
        Some(&mut self.list)
    }

    fn list_rows(&self, cx: &Context) -> usize {
        cx.height().saturating_sub(usize::from(HEAD + FOOT)).max(1)
    }

    fn page(&self, cursor: Option<Cursor>, _cx: &Context) -> Option<(Purpose, Request)> {
        let purpose = Purpose::Deliveries(cursor.clone());
        Some((purpose, Request::Webhooks(WebhooksRequest::Deliveries { webhook: self.webhook, cursor })))
    }

    fn responded(&mut self, purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        let Purpose::Deliveries(cursor) = purpose else { return };
        let page = outcome.and_then(|response| match response {
            Response::Deliveries(page) => Ok(page),
            _ => Err(unexpected_response()),
        });
        self.list.take(cursor.as_ref(), page, (cx.now, self.list_rows(cx)), |delivery| delivery.id);
    }

    fn signed_out(&mut self, cx: &mut Context) {
        cx.close();
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let around = ListFrame {
            title: format!("Deliveries to {}", host(&self.url)),
            subtitle: "kept for 30 days",
            empty: "Nothing was delivered yet. t sends a test",
            foot: FOOT,
        };
        let view = &cx.view;
        let line = |item: &_, width| line(item, view, width);
        around.draw(frame, area, (&self.list, view), line, |item, width| details(item, view, width));
    }
}

fn state(delivery: &WebhookDelivery, view: &ViewContext) -> (&'static str, Style) {
    match delivery.state {
        DeliveryState::Waiting => ("◌ waiting", view.theme.warn),
        DeliveryState::Delivered => ("✓ delivered", view.theme.good),
        DeliveryState::Failed => ("✗ failed", view.theme.bad),
        DeliveryState::Dropped => ("- dropped", view.theme.muted),
    }
}

/// A row: when it happened, the kind, the state, and the status of the last answer.
fn line(delivery: &WebhookDelivery, view: &ViewContext, width: u16) -> Line<'static> {
    let (state, style) = state(delivery, view);
    let at = local(delivery.happened_at, view).format("%-d %b %H:%M:%S").to_string();
    let status = delivery.status.map_or_else(String::new, |status| status.to_string());
    let room = usize::from(width).saturating_sub(36);
    Line::from(vec![
        Span::styled(format!(" {}", fit(&at, 15)), view.theme.muted),
        Span::raw(format!(" {}", fit(&delivery.kind, room))),
        Span::styled(format!(" {}", fit(state, 12)), style),
        Span::styled(format!(" {}", fit(&status, 4)), view.theme.muted),
    ])
}

/// How often it was tried, why it failed, and the beginning of the answer.
fn details(delivery: &WebhookDelivery, view: &ViewContext, width: u16) -> Vec<Line<'static>> {
    let (theme, width) = (view.theme, usize::from(width));
    let when = |at| local(at, view).format("%-d %b %H:%M:%S").to_string();
    let tried = match delivery.attempts {
        0 => " not tried yet".to_owned(),
        1 => " tried once".to_owned(),
        many => format!(" tried {many} times"),
    };
    let last = delivery.attempted_at.map_or_else(String::new, |at| format!(", last at {}", when(at)));
    let next = delivery.next_attempt_at.map_or_else(String::new, |at| format!(", again at {}", when(at)));
    let mut lines = flow(Line::styled(format!("{tried}{last}{next}"), theme.muted), width);
    if let Some(error) = &delivery.error {
        lines.extend(flow(Line::styled(format!(" ✗ {}", clean(error)), theme.bad), width));
    }
    if let Some(answer) = delivery.answer.as_deref().filter(|answer| !answer.is_empty()) {
        lines.extend(flow(Line::raw(format!(" “{}”", clean(answer))), width));
    }
    lines
}

//! Calendars of others that I follow: what they have becomes events of mine.

use chrono::TimeDelta;
use eventcore::subscriptions::{CalendarSubscription, SubscriptionEnd, UnsubscribeChoice};
use eventcore::{Cursor, Page};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use serde_json::json;

use super::inbox_words::age;
use super::list_frame::{HEAD, ListFrame};
use super::new_token::local;
use super::screen::{Context, Handled, Screen};
use super::subscription_form::SubscriptionFormScreen;
use super::webhook_words::host;
use crate::backend::{ApiError, Request, Response, SubscriptionsRequest, unexpected_response};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::list::{PagedList, Pages};
use crate::widgets::text::{clean, columns, fit, flow};

/// Rows below the list, for the selected calendar.
const FOOT: u16 = 7;
/// Columns below which a row has no room for its events.
const NARROW: u16 = 80;
/// How often a calendar is read.
const PERIOD: TimeDelta = TimeDelta::hours(1);

/// The calendars that the user follows, in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct SubscriptionsScreen {
    pub(crate) list: PagedList<CalendarSubscription>,
}

impl SubscriptionsScreen {
    /// Runs an action on the selected calendar.
    fn manage(&self, action: Action, cx: &mut Context) -> Handled {
        let Some(followed) = self.list.selected() else {
            cx.notify('!', "No calendar is selected");
            return Handled::Yes;
        };
        match action {
            Action::EditSubscription => cx.open(SubscriptionFormScreen::of(Some(followed))),
            Action::RefreshSubscription => {
                let asked = "It is read as soon as possible: R shows what became of it";
                let refresh = SubscriptionsRequest::Refresh(followed.id);
                cx.send(Purpose::Command(asked), Request::Subscriptions(refresh));
            }
            Action::ToggleSubscription => {
                let patch = json!({"enabled": !followed.enabled});
                let done = if followed.enabled { "Calendar paused" } else { "Calendar enabled" };
                let (subscription, version) = (followed.id, followed.version);
                let change = SubscriptionsRequest::Change { subscription, version, patch };
                cx.send(Purpose::Command(done), Request::Subscriptions(change));
            }
            Action::EndSubscription => end(followed, UnsubscribeChoice::Keep, cx),
            Action::EndSubscribedEvents => end(followed, UnsubscribeChoice::Cancel, cx),
            _ => return Handled::No,
        }
        Handled::Yes
    }
}

/// Asks whether to follow a calendar no longer.
fn end(followed: &CalendarSubscription, events: UnsubscribeChoice, cx: &mut Context) {
    let host = host(&followed.url);
    let (text, done) = match events {
        UnsubscribeChoice::Keep => {
            let text = format!("Follow {host} no longer? Its events stay, and you can change them");
            (text, "Calendar followed no longer: its events stay")
        }
        UnsubscribeChoice::Cancel => {
            let text = format!("Follow {host} no longer, cancel its events ahead, and tell people?");
            (text, "Calendar followed no longer: its events are being cancelled")
        }
    };
    let end = SubscriptionsRequest::End { subscription: followed.id, version: followed.version, events };
    cx.confirm(text, Request::Subscriptions(end), Purpose::Command(done));
}

impl Screen for SubscriptionsScreen {
    fn place(&self) -> Place {
        Place::Subscriptions
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.list.status)
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::NewSubscription => cx.open(SubscriptionFormScreen::of(None)),
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
        Some((Purpose::Subscriptions, Request::Subscriptions(SubscriptionsRequest::List)))
    }

    fn responded(&mut self, _purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        let page = outcome.and_then(|response| match response {
            Response::Subscriptions(followed) => Ok(Page::whole(followed)),
            _ => Err(unexpected_response()),
        });
        self.list.take(None, page, (cx.now, self.list_rows(cx)), |followed| followed.id);
    }

    fn signed_out(&mut self, cx: &mut Context) {
        cx.close();
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let around = ListFrame {
            title: "Followed calendars".to_owned(),
            subtitle: "their events become mine, and follow them",
            empty: "None. n follows one: the address of an .ics file",
            foot: FOOT,
        };
        let view = &cx.view;
        let line = |item: &_, width| line(item, view, width);
        around.draw(frame, area, (&self.list, view), line, |item, width| details(item, view, width));
    }
}

/// Whether it is read, and if not, why.
fn state(followed: &CalendarSubscription, view: &ViewContext) -> (&'static str, Style) {
    match followed.disabled_because {
        None if followed.failing_since.is_some() => ("! failing", view.theme.warn),
        None if followed.checked_at.is_none() => ("◌ waiting", view.theme.muted),
        None => ("✓ on", view.theme.good),
        Some(SubscriptionEnd::Owner) => ("‖ paused", view.theme.muted),
        Some(SubscriptionEnd::Failing) => ("✗ failed", view.theme.bad),
        Some(SubscriptionEnd::Gone) => ("✗ gone", view.theme.bad),
        Some(SubscriptionEnd::Ending) => ("… ending", view.theme.muted),
    }
}

/// A row: URL, state, the number of its events, and when its server last answered.
fn line(followed: &CalendarSubscription, view: &ViewContext, width: u16) -> Line<'static> {
    let (state, style) = state(followed, view);
    let read = match followed.succeeded_at {
        Some(at) => format!("{}, read {}", counted(followed.events, "event"), age(at, view)),
        None => "not read yet".to_owned(),
    };
    let read = if width < NARROW { String::new() } else { format!("  {}", fit(&read, 28)) };
    let room = usize::from(width).saturating_sub(13 + columns(&read));
    Line::from(vec![
        Span::raw(format!(" {}", fit(&followed.url, room))),
        Span::styled(format!(" {}", fit(state, 10)), style),
        Span::styled(read, view.theme.muted),
    ])
}

/// What the row has no room for: why it is not read, when it was and will be, what became of its entries, and
/// what new events get.
fn details(followed: &CalendarSubscription, view: &ViewContext, width: u16) -> Vec<Line<'static>> {
    let (theme, width) = (view.theme, usize::from(width));
    let mut lines = Vec::new();
    if let Some((words, style)) = trouble(followed, view) {
        lines.extend(flow(Line::styled(words, style), width));
    }
    lines.extend(flow(Line::styled(times(followed, view), theme.muted), width));
    if let Some(words) = report(followed) {
        lines.extend(flow(Line::raw(words), width));
    }
    lines.extend(flow(Line::styled(defaults(followed), theme.muted), width));
    lines
}

/// Why it is not read, or could not be.
fn trouble(followed: &CalendarSubscription, view: &ViewContext) -> Option<(String, Style)> {
    let theme = view.theme;
    let bad = |words: &str| Some((format!(" ✗ {words}. Its events stay. p enables it again"), theme.bad));
    match (followed.disabled_because, followed.failing_since) {
        (Some(SubscriptionEnd::Failing), _) => bad("It could not be read for three days"),
        (Some(SubscriptionEnd::Gone), _) => bad("Its server has answered that it is gone"),
        (Some(SubscriptionEnd::Ending), _) => {
            let words = " … Its events are being cancelled; then it is not followed any more";
            Some((words.to_owned(), theme.muted))
        }
        (None, Some(since)) => {
            let since = local(since, view).format("%-d %b %Y %H:%M");
            let why = followed.failure.as_deref().map(clean).unwrap_or_default();
            Some((format!(" ! It cannot be read since {since}: {why}"), theme.warn))
        }
        (Some(SubscriptionEnd::Owner) | None, _) => None,
    }
}

/// When it was read, and when it is read next.
fn times(followed: &CalendarSubscription, view: &ViewContext) -> String {
    let next = |at| (local(at, view) + PERIOD).format("%H:%M").to_string();
    match (followed.checked_at, followed.enabled) {
        (None, true) => " not asked for yet: a worker of eventd does it".to_owned(),
        (None, false) => " never asked for".to_owned(),
        (Some(at), true) => format!(" asked for {}, again about {}", age(at, view), next(at)),
        (Some(at), false) => format!(" last asked for {}", age(at, view)),
    }
}

/// What became of its entries, and why some are left out.
fn report(followed: &CalendarSubscription) -> Option<String> {
    let report = followed.report.as_ref()?;
    let (new, changed) = (report.created, report.updated);
    let counts = format!(" {new} new, {changed} changed, {} as before", report.unchanged);
    let left_out = match (report.skipped, report.reasons.first()) {
        (0, _) => String::new(),
        (many, None) => format!(", {many} over or left out"),
        (many, Some(reason)) => {
            format!(", {many} over or left out: line {}: {}", reason.line, clean(&reason.message))
        }
    };
    Some(counts + &left_out)
}

/// What new events get that the calendar does not say.
fn defaults(followed: &CalendarSubscription) -> String {
    let mut words = Vec::new();
    words.extend(followed.location.as_deref().map(clean));
    words.extend(followed.capacity.map(|seats| counted(seats, "seat")));
    words.extend(followed.visibility.map(|visibility| visibility.as_str().to_owned()));
    words.extend(followed.timezone.as_deref().map(clean));
    words.extend(followed.drafts.then(|| "drafts".to_owned()));
    if words.is_empty() { String::new() } else { format!(" new events: {}", words.join(", ")) }
}

/// `1 event`, `2 events`.
fn counted(number: i64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

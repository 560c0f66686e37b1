//! A new personal access token: when it expires, and its secret.

use chrono::{NaiveDateTime, TimeDelta};
use eventcore::Timestamp;
use eventcore::accounts::NewSecret;
use eventcore::time::{resolve_leniently, start_of_day};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::screen::{Context, Handled, Screen};
use crate::keys::{Action, Place};
use crate::message::Effect;
use crate::natural_dates::{read_day, read_duration};
use crate::view_context::ViewContext;
use crate::widgets::text::{clean, flow};

/// A time in the time zone of the user.
pub(super) fn local(at: Timestamp, view: &ViewContext) -> NaiveDateTime {
    at.in_zone(view.my_zone).naive_local()
}

/// Reads when a token expires: `90 days`, `31 dec`, which is included, or `never`.
///
/// # Errors
/// What would be understood.
pub(super) fn read_expiry(text: &str, view: &ViewContext) -> Result<Option<Timestamp>, String> {
    if text.trim().eq_ignore_ascii_case("never") {
        return Ok(None);
    }
    let unclear = || "90 days, 31 dec, or never".to_owned();
    let at = if let Ok(seconds) = read_duration(text) {
        let end = TimeDelta::try_seconds(seconds).and_then(|length| view.now.checked_add_signed(length));
        resolve_leniently(end.ok_or_else(unclear)?, view.my_zone)
    } else {
        let day = read_day(text, view.dates()).and_then(|day| day.succ_opt()).ok_or_else(unclear)?;
        start_of_day(day, view.my_zone)
    };
    if local(at, view) <= view.now { Err("in the past".to_owned()) } else { Ok(Some(at)) }
}

/// What was understood: `until Wed 24 February 2027, 10:00`.
pub(super) fn expiry_understood(text: &str, view: &ViewContext) -> String {
    match read_expiry(text, view) {
        Ok(Some(at)) => format!("→ until {}", local(at, view).format("%a %-d %B %Y, %H:%M")),
        Ok(None) => "→ until you revoke it".to_owned(),
        Err(wrong) => format!("! {wrong}"),
    }
}

/// The secret of a new token, which is shown only once.
#[derive(Debug)]
pub(crate) struct SecretScreen {
    pub(crate) created: Box<NewSecret>,
}

impl Screen for SecretScreen {
    fn place(&self) -> Place {
        Place::Secret
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        if action != Action::CopySecret {
            return Handled::No;
        }
        cx.notify('✓', "Token copied, if your terminal allows it");
        cx.effects.push(Effect::Copy(self.created.secret.clone()));
        Handled::Yes
    }

    fn signed_out(&mut self, cx: &mut Context) {
        cx.close();
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let (view, theme) = (&cx.view, cx.view.theme);
        let token = &self.created.token;
        let until = match token.expires_at {
            Some(at) => format!("until {}", local(at, view).format("%a %-d %B %Y, %H:%M")),
            None => "until you revoke it".to_owned(),
        };
        let title = format!(" Token “{}” · {} · {until}", clean(&token.name), token.scope);
        let lines = [
            Line::styled(title, theme.accent),
            Line::raw(""),
            Line::raw(format!(" {}", self.created.secret)),
            Line::raw(""),
            Line::styled(" ! It is shown only now: y copies it", theme.warn),
            Line::raw(""),
            Line::styled(" eventtui takes it from EVENTTUI_TOKEN, other programs send it as", theme.muted),
            Line::styled(" Authorization: Bearer TOKEN", theme.muted),
        ];
        let lines: Vec<_> = lines.into_iter().flat_map(|line| flow(line, usize::from(area.width))).collect();
        frame.render_widget(Paragraph::new(lines), area);
    }
}

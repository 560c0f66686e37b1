//! Personal access tokens, for scripts and other programs: listed, created and revoked.

use eventcore::accounts::AccessToken;
use eventcore::{Cursor, Page};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::new_token::local;
use super::row;
use super::screen::{Context, Handled, Screen};
use super::settings::SettingsScreen;
use crate::backend::{ApiError, Request, Response, TokensRequest, unexpected_response};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::list::{PagedList, Pages};
use crate::widgets::text::{clean, columns, fit, flow};

/// Rows above the list.
const HEAD: u16 = 2;
/// Columns below which a row has no room for the last use.
const NARROW: u16 = 70;

/// The tokens of the user, oldest first.
#[derive(Debug, Default)]
pub(crate) struct TokensScreen {
    pub(crate) list: PagedList<AccessToken>,
}

impl TokensScreen {
    fn revoke(&self, cx: &mut Context) {
        let Some(token) = self.list.selected() else { return cx.notify('!', "No token is selected") };
        let text = format!("Revoke “{}”? Programs that use it stop working", clean(&token.name));
        let request = Request::Tokens(TokensRequest::Revoke(token.id));
        cx.confirm(text, request, Purpose::Command("Token revoked"));
    }
}

impl Screen for TokensScreen {
    fn place(&self) -> Place {
        Place::Tokens
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.list.status)
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::NewToken => cx.open(SettingsScreen::token()),
            Action::RevokeToken => self.revoke(cx),
            _ => return Handled::No,
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
        Some((Purpose::Tokens, Request::Tokens(TokensRequest::List)))
    }

    fn responded(&mut self, _purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        let page = outcome.and_then(|response| match response {
            Response::Tokens(tokens) => Ok(Page::whole(tokens)),
            _ => Err(unexpected_response()),
        });
        self.list.take(None, page, (cx.now, self.list_rows(cx)), |token| token.id);
    }

    fn signed_out(&mut self, cx: &mut Context) {
        cx.close();
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let (view, theme) = (&cx.view, cx.view.theme);
        let [head, body] = Layout::vertical([Constraint::Length(HEAD), Constraint::Min(1)]).areas(area);
        let title = Line::from(vec![
            Span::styled(" Access tokens", theme.accent),
            Span::styled("  for scripts and other programs", theme.muted),
        ]);
        frame.render_widget(title, head);
        let line = match (&self.list.status.failure, self.list.status.is_new()) {
            _ if !self.list.items.is_empty() => {
                let items = (self.list.items.iter(), self.list.position);
                return row::draw_plain(frame, body, items, view, |token| line(token, view, body.width));
            }
            (Some(failure), _) => Line::styled(format!(" {}", clean(failure)), theme.bad),
            (None, true) => Line::styled(" …", theme.muted),
            (None, false) => Line::styled(" None. n creates one", theme.muted),
        };
        frame.render_widget(Paragraph::new(flow(line, usize::from(body.width))), body);
    }
}

/// A row: name, scope, when it expires, and when it was used last.
fn line(token: &AccessToken, view: &ViewContext, width: u16) -> Line<'static> {
    let theme = view.theme;
    let (expiry, style) = match token.expires_at {
        None => ("never expires".to_owned(), theme.warn),
        Some(at) if local(at, view) <= view.now => ("✗ expired".to_owned(), theme.bad),
        Some(at) => (format!("until {}", local(at, view).format("%-d %b %Y")), theme.muted),
    };
    let used = match token.last_used_at {
        Some(at) => format!("used {}", local(at, view).format("%-d %b %Y %H:%M")),
        None => "never used".to_owned(),
    };
    let used = if width < NARROW { String::new() } else { format!("  {}", fit(&used, 23)) };
    let room = usize::from(width).saturating_sub(29 + columns(&used));
    Line::from(vec![
        Span::raw(format!(" {}", fit(&token.name, room))),
        Span::raw(format!(" {}", fit(token.scope.as_str(), 8))),
        Span::styled(format!(" {}", fit(&expiry, 17)), style),
        Span::styled(used, theme.muted),
    ])
}

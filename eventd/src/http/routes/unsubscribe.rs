//! The page that mails about events link to: it stops mails of a kind, and shows all preferences. Programs
//! that check mails for viruses follow links, so following one changes nothing (RFC 8058, 1).

use eventcore::notifications::{KindPreference, NotificationKind};
use eventcore::{Error, Violations};
use http::header;
use serde::Serialize;

use super::account_pages::Form;
use crate::http::call::{Answer, Call};
use crate::http::pages;
use crate::http::problem_responses::{BodyProblems, PageProblems};
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    let routes = routes![unsubscribe, unsubscribed];
    routes.into_iter().map(|route| route.undocumented().small_body()).collect()
}

#[derive(Default, Serialize)]
struct UnsubscribePage {
    token: String,
    username: String,
    /// What the mails are about.
    about: &'static str,
    mails_on: bool,
    kinds: Vec<KindChoice>,
    /// What was done.
    done: Option<&'static str>,
    problem: Option<String>,
}

/// A kind of notification with its channels.
#[derive(Serialize)]
struct KindChoice {
    word: &'static str,
    label: String,
    in_app: bool,
    email: bool,
}

impl UnsubscribePage {
    /// The page of a token, or why there is none.
    async fn of(call: &Call, token: String, done: Option<&'static str>) -> Result<Self, Error> {
        let found = match call.core.mail_preferences(&token).await {
            Ok(found) => found,
            Err(Error::Invalid(violations)) => return Ok(Self::invalid(&violations)),
            Err(error) => return Err(error),
        };
        let choices = found.preferences.kinds.iter().filter(|choice| !choice.kind.is_about_account());
        let kinds = choices.map(|choice| KindChoice {
            word: choice.kind.as_str(),
            label: pages::sentence(about(choice.kind)).trim_end_matches('.').to_owned(),
            in_app: choice.in_app,
            email: choice.email,
        });
        Ok(Self {
            kinds: kinds.collect(),
            token,
            about: about(found.kind),
            mails_on: found.are_mails_on(),
            username: found.username,
            done,
            problem: None,
        })
    }

    fn invalid(violations: &Violations) -> Self {
        let message = violations.as_slice().first().map_or("is not valid", |first| &*first.message);
        Self { problem: Some(pages::sentence(&format!("the link {message}"))), ..Self::default() }
    }
}

/// What notifications of a kind are about.
const fn about(kind: NotificationKind) -> &'static str {
    match kind {
        NotificationKind::RegistrationConfirmed => "confirmed registrations",
        NotificationKind::RegistrationWaitlisted => "places on waitlists",
        NotificationKind::RegistrationPromoted => "seats for those on waitlists",
        NotificationKind::RegistrationCancelled => "registrations that organizers cancel",
        NotificationKind::EventChanged => "changes of events",
        NotificationKind::EventCancelled => "cancelled events",
        NotificationKind::Reminder => "events that begin soon",
        NotificationKind::NewComment => "comments on your events",
        NotificationKind::CommentReply => "replies to your comments",
        NotificationKind::FeedbackReceived => "feedback on your events",
        NotificationKind::PasswordChanged => "changes of your password",
        NotificationKind::NewSignIn => "sign-ins from new clients",
        NotificationKind::WebhookDisabled => "webhooks that were disabled",
        NotificationKind::CalendarSubscription => "calendars that you follow",
    }
}

/// What to do about mails of a kind
#[utoipa::path(
    get,
    path = "/unsubscribe",
    tag = "pages",
    responses(
        (status = 200, description = "An HTML page", body = String, content_type = "text/html"),
        PageProblems,
    )
)]
async fn unsubscribe(call: Call) -> Answer {
    let token = call.query().text("token").unwrap_or_default();
    let page = UnsubscribePage::of(&call, token, None).await?;
    pages::private_page(&call, "pages/unsubscribe.html", &page)
}

/// Stop mails of a kind, or store preferences
#[utoipa::path(
    post,
    path = "/unsubscribe",
    tag = "pages",
    request_body(content(
        (String = "application/x-www-form-urlencoded"),
        (String = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "An HTML page", body = String, content_type = "text/html"),
        PageProblems, BodyProblems,
    )
)]
async fn unsubscribed(call: Call) -> Answer {
    let form = Form(call.form()?);
    let token = Some(form.field("token")).filter(|token| !token.is_empty());
    let token = token.or_else(|| call.query().text("token")).unwrap_or_default();
    // Programs for mails may send either type (RFC 8058, 3.1), the page sends the other one only.
    let content_type = call.header(header::CONTENT_TYPE).unwrap_or_default();
    let is_one_click = form.field("List-Unsubscribe").eq_ignore_ascii_case("One-Click")
        || content_type.to_ascii_lowercase().starts_with("multipart/form-data");
    let (outcome, done) = if is_one_click {
        (call.core.unsubscribe(&token).await, Some("These mails have stopped."))
    } else if form.field("save") == "all" {
        let kinds = choices(&form);
        (call.core.set_mail_preferences(&token, &kinds).await, Some("Your choices are saved."))
    } else {
        (Ok(()), None)
    };
    let page = match outcome {
        Ok(()) => UnsubscribePage::of(&call, token, done).await?,
        Err(Error::Invalid(violations)) => UnsubscribePage::invalid(&violations),
        Err(error) => return Err(error.into()),
    };
    pages::private_page(&call, "pages/unsubscribe.html", &page)
}

/// The channels of all kinds, as the boxes of the page are checked.
fn choices(form: &Form) -> Vec<KindPreference> {
    let has = |channel: &str, kind: NotificationKind| {
        form.0.iter().any(|(name, value)| name == channel && value == kind.as_str())
    };
    let kinds = NotificationKind::ALL.iter().copied().filter(|kind| !kind.is_about_account());
    kinds
        .map(|kind| KindPreference { kind, in_app: has("in_app", kind), email: has("email", kind) })
        .collect()
}

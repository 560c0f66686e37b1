//! Pages of links in mails that are about an account. Programs that check mails for viruses follow links:
//! what a link does is done by a button.

use eventcore::Error;
use eventcore::accounts::{ForgottenPassword, LinkPurpose, LinkToken, PasswordReset};
use serde::Serialize;

use crate::http::call::{Answer, Call};
use crate::http::pages;
use crate::http::problem_responses::{BodyProblems, PageProblems};
use crate::http::route::{Route, routes};

pub(super) fn routes() -> Vec<Route> {
    let routes = routes![verify_email, verified, reset_password, password_reset];
    routes.into_iter().map(|route| route.undocumented().small_body()).collect()
}

/// The fields of a form, of which a part is given.
pub(super) struct Form(pub(super) Vec<(String, String)>);

impl Form {
    /// A field; empty if it is missing.
    pub(super) fn field(&self, name: &str) -> String {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

#[derive(Default, Serialize)]
struct VerifyEmailPage {
    token: String,
    /// The address, once it is verified.
    address: Option<String>,
    problem: Option<String>,
}

/// The button that verifies an address
#[utoipa::path(
    get,
    path = "/verify-email",
    tag = "pages",
    responses(
        (status = 200, description = "An HTML page", body = String, content_type = "text/html"),
        PageProblems,
    )
)]
async fn verify_email(call: Call) -> Answer {
    let token = call.query().text("token").unwrap_or_default();
    let problem = match call.core.check_account_link(LinkPurpose::VerifyEmail, &token).await {
        // Those who press the button twice see that the address is verified.
        Err(error) if code(&error) != Some("used_link") => Some(message(error)?),
        _ => None,
    };
    let page = VerifyEmailPage { token, problem, ..VerifyEmailPage::default() };
    pages::private_page(&call, "pages/verify_email.html", &page)
}

/// Verify an address
#[utoipa::path(
    post,
    path = "/verify-email",
    tag = "pages",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "An HTML page", body = String, content_type = "text/html"),
        PageProblems, BodyProblems,
    )
)]
async fn verified(call: Call) -> Answer {
    let token = Form(call.form()?).field("token");
    let mut page = VerifyEmailPage::default();
    match call.core.verify_email(&LinkToken { token, ..LinkToken::default() }).await {
        Ok(user) => page.address = user.email,
        Err(error) => page.problem = Some(message(error)?),
    }
    pages::private_page(&call, "pages/verify_email.html", &page)
}

#[derive(Default, Serialize)]
struct ResetPasswordPage {
    /// The token of a link that can be used.
    token: String,
    /// Whether a link was asked for.
    asked: bool,
    /// Whether the password is changed.
    done: bool,
    problem: Option<String>,
}

/// The form for a new password, or for a link to it
#[utoipa::path(
    get,
    path = "/reset-password",
    tag = "pages",
    responses(
        (status = 200, description = "An HTML page", body = String, content_type = "text/html"),
        PageProblems,
    )
)]
async fn reset_password(call: Call) -> Answer {
    let mut page = ResetPasswordPage::default();
    if let Some(token) = call.query().text("token") {
        match call.core.check_account_link(LinkPurpose::ResetPassword, &token).await {
            Ok(()) => page.token = token,
            Err(error) => page.problem = Some(message(error)?),
        }
    }
    pages::private_page(&call, "pages/reset_password.html", &page)
}

/// Set a new password, or send a link for it
#[utoipa::path(
    post,
    path = "/reset-password",
    tag = "pages",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "An HTML page", body = String, content_type = "text/html"),
        PageProblems, BodyProblems,
    )
)]
async fn password_reset(call: Call) -> Answer {
    let form = Form(call.form()?);
    let token = form.field("token");
    let mut page = ResetPasswordPage::default();
    if token.is_empty() {
        let asked = ForgottenPassword { email: form.field("email"), ..ForgottenPassword::default() };
        match call.core.forgot_password(&asked).await {
            Ok(()) => page.asked = true,
            Err(error) => page.problem = Some(message(error)?),
        }
    } else {
        let new_password = form.field("new_password");
        let reset = PasswordReset { token: token.clone(), new_password, ..PasswordReset::default() };
        match call.core.reset_password_by_link(&reset).await {
            Ok(()) => page.done = true,
            Err(error) => {
                // The link can be used again, unless that is what is wrong.
                let is_usable = !code(&error).is_some_and(|code| code.ends_with("_link"));
                page.token = if is_usable { token } else { String::new() };
                page.problem = Some(message(error)?);
            }
        }
    }
    pages::private_page(&call, "pages/reset_password.html", &page)
}

/// The code of the first violation.
fn code(error: &Error) -> Option<&str> {
    match error {
        Error::Invalid(violations) => violations.as_slice().first().map(|violation| &*violation.code),
        _ => None,
    }
}

/// What is wrong with the input, as a sentence for the page.
///
/// # Errors
/// The error itself, if it is about something else.
fn message(error: Error) -> Result<String, Error> {
    let Error::Invalid(violations) = &error else {
        return if matches!(error, Error::EmailTaken) {
            Ok(pages::sentence(&error.to_string()))
        } else {
            Err(error)
        };
    };
    let Some(first) = violations.as_slice().first() else { return Err(error) };
    let subject = match &*first.pointer {
        "/new_password" => "The password",
        "/email" => "This",
        _ => "The link",
    };
    Ok(pages::sentence(&format!("{subject} {}", first.message)))
}

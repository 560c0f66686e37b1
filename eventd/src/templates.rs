//! The templates of pages and mails, which are compiled into the program.

use std::sync::LazyLock;

use eventcore::Error;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

/// The style sheet of all pages.
pub(crate) const STYLE: &str = include_str!("../templates/style.css");

/// Lists templates by their paths below `eventd/templates`.
macro_rules! templates {
    ($($path:literal),+ $(,)?) => {
        [$(($path, include_str!(concat!("../templates/", $path)))),+]
    };
}

/// Values in templates whose names end in `.html` are escaped.
const TEMPLATES: &[(&str, &str)] = &templates![
    "mail/address_change.html",
    "mail/address_change.txt",
    "mail/calendar_subscription.html",
    "mail/calendar_subscription.txt",
    "mail/comment_reply.html",
    "mail/comment_reply.txt",
    "mail/event_cancelled.html",
    "mail/event_cancelled.txt",
    "mail/event_changed.html",
    "mail/event_changed.txt",
    "mail/excerpts.html",
    "mail/excerpts.txt",
    "mail/facts.txt",
    "mail/feedback_received.html",
    "mail/feedback_received.txt",
    "mail/layout.html",
    "mail/new_comment.html",
    "mail/new_comment.txt",
    "mail/new_sign_in.html",
    "mail/new_sign_in.txt",
    "mail/notification.html",
    "mail/password_changed.html",
    "mail/password_changed.txt",
    "mail/registration_cancelled.html",
    "mail/registration_cancelled.txt",
    "mail/registration_confirmed.html",
    "mail/registration_confirmed.txt",
    "mail/registration_promoted.html",
    "mail/registration_promoted.txt",
    "mail/registration_waitlisted.html",
    "mail/registration_waitlisted.txt",
    "mail/reminder.html",
    "mail/reminder.txt",
    "mail/reset_password.html",
    "mail/reset_password.txt",
    "mail/test.html",
    "mail/test.txt",
    "mail/ticket.html",
    "mail/verify_email.html",
    "mail/verify_email.txt",
    "mail/webhook_disabled.html",
    "mail/webhook_disabled.txt",
    "pages/error.html",
    "pages/event.html",
    "pages/home.html",
    "pages/layout.html",
    "pages/occurrence.html",
    "pages/parts.html",
    "pages/problem.html",
    "pages/problems.html",
    "pages/reset_password.html",
    "pages/ticket.html",
    "pages/unsubscribe.html",
    "pages/verify_email.html",
];

static ENVIRONMENT: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_global("style", STYLE);
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
});

/// All templates, to be changed.
pub(crate) fn environment() -> Result<Environment<'static>, Error> {
    let known = ENVIRONMENT.as_ref().map_err(|error| Error::internal(format!("templates: {error:#}")))?;
    Ok(known.clone())
}

/// Renders a template.
pub(crate) fn render(name: &str, context: &impl Serialize) -> Result<String, Error> {
    let internal = |error: &minijinja::Error| Error::internal(format!("template {name}: {error:#}"));
    let environment = ENVIRONMENT.as_ref().map_err(internal)?;
    let template = environment.get_template(name).map_err(|error| internal(&error))?;
    template.render(Value::from(Serde(context))).map_err(|error| internal(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_templates_are_valid_and_compiled_in() {
        assert!(ENVIRONMENT.is_ok(), "{:?}", ENVIRONMENT.as_ref().err());
        for folder in ["mail", "pages"] {
            let files = std::fs::read_dir(format!("{}/templates/{folder}", env!("CARGO_MANIFEST_DIR")));
            for file in files.unwrap() {
                let name = format!("{folder}/{}", file.unwrap().file_name().to_string_lossy());
                assert!(TEMPLATES.iter().any(|(known, _)| *known == name), "{name} is not listed");
            }
        }
    }
}

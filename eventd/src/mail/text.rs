//! The texts of mails, from templates.

use std::path::Path;

use chrono_tz::Tz;
use eventcore::Error;
use eventcore::mails::{Mail, MailKind, OutgoingMail};
use eventcore::time::{Moment, Timestamp};
use minijinja::value::Value;
use minijinja::{Environment, context};

use super::news;
use super::sample::sample;
use super::sender::header_text;
use crate::failure::Failure;
use crate::templates;
use crate::words::{moment, plain};

/// The text of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MailText {
    pub(super) subject: String,
    pub(super) plain: String,
    pub(super) html: String,
}

/// The templates of mails, with those of the operator.
pub(crate) struct MailTemplates {
    environment: Environment<'static>,
}

impl MailTemplates {
    /// # Errors
    /// If a template in `folder` is invalid, or has a name that no template has.
    pub(super) fn load(folder: Option<&Path>) -> Result<Self, Failure> {
        let mut environment = templates::environment()?;
        if let Some(folder) = folder {
            replace_templates(&mut environment, folder)?;
        }
        let this = Self { environment };
        for kind in MailKind::ALL {
            this.text(&sample(*kind), "https://events.example.org")?;
        }
        this.test("https://events.example.org")?;
        Ok(this)
    }

    /// # Errors
    /// If a template fails.
    pub(super) fn text(&self, mail: &OutgoingMail, server: &str) -> Result<MailText, Error> {
        let kind = mail.mail.kind();
        let values = values(mail, server);
        self.both(kind.as_str(), &values)
    }

    /// The mail that tests the settings.
    pub(super) fn test(&self, server: &str) -> Result<MailText, Error> {
        self.both("test", &context! { server => server })
    }

    fn both(&self, name: &str, values: &Value) -> Result<MailText, Error> {
        let text = self.render(&format!("mail/{name}.txt"), values.clone())?;
        let (first, plain) = text.split_once('\n').unwrap_or((&text, ""));
        let subject = header_text(first.strip_prefix("Subject:").unwrap_or(first));
        let values = context! { subject => subject.as_str(), ..values.clone() };
        let html = self.render(&format!("mail/{name}.html"), values)?;
        Ok(MailText { subject, plain: plain.to_owned(), html })
    }

    fn render(&self, name: &str, values: Value) -> Result<String, Error> {
        let template = self.environment.get_template(name);
        let rendered = template.and_then(|template| template.render(values));
        rendered.map_err(|error| Error::internal(format!("template {name}: {error:#}")))
    }
}

/// Replaces templates by the files of a folder.
fn replace_templates(environment: &mut Environment<'static>, folder: &Path) -> Result<(), Failure> {
    let unreadable = |error: std::io::Error| format!("mail_templates: {}: {error}", folder.display());
    for file in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = file.map_err(unreadable)?.path();
        let name = format!("mail/{}", path.file_name().unwrap_or_default().to_string_lossy());
        if environment.get_template(&name).is_err() {
            return Err(format!("mail_templates: {} replaces no template", path.display()).into());
        }
        let source = std::fs::read_to_string(&path)
            .map_err(|error| format!("mail_templates: {}: {error}", path.display()))?;
        environment
            .add_template_owned(name, source)
            .map_err(|error| format!("mail_templates: {}: {error:#}", path.display()))?;
    }
    Ok(())
}

/// What templates can show. Names are on one line, so that nobody adds lines to the text of a mail by theirs.
fn values(mail: &OutgoingMail, server: &str) -> Value {
    let tz: Tz = mail.timezone.parse().unwrap_or(Tz::UTC);
    let time = |at: Timestamp| {
        // Seconds and fractions are of no interest.
        format!("{} ({tz})", moment(Moment::at(at, tz)))
    };
    let link = |page: &str| {
        let token = mail.token.as_deref().unwrap_or_default();
        format!("{server}/{page}?token={token}")
    };
    let shared = context! {
        name => plain(&mail.name), username => mail.username.as_str(), server => server,
    };
    let own = match &mail.mail {
        Mail::VerifyEmail { expires_at, .. } => {
            context! { link => link("verify-email"), expires_at => time(*expires_at) }
        }
        Mail::ResetPassword { expires_at, .. } => {
            context! { link => link("reset-password"), expires_at => time(*expires_at) }
        }
        Mail::AddressChange { at, pending } => context! { at => time(*at), pending => *pending },
        Mail::PasswordChanged { at } => context! { at => time(*at) },
        Mail::NewSignIn { at, user_agent, network } => context! {
            at => time(*at), user_agent => user_agent.as_deref().map(plain), network => network.clone(),
        },
        Mail::WebhookDisabled { at, receiver, gone } => context! {
            at => time(*at), receiver => plain(receiver), gone => *gone,
        },
        Mail::CalendarSubscription { at, host, gone, missing } => context! {
            at => time(*at), host => plain(host), gone => *gone, missing => *missing,
        },
        Mail::Notification { .. } => news::values(mail, server, &link("unsubscribe"), tz),
        // Kinds that a newer library adds have templates before they are sent.
        _ => context! {},
    };
    context! { ..own, ..shared }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_text_in_the_zone_of_the_recipient() {
        let templates = MailTemplates::load(None).unwrap();
        for kind in MailKind::ALL {
            let mail = sample(*kind);
            let text = templates.text(&mail, "https://events.example.org/app").unwrap();
            assert!(!text.subject.is_empty() && !text.subject.contains("Subject"), "{}", text.subject);
            // Slashes are escaped in HTML.
            for part in [text.plain, text.html.replace("&#x2f;", "/")] {
                assert!(part.contains("Ada") && part.contains("You get this mail because"), "{kind}: {part}");
                let has_time = part.contains("Thursday, 4 March 2027, 18:30");
                let is_timeless = matches!(kind, MailKind::NewComment | MailKind::CommentReply);
                assert!(has_time && part.contains("Europe/Berlin") || is_timeless, "{kind}: {part}");
                let has_link = part.contains("https://events.example.org/app/");
                let may_lack_it = *kind == MailKind::AddressChange;
                assert!(has_link || may_lack_it, "{kind}: {part}");
                let can_be_turned_off = part.contains("https://events.example.org/app/unsubscribe?token=");
                assert_eq!(can_be_turned_off, !kind.is_about_account(), "{kind}: {part}");
                assert!(!part.contains("{{") && !part.contains("{%"), "{kind}: {part}");
            }
        }
    }

    #[test]
    fn names_add_no_lines_and_no_markup() {
        let templates = MailTemplates::load(None).unwrap();
        let mut mail = sample(MailKind::NewSignIn);
        mail.name = "A\r\n\r\n<b>da</b>".to_owned();
        let text = templates.text(&mail, "https://events.example.org").unwrap();
        assert!(text.plain.starts_with("Hello A<b>da</b>,\n"), "{}", text.plain);
        assert!(!text.html.contains("<b>"), "{}", text.html);
    }

    #[test]
    fn an_operator_replaces_templates() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("new_sign_in.txt"), "Subject: Neu\nHallo {{ name }}").unwrap();
        let templates = MailTemplates::load(Some(folder.path())).unwrap();
        let text = templates.text(&sample(MailKind::NewSignIn), "https://events.example.org").unwrap();
        assert_eq!((&*text.subject, &*text.plain), ("Neu", "Hallo Ada"));
        for (file, source, error) in [
            ("new_sign_in.html", "{{ nothing }}", "undefined value"),
            ("new_sign_in.html", "{% if %}", "syntax error"),
            ("other.txt", "", "replaces no template"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(file), source).unwrap();
            let refusal = MailTemplates::load(Some(folder.path())).map(drop).unwrap_err();
            let refusal = crate::failure::describe(refusal.as_ref());
            assert!(refusal.contains(error), "{refusal}");
        }
    }
}
